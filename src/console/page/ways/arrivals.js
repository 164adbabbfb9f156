// Which change arrived when, and by which way. Knows nothing of the network: times and names come in as values.

const CHANGES = 400;
const DELAYS = 500;
const PENDING = 8;

/** Keeps the changes made and matches what each way tells of them. */
export class Arrivals {
  #next = 1;
  #byId = new Map();
  #byStamp = new Map();
  #ways = new Map();

  constructor(ways) {
    /** How many changes the server has taken. */
    this.made = 0;
    for (const way of ways) this.#ways.set(way, { newest: 0, events: 0, missed: 0, delays: [], sum: 0, max: null, pending: [] });
  }

  /** A change is being sent. */
  send(requestId, at) {
    const change = { n: this.#next++, requestId, at, stamp: '', failed: false };
    this.#byId.set(requestId, change);
    this.made += 1;
    for (const [id, old] of this.#byId) {
      if (this.#byId.size <= CHANGES) break;
      this.#byId.delete(id);
      this.#byStamp.delete(old.stamp);
    }
    return change;
  }

  /** Forgets a change that the server refused. Returns whether it was still waited for. */
  fail(requestId) {
    const change = this.#byId.get(requestId);
    if (!change || change.failed) return false;
    change.failed = true;
    this.made -= 1;
    return true;
  }

  /** An event that names its request: returns the change if this way had not told of it yet. */
  told(way, requestId, stamp, at) {
    const change = this.#byId.get(requestId);
    if (!change) return null;
    if (stamp && !change.stamp) {
      change.stamp = stamp;
      this.#byStamp.set(stamp, change);
    }
    return this.#arrived(way, change, at) ? change : null;
  }

  /**
   * A poll's answer, which has only the time of the last change. Returns the change it shows, or null; one that no event
   * has named yet is kept, and comes out of `settle`.
   */
  polled(way, stamp, at) {
    const change = this.#byStamp.get(stamp);
    if (change) return this.#arrived(way, change, at) ? change : null;
    const { pending } = this.#ways.get(way);
    pending.push({ stamp, at });
    if (pending.length > PENDING) pending.shift();
    return null;
  }

  /** What polls have shown before an event named it, now that it is named: `[{ way, change, at }]`. */
  settle() {
    const settled = [];
    for (const [way, known] of this.#ways) {
      known.pending = known.pending.filter(({ stamp, at }) => {
        const change = this.#byStamp.get(stamp);
        if (!change) return true;
        if (this.#arrived(way, change, at)) settled.push({ way, change, at });
        return false;
      });
    }
    return settled;
  }

  /** Whether every way, but those that are down, has told of the last change. */
  complete(down) {
    const last = [...this.#byId.values()].filter((change) => !change.failed).at(-1);
    return !last || [...this.#ways].every(([way, known]) => down.has(way) || known.newest >= last.n);
  }

  /** The figures of a way: `{ events, missed, p50, mean, max }`, delays in milliseconds or null. */
  figures(way) {
    const { events, missed, delays, sum, max } = this.#ways.get(way);
    return { events, missed, p50: median(delays), mean: events ? sum / events : null, max };
  }

  #arrived(way, change, at) {
    const known = this.#ways.get(way);
    if (change.n <= known.newest) return false;
    for (const { n, failed } of this.#byId.values()) {
      if (n > known.newest && n < change.n && !failed) known.missed += 1;
    }
    known.newest = change.n;
    known.events += 1;
    const delay = Math.max(0, at - change.at);
    known.delays.push(delay);
    if (known.delays.length > DELAYS) known.delays.shift();
    known.sum += delay;
    known.max = Math.max(known.max ?? 0, delay);
    return true;
  }
}

// The value in the middle, or null.
function median(numbers) {
  if (!numbers.length) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
