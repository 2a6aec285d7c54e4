"""What a flood by one caller costs the others: their latencies without and during each flood.

usage: flood.py URL [SECONDS]      (SECONDS of each measurement: 20)

Four customers place an order, read it and list their orders, over and over, up to twenty requests a second each. A fifth caller
floods from an address of its own: with orders, sign-ups, streams, or requests whose answers it never reads. Each caller
connects from its own loopback address. The api must be on this machine, without proxies (API_TRUSTED_PROXIES=0), and
needs the demo products. The flood runs in a process of its own.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import sys
import time
import uuid
from urllib.parse import urlsplit

import aiohttp

CUSTOMERS = 4
PAUSE_SECONDS = 0.05
PASSWORD = "a long enough passphrase"
ORDER = {"items": [{"sku": "SKU-CABLE", "quantity": 1}], "payment_method": "sim_ok"}
FLOODERS = 32


def open_session(address):
    """A client whose connections come from this address."""
    connector = aiohttp.TCPConnector(limit=0, local_addr=(address, 0))
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))


class Caller:
    """One user at one address."""

    def __init__(self, session, url):
        self.session, self.api, self.headers = session, f"{url}/api/v1", {}

    async def sign_up(self):
        """Its status; a 201 logs the caller in."""
        body = {"email": f"flood-{uuid.uuid4()}@example.com", "password": PASSWORD, "full_name": "A caller"}
        async with self.session.post(f"{self.api}/auth/signup", json=body, headers=self.headers) as response:
            text = await response.text()
            if response.status == 201:
                self.headers["Authorization"] = f"Bearer {json.loads(text)['access_token']}"
            return response.status

    async def place(self):
        headers = self.headers | {"Idempotency-Key": str(uuid.uuid4())}
        async with self.session.post(f"{self.api}/orders", json=ORDER, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def get(self, path):
        async with self.session.get(f"{self.api}{path}", headers=self.headers) as response:
            await response.read()
            return response.status


async def measure(callers, seconds):
    """The latencies of all requests of the customers in milliseconds, and how many were refused."""
    latencies, refused, end = [], 0, time.monotonic() + seconds

    async def timed(request):
        nonlocal refused
        started = time.monotonic()
        result = await request
        latencies.append((time.monotonic() - started) * 1000)
        refused += (result[0] if isinstance(result, tuple) else result) >= 400
        await asyncio.sleep(PAUSE_SECONDS)
        return result

    async def run(caller):
        while time.monotonic() < end:
            _status, accepted = await timed(caller.place())
            await timed(caller.get(f"/orders/{accepted['order_id']}"))
            await timed(caller.get("/orders"))

    await asyncio.gather(*(run(caller) for caller in callers))
    return latencies, refused


async def flood_with(kind, url, address, counts):
    async with open_session(address) as session:
        caller = Caller(session, url)
        assert await caller.sign_up() == 201
        status, order = await caller.place()
        assert status == 202, order

        async def once():
            if kind == "orders":
                return (await caller.place())[0]
            if kind == "sign-ups":
                return await Caller(session, url).sign_up()
            headers = caller.headers | {"Accept": "text/event-stream"}
            async with session.get(f"{caller.api}/orders/{order['order_id']}/stream", headers=headers) as response:
                async for _chunk in response.content:
                    pass
                return response.status

        async def repeat():
            while True:
                status = await once()
                counts[status] = counts.get(status, 0) + 1

        await asyncio.gather(*(repeat() for _ in range(FLOODERS)))


def never_read(url, address, counts):
    """Sends requests over connections whose answers it never reads, until each connection blocks; opens more."""
    where = urlsplit(url)
    request = f"GET /openapi.json HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode() * 64
    connections = []
    while True:
        if len(connections) < 512:
            connection = socket.create_connection((where.hostname, where.port), source_address=(address, 0))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            connections.append(connection)
        for connection in list(connections):
            try:
                counts["sent"] = counts.get("sent", 0) + connection.send(request) * 64 // len(request)
            except BlockingIOError:
                counts["blocked"] = counts.get("blocked", 0) + 1
            except OSError:
                connections.remove(connection)
                counts["closed"] = counts.get("closed", 0) + 1
        time.sleep(0.01)


def flood(kind, url, address, counts):
    # A caller has a machine of their own: only what the flood costs the servers should count.
    os.nice(19)
    if kind == "unread answers":
        never_read(url, address, counts)
    else:
        asyncio.run(flood_with(kind, url, address, counts))


def report(name, latencies, refused, before, counts):
    p50, p99 = statistics.median(latencies), statistics.quantiles(latencies, n=100)[98]
    ratio = f"{p99 / before:5.2f}" if before else "    -"
    print(f"{name:24} {len(latencies):6} {refused:8} {p50:8.1f} {p99:8.1f} {ratio}   {dict(counts)}", flush=True)
    return p99


async def main(url, seconds):
    async with contextlib.AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(open_session(f"127.0.1.{n + 1}")) for n in range(CUSTOMERS)]
        callers = [Caller(session, url) for session in sessions]
        for caller in callers:
            assert await caller.sign_up() == 201
        print(f"{'flood':24} {'others':>6} {'refused':>8} {'p50, ms':>8} {'p99, ms':>8} ratio   answers to the flood")
        await measure(callers, 3)
        with multiprocessing.Manager() as manager:
            # Each from an address of its own, so that none is limited by an earlier one.
            for number, kind in enumerate(["orders", "sign-ups", "streams", "unread answers"]):
                before = report("none", *await measure(callers, seconds), None, {})
                counts = manager.dict()
                process = multiprocessing.Process(target=flood, args=(kind, url, f"127.0.2.{number + 1}", counts))
                process.start()
                await asyncio.sleep(1)
                result = await measure(callers, seconds)
                process.kill()
                process.join()
                report(kind, *result, before, counts)
                await asyncio.sleep(2)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1].rstrip("/"), float(sys.argv[2]) if len(sys.argv) == 3 else 20))
