// Reverse proxies with what people get wrong about them: each program runs once, with a port for each mistake.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startOther } from './other.js';
import { freePort, listens } from './ports.js';
import { apacheAround, nginxAround } from './reverse.js';

/** What passes an upgrade on. */
const UPGRADE = 'proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;';

const nginx = (server, location = '') => ({ at, to }) => `
  server { listen 127.0.0.1:${at}; ${server} location / { proxy_pass http://${to}; ${location} } }`;

const haproxy = (lines, { more = '', bind = '' } = {}) => ({ name, at, to }) => `
  frontend ${name}
    bind 127.0.0.1:${at} ${bind}
    ${lines}
    default_backend ${name}
  backend ${name}
    ${more}
    server callboard ${to}`;

const apache = (lines, pass = 'upgrade=websocket') => ({ at, to }) => `
  Listen 127.0.0.1:${at}
  <VirtualHost 127.0.0.1:${at}>
    ProxyPreserveHost On
    ${lines}
    ProxyPass / http://${to}/ ${pass}
  </VirtualHost>`;

/** A query that is longer than the limits here. */
const LONG = `?${'x'.repeat(600)}`;

/**
 * For each program: how it is started, what is around its mistakes, and they: what is written, what the probe is to find over
 * WebSocket and over BOSH (`-` for nothing), and what the probe is told for it. `down` has nobody behind it.
 */
export const BROKEN = {
  nginx: {
    command: (conf, folder) => ['nginx', '-c', conf, '-p', folder],
    around: (folder, text) => nginxAround(folder, text),
    mistakes: {
      'nothing wrong': [nginx('', UPGRADE), '-', '-', { flags: ['--rest'] }],
      'no Upgrade, HTTP/1.0': [nginx('', ''), 'upgrade not-upgraded', '-'],
      'no Upgrade': [nginx('', 'proxy_http_version 1.1;'), 'upgrade not-upgraded', '-'],
      'another path': [nginx('location /ws/ { return 404; } location /http-bind/ { return 404; }'), 'upgrade not-found', 'upgrade not-found'],
      'the path is cut off': [
        nginx('location /ws/ { proxy_pass http://$backend/; } location /http-bind/ { proxy_pass http://$backend/; }', UPGRADE),
        'upgrade redirected',
        'upgrade bosh-refused',
      ],
      'a 101 of its own': [nginx('', `${UPGRADE} proxy_hide_header Sec-WebSocket-Protocol;`), 'upgrade no-subprotocol', '-'],
      'nobody behind it': [nginx('', UPGRADE), 'upgrade service-down', 'upgrade service-down', { down: true }],
      'a short time for silence': [nginx('', `${UPGRADE} proxy_read_timeout 1s;`), 'silence idle-closed', 'silence idle-closed', { flags: ['--silence', '4'] }],
      'another scheme': [nginx('return 301 https://$host$request_uri;'), 'upgrade redirected', 'upgrade redirected'],
      'a login of its own': [nginx('auth_basic lab; auth_basic_user_file /dev/null;', UPGRADE), 'upgrade forbidden', 'upgrade forbidden'],
      'a limit of bodies': [nginx('client_max_body_size 100;', UPGRADE), '-', 'upgrade too-large'],
      'a limit of headers': [nginx('client_header_buffer_size 512; large_client_header_buffers 1 512;', UPGRADE), 'upgrade too-large', 'upgrade too-large', { query: LONG }],
      'no subprotocol in the request': [nginx('', `${UPGRADE} proxy_set_header Sec-WebSocket-Protocol "";`), 'upgrade not-upgraded', '-'],
      'a page in place of the REST API': [
        nginx('location /finesse/ { default_type text/html; return 200 "<html><title>Welcome</title></html>"; }', UPGRADE),
        'system-info no-rest',
        'system-info no-rest',
        { flags: ['--rest'] },
      ],
      'a REST API elsewhere': [nginx('location /finesse/ { return 302 /login; }', UPGRADE), 'system-info redirected', 'system-info redirected', { flags: ['--rest'] }],
      'a login before the REST API': [nginx('location /finesse/ { return 401; }', UPGRADE), 'system-info forbidden', 'system-info forbidden', { flags: ['--rest'] }],
      'pages in place of a server': [nginx('location ~ ^/(ws|http-bind)/ { default_type text/html; return 200 "<title>Welcome</title>"; }'), 'upgrade not-upgraded', 'upgrade bosh-refused'],
      'a limit of requests': [nginx('location ~ ^/(ws|http-bind)/ { return 429; }'), 'upgrade upgrade-refused', 'upgrade bosh-refused'],
    },
  },
  HAProxy: {
    command: (conf) => ['haproxy', '-db', '-f', conf],
    around: (folder, text) => `
      global
        log stdout format raw local0 notice
      defaults
        mode http
        timeout connect 2s
        timeout client 30s
        timeout server 30s
        timeout tunnel 30s
        retries 0
      ${text}`,
    mistakes: {
      'nothing wrong': [haproxy(''), '-', '-', { flags: ['--rest'] }],
      'no Upgrade': [haproxy('http-request del-header Upgrade'), 'upgrade not-upgraded', '-'],
      'a 101 of its own': [haproxy('http-response del-header Sec-WebSocket-Protocol'), 'upgrade no-subprotocol', '-'],
      'nobody behind it': [haproxy(''), 'upgrade service-down', 'upgrade service-down', { down: true }],
      'a short time for silence': [haproxy('', { more: 'timeout tunnel 1s\n timeout server 1s' }), 'silence idle-closed', 'silence idle-closed', { flags: ['--silence', '4'] }],
      'another scheme': [haproxy('http-request redirect scheme https'), 'upgrade redirected', 'upgrade redirected'],
      'another path': [haproxy('http-request set-path /other%[path]'), 'upgrade not-found', 'upgrade not-found'],
      'certain clients only': [haproxy('http-request deny'), 'upgrade forbidden', 'upgrade forbidden'],
      'a login of its own': [haproxy('http-request auth'), 'upgrade forbidden', 'upgrade forbidden'],
      'bodies are held back': [haproxy('option http-buffer-request'), '-', '-'],
    },
  },
  Apache: {
    command: (conf) => ['apache2', '-X', '-f', conf],
    around: (folder, text) => apacheAround(folder, text, ['alias']),
    mistakes: {
      'nothing wrong': [apache(''), '-', '-', { flags: ['--rest'] }],
      'no Upgrade': [apache('', ''), 'upgrade not-upgraded', '-'],
      'no subprotocol in the request': [apache('RequestHeader unset Sec-WebSocket-Protocol'), 'upgrade not-upgraded', '-'],
      'nobody behind it': [apache(''), 'upgrade service-down', 'upgrade service-down', { down: true }],
      'a short time for silence': [apache('Timeout 1', 'upgrade=websocket timeout=1'), 'silence idle-closed', 'silence idle-closed', { flags: ['--silence', '4'] }],
      'another scheme': [apache('ProxyPass / !\nRedirect permanent / https://localhost/'), 'upgrade redirected', 'upgrade redirected'],
      'another path': [apache('ProxyPass /ws/ http://127.0.0.1:1/\nProxyPass /http-bind/ !'), 'upgrade service-down', 'upgrade not-found'],
      'certain clients only': [apache('<Location />\nRequire all denied\n</Location>'), 'upgrade forbidden', 'upgrade forbidden'],
      'a limit of headers': [apache('LimitRequestLine 500'), 'upgrade too-large', 'upgrade too-large', { query: LONG }],
    },
  },
};

/** Starts one with all its mistakes in front of a server. Returns the address of each by its name. */
export async function startBroken({ command, around, mistakes }, to) {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-broken-'));
  const addresses = {};
  let text = '';
  for (const [name, [write, , , { down } = {}]] of Object.entries(mistakes)) {
    const at = await freePort();
    addresses[name] = `localhost:${at}`;
    text += write({ name: name.replaceAll(/[^a-z]/g, '-'), at, to: down ? '127.0.0.1:1' : to });
  }
  const conf = join(folder, 'conf');
  writeFileSync(conf, `${around(folder, text)}\n`.replaceAll('$backend', to));
  const [program, ...flags] = command(conf, folder);
  const isUp = () => listens(Object.values(addresses).at(-1).split(':')[1]);
  const { said, stop } = await startOther(program, flags, { folder, isUp });
  return { addresses, said, stop };
}
