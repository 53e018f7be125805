"""Upstreams that do, to each request by chance, what upstreams do on their worst days. What they answer carries the mark
that they found in the request, so that a reply which reaches somebody else is seen.
"""

import asyncio
import contextlib
import gzip
import json
import re
import threading
from collections import Counter
from random import Random

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from h2.settings import SettingCodes

from .certificates import authority
from .raw_servers import LAST_CHUNK, chunk

MARK = re.compile(rb"N-[0-9a-f]{12}")
GONE = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError)
USAGE = '"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8,"cost":0.0001}'
LIMIT = 1 << 24


class Conversation:
    """One request, as far as its answer depends on it."""

    def __init__(self, body: bytes, chance: Random):
        self.marks = set(MARK.findall(body))
        self.mark = next(iter(self.marks), b"none").decode()
        self.streams = bool(json.loads(body).get("stream")) if body else False
        self.is_large = b"LARGE" in body
        self.chance = chance

    @property
    def media_type(self) -> str:
        return "text/event-stream" if self.streams else "application/json"

    def parts(self) -> list:
        """The reply's body, an element for each time that it is written."""
        if not self.streams:
            padding = "y" * (300_000 if self.is_large else self.chance.choice([0, 5, 5_000]))
            return [(f'{{"id":"{self.mark}","choices":[{{"index":0,"finish_reason":"stop",'
                     f'"message":{{"role":"assistant","content":"{self.mark}{padding}"}}}}],{USAGE}}}').encode()]
        padding = "x" * (20_000 if self.is_large else 0)
        events = [f'{{"id":"{self.mark}","choices":[{{"index":0,"delta":{{"content":"{number}{padding}"}}}}]}}'
                  for number in range(self.chance.randrange(1, 12))]
        end = f'{{"id":"{self.mark}","choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}],{USAGE}}}'
        return [f"data: {event}\n\n".encode() for event in [*events, end, "[DONE]"]]

    def busy(self, status: str) -> bytes:
        return f'{{"error":{{"message":"busy {self.mark}","code":{status}}}}}'.encode()


class StormUpstream:
    """Over `plain`, `tls` or `h2`; runs on a thread of its own while it is entered. What is in `without` it does not do."""

    def __init__(self, way: str, seed: int, without=()):
        self.way, self.chance, self.without = way, Random(seed), without
        self.did = Counter()
        # From now on every reply comes whole, after a while.
        self.is_over = False
        # Requests that carried more than one mark, and what was no HTTP/2.
        self.mixed, self.broken = [], []

    def __enter__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(started)], daemon=True)
        self._thread.start()
        assert started.wait(20)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        tls = None
        if self.way != "plain":
            tls = authority().certificate().server(["h2" if self.way == "h2" else "http/1.1"])
        if self.way == "h2":
            server = await self._loop.create_server(lambda: _Multiplexed(self), "127.0.0.1", 0, ssl=tls)
        else:
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls, limit=LIMIT)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1" if tls is None else f"https://localhost:{port}/v1"
        started.set()
        await self._over.wait()
        server.close()

    def asked(self, body: bytes) -> Conversation:
        conversation = Conversation(body, self.chance)
        if len(conversation.marks) > 1:
            self.mixed.append(body[:300])
        return conversation

    def does(self, what: dict) -> str:
        """One of these, by its weight."""
        weights = [weight * (kind not in self.without) for kind, weight in what.items()]
        [kind] = ["stall"] if self.is_over else self.chance.choices(list(what), weights)
        self.did[kind] += 1
        return kind

    # -- HTTP/1.1 ---------------------------------------------------------------------------------------------------

    PLAIN = {"whole": 40, "chunked": 30, "whole and closes": 5, "without an end": 2, "closes a moment later": 4,
             "cut head": 3, "cut body": 5, "reset": 3, "surplus": 3, "more than announced": 2, "less than announced": 2,
             "informational": 5, "stall": 3, "429": 4, "503": 4, "gzip": 4}

    async def _connection(self, reader, writer) -> None:
        with contextlib.suppress(*GONE):
            while await self._answer(reader, writer):
                await writer.drain()
        with contextlib.suppress(*GONE):
            writer.close()

    async def _answer(self, reader, writer) -> bool:
        """Whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        if length and not self.is_over and self.chance.random() < 0.02:
            writer.write(b"HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
            return False
        body = await reader.readexactly(int(length[1]) if length else 0)
        if b"chunked" in head:
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        asked = self.asked(body)
        kind = self.does(self.PLAIN)
        if kind in ("429", "503"):
            whole = asked.busy(kind)
            writer.write(f"HTTP/1.1 {kind} X\r\nRetry-After: 0\r\nContent-Length: {len(whole)}\r\n\r\n".encode() + whole)
            return True
        if kind == "stall":
            await asyncio.sleep(self.chance.random())
        if kind == "informational":
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
        return await self._reply(kind, asked, writer)

    async def _reply(self, kind: str, asked: Conversation, writer) -> bool:
        chance, parts = self.chance, asked.parts()
        whole = b"".join(parts)

        def head(*lines: str) -> bytes:
            return "\r\n".join([f"HTTP/1.1 200 OK\r\nContent-Type: {asked.media_type}", *lines, "", ""]).encode()

        complete = head(f"Content-Length: {len(whole)}") + whole
        match kind:
            case "reset":
                writer.transport.abort()
                return False
            case "cut head" | "cut body":
                start = complete.index(b"\r\n\r\n") + 4
                ends = (1, start) if kind == "cut head" else (start, len(complete))
                writer.write(complete[:chance.randrange(*ends)])
                return False
            # What comes a moment later nobody can tell from the next reply: a large one leaves in several writes.
            case "surplus" if not asked.is_large:
                writer.write(complete + b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + asked.mark.encode())
                return True
            case "more than announced":
                writer.write(head(f"Content-Length: {len(whole) // 2}") + whole)
                return True
            case "less than announced":
                writer.write(head(f"Content-Length: {len(whole) + 20}") + whole)
                return False
            case "whole and closes" | "without an end":
                writer.write(head(*["Connection: close"] * (kind == "whole and closes")) + whole)
                return False
            case "gzip":
                packed = gzip.compress(whole)
                writer.write(head("Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed)
                return True
            case "chunked":
                writer.write(head("Transfer-Encoding: chunked"))
                for part in parts:
                    size = chance.choice([1, 7, 100, 4_096]) if len(part) < 10_000 else 65_536
                    for start in range(0, len(part), size):
                        writer.write(chunk(part[start:start + size]))
                    await self.pause(writer)
                writer.write(LAST_CHUNK if chance.random() < 0.8 else b"0\r\nX-Trailer: a\r\n\r\n")
                return True
        writer.write(head(f"Content-Length: {len(whole)}"))
        for part in parts:
            writer.write(part)
            await self.pause(writer)
        if kind == "closes a moment later":
            await asyncio.sleep(chance.random() * 0.02)
        return kind != "closes a moment later"

    async def pause(self, writer=None) -> None:
        if writer:
            await writer.drain()
        if self.chance.random() < 0.2:
            await asyncio.sleep(self.chance.random() * 0.02)


class _Multiplexed(asyncio.Protocol):
    """One connection of HTTP/2."""

    KINDS = {"whole": 80, "refused": 4, "reset early": 2, "reset amid": 3, "reset after the end": 4, "goes away": 2,
             "goes away over some": 2, "cut": 2, "informational": 4, "stall": 4, "more than announced": 2,
             "less than announced": 2, "429": 4, "503": 4, "gzip": 4, "settings": 4, "trailers": 5, "ping": 3}

    def __init__(self, storm: StormUpstream):
        self.storm, self.chance = storm, storm.chance
        self.bodies, self.room, self.tasks = {}, {}, set()
        self.is_gone, self.unacknowledged = False, 1
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False))

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.http.initiate_connection()
        self.flush()

    def connection_lost(self, _) -> None:
        self.is_gone = True
        for each in self.room.values():
            each.set()

    def flush(self) -> None:
        if not self.is_gone:
            self.transport.write(self.http.data_to_send())

    def data_received(self, data: bytes) -> None:
        try:
            events = self.http.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            self.storm.broken.append(repr(error))
            return self.transport.abort()
        for event in events:
            self.take(event)
        self.flush()

    def take(self, event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=stream):
                self.bodies[stream] = b""
            case h2.events.DataReceived(stream_id=stream, data=data, flow_controlled_length=length):
                self.bodies[stream] = self.bodies.get(stream, b"") + data
                with contextlib.suppress(h2.exceptions.ProtocolError, ValueError):
                    self.http.increment_flow_control_window(length)
                    self.http.increment_flow_control_window(length, stream)
            case h2.events.StreamEnded(stream_id=stream):
                task = asyncio.ensure_future(self.answer(stream, self.bodies.pop(stream, b"")))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            case h2.events.SettingsAcknowledged():
                self.unacknowledged -= 1
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged() | h2.events.StreamReset():
                for each in self.room.values():
                    each.set()

    async def answer(self, stream: int, body: bytes) -> None:
        """A stream that the client has reset meanwhile takes no more: `h2` raises, and that is the end of it."""
        with contextlib.suppress(h2.exceptions.ProtocolError, KeyError):
            await self.reply(stream, self.storm.asked(body))

    async def send(self, stream: int, data: bytes, ends: bool) -> None:
        while data and not self.is_gone:
            size = min(self.http.local_flow_control_window(stream), self.http.max_outbound_frame_size, len(data))
            if size <= 0:
                room = self.room[stream] = asyncio.Event()
                self.flush()
                await room.wait()
                continue
            self.http.send_data(stream, data[:size], end_stream=ends and size == len(data))
            data = data[size:]
            self.flush()

    def tune(self, streams: int, window: int, table: int) -> None:
        """`h2` mistakes one acknowledgement for another's while two are on their way."""
        if self.is_gone:
            return
        if self.unacknowledged:
            asyncio.get_running_loop().call_later(0.05, self.tune, streams, window, table)
            return
        self.unacknowledged = 1
        self.http.update_settings({
            SettingCodes.MAX_CONCURRENT_STREAMS: streams, SettingCodes.INITIAL_WINDOW_SIZE: window,
            SettingCodes.HEADER_TABLE_SIZE: table})
        self.flush()

    async def reply(self, stream: int, asked: Conversation) -> None:
        chance, kind = self.chance, self.storm.does(self.KINDS)
        codes = list(h2.errors.ErrorCodes)
        match kind:
            case "stall":
                await asyncio.sleep(chance.random())
            case "refused":
                self.http.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
                return self.flush()
            case "reset early":
                self.http.reset_stream(stream, chance.choice(codes))
                return self.flush()
            case "cut":
                return self.transport.abort()
            case "goes away over some":
                self.http.close_connection(last_stream_id=max(0, stream - chance.choice([0, 2, 4, 8])))
                self.flush()
                return self.transport.close()
            case "settings":
                self.tune(chance.choice([0, 1, 5]), chance.choice([1, 1_000, 1 << 20]), chance.choice([0, 100]))
                asyncio.get_running_loop().call_later(0.3, self.tune, 100, 65_535, 4_096)
            case "ping":
                self.http.ping(b"12345678")
            case "informational":
                self.http.send_headers(stream, [(":status", "103"), ("link", "<a>")])
            case "429" | "503":
                self.http.send_headers(stream, [(":status", kind), ("retry-after", "0")])
                return await self.send(stream, asked.busy(kind), True)
        await self.body(stream, kind, asked)

    async def body(self, stream: int, kind: str, asked: Conversation) -> None:
        parts, head = asked.parts(), [(":status", "200"), ("content-type", asked.media_type)]
        length = sum(map(len, parts))
        match kind:
            case "gzip":
                head.append(("content-encoding", "gzip"))
                parts = [gzip.compress(b"".join(parts))]
            case "more than announced":
                head.append(("content-length", str(length // 2)))
            case "less than announced":
                head.append(("content-length", str(length + 20)))
        self.http.send_headers(stream, head)
        for number, part in enumerate(parts):
            if kind == "reset amid" and self.chance.random() < 0.5:
                self.http.reset_stream(stream, self.chance.choice(list(h2.errors.ErrorCodes)))
                return self.flush()
            ends = number == len(parts) - 1 and kind not in ("trailers", "reset after the end")
            await self.send(stream, part, ends)
            await self.storm.pause()
        match kind:
            case "trailers":
                self.http.send_headers(stream, [("x-trailer", "a")], end_stream=True)
                self.flush()
            case "reset after the end":
                self.http.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)
                self.flush()
            case "goes away" if not self.is_gone:
                last = b"\0\0\x08\x07\0\0\0\0\0" + stream.to_bytes(4, "big") + bytes(4)
                self.transport.write(last)
                await asyncio.sleep(0.3)
                self.transport.close()
