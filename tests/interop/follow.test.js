// How Follow compares the frames of a session with what is expected, without a browser: values go in and values come out.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

// The page's files are modules for a browser, in a folder without a package.json.
const load = (name) => import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(`../../src/console/page/wire/follow/${name}`, import.meta.url), 'utf8'))}`);
const { compare, factsOf, profileOf } = await load('compare.js');
const { PROFILES } = await load('profiles.js');

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const OPEN = ['out', `<open xmlns="${FRAMING}" to="localhost" version="1.0"/>`];
const OPENED = ['in', `<open from='localhost' id='1' xmlns='${FRAMING}' xml:lang='en' version='1.0'/>`];
const features = (inside) => ['in', `<stream:features xmlns:stream='http://etherx.jabber.org/streams'>${inside}</stream:features>`];
const PLAIN = features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>");
const BIND = features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>");
const AUTH = ['out', '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">••••••••</auth>'];
const SUCCESS = ['in', '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>'];
const bind = (resource) => [
  ['out', `<iq type="set" id="b" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind></iq>`],
  ['in', `<iq id='b' type='result' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>1003@localhost/${resource}</jid></bind></iq>`],
];
const presence = (inside = '') => ['out', `<presence xmlns="jabber:client">${inside}</presence>`];
const FINESSE = ['in', '<presence from="finesse@localhost/smack-1" to="1003@localhost/desktop" xmlns="jabber:client"/>'];
const subscribe = (id, node, jid = '1003@localhost/desktop') => [
  'out', `<iq type='set' to='pubsub.localhost' id='${id}' xmlns='jabber:client'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe jid='${jid}' node='${node}'/></pubsub></iq>`,
];
const result = (id) => ['in', `<iq type="result" id="${id}" xmlns="jabber:client"/>`];
const error = (id, condition) => ['in', `<iq type="error" id="${id}" xmlns="jabber:client"><error type="cancel"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`];
const ping = (id) => ['out', `<iq type="get" to="localhost" id="${id}" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>`];
const LOGIN = [OPEN, OPENED, PLAIN, AUTH, SUCCESS, OPEN, OPENED, BIND];
const SUBSCRIBED = [subscribe('u', '/finesse/api/User/1003'), result('u'), subscribe('t', '/finesse/api/Team/1/Users'), result('t')];
const DESKTOP = [...LOGIN, ...bind('desktop'), presence(), FINESSE, FINESSE, ...SUBSCRIBED];

const frames = (list, apart = 10) => list.map(([direction, text, time], index) => ({ n: index + 1, direction, text, time: time ?? index * apart }));
const verdicts = ({ rows }) => rows.map(({ step, facts, verdict }) => `${(step ?? facts).what} ${verdict}`);
const deviation = (list, profile = 'desktop', options = { over: true }) => {
  const { rows, first } = compare(frames(list), typeof profile === 'string' ? PROFILES[profile] : profile, options);
  return first < 0 ? null : [(rows[first].step ?? rows[first].facts).what, rows[first].verdict, rows[first].reason];
};

test('a desktop is as a desktop is expected to be, by meaning and not by bytes', () => {
  const compared = compare(frames(DESKTOP), PROFILES.desktop, { over: true });
  assert.equal(compared.first, -1);
  assert.deepEqual(new Set(compared.rows.map(({ verdict }) => verdict)), new Set(['same', 'beside']));
  // Ids, quotes, prefixes and the order of attributes do not count, and neither does the order of what needs nothing of each other.
  const other = [...LOGIN, ...bind('desktop'), presence('<priority>5</priority>'), ...SUBSCRIBED, FINESSE];
  other[2] = features("<x:mechanisms xmlns:x='urn:ietf:params:xml:ns:xmpp-sasl'><x:mechanism>PLAIN</x:mechanism></x:mechanisms>");
  assert.equal(deviation(other), null);
});

test('the first deviation is named, and what follows from it is no other one', () => {
  const silent = [...LOGIN, ...bind('gadget'), presence('<priority>-1</priority>'), ...SUBSCRIBED];
  assert.deepEqual(deviation(silent), ['presence', 'differs', 'priority']);
  const said = verdicts(compare(frames(silent), PROFILES.desktop, { over: true }));
  assert.ok(said.includes('bind soft') && said.includes('finesse follows') && said.includes('subscribed same'), said.join('\n'));
  for (const [name, list, expected, profile] of [
    ['a wrong password', [OPEN, OPENED, PLAIN, AUTH, ['in', '<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>']], ['success', 'differs', 'sasl']],
    ['no second open', [OPEN, OPENED, PLAIN, AUTH, SUCCESS, ...bind('desktop')], ['open', 'missing', 'noReopen']],
    ['no presence', [...LOGIN, ...bind('desktop'), ...SUBSCRIBED], ['presence', 'missing', 'no.presence']],
    ['finesse is away', [...LOGIN, ...bind('desktop'), presence(), ...SUBSCRIBED], ['finesse', 'missing', 'no.finesse']],
    ['a name in place of the id', [...DESKTOP.slice(0, -1), error('t', 'item-not-found')], ['subscribed', 'differs', 'nodeUnknown']],
    ['no address', [...DESKTOP.slice(0, -4), ['out', subscribe('u', '/finesse/api/User/1003')[1].replace("to='pubsub.localhost' ", '')], ...DESKTOP.slice(-3)], ['subscribe', 'differs', 'noTo']],
    ['the old framing', [['out', '<stream:stream to="localhost" version="1.0">']], ['open', 'differs', 'oldFraming']],
    ['the namespace of open', [['out', '<open to="localhost" version="1.0"/>'], ['in', '<close/>']], ['open', 'differs', 'framing']],
    ['half an element', [['out', '<open xmlns="urn'], OPENED], ['open', 'differs', 'broken']],
    ['no PLAIN', [OPEN, OPENED, features("<mechanisms><mechanism>SCRAM-SHA-1</mechanism></mechanisms>")], ['features', 'differs', 'plain']],
    ['the desktop\'s resource', [...LOGIN, ...bind('desktop'), presence(), FINESSE], ['bind', 'differs', 'reserved'], 'gadget'],
    ['a conflict', [...DESKTOP, ['in', '<stream:error xmlns:stream="http://etherx.jabber.org/streams"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>']], ['stream-error', 'differs', 'stream']],
    ['a ping with an error', [...DESKTOP, ping('p'), error('p', 'service-unavailable')].map(([way, text], index) => [way, text, index * 4_000]), ['pong', 'differs', 'refused']],
    ['a late ping', [...DESKTOP.map(([way, text], index) => [way, text, index]), [...ping('p'), 100], [...result('p'), 12_100], [...ping('q'), 40_000]], ['pong', 'differs', 'latePong']],
    ['no ping', [...DESKTOP.map(([way, text], index) => [way, text, index * 4_000])], ['ping', 'missing', 'no.ping']],
  ]) {
    assert.deepEqual(deviation(list, profile), expected, name);
  }
  // As small as can be: without subscriptions of its own.
  assert.equal(deviation([...LOGIN, ...bind('mine'), presence(), FINESSE], 'gadget'), null);
  assert.equal(deviation([...LOGIN, ...bind('1001003'), presence(), FINESSE], 'strophe'), null);
});

test('a session that lives may still do what it has not done, and what was before the first frame is not known', () => {
  const early = compare(frames([OPEN, OPENED, PLAIN]), PROFILES.desktop);
  assert.equal(early.first, -1);
  assert.equal(verdicts(early)[3], 'auth waiting');
  const late = compare(frames([...SUBSCRIBED, ping('p'), result('p')]), PROFILES.desktop, { user: '1003' });
  assert.equal(late.first, -1);
  assert.equal(verdicts(late)[0], 'open unseen');
});

test('another session is a profile, whoever its user is', () => {
  const steps = profileOf(frames(DESKTOP));
  const other = DESKTOP.map(([way, text]) => [way, text.replaceAll('1003', '1004')]);
  assert.equal(deviation(other, steps), null);
  assert.deepEqual(deviation(other.filter((_, index) => index !== other.length - 2), steps), ['subscribe', 'missing', 'no.subscribe']);
});

test('an envelope of BOSH says what is in it, and frames of any form harm nothing', () => {
  const body = (inside, more = '') => `<body ${more} xmlns="http://jabber.org/protocol/httpbind">${inside}</body>`;
  const bosh = [
    ['out', body('', 'to="localhost" wait="10" ver="1.11"')], ['in', body(PLAIN[1], 'wait="10" ver="1.11"')], ['out', body(AUTH[1])], ['in', body(SUCCESS[1])],
    ['out', body('', 'to="localhost" xmpp:restart="true"')], ['in', body(BIND[1])], ...[...bind('mine'), presence(), FINESSE].map(([way, text]) => [way, body(text)]),
  ];
  assert.equal(deviation(bosh, 'gadget'), null);
  for (const text of ['', '<', '<a', '<a></b>', '</a>', '<a><b></a></b>', '<a>&#99999999999;&#xffffffff;</a>', '<iq/>', '<iq type="result"/>', '<iq type="set"><pubsub/></iq>', '<auth/>', '<presence><priority>x</priority></presence>', '<constructor/>', '<iq type="set" id="__proto__"><constructor/></iq>', 'x'.repeat(100_000), '<a '.repeat(20_000), `<a ${'b'.repeat(60_000)}>`, `<a${' '.repeat(60_000)}/>`, `<a ${'b="" '.repeat(10_000)}/>`]) {
    assert.equal(factsOf([{ n: 1, direction: 'out', text, time: 0 }]).length, 1, text.slice(0, 40));
    compare(frames([['out', text]]), PROFILES.desktop);
  }
});

test('names of the language of scripts are names as others are, and elements may be nested as deep as they are', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    const odd = ['out', `<iq type="get" id="i" xmlns="jabber:client"><${name} xmlns="urn:x"/></iq>`];
    const { rows } = compare(frames([...DESKTOP, odd, result('i')]), PROFILES.desktop, { over: true });
    assert.deepEqual(rows.slice(-2).map(({ facts }) => facts.what), ['iq', 'iq-answer'], name);
  }
  const depth = 100_000;
  const deep = ['in', `<iq type="result" id="d" xmlns="jabber:client">${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</iq>`];
  assert.equal(compare(frames([...DESKTOP, ['out', '<iq type="set" id="d" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>'], deep]), PROFILES.desktop, { over: true }).first, -1);
});
