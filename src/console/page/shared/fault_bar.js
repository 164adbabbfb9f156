// The bar that says that faults are on, on every view and on the wallboard.

import { reason } from './api.js';
import { el, say } from './dom.js';
import { addWords, t } from './words.js';

const EVERY = 3_000;
const PATH = '/callboard/api/faults';

addWords({
  en: {
    'bar.on': '{n} {n:fault is|faults are} on.',
    'bar.trying': 'Trying {kind}: the fault is healed by itself.',
    'bar.heal': 'Heal all',
    'bar.notHealed': 'The faults are still on. {reason}',
    'bar.show': 'Show',
  },
  'zh-TW': {
    'bar.on': '目前有 {n} 個故障。',
    'bar.trying': '正在試用 {kind}：故障會自動復原。',
    'bar.heal': '全部復原',
    'bar.notHealed': '故障仍在作用。{reason}',
    'bar.show': '檢視',
  },
});

/** Asks how many faults are on, where the server has them; `node` shows it. `link` leads to their view. */
export class FaultBar {
  #timer = 0;
  #count = 0;
  #kind = '';
  #problem = '';

  constructor({ api, directory, signal }, { link = '' } = {}) {
    this.api = api;
    /** How often there were more faults than before. */
    this.rises = 0;
    this.text = el('strong', { role: 'status' });
    this.heal = directory.administrator && el('button', { class: 'button small', type: 'button', data: { action: 'heal-all' }, on: { click: () => this.healAll() } });
    this.link = directory.administrator && link && el('a', { href: link });
    this.bad = el('span', { class: 'fault-bad', role: 'alert' });
    this.node = el('div', { class: 'fault-bar', hidden: true }, this.text, this.link, this.heal, this.bad);
    signal?.addEventListener('abort', () => this.close());
    this.draw();
    // Without the switch there are no faults, and nothing is asked.
    if (directory.faults) this.#poll();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.node.remove();
  }

  /** The number of faults, also as somebody else has learned it. */
  get count() {
    return this.#count;
  }

  set count(number) {
    if (number === this.#count) return;
    if (number > this.#count) this.rises += 1;
    this.#count = number;
    if (!number) this.#problem = '';
    this.draw();
  }

  /** The kind of the fault that is being tried, or ''. */
  set trying(kind) {
    this.#kind = kind;
    this.draw();
  }

  async healAll() {
    let problem = '';
    try {
      const answer = await this.api.remove(PATH);
      if (answer.ok) this.count = 0;
      else problem = reason(answer);
    } catch (error) {
      problem = error.message;
    }
    this.#problem = problem;
    this.draw();
    document.dispatchEvent(new Event('faults-healed'));
  }

  /** Asks now. */
  async refresh() {
    const answer = await this.api.get(`${PATH}/active`).catch(() => null);
    if (!answer?.ok) return;
    try {
      this.count = answer.json().faults;
    } catch {
      // Something in between has answered.
    }
  }

  /** Writes the words anew, as the language has changed. */
  draw() {
    this.node.hidden = this.#count === 0;
    const texts = [this.#count > 0 && t('bar.on', { n: this.#count }), this.#kind && t('bar.trying', { kind: this.#kind })];
    say(this.text, texts.filter(Boolean).join(' '));
    say(this.bad, this.#problem && t('bar.notHealed', { reason: this.#problem }));
    if (this.heal) say(this.heal, t('bar.heal'));
    if (this.link) say(this.link, t('bar.show'));
  }

  async #poll() {
    // A page that nobody sees asks for nothing, and one whose password was refused is over.
    if (!document.hidden && !this.api.denied) await this.refresh();
    if (this.#timer !== null) this.#timer = setTimeout(() => this.#poll(), EVERY);
  }
}
