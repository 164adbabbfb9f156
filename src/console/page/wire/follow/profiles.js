// What known clients of Finesse say, step by step: profiles as data, which frames are compared with.
//
// A step has `what` a frame is for and its `direction`. `details` are what it has to say ('*': anything), `soft` names the
// details in which a client may differ, and `needs` the steps without which it cannot come. An `optional` step may be missing.

const login = (resource, soft) => [
  { what: 'open', direction: 'out', details: { version: '1.0' } },
  { what: 'opened', direction: 'in', needs: ['open'] },
  { what: 'features', direction: 'in', details: { plain: 'yes' }, needs: ['open'] },
  { what: 'auth', direction: 'out', details: { mechanism: 'PLAIN' }, needs: ['features'] },
  { what: 'success', direction: 'in', needs: ['auth'] },
  { what: 'open', direction: 'out', again: true, needs: ['success'] },
  { what: 'opened', direction: 'in', again: true, optional: true, needs: ['open'] },
  { what: 'features', direction: 'in', again: true, needs: ['open'] },
  { what: 'bind', direction: 'out', details: { resource }, soft, needs: ['features'] },
  { what: 'bound', direction: 'in', needs: ['bind'] },
  { what: 'session', direction: 'out', optional: true, needs: ['bound'] },
  { what: 'session-answer', direction: 'in', optional: true, needs: ['session'] },
  { what: 'presence', direction: 'out', details: { priority: '>=0' }, needs: ['bound'] },
  { what: 'finesse', direction: 'in', needs: ['presence'] },
];

const subscription = (node) => [
  { what: 'subscribe', direction: 'out', details: { node, jid: 'full' }, soft: ['jid', 'node'], needs: ['bound'] },
  { what: 'subscribed', direction: 'in', details: { node }, soft: ['node'], needs: ['subscribe'] },
];

const pings = [
  { what: 'ping', direction: 'out', late: true, needs: ['bound'] },
  { what: 'pong', direction: 'in', late: true, needs: ['ping'] },
];

/** The profiles by name, as the words `follow.profile.NAME`. */
export const PROFILES = {
  desktop: [...login('desktop', ['resource']), ...subscription('/finesse/api/User/{user}'), ...subscription('/finesse/api/Team/*/Users'), ...pings],
  strophe: [...login('!desktop', []), ...pings],
  gadget: [...login('!desktop', []), ...subscription('*').map((step) => ({ ...step, optional: true })), ...pings],
};
