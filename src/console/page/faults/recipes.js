// Failures that need no fault: a client does what is wrong, and sees what Finesse says to it.

import { reason } from '../shared/api.js';
import { el, say } from '../shared/dom.js';
import { packed } from '../shared/packed.js';
import { t } from '../shared/words.js';
import { FAILURES } from '../wire/tried_failures.js';
import { curlLine } from './curl.js';
import { climb } from './try.js';

/** Requests with the names of their words. `as` is the agent in whose name the page sends them. */
function requests({ directory, user }) {
  const agents = directory.users.filter(({ id, roles, extension }) => roles.includes('Agent') && extension && id !== user);
  const [agent, other = agent] = agents.map(({ id }) => id);
  const state = (text) => `<User><state>${text}</state></User>`;
  if (!agent) return [];
  return [
    { name: 'stranger', method: 'PUT', path: `/finesse/api/User/${other}`, body: state('READY'), as: agent },
    {
      name: 'administratorCalls', method: 'POST', path: `/finesse/api/User/${user}/Dialogs`,
      body: `<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1</fromAddress><toAddress>2</toAddress></Dialog>`,
    },
    { name: 'nobody', method: 'GET', path: '/finesse/api/User/nobody' },
    { name: 'state', method: 'PUT', path: `/finesse/api/User/${agent}`, body: state('TALKING'), as: agent },
    { name: 'device', method: 'PUT', path: `/finesse/api/User/${agent}`, body: '<User><state>LOGIN</state><extension>0</extension></User>', as: agent },
    {
      name: 'dialog', method: 'PUT', path: '/finesse/api/Dialog/1', as: agent,
      body: '<Dialog><requestedAction>ANSWER</requestedAction><targetMediaAddress>1</targetMediaAddress></Dialog>',
    },
    { name: 'markup', method: 'POST', path: `/callboard/api/publish?node=/finesse/api/User/${user}`, body: '<Update>&amp; &lt;b&gt; <![CDATA[<&]]> 한국어</Update>' },
  ];
}

/** Commands that the page does not send: they end or lock out somebody. */
function commands({ directory, user: own }) {
  const [agent = '1001'] = directory.users.filter(({ id, roles }) => roles.includes('Agent') && id !== own).map(({ id }) => id);
  const user = `/finesse/api/User/${agent}`;
  return [
    { name: 'lockout', request: { method: 'GET', path: user, user: `${agent}:wrong` } },
    { name: 'logout', request: { method: 'POST', path: '/callboard/api/sessions/ID?do=cut&how=rst', user: 'administrator' } },
  ];
}

/** Cards with a button each, and the request as curl where there is one. */
export function recipeCards(context) {
  const card = (name, title, ...rest) => el('article', { class: 'card recipe', data: { recipe: name } }, el('h3', {}, title), ...rest);
  const ladder = FAILURES.filter((name) => name !== 'none').map((name) => card(name, t(`try.${name}`),
    el('p', { class: 'hint' }, t(`recipe.${name}`)),
    el('button', { class: 'button small', type: 'button', on: { click: () => climb(context, name) } }, t('faults.try'))));
  const sent = requests(context).map(({ name, method, path, body, as }) => {
    const seen = el('p', { class: 'mono', role: 'status' });
    const send = async () => {
      say(seen, '');
      try {
        const options = { as: as === context.user ? undefined : as };
        const { api } = context;
        const given = await (method === 'GET' ? api.get(path, options) : method === 'PUT' ? api.put(path, body, options) : api.post(path, body, options));
        say(seen, reason(given).slice(0, 300));
      } catch (error) {
        say(seen, error.message);
      }
    };
    return card(name, t(`recipe.${name}`), el('button', { class: 'button small', type: 'button', on: { click: send } }, t('faults.send')), seen,
      curlLine({ method, path, body, user: as ?? context.user }).node);
  });
  const others = commands(context).map(({ name, request }) => card(name, t(`recipe.${name}`), curlLine(request).node));
  return packed(el('div', { class: 'fault-cards' }, ladder, sent, others));
}
