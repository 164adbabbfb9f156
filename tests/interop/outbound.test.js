// An agent's desktop on outbound campaigns, as far as it decides what a server has to do: it shows the contact from the call variables,
// decides by the actions that it is offered, follows the call to the customer, and reclassifies it and schedules callbacks with the
// bodies that public desktops send, which tell the time of a callback and its number in two requests.

import assert from 'node:assert/strict';
import test from 'node:test';

import { DOMParser } from '@xmldom/xmldom';

import { Tunnel } from './clients/tunnel.js';
import { lab } from './lab/lab.js';

const AGENT = '1001';
const USER = `finesse.api.User.${AGENT}`;
const DIALOGS = `${USER}.Dialogs`;

const elements = (node) => [...node.childNodes].filter(({ nodeType }) => nodeType === 1);
const within = (node, name) => [...node.getElementsByTagName(name)];
const text = (node, name) => within(node, name)[0]?.textContent;

/** What the desktop shows: the state of its agent, and its calls by their ids. */
class Desktop {
  calls = new Map();
  errors = [];
  seen = 0;

  constructor(server, tunnel) {
    this.server = server;
    this.tunnel = tunnel;
  }

  async rest(method, path, body, user = AGENT) {
    const headers = { authorization: `Basic ${btoa(`${user}:${user === 'administrator' ? '1234' : user}`)}` };
    if (body) headers['content-type'] = path.startsWith('/') ? 'application/x-www-form-urlencoded' : 'application/xml';
    const url = path.startsWith('/') ? path : `/finesse/api/${path}`;
    const answer = await fetch(`http://${this.server.addresses.http}${url}`, { method, headers, body });
    return { status: answer.status, text: await answer.text() };
  }

  async state(wanted) {
    const { status } = await this.rest('PUT', `User/${AGENT}`, `<User><state>${wanted}</state><extension>${AGENT}</extension></User>`);
    assert.equal(status, 202);
  }

  async act(id, action, parameters = {}) {
    const each = Object.entries(parameters).map(([name, value]) => `<ActionParam><name>${name}</name><value>${value}</value></ActionParam>`);
    const more = each.length > 0 ? `<actionParams>${each.join('')} </actionParams>` : '';
    const body = `<Dialog><targetMediaAddress>${AGENT}</targetMediaAddress><requestedAction>${action}</requestedAction>${more}</Dialog>`;
    const { status, text } = await this.rest('PUT', `Dialog/${id}`, body);
    assert.equal(status, 202, text);
  }

  /** Hears events until that holds, which it returns. */
  async until(holds, what) {
    for (;;) {
      const held = holds(this);
      if (held) return held;
      const wanted = this.seen;
      await this.tunnel.events.first((_, place) => place >= wanted, what);
      for (const event of this.tunnel.events.all.slice(this.seen)) this.hear(event);
    }
  }

  hear({ topic, payload }) {
    this.seen += 1;
    const update = new DOMParser().parseFromString(payload, 'text/xml').documentElement;
    if (text(update, 'errorType')) this.errors.push(text(update, 'errorMessage'));
    else if (topic === USER) this.agent = { state: text(update, 'state'), pending: text(update, 'pendingState') };
    else if (topic === DIALOGS) {
      const call = read(within(update, 'Dialog')[0] ?? within(update, 'dialog')[0]);
      if (text(update, 'event') === 'DELETE') this.calls.delete(call.id);
      else this.calls.set(call.id, call);
    }
  }

  /** The only call. */
  get call() {
    const [call, ...others] = this.calls.values();
    return others.length === 0 ? call : undefined;
  }
}

function read(dialog) {
  const variables = within(dialog, 'CallVariable').map((variable) => elements(variable).map(({ textContent }) => textContent));
  const own = within(dialog, 'Participant').find((one) => text(one, 'mediaAddress') === AGENT);
  const callback = within(dialog, 'scheduledCallbackInfo')[0];
  return {
    id: text(dialog, 'id'),
    type: text(dialog, 'callType'),
    number: text(dialog, 'dialedNumber'),
    classification: text(dialog, 'outboundClassification'),
    variables: new Map(variables),
    state: own && text(own, 'state'),
    actions: own ? within(own, 'action').map(({ textContent }) => textContent) : [],
    callback: callback && { time: text(callback, 'callbackTime'), number: text(callback, 'callbackNumber') },
  };
}

const OPTIONS = { limits: 'outside_answer = "300ms"\n', keys: '' };
const PREVIEW = '[[campaign]]\nname = "Surveys"\nteam = "1"\nmode = "preview"\npersonal_callbacks = true\n';

/** A test with the desktop of an agent who is signed in. */
const desktop = (options, body) =>
  lab(async ({ server }) => {
    const tunnel = new Tunnel(server.url('wss'));
    try {
      tunnel.init(AGENT, AGENT);
      await tunnel.states.first((state) => state === 'connected', 'the tunnel to be connected');
      const it = new Desktop(server, tunnel);
      await it.state('LOGIN');
      await it.until(({ agent }) => agent?.state === 'NOT_READY', 'the agent to be signed in');
      await body(it);
    } finally {
      tunnel.reset();
    }
  }, options);

for (const profile of ['uccx', 'ucce']) {
  test(`a desktop accepts a contact of a Direct Preview campaign, reclassifies the call and schedules a callback (${profile})`, desktop(
    { ...OPTIONS, profile },
    async (it) => {
      await it.state('READY');
      const contact = 'campaign=Renewals&phone_number=5550190&first_name=Ada&last_name=Lovelace&callVariable1=Gold';
      assert.equal((await it.rest('POST', '/callboard/api/contacts', contact, 'administrator')).status, 202);
      await it.until(({ agent }) => agent.state === 'RESERVED_OUTBOUND_PREVIEW', 'the reservation');
      const offer = await it.until(({ call }) => call, 'the contact');
      assert.deepEqual([offer.type, offer.number, offer.state], ['OUTBOUND_DIRECT_PREVIEW', '5550190', 'ALERTING']);
      assert.deepEqual(offer.actions.sort(), ['ACCEPT', 'CLOSE', 'REJECT']);
      assert.deepEqual(
        ['BACampaign', 'BABuddyName', 'BACustomerNumber', 'callVariable1'].map((name) => offer.variables.get(name)),
        ['Renewals', 'Ada,Lovelace', '5550190', 'Gold'],
      );
      await it.act(offer.id, 'HOLD');
      await it.until(({ errors }) => errors.length > 0, 'the error');
      assert.deepEqual(it.errors, [`INVALID_ACTION HOLD on extension ${AGENT}`]);
      await it.act(offer.id, 'ACCEPT');
      const { id } = await it.until(({ call }) => call?.id !== offer.id && call?.state === 'ACTIVE' && call, 'the customer');
      assert.deepEqual([it.call.type, it.agent.state], ['OUTBOUND', 'TALKING']);
      await it.act(id, 'RECLASSIFY', { outboundClassification: 'ANS_MACHINE' });
      await it.until(({ call }) => call.classification === 'ANS_MACHINE', 'the classification');
      await it.act(id, 'UPDATE_SCHEDULED_CALLBACK', { callbackTime: '2099-01-01T08:00' });
      await it.act(id, 'UPDATE_SCHEDULED_CALLBACK', { callbackNumber: '5550199' });
      await it.until(({ call }) => call.callback?.number === '5550199', 'the callback');
      assert.equal(it.call.callback.time, '2099-01-01T08:00');
      assert.ok(it.call.actions.includes('CANCEL_SCHEDULED_CALLBACK'), it.call.actions.join());
      await it.act(id, 'DROP');
      await it.until(({ call }) => call.state === 'WRAP_UP', 'the wrap-up');
      await it.act(id, 'CANCEL_SCHEDULED_CALLBACK');
      await it.until(({ call }) => !call.callback, 'the end of the callback');
      await it.act(id, 'UPDATE_SCHEDULED_CALLBACK', { callbackTime: '2023-01-01T08:00' });
      await it.state('READY');
      const again = await it.until(({ call }) => call?.id !== id && call?.state === 'ALERTING' && call, 'the callback, which is due');
      assert.deepEqual([again.type, again.number], ['OUTBOUND_DIRECT_PREVIEW', '5550190']);
      await it.act(again.id, 'CLOSE');
      await it.until(({ agent, calls }) => agent.state === 'READY' && calls.size === 0, 'the agent to be ready');
      const { text } = await it.rest('GET', '/callboard/api/contacts', undefined, 'administrator');
      assert.deepEqual(JSON.parse(text), { total: 0, contacts: [] });
    },
  ));
}

test('a desktop accepts a contact of a Preview campaign, and the customer is put through', desktop(
  { ...OPTIONS, profile: 'ucce', limits: `${OPTIONS.limits}${PREVIEW}` },
  async (it) => {
    await it.state('READY');
    const contact = 'campaign=Surveys&phone_number=5550191';
    assert.equal((await it.rest('POST', '/callboard/api/contacts', contact, 'administrator')).status, 202);
    const offer = await it.until(({ call }) => call, 'the contact');
    assert.equal(offer.type, 'OUTBOUND_PREVIEW');
    await it.state('NOT_READY');
    await it.until(({ agent }) => agent.pending === 'NOT_READY', 'the pending state');
    await it.act(offer.id, 'ACCEPT');
    await it.until(({ call }) => call?.state === 'ACCEPTED', 'the agent to have accepted');
    assert.deepEqual(it.call.actions, []);
    await it.until(({ call }) => call?.state === 'ACTIVE', 'the customer');
    assert.deepEqual([it.call.type, it.agent.state], ['OUTBOUND', 'TALKING']);
    await it.act(it.call.id, 'UPDATE_SCHEDULED_CALLBACK', { callbackTime: '2023-01-01T08:00' });
    await it.act(it.call.id, 'DROP');
    await it.until(({ agent }) => agent.state === 'WORK', 'the wrap-up');
    await it.state('READY');
    await it.until(({ call }) => call?.type === 'OUTBOUND_PERSONAL_CALLBACK_PREVIEW', 'the callback');
  },
));

test('a desktop is reserved while the dialer calls the customer of a Progressive campaign, and talks at once', desktop(
  { ...OPTIONS, profile: 'ucce', limits: `${OPTIONS.limits}${PREVIEW.replace('"preview"', '"progressive"')}` },
  async (it) => {
    await it.state('READY');
    const add = (number, result) =>
      it.rest('POST', '/callboard/api/contacts', `campaign=Surveys&phone_number=${number}&result=${result}`, 'administrator');
    assert.equal((await add('5550192', 'busy')).status, 202);
    await it.until(({ agent }) => agent.state === 'RESERVED_OUTBOUND', 'the reservation');
    await it.until(({ agent }) => agent.state === 'READY', 'the end of the reservation');
    assert.equal(it.calls.size, 0);
    assert.equal((await add('5550193', 'voice')).status, 202);
    await it.until(({ call }) => call?.state === 'ACTIVE', 'the customer');
    assert.deepEqual([it.call.type, it.call.variables.get('BAStatus'), it.agent.state], ['OUTBOUND', 'PROGRESSIVE_OUTBOUND', 'TALKING']);
  },
));

test('a gadget records a call of Express', desktop({ ...OPTIONS, profile: 'uccx' }, async (it) => {
  const called = await it.rest('POST', `/callboard/api/calls?to=${AGENT}`, '', 'administrator');
  const id = called.text.trim();
  await it.until(({ call }) => call?.state === 'ALERTING', 'the call');
  await it.act(id, 'ANSWER');
  await it.until(({ call }) => call.state === 'ACTIVE', 'the answer');
  const before = it.seen;
  await it.act(id, 'START_RECORDING');
  await it.until(({ seen }) => seen > before, 'the event of the recording');
  assert.deepEqual([it.call.state, it.errors], ['ACTIVE', []]);
}));
