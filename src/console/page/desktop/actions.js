// Workflow actions that the desktop itself runs (Cisco's guide, "WorkflowAction": BROWSER_POP and HTTP_REQUEST).

import { el } from '../console/shared/dom.js';
import { t } from '../console/shared/words.js';

/** Runs an action. Returns what the user has to be told, or null. */
export async function run({ type, params }, api) {
  const param = (name) => params.find((one) => one.name === name)?.expandedValue ?? '';
  const url = URL.canParse(param('path'), location.origin) ? new URL(param('path'), location.origin) : null;
  // Values of calls stand in the path, so only http and https are opened: no call runs a script of this origin.
  if (!url || !/^https?:$/.test(url.protocol)) return t('gadgets.action.address', { address: param('path') });
  if (type === 'BROWSER_POP') return pop(url.href, param('windowName'));
  if (type !== 'HTTP_REQUEST') return null;
  if (url.origin !== location.origin) return t('gadgets.action.foreign', { address: url.href });
  const headers = param('contentType') ? { 'Content-Type': param('contentType') } : {};
  const method = param('method') === 'POST' ? 'post' : 'put';
  const answer = await api[method](url.pathname + url.search, param('body'), { headers }).catch((error) => ({ status: error.message }));
  return answer.ok ? null : t('gadgets.action.refused', { address: url.href, status: answer.status });
}

// A window with a name is used again. Without an opener it cannot lead this window elsewhere.
function pop(href, name) {
  const opened = open('', name || '_blank');
  if (!opened) return el('a', { href, target: name || '_blank', rel: 'noopener' }, t('gadgets.action.blocked', { address: href }));
  opened.opener = null;
  opened.location = href;
  return null;
}
