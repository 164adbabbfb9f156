// Lanes on a moving time axis. Each request is a bar from its sending to its answer (hollow if the answer was empty),
// each event a dot with a line back to the change it tells of, each change a line across all lanes.

// How many milliseconds the axis shows.
const SPAN = 20_000;

const KEEP = 400;
const FRAME = 33;
const CALM_FRAME = 500;
const HEIGHT = 52;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Draws lanes until it is frozen or closed; `add` gives each one its canvas. */
export class Timeline {
  #lanes = new Map();
  #changes = [];
  #end = null;
  #frame = 0;
  #drawn = 0;
  #colours = null;
  #observer = new ResizeObserver((entries) => {
    for (const { target } of entries) this.#measure(target);
    this.#draw();
  });
  #theme = new MutationObserver(() => {
    this.#colours = null;
    this.#draw();
  });

  constructor() {
    this.#theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  }

  /** Adds a lane that draws into a canvas. One that was there keeps what it shows. */
  add(name, canvas) {
    const { requests = [], dots = [], canvas: old } = this.#lanes.get(name) ?? {};
    if (old) this.#observer.unobserve(old);
    this.#lanes.set(name, { canvas, requests, dots });
    this.#observer.observe(canvas);
  }

  /** Draws nothing while nobody sees it, until `resume()`. */
  rest() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Draws again. */
  resume() {
    if (!this.#frame && this.#end === null) this.#tick();
  }

  /** Forgets what was drawn, and lets time run. */
  run() {
    for (const lane of this.#lanes.values()) {
      lane.requests.length = 0;
      lane.dots.length = 0;
    }
    this.#changes.length = 0;
    this.#end = null;
    if (!this.#frame) this.#tick();
  }

  /** Lets time stand still. */
  freeze() {
    this.#end ??= performance.now();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw();
  }

  /** Takes everything down. */
  close() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#observer.disconnect();
    this.#theme.disconnect();
  }

  /** A request is sent; call what is returned when it is answered. */
  request(name) {
    const request = { from: performance.now(), to: null, empty: false };
    keep(this.#lanes.get(name).requests, request);
    return (empty) => {
      request.to ??= performance.now();
      request.empty = empty;
    };
  }

  /** A change is made. */
  change(at) {
    keep(this.#changes, at);
  }

  /** A way tells of the change that was sent at a time. */
  event(name, sent, at) {
    keep(this.#lanes.get(name).dots, { sent, at });
  }

  #tick() {
    this.#frame = requestAnimationFrame((now) => {
      if (now - this.#drawn >= (calm.matches ? CALM_FRAME : FRAME)) {
        this.#drawn = now;
        this.#draw();
      }
      this.#tick();
    });
  }

  #measure(canvas) {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  }

  #draw() {
    const now = this.#end ?? performance.now();
    const past = now - SPAN - 1_000;
    drop(this.#changes, (at) => at < past);
    for (const lane of this.#lanes.values()) {
      drop(lane.requests, ({ to }) => to !== null && to < past);
      drop(lane.dots, ({ at }) => at < past);
      this.#drawLane(lane, now);
    }
  }

  #drawLane({ canvas, requests, dots }, now) {
    // Drawn as if it were so high; on a very large screen everything is larger.
    const ratio = canvas.height / HEIGHT;
    const width = canvas.width / ratio;
    const pen = canvas.getContext('2d');
    const colours = (this.#colours ??= read(canvas));
    const place = (at) => ((at - now + SPAN) / SPAN) * width;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, HEIGHT);

    pen.lineWidth = 1;
    pen.strokeStyle = colours.grid;
    pen.beginPath();
    for (let at = Math.ceil((now - SPAN) / 5_000) * 5_000; at <= now; at += 5_000) line(pen, Math.round(place(at)) + 0.5, 0, HEIGHT);
    pen.stroke();

    pen.strokeStyle = colours.change;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    for (const at of this.#changes) line(pen, Math.round(place(at)) + 0.5, 0, HEIGHT);
    pen.stroke();
    pen.setLineDash([]);

    for (const { from, to, empty } of requests) {
      const left = Math.max(-8, place(from));
      const right = to === null ? width + 8 : place(to);
      const bar = Math.max(4, right - left);
      pen.beginPath();
      pen.roundRect(left, 33, bar, 10, 3);
      if (empty) {
        pen.strokeStyle = colours.empty;
        pen.lineWidth = 1.25;
        pen.stroke();
      } else {
        pen.fillStyle = to === null ? colours.open : colours.full;
        pen.fill();
      }
    }

    for (const { sent, at } of dots) {
      const x = place(at);
      pen.strokeStyle = colours.dot;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.moveTo(place(sent), 17);
      pen.lineTo(x, 17);
      pen.stroke();
      pen.fillStyle = colours.dot;
      pen.beginPath();
      pen.arc(x, 17, 4.5, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

function line(pen, x, top, bottom) {
  pen.moveTo(x, top);
  pen.lineTo(x, bottom);
}

function keep(list, item) {
  list.push(item);
  if (list.length > KEEP) list.shift();
}

function drop(list, isOver) {
  while (list.length && isOver(list[0])) list.shift();
}

// A canvas does not know custom properties: they are read once for each theme.
function read(canvas) {
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--lane-${name}`).trim();
  return {
    grid: colour('grid'),
    change: colour('change'),
    empty: colour('empty'),
    full: colour('full'),
    open: colour('open'),
    dot: colour('dot'),
  };
}
