// Waiting without sleeping: for something that has to happen, with a bound that only says when to give up.

const PATIENCE = 30_000;

/** The promise, or an error that says what did not happen. */
export async function within(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patience / 1000} s in vain for ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Things that came in, in order, and whoever waits for one that has not. */
export class Inbox {
  all = [];
  #waiting = new Set();

  push(item) {
    this.all.push(item);
    for (const look of this.#waiting) look();
  }

  /** The first item that fits, at once or as soon as it comes. */
  async first(fits, what) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        try {
          const index = this.all.findIndex(fits);
          if (index >= 0) resolve(this.all[index]);
        } catch (error) {
          reject(error);
        }
      };
    });
    this.#waiting.add(look);
    look();
    try {
      return await within(found, what);
    } finally {
      this.#waiting.delete(look);
    }
  }

  /** Hands everything out and starts again. */
  take() {
    return this.all.splice(0);
  }
}
