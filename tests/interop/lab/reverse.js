// The reverse proxies that people put in front of a server, from Debian's packages, with the files that deploy/proxies has
// for them: only ports, certificates and times are other ones.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startOther } from './other.js';
import { freePort, listens } from './ports.js';
import { Inbox } from './wait.js';

/** What a proxy waits for a silent other end, in seconds: much less than in the files. */
export const SILENCE = 3;

const stock = (name) => readFileSync(fileURLToPath(new URL(`../../../deploy/proxies/${name}`, import.meta.url)), 'utf8');

/** The text with something else in it, which has to stand there. */
function replaced(text, changes) {
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${from} does not stand in the file of the proxy`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** `nginx` as it is packaged: in `http`, with everything that it writes in the folder of the test. */
export const nginxAround = (folder, server) => `
  daemon off; pid ${folder}/pid; error_log stderr notice; worker_processes 1; master_process off;
  events { worker_connections 512; }
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
    ${server}
  }`;

const MODULES = '/usr/lib/apache2/modules';
export const apacheAround = (folder, site, more = []) => `
  ${['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'rewrite', 'ssl', 'socache_shmcb', ...more].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
  ServerRoot ${folder}
  DefaultRuntimeDir ${folder}
  PidFile ${folder}/pid
  ErrorLog "|/bin/cat"
  LogLevel warn
  ServerName localhost
  ${site}`;

/** How each is started, by its file, the folder, the port and the server behind it. */
export const PROXIES = {
  nginx: {
    secure: true,
    command: (folder) => ['nginx', '-c', `${folder}/conf`, '-p', folder],
    conf: (folder, port, upstream) =>
      nginxAround(
        folder,
        replaced(stock('nginx.conf'), [
          ['listen 443', `listen 127.0.0.1:${port}`],
          ['127.0.0.1:8080', upstream],
          ['/etc/callboard', folder],
          ['150s', `${SILENCE}s`],
        ]),
      ),
  },
  // As most people begin.
  'nginx with one line': {
    command: (folder) => ['nginx', '-c', `${folder}/conf`, '-p', folder],
    conf: (folder, port, upstream) =>
      nginxAround(folder, `server { listen 127.0.0.1:${port}; location / { proxy_pass http://${upstream}; } }`),
  },
  HAProxy: {
    secure: true,
    command: (folder) => ['haproxy', '-db', '-f', `${folder}/conf`],
    conf: (folder, port, upstream) =>
      replaced(stock('haproxy.cfg'), [
        ['bind :443', `bind 127.0.0.1:${port}`],
        ['127.0.0.1:8080', upstream],
        ['/etc/callboard', folder],
        ['tunnel 150s', `tunnel ${SILENCE}s`],
        ['server 150s', `server ${SILENCE}s`],
        ['client 150s', `client ${SILENCE}s`],
      ]),
  },
  Apache: {
    secure: true,
    command: (folder) => ['apache2', '-X', '-f', `${folder}/conf`],
    conf: (folder, port, upstream) =>
      apacheAround(
        folder,
        `Listen 127.0.0.1:${port}\n` +
          replaced(stock('apache.conf'), [
            ['*:443', `127.0.0.1:${port}`],
            ['127.0.0.1:8080', upstream],
            ['/etc/callboard', folder],
            ['timeout=150', `timeout=${SILENCE}`],
          ]),
      ),
  },
};

export const ADMIN = 'admin';

/** Proxies that do nothing but ask, in every way that they have, whether the server is well. */
export const CHECKERS = {
  HAProxy: {
    command: PROXIES.HAProxy.command,
    conf: (folder, port, upstream, secure) => `
      global
        stats socket ${folder}/${ADMIN}
      defaults
        mode http
        timeout connect 5s
        timeout client 5s
        timeout server 5s
        timeout check 5s
      frontend none
        bind 127.0.0.1:${port}
        default_backend options
      ${[
        ['options', 'option httpchk', upstream],
        ['get', 'option httpchk GET /healthz', upstream],
        ['head', 'option httpchk HEAD /healthz HTTP/1.0', upstream],
        ['http11', 'option httpchk\n http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host board.example.org', upstream],
        ['connect', 'option tcp-check', upstream],
        ['bare', '', upstream],
        ['tls', 'option httpchk GET /healthz', secure, 'check-ssl verify none'],
        ['tlsonly', 'option tcp-check', secure, 'check-ssl verify none'],
        ['tcponly', '', secure],
      ]
        .map(([name, option, to, more = '']) => `backend ${name}\n ${option}\n server ${name} ${to} check inter 50ms ${more}\n`)
        .join('')}`,
  },
  Apache: {
    command: PROXIES.Apache.command,
    conf: (folder, port, upstream) =>
      apacheAround(
        folder,
        `Listen 127.0.0.1:${port}
        ${['TCP', 'OPTIONS', 'HEAD', 'GET']
          .map(
            (method) => `<Proxy balancer://${method}>
              BalancerMember http://${upstream} hcmethod=${method} hcuri=/healthz hcinterval=100ms
            </Proxy>
            ProxyPass /${method}/ balancer://${method}/`,
          )
          .join('\n')}`,
        ['slotmem_shm', 'lbmethod_byrequests', 'proxy_balancer', 'proxy_hcheck'],
      ),
  },
};

/** Starts one in front of a server, and waits until it accepts connections. */
export async function startReverse({ command, conf, secure }, server) {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-proxy-'));
  const openssl = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...openssl, '-keyout', `${folder}/server.key`, '-out', `${folder}/server.pem`], { stdio: 'ignore' });
  writeFileSync(`${folder}/both.pem`, readFileSync(`${folder}/server.pem`, 'utf8') + readFileSync(`${folder}/server.key`, 'utf8'));
  const port = await freePort();
  writeFileSync(`${folder}/conf`, conf(folder, port, server.addresses.http, server.addresses.https));
  const [program, ...flags] = command(folder);
  const log = new Inbox();
  const { stop } = await startOther(program, flags, { folder, isUp: () => listens(port), say: (text) => log.push(text) });
  const address = `127.0.0.1:${port}`;
  return {
    address,
    folder,
    log,
    http: `http${secure ? 's' : ''}://${address}`,
    ws: `ws${secure ? 's' : ''}://${address}`,
    stop,
  };
}
