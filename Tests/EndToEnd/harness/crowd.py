"""Many streams at once, from one thread."""

import asyncio
import json
import resource
from dataclasses import dataclass, field

from .streams import text_of, unchunked


@dataclass
class Crowd:
    """What came of `count` chat streams that were open together."""

    texts: list = field(default_factory=list)  # by number; None where a stream did not come whole
    failures: list = field(default_factory=list)


def allow_files(count: int) -> None:
    """Raises this process's soft limit on open files, for a socket each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


async def _one(port: int, number: int, headers: list, crowd: Crowd, first: asyncio.Event) -> None:
    body = json.dumps({"model": "moonshotai/kimi-k2", "stream": True,
                       "messages": [{"role": "user", "content": f"stream number {number}"}]}).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: weir.test", "Connection: close",
             "Content-Type: application/json", f"Content-Length: {len(body)}",
             *[f"{name}: {value}" for name, value in headers]]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        data = b""
        while piece := await reader.read(65536):
            data += piece
            if b"data: " in data:
                first.set()
        writer.close()
    except OSError as error:
        crowd.failures.append(f"{number}: {error!r}")
        first.set()
        return
    first.set()
    head, content, whole = unchunked(data)
    if not head.startswith(b"HTTP/1.1 200 ") or not whole or b"data: [DONE]" not in content:
        crowd.failures.append(f"{number}: {head[:40]!r} … {content[-300:]!r}")
        return
    crowd.texts[number] = text_of(content)


async def run_crowd(port: int, count: int, headers: list, when_all_run=None, seconds: float = 12) -> Crowd:
    """Opens `count` streams; calls `when_all_run` (in a thread) once each has had its first event.

    Fails when that is not so within `seconds`.
    """
    allow_files(count + 1000)
    crowd = Crowd(texts=[None] * count)
    firsts = [asyncio.Event() for _ in range(count)]
    running = [asyncio.ensure_future(_one(port, number, headers, crowd, firsts[number])) for number in range(count)]
    try:
        await asyncio.wait_for(asyncio.gather(*[each.wait() for each in firsts]), seconds)
    except asyncio.TimeoutError:
        begun = sum(each.is_set() for each in firsts)
        raise AssertionError(f"{begun} of {count} streams had a first event after {seconds} s") from None
    if when_all_run:
        await asyncio.to_thread(when_all_run)
    await asyncio.gather(*running)
    return crowd
