// The only connection of the container: it signs the user in, keeps the XMPP session, and reconnects.

import { Api, base64, good, xml } from '../console/shared/api.js';
import { Session } from '../console/protocol/xmpp.js';
import { all, first, parse, update } from '../console/shared/xml.js';

const RETRY_AFTER = 3_000;
const AUTHORIZATION = 'userFinesseAuth';

/** The connection of a user. `onStatus(status, session)`, `onEvent(event)` and `onPresence(presence)` as a `Publisher` takes them. */
export class Connection {
  #password;
  #left = false;
  #session = null;
  #told = null;

  constructor({ user, password, extension, onStatus, onEvent, onPresence }) {
    Object.assign(this, { extension, onStatus, onEvent, onPresence });
    this.#password = password;
    this.api = new Api(user, password);
  }

  /** Reads the user, connects, and then signs an agent in, so that the events of the sign-in arrive. */
  async signIn() {
    this.system = good(await this.api.get('/finesse/api/SystemInfo')).xml();
    this.user = good(await this.api.get(`/finesse/api/User/${encodeURIComponent(this.api.user)}`)).xml();
    this.id = first(this.user, 'User', 'loginId').toLowerCase();
    await this.#connect();
    // Finesse's library looks for the authorization here, in each window of this tab.
    sessionStorage.setItem(AUTHORIZATION, this.#authorization());
    if (this.extension) await this.#becomeAgent();
  }

  // The answer comes before the sign-in, whose result is an event. Gadgets load after it, to find an agent.
  async #becomeAgent() {
    const told = new Promise((resolve, reject) => {
      this.#told = (data) => {
        const error = first(data, 'apiErrors', 'apiError', 'errorMessage');
        if (error) reject(new Error(`${error} ${first(data, 'apiErrors', 'apiError', 'errorData')}`));
        else if (first(data, 'user', 'state') !== 'LOGOUT') resolve();
      };
    });
    // The event may come before the answer to the request.
    told.catch(() => {});
    good(await this.state('LOGIN', { extension: this.extension }));
    if (first(this.user, 'User', 'state') === 'LOGOUT') await told;
    this.#told = null;
  }

  /** Asks for a state of the user. */
  state(state, more = {}) {
    return this.api.put(`/finesse/api/User/${encodeURIComponent(this.id)}`, xml('User', { state, ...more }));
  }

  /** The preferences that a gadget finds (Cisco's guide, "Finesse configuration in gadget preferences"). */
  prefs(language) {
    const [lang, country = lang === 'zh' ? 'TW' : 'US'] = language.split('-');
    const port = location.port || (location.protocol === 'https:' ? '443' : '80');
    return {
      id: this.id,
      authorization: this.#authorization(),
      language: lang,
      country,
      locale: `${lang}_${country}`,
      host: location.hostname,
      hostPort: port,
      restHost: location.hostname,
      localhostFQDN: location.hostname,
      localhostPort: port,
      scheme: location.protocol.replace(':', ''),
      xmppDomain: first(this.system, 'SystemInfo', 'xmppDomain'),
      pubsubDomain: first(this.system, 'SystemInfo', 'xmppPubSubDomain'),
      extension: this.extension,
      teamId: first(this.user, 'User', 'teamId'),
      teamName: first(this.user, 'User', 'teamName'),
      mobileAgentMode: '',
      mobileAgentDialNumber: '',
      clientDriftInMillis: '0',
      compatibilityMode: '',
      clientIdentifier: 'callboard',
    };
  }

  /** The document of the workflows that an agent's desktop runs, or null. */
  async workflows() {
    const answer = this.extension ? await this.api.get(`/finesse/api/User/${encodeURIComponent(this.id)}/Workflows`) : null;
    return answer?.ok ? answer.xml() : null;
  }

  /**
   * The layout of the user's team, or that for all, for the user's role: `{ page, tabs }` with the paths of gadgets above
   * all tabs, and `[{ id, label, gadgets }]`.
   */
  async layout() {
    const team = first(this.user, 'User', 'teamId');
    const answer = await this.api.get(`/finesse/api/${team ? `Team/${encodeURIComponent(team)}/LayoutConfig` : 'LayoutConfig/default'}`);
    const document = answer.ok ? parse(all(answer.xml(), 'layoutxml')[0]?.textContent ?? '') : null;
    const role = all(this.user, 'role').some((one) => one.textContent === 'Supervisor') ? 'Supervisor' : 'Agent';
    const layout = all(document, 'layout').find((one) => all(one, 'role').some((name) => name.textContent.trim() === role));
    const paths = (place) => all(place, 'gadget').filter((gadget) => !place.closest('tab') === !gadget.closest('tab'))
      .map((gadget) => gadget.textContent.trim()).filter(Boolean);
    const tabs = all(layout, 'tab').map((tab, nth) => {
      const id = first(tab, 'id') || `tab${nth + 1}`;
      return { id, label: labelOf(first(tab, 'label') || id), gadgets: paths(tab) };
    });
    return { page: layout ? paths(layout) : [], tabs: [...new Map(tabs.map((tab) => [tab.id, tab])).values()] };
  }

  /** Signs the agent out and closes the session. */
  async signOut() {
    this.#left = true;
    sessionStorage.removeItem(AUTHORIZATION);
    if (this.extension) await this.state('LOGOUT').catch(() => {});
    this.#session?.close();
    this.onStatus('disconnected');
  }

  #authorization() {
    return base64(`${this.id}:${this.#password}`);
  }

  async #connect() {
    this.onStatus('connecting');
    const session = new Session({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/`,
      domain: first(this.system, 'SystemInfo', 'xmppDomain'),
      user: this.id,
      password: this.#password,
      resource: 'desktop',
      needsFinesse: true,
      onEvent: (event) => {
        this.onEvent(event);
        if (this.#told && event.node === `/finesse/api/User/${this.id}`) this.#told(update(event.payload)?.data);
      },
      onPresence: (presence) => this.onPresence(presence),
      onState: (name, failure) => {
        if (name === 'closed') this.#lost(session, failure);
      },
    });
    this.#session = session;
    try {
      await session.connect();
    } catch (failure) {
      session.drop();
      throw failure;
    }
    session.live();
    this.onStatus('connected', session);
  }

  #lost(session) {
    if (this.#left || session !== this.#session) return;
    const { condition } = session.ended ?? {};
    if (condition === 'conflict' || condition === 'not-authorized') {
      this.onStatus(condition === 'conflict' ? 'conflict' : 'unauthorized');
      return;
    }
    this.onStatus('disconnected');
    setTimeout(() => {
      if (!this.#left && session === this.#session) this.#connect().catch(() => {});
    }, RETRY_AFTER);
  }
}

// A label may be a key of Finesse's resource bundle, as `finesse.container.tabs.agent.manageCallLabel` for "Manage Call".
function labelOf(label) {
  const [, name] = /^finesse\.container\.tabs\.\w+\.(\w+)Label$/.exec(label) ?? [];
  if (!name) return label;
  return name.replace(/(?!^)[A-Z]/g, ' $&').replace(/^./, (letter) => letter.toUpperCase());
}
