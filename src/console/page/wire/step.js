// A step of the ladder.

import { clear, el, say, svg } from '../shared/dom.js';
import { milliseconds } from '../protocol/frames.js';
import { t } from '../shared/words.js';
import { authPart, failureBox, livePart, nextPart, said, tcpPart, upgradePart } from './step_parts.js';

/** A step of the ladder. Its body is made when it is opened, and each part is redrawn when it changes. */
export class Step {
  #drawn = {};

  constructor(view, id, number) {
    this.view = view;
    this.id = id;
    this.dot = el('span', { class: 'step-dot', 'aria-hidden': 'true' });
    this.note = el('span', { class: 'step-note mono' });
    this.state = el('span', { class: 'visually-hidden' });
    const about = { live: 'step.timeTotal', upgrade: 'step.timeUpgrade' }[id] ?? 'step.time';
    this.time = el('span', { class: 'step-time', title: t(about) });
    this.head = el('button', {
      class: 'flat step-head', type: 'button', 'aria-expanded': 'false', 'aria-controls': `step-${id}`, on: { click: () => view.select(id) },
    }, this.dot, el('span', { class: 'step-name' }, t(`step.${id}`), ' ', this.note), this.state, this.time);
    this.body = el('div', { class: 'step-body', id: `step-${id}`, hidden: true });
    this.node = el('li', { class: 'step' }, this.head, this.body);
    this.number = number;
  }

  get step() {
    return this.view.run.steps.get(this.id);
  }

  draw(selected) {
    const { state, took, note } = this.step;
    const { run } = this.view;
    const shown = this.id === 'live' && state === 'now' && run.status === 'live' ? (run.fault ? 'warn' : 'done') : state;
    if (this.node.dataset.state !== shown) {
      this.node.dataset.state = shown;
      clear(this.dot).append(mark(shown, this.number));
      this.state.textContent = ` (${t(`step.${shown}`)})`;
    }
    say(this.note, note);
    const time = this.id === 'live' && took !== null ? run.steps.total : took;
    say(this.time, time === null ? '' : `${this.id === 'live' ? 'Σ ' : ''}${milliseconds(time)}`);
    const open = selected === this.id;
    const wasOpen = !this.body.hidden;
    this.head.setAttribute('aria-expanded', String(open));
    this.body.hidden = !open;
    if (!open) {
      if (wasOpen) clear(this.body);
      return;
    }
    if (!wasOpen) this.#build();
    this.#update();
    // A new failure is scrolled into view.
    const failure = run.failures.get(this.id);
    if (failure && failure !== this.seen && state === 'failed') this.node.scrollIntoView({ block: 'nearest' });
    this.seen = failure;
  }

  #build() {
    this.#drawn = {};
    this.entries = new Map();
    this.failure = el('div');
    this.next = el('div', { class: 'stack' });
    this.special = el('div', { class: 'stack' });
    this.said = el('div', { class: 'stack' });
    const words = [
      el('p', {}, t(`step.${this.id}.what`)),
      el('p', { class: 'practice' }, el('strong', {}, t('step.practice')), ' ', t(`step.${this.id}.wrong`)),
    ];
    // The live step begins with its figures, and the other steps with their explanation.
    if (this.id === 'live') this.body.append(this.failure, this.special, ...words, this.said);
    else this.body.append(this.failure, ...words, this.next, this.special, this.said);
    if (this.id === 'live') this.live = livePart(this.view.run, this.special);
  }

  #update() {
    const { run } = this.view;
    const failure = run.failures.get(this.id);
    this.#when('failure', failure && `${failure.why}/${run.isBack}/${run.busy}`, () => {
      clear(this.failure);
      if (failure) this.failure.append(failureBox(failure, run));
    });
    const waits = run.waits?.step === this.id ? run.waits : null;
    this.#when('next', waits, () => clear(this.next).append(...(waits ? nextPart(waits) : [])));
    if (this.id === 'tcp') this.#when('special', run.upgrade ?? run.url, () => clear(this.special).append(...tcpPart(run)));
    if (this.id === 'upgrade') this.#when('special', run.upgrade ?? run.url, () => clear(this.special).append(...upgradePart(run)));
    if (this.id === 'auth') this.#when('special', this.step.count, () => authPart(run, this.special, this.step));
    if (this.id === 'live') this.live();
    if (this.id === 'tcp' || this.id === 'upgrade') return;
    this.#when('said', `${this.step.count}/${this.step.frames.length}`, () => {
      const { count } = this.step;
      const frames = this.id === 'live' ? [...this.step.frames].reverse() : this.step.frames;
      // Frames that are drawn already are not formatted again.
      this.entries = new Map(frames.map((entry) => [entry, this.entries.get(entry) ?? said(entry, run.store)]));
      this.said.replaceChildren(
        el('h3', {}, t('step.frames')),
        ...(frames.length ? [] : [el('p', { class: 'hint' }, t('step.none'))]),
        ...this.entries.values(),
        ...(count > frames.length ? [el('p', { class: 'hint' }, t('step.older', { n: count - frames.length }))] : []),
      );
    });
  }

  #when(part, value, redraw) {
    if (part in this.#drawn && this.#drawn[part] === value) return;
    this.#drawn[part] = value;
    redraw();
  }
}

function mark(state, number) {
  const shapes = {
    done: 'M4.2 8.4l2.6 2.6 5-5.6',
    failed: 'M5 5l6 6M11 5l-6 6',
    warn: 'M8 4v5M8 11.6v.1',
  };
  if (!(state in shapes)) return document.createTextNode(number);
  return svg('svg', { viewBox: '0 0 16 16', class: 'glyph' }, svg('path', { d: shapes[state] }));
}
