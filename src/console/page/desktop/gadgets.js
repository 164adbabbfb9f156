// The window of a gadget: the object `gadgets`, and then the gadget itself. The rest is in the container's window.

(() => {
  const mid = new URLSearchParams(location.search).get('mid');
  const gadget = parent.callboard?.gadget(mid);
  if (!gadget) return;
  const { hub } = parent.callboard;

  const RequestParameters = Object.fromEntries([
    'METHOD', 'CONTENT_TYPE', 'POST_DATA', 'HEADERS', 'AUTHORIZATION', 'NUM_ENTRIES', 'GET_SUMMARIES', 'REFRESH_INTERVAL',
    'GET_FULL_HEADERS', 'OAUTH_SERVICE_NAME', 'OAUTH_USE_TOKEN',
  ].map((name) => [name, name]));
  const names = (...all) => Object.fromEntries(all.map((name) => [name, name]));

  /** Sends requests to this origin. Finesse passes requests on to other servers, and callboard does not. */
  async function makeRequest(url, callback, params = {}) {
    const target = own(url);
    const answer = { data: '', text: '', rc: 403, errors: ['403 Error'], headers: {} };
    if (target) {
      try {
        const method = params.METHOD ?? 'GET';
        const response = await fetch(target, {
          method,
          headers: Object.entries(params.HEADERS ?? {}).filter(([, value]) => value !== undefined && value !== null),
          body: method === 'GET' || method === 'HEAD' ? undefined : params.POST_DATA,
          credentials: 'omit',
          cache: 'no-store',
        });
        answer.text = await response.text();
        answer.rc = response.status;
        answer.errors = response.status >= 400 ? [`${response.status} Error`] : [];
        answer.headers = Object.fromEntries([...response.headers].map(([name, value]) => [name.toLowerCase(), [value]]));
        readAnswer(answer, params.CONTENT_TYPE);
      } catch (error) {
        console.warn(`${url}: ${error}`);
        Object.assign(answer, { rc: 502, errors: ['502 Error'] });
      }
    } else {
      answer.text = 'callboard passes requests of gadgets on to its own origin only.';
      console.warn(`${url}: ${answer.text}`);
    }
    callback?.(answer);
  }

  // Gadgets name a Finesse as the server sees it: by its own name at any port, or as localhost.
  function own(text) {
    const url = new URL(text, gadget.url);
    if (url.origin === location.origin) return url;
    const isHere = [location.hostname, 'localhost', '127.0.0.1'].includes(url.hostname) && /^\/(finesse|desktop)\//.test(url.pathname);
    return isHere ? new URL(url.pathname + url.search, location.origin) : null;
  }

  function readAnswer(answer, type) {
    answer.data = answer.text;
    if (answer.errors.length) return;
    try {
      if (type === 'JSON') answer.data = JSON.parse(answer.text);
      if (type === 'DOM') answer.data = new DOMParser().parseFromString(answer.text, 'application/xml');
    } catch {
      answer.errors.push('500 Failed to parse JSON');
    }
  }

  class Prefs {
    getString(key) {
      return String(gadget.prefs[key] ?? '');
    }
    getInt(key) {
      return parseInt(gadget.prefs[key], 10) || 0;
    }
    getFloat(key) {
      return parseFloat(gadget.prefs[key]) || 0;
    }
    getBool(key) {
      return gadget.prefs[key] === 'true' || Number(gadget.prefs[key]) > 0;
    }
    getArray(key) {
      return this.getString(key).split('|').filter(Boolean);
    }
    getMsg(key) {
      return gadget.messages[key] ?? '';
    }
    getFormattedMsg(key, example) {
      return this.getMsg(key) || example;
    }
    getCountry() {
      return gadget.prefs.country;
    }
    getLang() {
      return gadget.prefs.language;
    }
    getModuleId() {
      return mid;
    }
    set(...pairs) {
      for (let nth = 0; nth + 1 < pairs.length; nth += 2) {
        if (pairs[nth + 1] !== null && pairs[nth + 1] !== undefined) gadget.prefs[pairs[nth]] = String(pairs[nth + 1]);
      }
    }
    setArray(key, values) {
      this.set(key, values.join('|'));
    }
  }

  // The height of the content: that of the window never becomes smaller.
  function ownHeight() {
    const { body } = document;
    if (!body) return 0;
    const { marginTop, marginBottom } = getComputedStyle(body);
    return Math.ceil(body.scrollHeight + parseFloat(marginTop) + parseFloat(marginBottom));
  }

  // A tick has the methods of Finesse's TimerTickEvent.
  function read(topic, json) {
    const data = json === undefined ? undefined : JSON.parse(json);
    if (topic !== 'finesse.containerservices.timerTickEvent') return data;
    return { ...data, getDateQueued: () => new Date(data.dateQueued), getTickFrequency: () => data.tickFrequency };
  }

  const loaded = [];
  const parameters = Object.freeze({ mid, url: gadget.url, lang: gadget.prefs.language, country: gadget.prefs.country, ...gadget.prefs });
  const Hub = {
    subscribe(topic, onData, scope, onComplete, subscriberData) {
      const deliver = (name, json) => onData.call(scope ?? window, name, read(name, json), subscriberData);
      const id = hub.subscribe(topic, deliver, mid);
      onComplete?.call(scope ?? window, id, true);
      return id;
    },
    unsubscribe(id) {
      hub.unsubscribe(id);
    },
    publish(topic, data) {
      hub.publish(topic, data);
    },
    isConnected: () => true,
    getScope: () => window,
  };

  window.gadgets = {
    Hub,
    HubSettings: { params: { HubClient: {}, IframeHubClient: {} }, onConnect: null },
    Prefs,
    io: {
      makeRequest,
      RequestParameters,
      MethodType: names('GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
      ContentType: names('TEXT', 'DOM', 'JSON', 'FEED'),
      AuthorizationType: names('NONE', 'SIGNED', 'OAUTH'),
      encodeValues: (values) => new URLSearchParams(values).toString(),
      getProxyUrl: (url) => url,
    },
    json: {
      parse(text) {
        try {
          return JSON.parse(text);
        } catch {
          return false;
        }
      },
      stringify: (value) => JSON.stringify(value),
    },
    util: {
      getUrlParameters: () => parameters,
      registerOnLoadHandler: (handler) => loaded.push(handler),
      runOnLoadHandlers: () => loaded.splice(0).forEach((handler) => handler()),
      hasFeature: () => true,
      getFeatureParameters: () => ({}),
      escapeString: (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
      unescapeString: (text) => String(text).replace(/&#(\d+);/g, (whole, code) => String.fromCharCode(code)),
      makeClosure: (scope, callback, ...first) => (...more) => callback.apply(scope, [...first, ...more]),
    },
    window: {
      adjustHeight(height) {
        gadget.setHeight(height ?? ownHeight());
      },
      setTitle: (title) => gadget.setTitle(String(title)),
      getViewportDimensions: () => ({ width: innerWidth, height: innerHeight }),
    },
    loadingindicator: { show() {}, dismiss() {} },
    views: { getCurrentView: () => ({ getName: () => 'default' }) },
    log: (...all) => console.log(...all),
    warn: (...all) => console.warn(...all),
    error: (...all) => console.error(...all),
  };

  addEventListener('load', () => {
    window.gadgets.util.runOnLoadHandlers();
    window.gadgets.HubSettings.onConnect?.(Hub, true);
  });
  // The window's own parser reads the gadget, so that scripts run in order and find the elements before them.
  const base = document.createElement('base');
  base.href = gadget.url;
  document.head.append(base);
  document.write(gadget.content);
})();
