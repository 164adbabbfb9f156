// The tabs of a layout. All of their gadgets are loaded, and those of one tab are seen.

import { el } from '../console/shared/dom.js';

/** Tabs `[{ id, label }]`, of which the first is active. `node` holds them; `onActivate(id)` is told of another active tab. */
export class Tabs {
  #buttons = new Map();
  #panels = new Map();

  constructor(tabs, { label, onActivate }) {
    this.onActivate = onActivate;
    for (const tab of tabs) {
      this.#buttons.set(tab.id, el('button', { type: 'button', class: 'flat', role: 'tab', on: { click: () => this.activate(tab.id) } }, tab.label));
      // Finesse's library finds the tab of a gadget by this class and id.
      this.#panels.set(tab.id, el('div', { class: 'tab-panel', id: `panel_${tab.id}`, role: 'tabpanel', 'aria-label': tab.label }));
    }
    this.list = el('div', { class: 'tabs', role: 'tablist', hidden: tabs.length < 2, on: { keydown: (event) => this.#key(event) } }, [...this.#buttons.values()]);
    this.node = el('div', {}, this.list, [...this.#panels.values()]);
    this.label(label);
    this.#show(tabs[0].id);
  }

  /** Sets the accessible name of the list. */
  label(text) {
    this.list.setAttribute('aria-label', text);
  }

  /** The place for gadgets in a tab; in the active one without an id. */
  panel(id = this.active) {
    return this.#panels.get(id);
  }

  /** Shows a tab. Returns whether there is one with this id. */
  activate(id) {
    if (!this.#panels.has(id)) return false;
    this.#show(id);
    this.onActivate(id);
    return true;
  }

  #show(id) {
    this.active = id;
    for (const [one, button] of this.#buttons) {
      const isActive = one === id;
      button.setAttribute('aria-selected', String(isActive));
      button.tabIndex = isActive ? 0 : -1;
      this.#panels.get(one).classList.toggle('active', isActive);
      this.#panels.get(one).hidden = !isActive;
    }
  }

  // The Tab key stops once at the list, and the arrows go on from there (ARIA Authoring Practices, "Tabs").
  #key(event) {
    const ids = [...this.#buttons.keys()];
    const here = ids.indexOf(this.active);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const id = ids.at(to % ids.length);
    this.activate(id);
    this.#buttons.get(id).focus();
  }
}
