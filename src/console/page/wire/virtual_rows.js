// Rows of a long list, of which only those in sight are in the page. Closed rows have one height, and open ones their own.

const BEYOND = 15;

/**
 * Shows entries with ascending numbers `n` in `list`, an element inside of `scroll`. `make(entry)` returns the element of a row;
 * `isOpen(n)` says whether a row has a height of its own, and `onDraw(nodes)` is told what is in the page.
 */
export class VirtualRows {
  #rows = new Map();
  #heights = new Map();
  #height = 0;
  #scheduled = false;
  #again = false;
  #sizes = new ResizeObserver(() => this.schedule());

  constructor({ scroll, list, make, isOpen, onDraw }) {
    Object.assign(this, { scroll, list, make, isOpen, onDraw });
    this.entries = [];
    scroll.addEventListener('scroll', () => this.schedule(), { passive: true });
    this.#sizes.observe(scroll);
  }

  close() {
    this.#sizes.disconnect();
  }

  /** Shows other entries. Rows of those that stay are kept. */
  set(entries) {
    this.entries = entries;
    this.draw();
  }

  /** Makes all rows again. */
  renew() {
    for (const node of this.#rows.values()) this.#remove(node);
    this.#rows.clear();
    this.#heights.clear();
    this.draw();
  }

  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.draw();
    });
  }

  /** The place of a number among the entries, or of the next one behind it. */
  indexOf(n) {
    return lowest(this.entries.length, (index) => this.entries[index].n >= n);
  }

  /** The element of a number, if it is in the page. */
  node(n) {
    return this.#rows.get(n);
  }

  /** Scrolls a row into sight. Returns its element. */
  reveal(index) {
    const entry = this.entries[index];
    if (!entry) return null;
    const top = this.#top(index);
    const bottom = top + this.#heightOf(entry.n);
    const { scrollTop, clientHeight } = this.scroll;
    if (top < scrollTop || bottom - top > clientHeight) this.scroll.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroll.scrollTop = bottom - clientHeight;
    this.draw();
    return this.#rows.get(entry.n);
  }

  /** The height of all entries before a number. */
  above(n) {
    return this.#top(this.indexOf(n));
  }

  draw() {
    const { entries, list, scroll } = this;
    if (!this.#height) this.#measure();
    for (const n of this.#heights.keys()) if (!this.isOpen(n) || entries[this.indexOf(n)]?.n !== n) this.#heights.delete(n);
    const first = Math.max(0, this.#at(scroll.scrollTop) - BEYOND);
    const last = Math.min(entries.length, this.#at(scroll.scrollTop + scroll.clientHeight) + 1 + BEYOND);
    const wanted = entries.slice(first, last);
    // The row with the focus stays, wherever it is.
    const held = list.contains(document.activeElement) ? Number(document.activeElement.closest('li')?.dataset.n) : 0;
    const place = held ? this.indexOf(held) : -1;
    if (entries[place]?.n === held) {
      if (place < first) wanted.unshift(entries[place]);
      else if (place >= last) wanted.push(entries[place]);
    }
    const numbers = new Set(wanted.map(({ n }) => n));
    for (const [n, node] of this.#rows) {
      if (numbers.has(n)) continue;
      this.#remove(node);
      this.#rows.delete(n);
    }
    let next = list.firstElementChild;
    for (const entry of wanted) {
      let node = this.#rows.get(entry.n);
      if (!node) {
        node = this.make(entry);
        node.dataset.n = entry.n;
        this.#rows.set(entry.n, node);
      }
      if (node === next) next = next.nextElementSibling;
      else list.insertBefore(node, next);
    }
    this.#place();
    this.onDraw?.([...this.#rows.values()]);
  }

  // Open rows are measured once they are in the page. Each place then counts from the measured heights.
  #place() {
    if (!this.scroll.clientWidth) return;
    let isOther = false;
    for (const [n, node] of this.#rows) {
      const height = node.offsetHeight;
      if (this.isOpen(n)) {
        this.#heights.set(n, height);
        this.#sizes.observe(node);
      } else if (height && height !== this.#height) {
        // Which rows are in sight depends on it: another width of the window has rows of one line, or of two.
        this.#height = height;
        isOther = true;
      }
    }
    // Once: a row that is as high as no other one must not have the list drawn for ever.
    this.#again = isOther && !this.#again;
    if (this.#again) this.schedule();
    for (const [n, node] of this.#rows) {
      const index = this.indexOf(n);
      node.style.top = `${this.#top(index)}px`;
      node.setAttribute('aria-posinset', index + 1);
      node.setAttribute('aria-setsize', this.entries.length);
    }
    this.list.style.height = `${this.#top(this.entries.length)}px`;
  }

  #measure() {
    if (!this.entries.length) return;
    const node = this.make(this.entries[0]);
    this.list.append(node);
    if (!this.isOpen(this.entries[0].n)) this.#height = node.offsetHeight;
    node.remove();
    this.#height ||= 32;
  }

  #remove(node) {
    this.#sizes.unobserve(node);
    node.remove();
  }

  #heightOf(n) {
    return this.#heights.get(n) ?? this.#height;
  }

  #top(index) {
    let top = index * this.#height;
    const before = this.entries[index]?.n ?? Infinity;
    for (const [n, height] of this.#heights) if (n < before) top += height - this.#height;
    return top;
  }

  // The entry at a height.
  #at(y) {
    return Math.max(0, lowest(this.entries.length, (index) => this.#top(index) > y) - 1);
  }
}

// The lowest of `count` numbers for which `holds`, if it holds for all above it too.
function lowest(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
