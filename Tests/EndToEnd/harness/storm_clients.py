"""Clients that send, read and leave as they please, and look in each byte that they get for marks of others."""

import asyncio
import contextlib
import gzip
import json
import time
from collections import Counter, deque
from random import Random

from .async_replies import read_body, read_head
from .storm_upstreams import GONE, LIMIT, MARK
from .wire import chunked

# No reply takes as long, whatever its upstream does.
LONGEST = 25
USERS = 50
HABITS = {"reads": 60, "asks ahead": 10, "cuts its request": 7, "cuts its reply": 10, "is slow": 4, "sends no more": 4,
          "vanishes": 5}


class Storm:
    """What came of it: statuses of whole replies, and what must not be."""

    def __init__(self, port: int, seed: int):
        self.port, self.chance = port, Random(seed)
        self.statuses, self.did = Counter(), Counter()
        self.foreign, self.hung = [], []
        # What several ask: from the cache, or brought once for all.
        self._shared = deque(maxlen=8)

    async def run(self, seconds: float, connections: int) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._client(end) for _ in range(connections)))

    async def after(self, each: int) -> Counter:
        """Statuses of so many requests of every user's at the same time."""
        async def ask(user: int) -> int:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LIMIT)
            body = json.dumps({"model": "openai/gpt-4o", "messages": [{"role": "user", "content": f"{user}"}]}).encode()
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: weir.test\r\nContent-Type: application/json\r\n"
                         b"Cache-Control: no-cache\r\nX-User-Id: user-%d\r\nContent-Length: %d\r\n\r\n%s"
                         % (user, len(body), body))
            async with asyncio.timeout(LONGEST):
                status, _, fields = await read_head(reader)
                await read_body(reader, fields)
            writer.close()
            return status
        return Counter(await asyncio.gather(*(ask(user) for user in range(USERS) for _ in range(each))))

    async def _client(self, end: float) -> None:
        while time.monotonic() < end:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LIMIT)
            # A reply that the upstream broke off ends its connection.
            with contextlib.suppress(*GONE):
                for _ in range(self.chance.randrange(1, 8)):
                    if not await self._ask(reader, writer):
                        break
            with contextlib.suppress(*GONE):
                (writer.close if self.chance.random() < 0.5 else writer.transport.abort)()

    async def _ask(self, reader, writer) -> bool:
        """Whether the connection is good for more."""
        [habit] = self.chance.choices(list(HABITS), list(HABITS.values()))
        self.did[habit] += 1
        if habit == "asks ahead":
            asked = [self._request() for _ in range(self.chance.randrange(2, 5))]
            writer.write(b"".join(request for _, request in asked))
            for mark, _ in asked:
                if not await self._check(mark, reader):
                    return False
            return True
        mark, request = self._request()
        match habit:
            case "cuts its request":
                writer.write(request[:self.chance.randrange(1, len(request))])
                await asyncio.sleep(self.chance.choice([0, 0, 0.01, 0.1]))
                return False
            case "vanishes":
                writer.write(request)
                await asyncio.sleep(self.chance.choice([0, 0, 0.001, 0.003, 0.01, 0.05]))
                return False
            case "cuts its reply":
                writer.write(request)
                self._look(mark, await asyncio.wait_for(reader.read(self.chance.choice([1, 50, 1_000, 20_000])), LONGEST))
                return False
        writer.write(request)
        if habit == "is slow":
            await asyncio.sleep(self.chance.random())
        if habit == "sends no more":
            writer.write_eof()
        return await self._check(mark, reader) and habit != "sends no more"

    def _request(self) -> tuple:
        chance = self.chance
        if self._shared and chance.random() < 0.3:
            mark, body = chance.choice(list(self._shared))
        else:
            mark = b"N-%012x" % chance.getrandbits(48)
            is_large = chance.random() < 0.05
            text = mark.decode() + " " + "z" * chance.choice([0, 100, 5_000, 200_000 * is_large]) + "LARGE" * is_large
            body = json.dumps({
                "model": chance.choice(["kimi-k2", "gpt-4", "openai/gpt-4o"]), "stream": chance.random() < 0.5,
                "messages": [{"role": "user", "content": text}]}).encode()
            if chance.random() < 0.3:
                self._shared.append((mark, body))
        head = [b"POST /v1/chat/completions HTTP/1.1", b"Host: weir.test", b"Content-Type: application/json",
                b"X-User-Id: user-%d" % chance.randrange(USERS)]
        head += [field for field in (b"Cache-Control: no-cache", b"Accept-Encoding: gzip") if chance.random() < 0.2]
        if chance.random() < 0.1:
            cut = chance.randrange(1, len(body))
            head.append(b"Transfer-Encoding: chunked")
            body = chunked(body[:cut], body[cut:])
        else:
            head.append(b"Content-Length: %d" % len(body))
        return mark, b"\r\n".join([*head, b"", body])

    def _look(self, mark: bytes, data: bytes) -> None:
        if others := set(MARK.findall(data)) - {mark}:
            self.foreign.append((mark, others, data[:500]))

    async def _check(self, mark: bytes, reader) -> bool:
        try:
            async with asyncio.timeout(LONGEST):
                status, head, fields = await read_head(reader)
                body = await read_body(reader, fields)
        except asyncio.TimeoutError:
            self.hung.append(mark)
            return False
        if fields.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self._look(mark, head + body)
        self.statuses[status] += 1
        return fields.get("connection") != "close"
