// The hub of topics between the gadgets and their container, as OpenAjax Hub 2.0 has it: every subscriber of a topic gets
// what is published there, the publisher too, later and as a copy.

const MOST = 10_000;

/** A hub. */
export class Hub {
  #subscriptions = new Map();
  #count = 0;

  /**
   * Subscribes to a topic, in which `*` stands for one token, and `**` at the end for any number; returns what
   * `unsubscribe` takes. `deliver(topic, json)` gets the data as JSON, or undefined, so that each window makes objects of
   * its own of it. `owner` is a gadget, for `dismiss`.
   */
  subscribe(topic, deliver, owner = null) {
    const tokens = split(topic);
    if (this.#subscriptions.size >= MOST) throw new Error('The hub has too many subscriptions.');
    const id = `sub${(this.#count += 1)}`;
    this.#subscriptions.set(id, { tokens, deliver, owner });
    return id;
  }

  /** Ends a subscription. */
  unsubscribe(id) {
    this.#subscriptions.delete(id);
  }

  /** Ends all subscriptions of a gadget. */
  dismiss(owner) {
    for (const [id, subscription] of this.#subscriptions) if (subscription.owner === owner) this.#subscriptions.delete(id);
  }

  /** Publishes data, anything that JSON can say. */
  publish(topic, data) {
    const tokens = split(topic);
    if (tokens.includes('*') || tokens.includes('**')) throw new Error('OpenAjax.hub.Error.BadParameters');
    const json = JSON.stringify(data);
    for (const [id, subscription] of this.#subscriptions) {
      if (!fits(subscription.tokens, tokens)) continue;
      queueMicrotask(() => {
        // The subscription may have ended meanwhile.
        if (!this.#subscriptions.has(id)) return;
        try {
          subscription.deliver(topic, json);
        } catch (error) {
          // An exception of one gadget does not keep the event from the others.
          reportError(error);
        }
      });
    }
  }
}

/** The topic of a node: `/finesse/api/User/1001` is `finesse.api.User.1001`. */
export function topicOf(node) {
  return node.replace(/^\//, '').replaceAll('/', '.');
}

function split(topic) {
  const tokens = typeof topic === 'string' ? topic.split('.') : [];
  if (!tokens.length || tokens.includes('')) throw new Error('OpenAjax.hub.Error.BadParameters');
  return tokens;
}

function fits(pattern, tokens) {
  if (pattern.at(-1) === '**') {
    const start = pattern.slice(0, -1);
    return tokens.length > start.length && start.every((token, nth) => token === '*' || token === tokens[nth]);
  }
  return pattern.length === tokens.length && pattern.every((token, nth) => token === '*' || token === tokens[nth]);
}
