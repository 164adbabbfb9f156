// A button that opens a small panel: a list of choices, or a field and a button.

import { clear, el } from './dom.js';

/** A `<details>` that is filled by `fill(panel, close)` each time it opens; Escape and a click elsewhere close it. */
export function menu(label, fill, attributes = {}) {
  const panel = el('div', { class: 'menu-panel' });
  const summary = el('summary', { class: 'button small' }, label);
  const node = el('details', { ...attributes, class: 'menu' }, summary, panel);
  const close = () => {
    node.open = false;
  };
  const outside = (event) => {
    if (!node.isConnected || !node.contains(event.target)) close();
  };
  node.addEventListener('toggle', () => {
    document[node.open ? 'addEventListener' : 'removeEventListener']('pointerdown', outside);
    if (!node.open) return;
    // The panel opens to the left where there is no room to the right.
    const { left } = node.getBoundingClientRect();
    panel.classList.toggle('to-left', left > document.documentElement.clientWidth * 0.6);
    fill(clear(panel), close);
  });
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !node.open) return;
    event.stopPropagation();
    close();
    summary.focus();
  });
  node.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && !node.contains(relatedTarget)) close();
  });
  return node;
}

/** Fills a panel with choices: `[[text, action], …]`. */
export function choices(panel, close, list) {
  // A panel that is opened twice before its list has come still gets one list.
  clear(panel).append(...list.map(([text, action]) => el('button', {
    class: 'flat menu-choice',
    type: 'button',
    on: {
      click: () => {
        close();
        action();
      },
    },
  }, text)));
}

/** Fills a panel with one field and a button that hands its value on. */
export function question(panel, close, { label, button, value = '', action, ...attributes }) {
  const input = el('input', { value, required: true, ...attributes });
  panel.append(el('form', {
    class: 'stack',
    on: {
      submit: (event) => {
        event.preventDefault();
        if (!input.value.trim()) return;
        close();
        action(input.value.trim());
      },
    },
  }, el('label', { class: 'field' }, el('span', {}, label), input), el('button', { class: 'button small primary' }, button)));
  input.focus();
}
