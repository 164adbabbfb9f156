"""Python's XMPP libraries over TCP against the built program: TLS from the first byte, STARTTLS, no TLS where that is allowed, and a login
by SCRAM where nothing else is offered.

Each logs in, subscribes, hears an event that an administrator publishes, pings and leaves.
"""

import asyncio
import base64
import contextlib
import logging
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
PROGRAM = os.environ.get("CALLBOARD", str(TOP / "target/debug/callboard"))
NODE = "/finesse/api/Team/1"
LISTEN = """listen_plain = ["127.0.0.1:0"]
listen_xmpp = ["127.0.0.1:0"]
listen_xmpp_plain = ["127.0.0.1:0"]
xmpp_plain_login = true
"""
PATIENCE = 30


@contextlib.contextmanager
def server(mechanism, more=""):
    """Runs a server that offers this mechanism of SASL, with more in its configuration; gives its ports by scheme."""
    with tempfile.TemporaryDirectory() as folder:
        config = (TOP / "deploy/demo.toml").read_text().replace("listen_plain = []\n", f'{LISTEN}sasl = ["{mechanism}"]\n')
        config = config.replace('listen = ["127.0.0.1:8445"]', 'listen = ["127.0.0.1:0"]')
        file = pathlib.Path(folder, "callboard.toml")
        file.touch(0o600)
        file.write_text(config + more)
        command = [PROGRAM, "serve", "--config", str(file), "--state-dir", folder, "--log", "warn"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ports = {}
        try:
            while len(ports) < 4:
                line = process.stdout.readline()
                if not line:
                    sys.exit("the server has not started")
                if line.startswith("listening "):
                    scheme, _, address = line.split()[1].partition("://")
                    ports[scheme] = int(address.rpartition(":")[2])
            yield ports
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def ask(ports, login, method, path, body=""):
    """What a request over HTTP gets."""
    url = f"http://127.0.0.1:{ports['http']}{path}"
    request = urllib.request.Request(url, data=body.encode() if body else None, method=method)
    request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    request.add_header("Content-Type", "application/xml")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


def publish(ports, payload):
    """Publishes an item as an administrator."""
    ask(ports, "administrator:1234", "POST", f"/callboard/api/publish?node={NODE}", payload)


@contextlib.contextmanager
def talker(ports, user):
    """Logs a user in whose password is the id, without TLS and without a library; gives what sends a stanza."""
    login = base64.b64encode(f"\0{user}\0{user}".encode()).decode()
    header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    with socket.create_connection(("127.0.0.1", ports["xmpp"]), PATIENCE) as connection:

        def say(text, answer=None):
            connection.sendall(text.encode())
            heard = ""
            while answer and answer not in heard:
                part = connection.recv(4096).decode()
                if not part:
                    raise RuntimeError(f"the stream has ended: {heard}")
                heard += part

        say(header, "</stream:features>")
        say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{login}</auth>", "<success")
        say(header, "</stream:features>")
        say("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</iq>")
        yield say


async def by_slixmpp(way, ports):
    """A session of slixmpp."""
    import slixmpp

    client = slixmpp.ClientXMPP("1001@localhost/slixmpp", "1001")
    client.ssl_context.check_hostname = False
    client.ssl_context.verify_mode = ssl.CERT_NONE
    for plugin in ["xep_0030", "xep_0060", "xep_0199"]:
        client.register_plugin(plugin)
    client.enable_direct_tls = way == "xmpps"
    client.enable_starttls = way == "starttls"
    client.enable_plaintext = way == "plain"
    client.plugin["feature_mechanisms"].unencrypted_plain = way == "plain"
    started, heard, over = (asyncio.get_running_loop().create_future() for _ in range(3))
    failed = lambda what: started.done() or started.set_exception(RuntimeError(str(what)))
    client.add_event_handler("session_start", lambda _: started.done() or started.set_result(None))
    client.add_event_handler("failed_all_auth", failed)
    client.add_event_handler("pubsub_publish", lambda message: heard.done() or heard.set_result(message))
    client.add_event_handler("disconnected", lambda why: over.done() or over.set_result(why))
    port = ports["xmpps" if way == "xmpps" else "xmpp"]
    client.connect("127.0.0.1", port)
    await started
    client.send_presence()
    await client.get_roster()
    await client.plugin["xep_0060"].subscribe("pubsub.localhost", NODE, subscribee=client.boundjid.full)
    await asyncio.get_running_loop().run_in_executor(None, publish, ports, "<Update>slixmpp</Update>")
    message = await heard
    assert "Update&gt;slixmpp" in str(message), message
    await client.plugin["xep_0199"].ping("localhost")
    info = await client.plugin["xep_0030"].get_info("localhost")
    assert "urn:xmpp:ping" in info["disco_info"]["features"], info
    client.disconnect()
    await over


async def by_aioxmpp(way, ports):
    """A session of aioxmpp, which knows no login without TLS."""
    import aioxmpp
    import aioxmpp.connector

    connector = aioxmpp.connector.XMPPOverTLSConnector if way == "xmpps" else aioxmpp.connector.STARTTLSConnector
    security = aioxmpp.make_security_layer("1001", no_verify=True)
    port = ports["xmpps" if way == "xmpps" else "xmpp"]
    client = aioxmpp.PresenceManagedClient(
        aioxmpp.JID.fromstr("1001@localhost/aioxmpp"),
        security,
        override_peer=[("127.0.0.1", port, connector())],
    )
    pubsub = client.summon(aioxmpp.PubSubClient)
    heard = asyncio.get_running_loop().create_future()
    pubsub.on_item_published.connect(
        lambda jid, node, item, message=None: heard.done() or heard.set_result((node, item)) or None
    )
    service = aioxmpp.JID.fromstr("pubsub.localhost")
    async with client.connected() as stream:
        await pubsub.subscribe(service, NODE, subscription_jid=client.local_jid)
        await asyncio.get_running_loop().run_in_executor(None, publish, ports, "<Update>aioxmpp</Update>")
        node, _ = await heard
        assert node == NODE, node
        await aioxmpp.ping.ping(client, aioxmpp.JID.fromstr("localhost"))


SESSIONS = {
    "PLAIN": [
        (by_slixmpp, "xmpps"),
        (by_slixmpp, "starttls"),
        (by_slixmpp, "plain"),
        (by_aioxmpp, "xmpps"),
        (by_aioxmpp, "starttls"),
    ],
    "SCRAM-SHA-256": [(by_slixmpp, "xmpps"), (by_aioxmpp, "starttls")],
}


def main():
    """Runs all sessions, or those of the libraries that are named."""
    logging.basicConfig(level=logging.DEBUG if "-v" in sys.argv else logging.CRITICAL)
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    names = {session.__name__.removeprefix("by_") for sessions in SESSIONS.values() for session, _ in sessions}
    if unknown := set(wanted) - names:
        sys.exit(f"there is no library {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    failures = 0
    for mechanism, sessions in SESSIONS.items():
        with server(mechanism) as ports:
            for session, way in sessions:
                name = session.__name__.removeprefix("by_")
                if wanted and name not in wanted:
                    continue
                try:
                    asyncio.run(asyncio.wait_for(session(way, ports), PATIENCE))
                    print(f"ok      {name} {way} {mechanism}")
                except Exception as error:
                    failures += 1
                    print(f"FAILED  {name} {way} {mechanism}: {error!r}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
