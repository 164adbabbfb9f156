// The clipboard, also where a page without https has none.

import { say } from './dom.js';
import { addWords, t } from './words.js';

const STAYS = 1_500;

addWords({
  en: {
    'copy.copy': 'Copy',
    'copy.copied': 'Copied',
  },
  'zh-TW': {
    'copy.copy': '複製',
    'copy.copied': '已複製',
  },
});

/** Copies the text of a node; the button says for a moment that it was copied. */
export async function copyText(node, button) {
  try {
    await navigator.clipboard.writeText(node.textContent);
  } catch {
    // Without https only what is selected can be copied.
    getSelection().selectAllChildren(node);
    document.execCommand('copy');
  }
  say(button, t('copy.copied'));
  setTimeout(() => say(button, t('copy.copy')), STAYS);
}
