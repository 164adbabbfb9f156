// The event tunnel: a frame that holds a session of XMPP for the page around it, and speaks to that page by messages
// `TYPE|DATA` (Cisco's guide, "Connect to XMPP over HTTP using Finesse EventTunnel").

import { Session } from '../console/protocol/xmpp.js';
import { first, parse } from '../console/shared/xml.js';
import { presenceXml } from '../desktop/publisher.js';

const EVENT = 0;
const ID = 1;
const PASSWORD = 2;
const RESOURCEID = 3;
const STATUS = 4;
const XMPPDOMAIN = 5;
const SUBSCRIBE = 7;
const UNSUBSCRIBE = 8;
const PRESENCE = 9;
const CONNECT_REQ = 10;
const DISCONNECT_REQ = 11;
const SUBSCRIPTIONS_REQ = 14;

const given = { id: undefined, domain: undefined, password: undefined, resource: undefined };
let session = null;
let isConnected = false;
/** The origin that gave the password. Messages go to no other origin. */
let origin = '*';
const nodes = new Set();

addEventListener('message', ({ data, source, origin: from }) => {
  if (source !== parent || typeof data !== 'string') return;
  const delimiter = data.indexOf('|');
  take(Number(data.slice(0, delimiter)), data.slice(delimiter + 1), from);
});
addEventListener('pagehide', leave);
send(STATUS, 'loaded');

function take(type, text, from) {
  switch (type) {
    case ID:
      given.id = text.toLowerCase();
      break;
    case XMPPDOMAIN:
      given.domain = text;
      break;
    case PASSWORD:
      given.password = text;
      origin = from;
      break;
    case RESOURCEID:
      given.resource = text;
      break;
    case CONNECT_REQ: {
      const info = parse(text)?.documentElement;
      if (!info) return;
      Object.assign(given, {
        id: first(info, 'id').toLowerCase(), password: first(info, 'password'), domain: first(info, 'xmppDomain'),
      });
      origin = from;
      break;
    }
    case SUBSCRIBE:
      ask(SUBSCRIBE, text, () => session.subscribe(text).then(() => nodes.add(text)));
      return;
    case UNSUBSCRIBE:
      ask(UNSUBSCRIBE, text, () => session.unsubscribe(text).then(() => nodes.delete(text)));
      return;
    case SUBSCRIPTIONS_REQ:
      subscriptions();
      return;
    case DISCONNECT_REQ:
      leave();
      return;
    default:
      // Other messages change nothing: the transport is WebSocket, and the session sends its own pings.
      return;
  }
  if (given.id !== undefined && given.domain !== undefined && given.password !== undefined) connect();
}

async function connect() {
  session?.drop();
  const { id: user, domain, password, resource } = given;
  given.password = undefined;
  const own = new Session({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/`,
    domain, user, password, resource,
    onEvent: ({ node, payload }) => send(EVENT, `${encodeURI(node)}${payload}`),
    onPresence: ({ from, type }) => send(PRESENCE, presenceXml(from, type)),
    onState(name) {
      if (name === 'closed' && own === session) lost(own);
    },
  });
  session = own;
  isConnected = false;
  nodes.clear();
  tell('connecting');
  try {
    await own.connect();
  } catch {
    // A failure closes the socket, or the end of the socket reports it.
    if (own === session) own.drop();
    return;
  }
  own.live();
  isConnected = true;
  send(RESOURCEID, own.jid.split('/').slice(1).join('/'));
  tell('connected');
}

function lost({ ended }) {
  isConnected = false;
  const condition = ended?.condition;
  if (condition === 'conflict') tell('conflict');
  else if (condition === 'not-authorized' && ended.why === 'sasl') tell('unauthorized');
  else tell('disconnected');
}

async function ask(type, node, request) {
  if (!isConnected) {
    send(type, `${node}|<ApiErrors/>`);
    return;
  }
  try {
    await request();
    send(type, node);
  } catch (failure) {
    send(type, `${node}|${failure.frame || '<ApiErrors/>'}`);
  }
}

async function subscriptions() {
  try {
    if (!isConnected) throw new Error('not connected');
    send(SUBSCRIPTIONS_REQ, JSON.stringify(await session.subscriptions()));
  } catch {
    send(SUBSCRIPTIONS_REQ, '|<ApiErrors/>');
  }
}

function leave() {
  if (!session) return;
  tell('unloading');
  for (const node of nodes) session.unsubscribe(node).catch(() => {});
  session.close();
}

function tell(status) {
  send(STATUS, status);
}

function send(type, text) {
  parent.postMessage(`${type}|${text}`, origin);
}
