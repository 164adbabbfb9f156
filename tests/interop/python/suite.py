"""A suite of tests as a user of callboard writes it in Python: workers with users of their own log in, ask, wait and assert,
without a sleep.

    tests/interop/python/run suite [RUNS]        (1)
"""

import asyncio
import base64
import contextlib
import http.client
import json
import logging
import os
import sys
import threading
import time

import slixmpp

import clients

TESTS = 200
WORKERS = ["one-", "two-"]
ADMINISTRATOR = ("administrator", "1234")
KEPT = threading.local()


def ask(port, who, method, path, body=""):
    """A request over a connection that is kept; returns its text and the number behind which everything stands that follows."""
    if getattr(KEPT, "port", None) != port:
        KEPT.port, KEPT.connection = port, http.client.HTTPConnection("127.0.0.1", port, timeout=clients.PATIENCE)
    headers = {
        "Authorization": "Basic " + base64.b64encode(":".join(who).encode()).decode(),
        "Content-Type": "application/xml",
    }
    KEPT.connection.request(method, path, body, headers)
    answer = KEPT.connection.getresponse()
    text = answer.read().decode()
    assert answer.status in (200, 201, 202, 204), f"{method} {path}: {answer.status} {text}"
    return text, answer.headers.get("X-Callboard-Sequence")


class Worker:
    """Eight users with a team and a queue of their own."""

    def __init__(self, ports, prefix):
        self.ports, self.prefix, self.events = ports, prefix, []

    async def ask(self, who, method, path, body=""):
        return await asyncio.to_thread(ask, self.ports["http"], who, method, path, body)

    async def control(self, method, path):
        return await self.ask(ADMINISTRATOR, method, f"/callboard/api/{path}")

    async def told(self, number, user, state):
        """Waits until the record says that an agent has come into a state."""
        query = f"after={number}&timeout=1m&kind=state&user={user['id']}&contains={state}"
        text, _ = await self.control("GET", f"wait?{query}")
        assert json.loads(text)["matched"], f"{query}: {text}"

    async def state(self, user, body):
        who = (user["id"], user["password"])
        _, number = await self.ask(who, "PUT", f"/finesse/api/User/{user['id']}", f"<User>{body}</User>")
        return number

    def connect(self, user):
        """A session of slixmpp that has begun, and a future for its end."""
        client = slixmpp.ClientXMPP(f"{user['id']}@localhost/test", user["password"])
        client.register_plugin("xep_0060")
        client.enable_direct_tls = client.enable_starttls = False
        client.enable_plaintext = True
        client.plugin["feature_mechanisms"].unencrypted_plain = True
        loop = asyncio.get_running_loop()
        client.started, client.over, client.rings = (loop.create_future() for _ in range(3))
        client.add_event_handler("session_start", lambda _: client.started.done() or client.started.set_result(None))
        client.add_event_handler("failed_all_auth", lambda why: client.started.set_exception(RuntimeError(str(why))))
        client.add_event_handler("disconnected", lambda why: client.over.done() or client.over.set_result(why))
        client.add_event_handler("pubsub_publish", lambda message: self.heard(client, str(message)))
        client.connect("127.0.0.1", self.ports["xmpp"])
        return client

    def heard(self, client, text):
        self.events.append(text)
        if "ALERTING" in text and not client.rings.done():
            client.rings.set_result(text)

    async def test(self, number):
        """An agent logs in, is ready and gets a call; the caller hangs up, and the agent leaves."""
        user = self.users[number % len(self.users)]
        client = self.connect(user)
        await client.started
        client.send_presence()
        login = f"<state>LOGIN</state><extension>{user['extension']}</extension>"
        await self.told(await self.state(user, login), user, "NOT_READY")
        await self.told(await self.state(user, "<state>READY</state>"), user, "READY")
        call, after = await self.control("POST", f"calls?to={self.queue}")
        await self.told(after, user, "RESERVED")
        assert f"{call.strip()}" in await client.rings
        _, after = await self.control("DELETE", f"calls/{call.strip()}")
        await self.told(after, user, "READY")
        await self.told(await self.state(user, "<state>LOGOUT</state>"), user, "LOGOUT")
        client.disconnect()
        await client.over

    async def run(self, tests):
        made, _ = await self.control("POST", f"users?count=8&prefix={self.prefix}&team=new")
        made = json.loads(made)
        self.users, self.queue = made["users"], made["queue"]["number"]
        for number in range(tests):
            await self.test(number)
        await self.control("DELETE", f"users?prefix={self.prefix}")
        others = [prefix for prefix in WORKERS if prefix != self.prefix]
        assert self.events and not any(other in event for event in self.events for other in others)


async def suite(ports):
    """All tests, by two workers at a time."""
    workers = [Worker(ports, prefix) for prefix in WORKERS]
    await asyncio.gather(*(worker.run(TESTS // len(workers)) for worker in workers))
    return sum(len(worker.events) for worker in workers)


def main():
    logging.basicConfig(level=logging.CRITICAL)
    # No session here has TLS, and slixmpp reads the certificates of the system for each client: half of the time.
    os.environ |= {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    failures, times = 0, []
    for run in range(1, runs + 1):
        with clients.server("PLAIN", '[limits]\nsign_in = "0s"\n') as ports:
            begin = time.monotonic()
            try:
                events = asyncio.run(suite(ports))
                times.append(time.monotonic() - begin)
                print(f"ok      run {run}: {TESTS} tests in {times[-1]:.1f} s, {events} events", flush=True)
            except Exception as error:
                failures += 1
                print(f"FAILED  run {run}: {error!r}", flush=True)
    with contextlib.suppress(IndexError):
        print(f"{runs} runs, {failures} failed; {sorted(times)[len(times) // 2]:.1f} s in the middle, {max(times):.1f} s at most")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
