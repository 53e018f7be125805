"""HTTP/2 frames by hand, right and wrong, as steps of a script (RFC 9113, RFC 7541).

A step is bytes, a pause in seconds, or a function of the stream that a script answers, which may return bytes to send.
Header blocks are literals without indexing, so that no frame depends on another.
"""

import enum
import time
from dataclasses import dataclass

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, HAS_PRIORITY, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
OK = b'{"ok":true}'


class Code(enum.IntEnum):
    """Error codes."""
    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class Setting(enum.IntEnum):
    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


def frame(kind: int, flags: int, stream: int, payload: bytes = b"", length: int = None) -> bytes:
    """One frame; `length` may lie."""
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


# -- header blocks -----------------------------------------------------------------------------------------------

def number(value: int, bits: int, first: int = 0) -> bytes:
    """An integer of HPACK with a prefix of so many bits, the rest of its first byte given."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    value, encoded = value - most, bytes([first | most])
    while value >= 128:
        encoded, value = encoded + bytes([value % 128 | 128]), value // 128
    return encoded + bytes([value])


def text(value) -> bytes:
    value = value if isinstance(value, bytes) else value.encode("latin-1")
    return number(len(value), 7) + value


def block(*fields) -> bytes:
    """Fields as `(name, value)` or "name: value"; names as they are, whatever their case."""
    encoded = b""
    for field in fields:
        if isinstance(field, str):
            at = field.index(":", 1)
            field = field[:at], field[at + 1:].strip()
        encoded += b"\0" + text(field[0]) + text(field[1])
    return encoded


# -- what a script may do on its stream --------------------------------------------------------------------------

def head(status="200", *fields, end: bool = False, pad: int = None, priority: bytes = b"", cuts=()):
    """A head; `cuts` are places in its block where another CONTINUATION begins."""
    return fields_of(":status: " + str(status), *fields, end=end, pad=pad, priority=priority, cuts=cuts)


def fields_of(*fields, end: bool = False, pad: int = None, priority: bytes = b"", cuts=()):
    """HEADERS with these fields, for example trailers."""
    return lambda stream: headers(stream.id, block(*fields), end, pad, priority, cuts)


def headers(stream: int, encoded: bytes, end: bool = False, pad: int = None, priority: bytes = b"", cuts=()) -> bytes:
    places = [0, *cuts, len(encoded)]
    first, *others = [encoded[a:b] for a, b in zip(places, places[1:])]
    flags = (END_STREAM if end else 0) | (HAS_PRIORITY if priority else 0) | (0 if others else END_HEADERS)
    payload = priority + first
    if pad is not None:
        flags, payload = flags | PADDED, bytes([pad]) + payload + bytes(pad)
    made = frame(HEADERS, flags, stream, payload)
    for at, piece in enumerate(others, 1):
        made += frame(CONTINUATION, END_HEADERS if at == len(others) else 0, stream, piece)
    return made


def data(payload: bytes = OK, end: bool = False, pad: int = None):
    """DATA, whatever the window."""
    flags = END_STREAM if end else 0
    if pad is not None:
        flags, payload = flags | PADDED, bytes([pad]) + payload + bytes(pad)
    return lambda stream: frame(DATA, flags, stream.id, payload)


def body(payload: bytes, end: bool = True, piece: int = 16_384):
    """DATA as far as the windows allow, and then more of it."""
    def step(stream) -> None:
        at = 0
        while at < len(payload):
            room = stream.take_window(min(piece, len(payload) - at))
            last = end and at + room == len(payload)
            stream.send(frame(DATA, END_STREAM if last else 0, stream.id, payload[at:at + room]))
            at += room
            stream.sent = at
    return step


def rst(code: int = Code.CANCEL):
    return lambda stream: frame(RST_STREAM, 0, stream.id, code.to_bytes(4, "big"))


def window(count: int):
    return lambda stream: frame(WINDOW_UPDATE, 0, stream.id, count.to_bytes(4, "big"))


def connection_window(count: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, 0, count.to_bytes(4, "big"))


def settings(values=()) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big")
                                          for key, value in dict(values).items()))


def ping(payload: bytes = b"12345678", flags: int = 0) -> bytes:
    return frame(PING, flags, 0, payload)


def goaway(last: int = None, code: int = Code.NO_ERROR, more: bytes = b""):
    """GOAWAY; without a last stream, that is the script's own. Later streams find no answer."""
    def step(stream) -> bytes:
        covered = stream.peer.last = stream.id if last is None else last
        return frame(GOAWAY, 0, 0, covered.to_bytes(4, "big") + int(code).to_bytes(4, "big") + more)
    return step


def on_stream(kind: int, flags: int = 0, payload: bytes = b"", length: int = None):
    """Any frame on the script's stream."""
    return lambda stream: frame(kind, flags, stream.id, payload, length)


def read_body(stream) -> None:
    """Waits for the request's end."""
    stream.wait(lambda: stream.is_ended, "the request's end")


def wait_for_reset(stream) -> None:
    stream.wait(lambda: stream.reset is not None, "the stream's reset")


def wait_for_end(stream) -> None:
    """Waits until the connection or the stream is over."""
    stream.wait(lambda: stream.reset is not None or stream.peer.ended_by, "the end")


def closing(stream) -> None:
    """The stream no longer counts as open."""
    stream.is_closing = True


def change(values: dict):
    """Sends settings in the middle; see Peer.change."""
    return lambda stream: stream.peer.change(values)


def settled(stream) -> None:
    """Waits until weir has acknowledged all settings."""
    stream.wait(stream.peer.is_acknowledged, "the acknowledgement of settings")


def pinged(payload: bytes = b"pingpong"):
    """Sends a PING and waits until it is answered with the same payload."""
    def step(stream) -> None:
        stream.send(ping(payload))
        stream.wait(lambda: any(heard.type == PING and heard.flags and heard.opaque_data == payload
                                for heard in stream.peer.heard), "the answer to a PING")
    return step


def close(stream) -> None:
    """Ends the connection as TLS wants it."""
    stream.peer.close()


def close_rudely(stream) -> None:
    stream.peer.close(says=False)


def reset_connection(stream) -> None:
    stream.peer.reset()


def reply(payload: bytes = OK, *fields) -> list:
    """The usual reply, with its length."""
    return [head("200", "content-type: application/json", f"content-length: {len(payload)}", *fields),
            body(payload) if payload else data(b"", end=True)]


@dataclass(frozen=True)
class Cut:
    """Steps whose bytes are sent in pieces of this size, each in a TLS record of its own."""
    steps: list
    size: int = 1

    def __call__(self, stream) -> None:
        encoded = b"".join(step if isinstance(step, bytes) else step(stream) for step in self.steps)
        with stream.peer.writing:
            for at in range(0, len(encoded), self.size):
                stream.send(encoded[at:at + self.size])
                time.sleep(0.0002)


@dataclass(frozen=True)
class Once:
    """One write of several frames."""
    steps: list

    def __call__(self, stream) -> bytes:
        return b"".join(step if isinstance(step, bytes) else step(stream) for step in self.steps)


@dataclass(frozen=True)
class Attempts:
    """A script for the first request of a case, one for the second, and so on; the last is for all others."""
    scripts: tuple

    def __init__(self, *scripts):
        object.__setattr__(self, "scripts", scripts)
