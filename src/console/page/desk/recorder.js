// What somebody does in the view Contact centre, as the file of a scenario.

import { reason } from '../shared/api.js';
import { copyText } from '../shared/copy.js';
import { el, say } from '../shared/dom.js';
import { download } from '../shared/download.js';
import { addWords, t } from '../shared/words.js';

const RECORDED = '/callboard/api/scenario/recorded';
// No request has this id: the answer only says where the record ends.
const END = '/callboard/api/record?limit=1&requestId=%2D';

addWords({
  en: {
    'recorder.begin': 'Record what I do',
    'recorder.end': 'Stop recording',
    'recorder.on': 'Recording: what is changed here becomes a scenario.',
    'recorder.file': 'The scenario of what was done',
    'recorder.save': 'Save',
    'recorder.play': 'Reset all and play',
    'recorder.close': 'Close',
  },
  'zh-TW': {
    'recorder.begin': '錄下我的操作',
    'recorder.end': '停止錄製',
    'recorder.on': '錄製中：在此所做的變更會成為情境檔。',
    'recorder.file': '由操作錄成的情境',
    'recorder.save': '儲存',
    'recorder.play': '全部重設並播放',
    'recorder.close': '關閉',
  },
});

// A recording goes on while somebody looks at another view.
let begun = null;

/** A button that begins and ends a recording, and the file that comes of it; `strip` plays it, where the server can. */
export function recorder({ api }, strip) {
  const toggle = el('button', { class: 'button small', type: 'button', data: { recorder: 'toggle' }, on: { click: change } });
  const state = el('span', { class: 'hint', role: 'status' });
  const bad = el('span', { class: 'error', role: 'alert', hidden: true });
  const text = el('pre', { class: 'code', tabindex: '0', 'aria-label': t('recorder.file'), data: { recorder: 'file' } });
  const button = (name, act, word = `recorder.${name}`) => el('button', { class: 'button small', type: 'button', data: { recorder: name }, on: { click: act } }, t(word));
  const copy = button('copy', () => copyText(text, copy), 'copy.copy');
  const file = el('div', { class: 'stack', hidden: true }, text, el('div', { class: 'row' },
    copy,
    button('save', () => download('recorded.toml', 'text/plain', text.textContent)),
    strip && button('play', play),
    button('close', () => (file.hidden = true))));
  draw();
  return { node: el('section', { class: 'stack desk-recorder', 'aria-label': t('recorder.begin') }, el('div', { class: 'row' }, toggle, state, bad), file) };

  function draw() {
    say(toggle, t(begun === null ? 'recorder.begin' : 'recorder.end'));
    say(state, begun === null ? '' : t('recorder.on'));
  }

  // What the server says if it does not do it, too.
  async function ask(request) {
    const answer = await request.catch((error) => ({ ok: false, problem: error.message }));
    const problem = answer.ok ? '' : (answer.problem ?? reason(answer));
    say(bad, problem);
    bad.hidden = !problem;
    return answer.ok ? answer : null;
  }

  async function change() {
    if (begun === null) {
      const answer = await ask(api.get(END));
      if (answer) begun = answer.json().next;
      if (answer) file.hidden = true;
    } else {
      const answer = await ask(api.get(`${RECORDED}?after=${begun}`));
      begun = null;
      if (answer) say(text, answer.text);
      file.hidden = !answer;
    }
    draw();
  }

  async function play() {
    // The record begins again with all else, and the file stays here.
    if (await ask(api.post('/callboard/api/reset'))) strip.play(text.textContent);
  }
}
