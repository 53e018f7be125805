#!/usr/bin/env python3
"""The two ends of the scenarios `stream` and `idle` of compare.py.

    event_streams.py serve PORT                  an endless chat stream for each request, an event each 20 ms
    event_streams.py idle PORT                   the same, but silent after the first event
    event_streams.py read PORT COUNT SECONDS     opens COUNT streams, says so, waits for a line, counts for SECONDS
"""

import asyncio
import json
import resource
import sys

EVENT = b"data: " + json.dumps({
    "id": "gen-1", "object": "chat.completion.chunk", "created": 1, "model": "moonshotai/kimi-k2",
    "choices": [{"index": 0, "delta": {"content": " token"}, "finish_reason": None}]}).encode() + b"\n\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line[15:]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
            await writer.drain()
            await asyncio.sleep(pause)
    except (OSError, asyncio.IncompleteReadError):
        pass  # the proxy ended the connection
    finally:
        writer.close()


async def serve(port: int, pause: float = 0.02) -> None:
    server = await asyncio.start_server(lambda *ends: answer(*ends, pause), "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


class Count:
    events = 0
    broken = 0


async def follow(port: int, number: int, opened: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b'{"model":"kimi-k2","stream":true,"messages":[{"role":"user","content":"n%d"}]}' % number
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer sk-app\r\n"
                 b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    while data := await reader.read(65536):
        Count.events += data.count(b"data: ")
        opened.set()
    Count.broken += 1  # these streams have no end
    opened.set()


async def read(port: int, count: int, seconds: int) -> None:
    opened = [asyncio.Event() for _ in range(count)]
    following = []
    for number, each in enumerate(opened):
        following.append(asyncio.ensure_future(follow(port, number, each)))
        if number % 100 == 99:  # no flood of connections: what is asked is what open streams cost
            await each.wait()
    for each in opened:
        await each.wait()
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before = Count.events
    await asyncio.sleep(seconds)
    print(Count.events - before, Count.broken, flush=True)
    for each in following:
        each.cancel()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    arguments = [int(each) for each in sys.argv[2:]]
    asyncio.run({
        "serve": serve, "idle": lambda port: serve(port, 3600), "read": read}[sys.argv[1]](*arguments))
