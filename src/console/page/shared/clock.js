// The server's time. The clock of a wall display or a laptop may be minutes off, and times in a state must not be.

/** The server's clock, as its answers tell it. */
export class ServerClock {
  #offset = 0;

  /** Sets the clock by a timestamp or an HTTP date. A text that is neither changes nothing. */
  set(text) {
    const time = Date.parse(text ?? '');
    if (Number.isNaN(time)) return;
    const offset = time - Date.now();
    // A Date header has whole seconds only, so a smaller difference means nothing.
    if (Math.abs(offset - this.#offset) > 1_500) this.#offset = offset;
  }

  /** Milliseconds since the epoch, by the server's clock. */
  now() {
    return Date.now() + this.#offset;
  }
}

/** A span of time as people read it on a wall: 0:05, 12:30, 1:02:03. */
export function elapsed(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const two = (number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** HH:MM:SS in the time zone of the browser. */
export function timeOfDay(milliseconds) {
  const date = new Date(milliseconds);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A delay: 3.2 ms, 480 ms, 1.25 s. Browsers that measure whole milliseconds are not shown tenths. */
export function duration(milliseconds) {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '–';
  if (milliseconds < 10 && !Number.isInteger(milliseconds)) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}
