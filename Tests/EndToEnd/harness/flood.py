"""Many requests at once over kept connections, with as little of Python's time as may be."""

import asyncio
import json
from dataclasses import dataclass, field

from .async_replies import read_body, read_head


@dataclass
class Shot:
    """One request, and whether its client leaves in the middle of the reply."""
    target: str
    body: dict
    headers: list = field(default_factory=list)
    # The client leaves once it has seen this.
    leaves_at: bytes = b""


@dataclass
class Hit:
    """What became of one."""
    shot: Shot
    status: int
    left: bool = False


class _Lane:
    """One connection at a time, opened anew after one that was left or closed."""

    def __init__(self, port: int):
        self.port = port
        self.reader = self.writer = None

    async def fire(self, shot: Shot) -> Hit:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = json.dumps(shot.body).encode()
        lines = [f"POST {shot.target} HTTP/1.1", "Host: weir.test", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in shot.headers)]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status, _, fields = await read_head(self.reader)
        left = False
        if shot.leaves_at and status == 200:
            seen = b""
            while shot.leaves_at not in seen:
                more = await self.reader.read(65536)
                assert more, f"the reply ended before the client could leave: {seen[-300:]}"
                seen += more
            left = True
        else:
            await read_body(self.reader, fields)
        if left or fields.get("connection") == "close":
            self.close()
        return Hit(shot, status, left)

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


async def _lane(port: int, shots, hits: list) -> None:
    lane = _Lane(port)
    for shot in shots:
        hits.append(await lane.fire(shot))
    lane.close()


async def _flood(port: int, shots: list, lanes: int) -> list:
    waiting, hits = iter(shots), []
    await asyncio.gather(*(_lane(port, waiting, hits) for _ in range(lanes)))
    return hits


def flood(port: int, shots: list, lanes: int = 64) -> list:
    """Sends all, so many at once, and says what became of each."""
    return asyncio.run(_flood(port, shots, lanes))
