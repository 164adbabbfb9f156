// A supervisor's desktop that listens to a member and barges in, in the order of the requests of public desktops: the supervisor signs in,
// asks for itself, its calls and its team, follows the team's states, listens to whoever talks, barges in by the call by which it listens,
// and puts the member out. The member has a gadget that says when somebody listens, as Cisco's sample for silent monitoring does.

import assert from 'node:assert/strict';
import test from 'node:test';

import { DOMParser } from '@xmldom/xmldom';

import { Tunnel } from './clients/tunnel.js';
import { lab } from './lab/lab.js';

const SUPERVISOR = { user: 'administrator', password: '1234', extension: '1000' };
const MEMBER = { user: '1001', password: '1001', extension: '1001' };
const TEAM = '/finesse/api/Team/1/Users';
const TEAM_TOPIC = 'finesse.api.Team.1.Users';

const within = (node, name) => [...node.getElementsByTagName(name)];
const text = (node, name) => within(node, name)[0]?.textContent;
const parse = (xml) => new DOMParser().parseFromString(xml, 'text/xml').documentElement;

/** What a desktop shows: its own state, its calls by their ids, and the states of the team. */
class Desktop {
  calls = new Map();
  /** The types of all calls that there were, in the order in which they came. */
  types = [];
  members = new Map();
  errors = [];
  seen = 0;

  constructor(server, { user, password, extension }) {
    Object.assign(this, { server, user, password, extension, tunnel: new Tunnel(server.url('wss')) });
    this.topic = `finesse.api.User.${user}`;
  }

  async connect() {
    this.tunnel.init(this.user, this.password);
    await this.tunnel.states.first((state) => state === 'connected', 'the tunnel to be connected');
    await this.state('LOGIN');
    await this.until(() => this.own === 'NOT_READY', 'to be signed in');
  }

  async rest(method, path, body) {
    const headers = { authorization: `Basic ${btoa(`${this.user}:${this.password}`)}` };
    if (body) headers['content-type'] = 'application/xml';
    const answer = await fetch(`http://${this.server.addresses.http}${path}`, { method, headers, body });
    return { status: answer.status, text: await answer.text() };
  }

  async accepted(method, path, body) {
    const { status, text } = await this.rest(method, `/finesse/api/${path}`, body);
    assert.equal(status, 202, text);
  }

  state(wanted) {
    const body = `<User><state>${wanted}</state><extension>${this.extension}</extension></User>`;
    return this.accepted('PUT', `User/${this.user}`, body);
  }

  create(action, to, more = '') {
    const addresses = `<fromAddress>${this.extension}</fromAddress><toAddress>${to}</toAddress>`;
    return this.accepted('POST', `User/${this.user}/Dialogs`, `<Dialog><requestedAction>${action}</requestedAction>${addresses}${more}</Dialog>`);
  }

  act(id, action, target = this.extension) {
    const body = `<Dialog><targetMediaAddress>${target}</targetMediaAddress><requestedAction>${action}</requestedAction></Dialog>`;
    return this.accepted('PUT', `Dialog/${id}`, body);
  }

  async until(holds, what) {
    for (;;) {
      const held = holds(this);
      if (held) return held;
      const wanted = this.seen;
      await this.tunnel.events.first((_, place) => place >= wanted, `${this.user}: ${what}`);
      for (const event of this.tunnel.events.all.slice(this.seen)) this.hear(event);
    }
  }

  hear({ topic, payload }) {
    this.seen += 1;
    const update = parse(payload);
    if (text(update, 'errorType')) this.errors.push(`${text(update, 'errorType')} ${text(update, 'errorData')}`);
    else if (topic === this.topic) this.own = text(update, 'state');
    else if (topic === TEAM_TOPIC) this.members.set(text(update, 'loginId'), text(update, 'state'));
    else if (topic === `${this.topic}.Dialogs`) {
      const call = this.read(within(update, 'Dialog')[0] ?? within(update, 'dialog')[0]);
      if (text(update, 'event') === 'POST') this.types.push(call.type);
      if (text(update, 'event') === 'DELETE') this.calls.delete(call.id);
      else this.calls.set(call.id, call);
    }
  }

  read(dialog) {
    const participants = within(dialog, 'Participant').map((one) => [text(one, 'mediaAddress'), one]);
    const own = new Map(participants).get(this.extension);
    return {
      id: text(dialog, 'id'),
      uri: text(dialog, 'uri'),
      type: text(dialog, 'callType'),
      about: text(dialog, 'associatedDialogUri'),
      states: Object.fromEntries(participants.map(([address, one]) => [address, text(one, 'state')])),
      actions: own ? within(own, 'action').map(({ textContent }) => textContent) : [],
    };
  }

  /** The call of that type. */
  of(type) {
    return [...this.calls.values()].find((call) => call.type === type);
  }
}

/** A test with a supervisor's desktop and that of a member who talks to a customer. */
const two = (profile, body) =>
  lab(async ({ server }) => {
    const [supervisor, member] = [new Desktop(server, SUPERVISOR), new Desktop(server, MEMBER)];
    try {
      await supervisor.connect();
      for (const path of ['User/administrator', 'User/administrator/Dialogs', 'Team/1?includeLoggedOutAgents=true']) {
        assert.equal((await supervisor.rest('GET', `/finesse/api/${path}`)).status, 200, path);
      }
      await supervisor.tunnel.subscribe(TEAM);
      await member.connect();
      await member.state('READY');
      await supervisor.until(({ members }) => members.get('1001') === 'READY', 'the member to be ready');
      const called = await supervisor.rest('POST', '/callboard/api/calls?to=9001&from=5550123');
      assert.equal(called.status, 202);
      const { id } = await member.until(({ calls }) => [...calls.values()][0], 'the call');
      await member.act(id, 'ANSWER');
      await supervisor.until(({ members }) => members.get('1001') === 'TALKING', 'the member to talk');
      await body({ supervisor, member, id });
    } finally {
      for (const { tunnel } of [supervisor, member]) tunnel.reset();
    }
  }, { profile, keys: '', limits: '' });

for (const profile of ['uccx', 'ucce']) {
  test(`a supervisor listens to a member, barges in and hangs up (${profile})`, two(profile, async ({ supervisor, member, id }) => {
    await supervisor.create('SILENT_MONITOR', MEMBER.extension);
    const listening = await supervisor.until((it) => it.of('SUPERVISOR_MONITOR'), 'the call by which it listens');
    assert.equal(listening.about, `/finesse/api/Dialog/${id}`);
    assert.deepEqual(listening.actions.toSorted(), ['BARGE_CALL', 'DROP']);
    // What the sample's gadget waits for.
    const shown = await member.until((it) => it.of('SUPERVISOR_MONITOR'), 'the notice that somebody listens');
    assert.deepEqual([shown.id, shown.actions], [listening.id, []]);

    await supervisor.create('BARGE_CALL', MEMBER.extension, `<associatedDialogUri>${listening.uri}</associatedDialogUri>`);
    const conference = await supervisor.until((it) => it.of('CONFERENCE'), 'the conference');
    assert.deepEqual([conference.id, conference.states], [id, { 5550123: 'ACTIVE', 1001: 'ACTIVE', 1000: 'ACTIVE' }]);
    assert.equal(supervisor.of('SUPERVISOR_MONITOR'), undefined, 'it listens no more before it talks');
    assert.deepEqual(supervisor.types, ['SUPERVISOR_MONITOR', 'CONFERENCE']);
    await member.until((it) => it.of('CONFERENCE') && !it.of('SUPERVISOR_MONITOR'), 'the conference');

    if (profile === 'ucce') {
      await supervisor.act(id, 'PARTICIPANT_DROP', MEMBER.extension);
      await member.until(({ calls }) => calls.get(id)?.states[1001] === 'WRAP_UP', 'to be put out');
      await supervisor.until(({ calls }) => calls.get(id)?.states[1001] === 'WRAP_UP', 'the member to be put out');
    }
    await supervisor.act(id, 'DROP');
    await supervisor.until(({ calls }) => calls.get(id)?.states[1000] !== 'ACTIVE', 'to have left');
    assert.deepEqual([supervisor.errors, member.errors], [[], []]);
  }));

  test(`a supervisor ends listening, and the member talks on (${profile})`, two(profile, async ({ supervisor, member, id }) => {
    await supervisor.create('SILENT_MONITOR', MEMBER.extension);
    const listening = await supervisor.until((it) => it.of('SUPERVISOR_MONITOR'), 'the call by which it listens');
    await member.until((it) => it.of('SUPERVISOR_MONITOR'), 'the notice that somebody listens');
    await supervisor.act(listening.id, 'DROP');
    await supervisor.until(({ calls }) => calls.size === 0, 'to listen no more');
    await member.until(({ calls }) => calls.size === 1, 'the end of the notice');
    assert.deepEqual(member.calls.get(id).states, { 5550123: 'ACTIVE', 1001: 'ACTIVE' });
    // Without a call by which it listens there is no way into the call.
    const body =
      `<Dialog><requestedAction>BARGE_CALL</requestedAction><fromAddress>${SUPERVISOR.extension}</fromAddress>` +
      `<toAddress>${MEMBER.extension}</toAddress><associatedDialogUri>${listening.uri}</associatedDialogUri></Dialog>`;
    const { status } = await supervisor.rest('POST', `/finesse/api/User/${SUPERVISOR.user}/Dialogs`, body);
    assert.ok(status >= 400 && status < 500, `${status}`);
  }));
}
