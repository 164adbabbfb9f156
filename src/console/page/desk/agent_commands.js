// Requests that change agents and calls, and the user in whose name they are sent.

import { Unreachable, reason, xml } from '../shared/api.js';
import { all, escape, first } from '../shared/xml.js';

/** Requests of the logged-in user. Each resolves to null, or to a sentence that says what went wrong. */
export class AgentCommands {
  #reasons = new Map();
  // Events name the request that has caused them.
  #requestIds = Math.random().toString(36).slice(2, 8);
  #requests = 0;

  constructor({ api, directory, user }) {
    Object.assign(this, { api, directory, user });
  }

  /** `self` (oneself, or an Administrator in the agent's name), `supervisor`, or null. */
  standing(agent) {
    if (agent.id === this.user || this.directory.administrator) return 'self';
    return this.directory.users.some(({ id }) => id === agent.id) ? 'supervisor' : null;
  }

  /** Whether the user may listen to an agent's calls. */
  supervises(agent) {
    const me = this.directory.users.find(({ id }) => id === this.user);
    return Boolean(me?.roles.includes('Supervisor') && agent.id !== this.user && this.standing(agent));
  }

  /** Sets the state of an agent. */
  setState(agent, fields) {
    return this.#ask((options) => this.api.put(`/finesse/api/User/${encodeURIComponent(agent.id)}`, xml('User', fields), options), agent);
  }

  /** Asks for an action on a call, as the agent who takes part in it. */
  act(agent, dialog, action, { more = '', target = agent.extension || agent.home } = {}) {
    const address = target && `<targetMediaAddress>${escape(target)}</targetMediaAddress>`;
    const body = `<Dialog>${address}<requestedAction>${escape(action)}</requestedAction>${more}</Dialog>`;
    return this.#ask((options) => this.api.put(`/finesse/api/Dialog/${encodeURIComponent(dialog)}`, body, options), agent);
  }

  /** Makes a call, or as a supervisor listens to one: `action` is MAKE_CALL or SILENT_MONITOR. */
  create(agent, action, to) {
    const body = xml('Dialog', { requestedAction: action, fromAddress: agent.extension || agent.home, toAddress: to });
    return this.#ask((options) => this.api.post(`/finesse/api/User/${encodeURIComponent(agent.id)}/Dialogs`, body, options), agent);
  }

  /** Sends a message to a team, shown for so many seconds. */
  tell(team, content, duration) {
    const teams = `<teams><team>${escape(team)}</team></teams>`;
    const body = `<TeamMessage><duration>${duration}</duration><content>${escape(content)}</content>${teams}</TeamMessage>`;
    return this.#ask((options) => this.api.post('/finesse/api/TeamMessage', body, options));
  }

  /** The availability of the service, `{ status, finesse }`, or null. */
  async service() {
    const answer = await this.api.get('/callboard/api/status').catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  /** Sets the availability: `status` or `finesse`. */
  setService(values) {
    return this.#ask(() => this.api.post(`/callboard/api/status?${new URLSearchParams(values)}`));
  }

  /** Sets the state of an agent in a medium other than voice. */
  setMediumState(agent, { id, limit }, state) {
    // The guide wants all of these with a sign-in, and none of them otherwise.
    const more = state === 'LOGIN' ? { maxDialogLimit: limit || 1, interruptAction: 'ACCEPT', dialogLogoutAction: 'CLOSE' } : {};
    const path = `/finesse/api/User/${encodeURIComponent(agent.id)}/Media/${encodeURIComponent(id)}`;
    return this.#ask((options) => this.api.put(path, xml('Media', { state, ...more }), options), agent);
  }

  /** The reasons an agent can name: `[{ id, label }]`; empty if it needs none. */
  async reasons(agent, category) {
    const key = `${agent.team} ${category}`;
    if (!this.#reasons.has(key)) {
      const path = `/finesse/api/User/${encodeURIComponent(agent.id)}/ReasonCodes?category=${category}`;
      const answer = await this.api.get(path).catch(() => null);
      if (!answer?.ok) return [];
      this.#reasons.set(key, all(answer.xml(), 'ReasonCode').map((code) => ({
        id: first(code, 'uri').split('/').at(-1),
        label: first(code, 'label') || first(code, 'code'),
      })));
    }
    return this.#reasons.get(key);
  }

  /** A customer calls (`kind` is `calls`) or hands in a task (`tasks`): resolves to `{ id }` or `{ problem }`. */
  async arrive(kind, values) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    let id = '';
    const problem = await this.#ask(async () => {
      const answer = await this.api.post(`/callboard/api/${kind}?${query}`);
      id = answer.text.trim();
      return answer;
    });
    return problem ? { problem } : { id };
  }

  /** The customer hangs up or leaves. */
  leave(kind, id) {
    return this.#ask(() => this.api.remove(`/callboard/api/${kind}/${encodeURIComponent(id)}`));
  }

  async #ask(request, agent) {
    const as = agent && this.directory.administrator && agent.id !== this.user ? agent.id : undefined;
    try {
      const answer = await request({ as, requestId: `desk-${this.#requestIds}-${(this.#requests += 1)}` });
      return answer.ok ? null : reason(answer);
    } catch (error) {
      if (error instanceof Unreachable) return error.message;
      throw error;
    }
  }
}
