"""HTTP/2 upstreams that break the rules: what the client gets, and what becomes of the other requests."""

import pytest

from harness.h2_frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HAS_PRIORITY, HEADERS, OK,
                               PADDED, PING, PRIORITY, PUSH_PROMISE, RST_STREAM, WINDOW_UPDATE, Code,
                               Once, block, connection_window, data, fields_of, frame, head, headers, number,
                               on_stream, ping, rst, text, wait_for_end, window)
from harness.h2_frames import SETTINGS as SETTINGS_FRAME
from harness.h2_ways import FAILED, H2Case, H2Way, check_case, way  # noqa: F401
from harness.ways import EITHER, GONE, Broken, OneOf, Whole

SETTINGS = {"WEIR_TIMEOUT_FIRST_BYTE": "3", "WEIR_TIMEOUT_IDLE": "3"}
LENGTH = "content-length: 11"
BROKEN = OneOf(Broken(), FAILED)


class WholeOrBroken:
    """Any end that a client can tell from a whole reply, or the whole one."""
    status = 200

    @staticmethod
    def check(reply) -> None:
        assert reply.body == OK if reply.is_complete else OK.startswith(reply.body)


ANY = OneOf(WholeOrBroken(), FAILED)
DONE = [head("200", LENGTH), data(end=True)]


def answered(*fields) -> list:
    """A reply with these fields and no others."""
    return [fields_of(*fields), data(end=True)]


# A head that is none is the stream's error, or the connection's; it never reaches the client.
HEADS = {
    "no :status": answered("x-a: b"),
    "no fields": answered(),
    "two :status": answered(":status: 200", ":status: 200"),
    "an empty :status": answered(":status: "),
    "letters": answered(":status: abc"),
    "two digits": answered(":status: 20"),
    "four digits": answered(":status: 2000"),
    "a negative :status": answered(":status: -20"),
    ":status 000": answered(":status: 000"),
    ":status 099": answered(":status: 099"),
    ":status behind a field": answered("x-a: b", ":status: 200"),
    "another pseudo field": answered(":status: 200", ":path: /"),
    "an unknown pseudo field": answered(":status: 200", ":what: 1"),
    "a capital": answered(":status: 200", "X-a: b"),
    "all capitals": answered(":status: 200", "CONTENT-LENGTH: 11"),
    "a blank in a name": answered(":status: 200", "x a: b"),
    "a colon in a name": answered(":status: 200", ("x:a", "b")),
    "an empty name": answered(":status: 200", ("", "b")),
    "NUL in a name": answered(":status: 200", ("x\0a", "b")),
    "a line end in a name": answered(":status: 200", ("x-a\r\nx-b", "c")),
    "CR in a value": answered(":status: 200", ("x-a", "a\rx-b: c")),
    "LF in a value": answered(":status: 200", ("x-a", "a\nx-b: c")),
    "CRLF in a value": answered(":status: 200", ("x-a", "a\r\nx-injected: c")),
    "NUL in a value": answered(":status: 200", ("x-a", "a\0b")),
    "a control byte in a value": answered(":status: 200", ("x-a", "a\x01b")),
    "transfer-encoding": answered(":status: 200", "transfer-encoding: chunked"),
    "connection": answered(":status: 200", "connection: close"),
    "keep-alive": answered(":status: 200", "keep-alive: timeout=5"),
    "proxy-connection": answered(":status: 200", "proxy-connection: keep-alive"),
    "upgrade": answered(":status: 200", "upgrade: h2c"),
    "101": [head("101"), *DONE],
    "an early head that ends the stream": [head("103", end=True)],
    "data before the head": [data(OK[:3]), *DONE],
    "data behind an early head": [head("103"), data(end=True)],
}

STREAMS = {
    **{f"head: {name}": H2Case(script, FAILED, EITHER) for name, script in HEADS.items()},
    "a head within the body": H2Case([head(), data(OK[:5]), head("200"), data(OK[5:], True)], BROKEN, EITHER),
    "trailers with :status": H2Case([head(), data(), fields_of(":status: 200", end=True)], BROKEN, EITHER),
    "data behind trailers": H2Case([*DONE[:1], data(), fields_of("x-t: 1", end=True), data(b"more")], ANY, EITHER),
    "data behind the end": H2Case([Once([*DONE, data(b"more", True)])], ANY, EITHER),
    "a head behind the end": H2Case([Once([*DONE, head("200", end=True)])], ANY, EITHER),
    "data behind a reset": H2Case([Once([head(), rst(Code.CANCEL), data(b"more")])], BROKEN, EITHER),
    "a window of 0": H2Case([head(), window(0), 0.05, data(end=True)], BROKEN, EITHER),
    "a window that overflows": H2Case([head(), window(2 ** 31 - 1), 0.05, data(end=True)], BROKEN, EITHER),
    "PRIORITY of four bytes": H2Case([head(), on_stream(PRIORITY, 0, b"\0" * 4), 0.05, data(end=True)], ANY, EITHER),
    "a stream that depends on itself": H2Case(
        [head(), lambda stream: frame(PRIORITY, 0, stream.id, stream.id.to_bytes(4, "big") + b"\1"), 0.05,
         data(end=True)], ANY, EITHER),
    "padding of the whole frame": H2Case([head(), on_stream(DATA, PADDED | END_STREAM, b"\x04" + b"\0" * 4)],
                                         OneOf(Whole(b""), FAILED), EITHER),
}

# Where the connection cannot go on: all of its streams are broken, and the next request takes another.
FATAL = {
    "data on no stream": [frame(DATA, 0, 0, OK)],
    "data on a stream that is not open": [frame(DATA, 0, 9001, OK)],
    "data on a stream of the upstream's": [frame(DATA, 0, 2, OK)],
    "a head on no stream": [frame(HEADERS, END_HEADERS, 0, block(":status: 200"))],
    "a head on a stream that is not open": [headers(9001, block(":status: 200"))],
    "a head on a stream of the upstream's": [headers(2, block(":status: 200"))],
    "a pushed request": [on_stream(PUSH_PROMISE, END_HEADERS, b"\0\0\0\2" + block(
        ":method: GET", ":scheme: https", ":authority: a", ":path: /"))],
    "RST_STREAM of no stream": [frame(RST_STREAM, 0, 0, b"\0" * 4)],
    "RST_STREAM of a stream that is not open": [frame(RST_STREAM, 0, 9001, b"\0" * 4)],
    "RST_STREAM of three bytes": [on_stream(RST_STREAM, 0, b"\0" * 3)],
    "settings on a stream": [on_stream(SETTINGS_FRAME)],
    "settings of five bytes": [frame(SETTINGS_FRAME, 0, 0, b"\0" * 5)],
    "an acknowledgement with settings": [frame(SETTINGS_FRAME, ACK, 0, b"\0\4\0\1\0\0")],
    "a window setting of 2 to the 31": [frame(SETTINGS_FRAME, 0, 0, b"\0\4\x80\0\0\0")],
    "a frame size of 1": [frame(SETTINGS_FRAME, 0, 0, b"\0\5\0\0\0\1")],
    "PING of seven bytes": [frame(PING, 0, 0, b"\0" * 7)],
    "PING on a stream": [on_stream(PING, 0, b"\0" * 8)],
    "GOAWAY on a stream": [on_stream(GOAWAY, 0, b"\0" * 8)],
    "GOAWAY of four bytes": [frame(GOAWAY, 0, 0, b"\0" * 4)],
    "a window of 0 for all": [connection_window(0)],
    "a window for all that overflows": [connection_window(2 ** 31 - 1)],
    "a window for a stream that is not open": [frame(WINDOW_UPDATE, 0, 9001, b"\0\0\0\1")],
    "WINDOW_UPDATE of three bytes": [on_stream(WINDOW_UPDATE, 0, b"\0\0\1")],
    "CONTINUATION of nothing": [on_stream(CONTINUATION, END_HEADERS, block("x-a: b"))],
    "a frame within a head": [on_stream(HEADERS, 0, block(":status: 200")), ping()],
    "another stream's frame within a head": [on_stream(HEADERS, 0, block(":status: 200")),
                                             frame(CONTINUATION, END_HEADERS, 9001, block("x-a: b"))],
    "padding longer than the frame": [head(), on_stream(DATA, PADDED, b"\x09ab")],
    "padding longer than the head": [on_stream(HEADERS, PADDED | END_HEADERS, b"\xff" + block(":status: 200"))],
    "a padded frame without a length of it": [head(), on_stream(DATA, PADDED, b"")],
    "a head with half a priority": [on_stream(HEADERS, HAS_PRIORITY | END_HEADERS, b"\0\0")],
    "a frame larger than allowed": [head(), on_stream(DATA, 0, b"x" * 16_385)],
    "a head larger than allowed": [on_stream(HEADERS, END_HEADERS, block(":status: 200", ("x-a", "a" * 16_400)))],
    "a frame of 16 MB, announced": [on_stream(DATA, 0, b"x" * 100_000, (1 << 24) - 1)],
    "HTTP/1.1": [b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + OK],
    "garbage": [bytes(range(256)) * 40],
}

# Header blocks that cannot be read leave the table behind in a state that nobody knows.
STATUS = b"\x88"  # :status 200, by its index
FATAL |= {f"HPACK: {name}": [on_stream(HEADERS, END_HEADERS, encoded)] for name, encoded in {
    "index 0": STATUS + b"\x80",
    "an index that is not there": STATUS + number(70, 7, 0x80),
    "a huge index": STATUS + b"\xff\xff\xff\xff\xff\x0f",
    "an endless index": STATUS + b"\xff" + b"\xff" * 50,
    "a name's index that is not there": STATUS + number(99, 6, 0x40) + text("a"),
    "a value cut short": STATUS + b"\0" + text("x-a") + b"\x20ab",
    "a name without a value": STATUS + b"\0" + text("x-a"),
    "a length that is cut short": STATUS + b"\0" + text("x-a") + b"\x7f\x80",
    "a huge length": STATUS + b"\0\x7f\xff\xff\xff\xff\x7f",
    "Huffman bits that are padded wrong": STATUS + b"\0" + text("x-a") + b"\x81\x00",
    "Huffman bits with an end": STATUS + b"\0" + text("x-a") + b"\x84\xff\xff\xff\xff",
    "a table larger than allowed": number(1 << 20, 5, 0x20) + STATUS,
    "a table's size behind a field": STATUS + number(0, 5, 0x20) + b"\0" + text("x-a") + text("b"),
}.items()}

CASES = {name: case for name, case in STREAMS.items()} | {
    name: H2Case([Once(script), wait_for_end], BROKEN, GONE) for name, script in FATAL.items()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule_that_is_broken(way: H2Way, case: H2Case):  # noqa: F811
    check_case(way, case)
