// What a browser's developer tools save of a page's connections: HTTP Archives as Chromium and Firefox export them.

/** Writes down what the developer tools of Chromium would have in their table of the network. */
export async function record(page) {
  const client = await page.context().newCDPSession(page);
  const entries = new Map();
  let offset = 0;
  const seconds = (timestamp) => timestamp + offset;
  const list = (headers) => Object.entries(headers ?? {}).flatMap(([name, value]) => value.split('\n').map((value) => ({ name, value })));
  const on = (event, does) => client.on(`Network.${event}`, (what) => does(what, entries.get(what.requestId)));
  const messages = (entry, message) => entry?._webSocketMessages?.push(message);
  const frame = (type) => ({ timestamp, response }, entry) =>
    messages(entry, { type, time: seconds(timestamp), opcode: response.opcode, data: response.payloadData });
  const entry = (requestId, more) => entries.set(requestId, { time: 0, response: { status: 0, headers: [], content: {} }, ...more });
  on('requestWillBeSent', ({ requestId, request, timestamp, wallTime }) => {
    offset = wallTime - timestamp;
    const { url, method, headers, postData } = request;
    const posted = postData && { postData: { mimeType: headers['Content-Type'], text: postData } };
    entry(requestId, { from: timestamp, startedDateTime: new Date(wallTime * 1000).toISOString(), request: { method, url, headers: list(headers), ...posted } });
  });
  on('responseReceived', ({ response }, entry) => entry && Object.assign(entry.response, { status: response.status, headers: list(response.headers) }));
  const bodies = [];
  on('loadingFinished', ({ requestId, timestamp }, entry) => {
    if (!entry) return;
    entry.time = (timestamp - entry.from) * 1000;
    const body = client.send('Network.getResponseBody', { requestId }).then(({ body }) => (entry.response.content.text = body));
    bodies.push(body.catch(() => {}));
  });
  on('loadingFailed', ({ errorText, timestamp }, entry) => {
    if (!entry) return;
    entry.time = (timestamp - entry.from) * 1000;
    entry.response._error = errorText;
  });
  on('webSocketCreated', ({ requestId, url }) => entry(requestId, { _resourceType: 'websocket', request: { method: 'GET', url, headers: [] }, _webSocketMessages: [] }));
  on('webSocketWillSendHandshakeRequest', ({ request, timestamp, wallTime }, entry) => {
    offset = wallTime - timestamp;
    Object.assign(entry, { startedDateTime: new Date(wallTime * 1000).toISOString() });
    entry.request.headers = list(request.headers);
  });
  on('webSocketHandshakeResponseReceived', ({ response }, entry) => Object.assign(entry.response, { status: response.status, headers: list(response.headers) }));
  on('webSocketFrameSent', frame('send'));
  on('webSocketFrameReceived', frame('receive'));
  on('webSocketFrameError', ({ timestamp, errorMessage }, entry) => messages(entry, { type: 'error', time: seconds(timestamp), opcode: -1, data: errorMessage }));
  await client.send('Network.enable');
  /** The archive, as Chromium exports it. */
  return async () => {
    await Promise.all(bodies);
    const shown = [...entries.values()].map(({ from, ...entry }) => entry);
    return { log: { version: '1.2', creator: { name: 'WebInspector', version: '537.36' }, pages: [], entries: shown } };
  };
}

/** The same connections as Firefox exports them: without the messages of WebSockets, and without what Chromium adds. */
export function asFirefox({ log }) {
  const entries = log.entries.map(({ _webSocketMessages, _resourceType, response: { _error, ...response }, ...entry }) => ({ ...entry, response }));
  return { log: { ...log, creator: { name: 'Firefox', version: '140.0' }, entries } };
}
