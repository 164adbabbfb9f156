// Other XMPP servers, from Debian's packages: each runs for a test only, with a configuration, a data folder and ports of its own.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startOther } from './other.js';
import { freePort, listens } from './ports.js';

/**
 * How each is started in a folder with `both.pem`, `server.pem` and `server.key`, at a port of HTTP and one with TLS, and at a port of
 * TCP with STARTTLS and one with TLS. Agent 1001 is there.
 */
export const PEERS = {
  Prosody: {
    paths: { ws: '/xmpp-websocket', http: '/http-bind' },
    start(folder, { port, secure, tcp, tls }) {
      mkdirSync(join(folder, 'data/localhost/accounts'), { recursive: true });
      writeFileSync(join(folder, 'data/localhost/accounts/1001.dat'), 'return { password = "1001" };\n');
      writeFileSync(
        join(folder, 'prosody.cfg.lua'),
        `run_as_root = true
        pidfile = "${folder}/prosody.pid"
        data_path = "${folder}/data"
        log = { warn = "*console" }
        modules_enabled = { "saslauth", "tls", "roster", "disco", "ping", "websocket", "bosh" }
        modules_disabled = { "s2s", "offline" }
        interfaces = { "127.0.0.1" }
        c2s_ports = { ${tcp} }
        c2s_direct_tls_ports = { ${tls} }
        s2s_ports = {}
        http_interfaces = { "127.0.0.1" }
        http_ports = { ${port} }
        https_interfaces = { "127.0.0.1" }
        https_ports = { ${secure} }
        https_ssl = { certificate = "${folder}/server.pem", key = "${folder}/server.key" }
        ssl = { certificate = "${folder}/server.pem", key = "${folder}/server.key" }
        c2s_require_encryption = false
        allow_unencrypted_plain_auth = true
        consider_websocket_secure = true
        consider_bosh_secure = true
        authentication = "internal_plain"
        VirtualHost "localhost"
        Component "pubsub.localhost" "pubsub"\n`,
      );
      return ['prosody', ['--config', join(folder, 'prosody.cfg.lua'), '-F'], {}];
    },
  },
  ejabberd: {
    paths: { ws: '/ws', http: '/bosh' },
    // It listens before its user is there.
    isReady: (folder) => existsSync(join(folder, 'registered')),
    start(folder, { port, secure, tcp, tls }) {
      const handlers = 'module: ejabberd_http, request_handlers: {/ws: ejabberd_http_ws, /bosh: mod_bosh}';
      writeFileSync(
        join(folder, 'ejabberd.yml'),
        `hosts: [localhost]
loglevel: error
log_rotate_count: 0
certfiles: ["${folder}/both.pem"]
auth_method: internal
auth_password_format: plain
listen:
  - {port: ${port}, ip: "127.0.0.1", ${handlers}}
  - {port: ${secure}, ip: "127.0.0.1", tls: true, ${handlers}}
  - {port: ${tcp}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true}
  - {port: ${tls}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true}
modules:
  mod_bosh: {}
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_pubsub: {host: pubsub.localhost, plugins: [flat]}\n`,
      );
      const register = `ok = ejabberd_auth:try_register(<<"1001">>, <<"localhost">>, <<"1001">>), file:write_file("${folder}/registered", <<>>).`;
      // Without a node name there is no other daemon beside it, which would stay.
      const flags = ['-noinput', '-mnesia', 'dir', `"${folder}/mnesia"`, '-s', 'ejabberd', '-eval', register];
      const env = {
        ERL_LIBS: ejabberd(),
        EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
        ERL_CRASH_DUMP: '/dev/null',
      };
      return ['erl', flags, env];
    },
  },
};

/** Which of the ports and of the paths a scheme of URLs is for. */
const SCHEMES = { ws: ['port', 'ws'], wss: ['secure', 'ws'], http: ['port', 'http'], https: ['secure', 'http'], xmpp: ['tcp'], xmpps: ['tls'] };

/** The folder of Erlang's libraries in which Debian's package has ejabberd. */
function ejabberd() {
  for (const architecture of readdirSync('/usr/lib')) {
    const folder = join('/usr/lib', architecture);
    if (/-linux-gnu/.test(architecture) && readdirSync(folder).some((name) => name.startsWith('ejabberd-'))) return folder;
  }
  throw new Error('not installed: apt-get install ejabberd');
}

/** Starts one with a certificate, and waits until it takes connections. */
export async function startPeer({ paths, start, isReady = () => true }, { certificate, key }) {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-peer-'));
  writeFileSync(join(folder, 'server.pem'), certificate);
  writeFileSync(join(folder, 'server.key'), key);
  writeFileSync(join(folder, 'both.pem'), certificate + key);
  const ports = { port: await freePort(), secure: await freePort(), tcp: await freePort(), tls: await freePort() };
  const [program, flags, env] = start(folder, ports);
  const isUp = async () => (await Promise.all(Object.values(ports).map(listens))).every(Boolean) && isReady(folder);
  const { stop } = await startOther(program, flags, { env, folder, isUp });
  return {
    url: (scheme) => `${scheme}://localhost:${ports[SCHEMES[scheme][0]]}${paths[SCHEMES[scheme][1]] ?? ''}`,
    stop,
  };
}
