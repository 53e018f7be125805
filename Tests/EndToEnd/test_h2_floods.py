"""HTTP/2 upstreams that send too much of something: weir's memory stays bounded, and other requests are served."""

import pytest

from harness.eventually import eventually
from harness.h2_frames import (CONTINUATION, HEADERS, OK, PRIORITY, Code, Setting, block, connection_window,
                               data, frame, head, headers, number, on_stream, ping, reply, rst, settings, text,
                               window)
from harness.h2_ways import FAILED, Companion, H2Way, way  # noqa: F401
from harness.ways import OneOf, Whole
from harness.wire import Wire

SETTINGS = {"WEIR_TIMEOUT_FIRST_BYTE": "3", "WEIR_TIMEOUT_IDLE": "3"}
ROOM = 24_000_000  # what memory may grow by


class Any:
    """Whatever a client can make sense of: the whole reply, one that visibly breaks off, or an error."""

    @staticmethod
    def check(reply) -> None:  # noqa: F811
        if reply.status == 200:
            assert OK.startswith(reply.body) and (reply.body == OK) >= reply.is_complete
        else:
            FAILED.check(reply)


def many(step, count: int):
    """So many of them in a few writes."""
    def play(stream) -> None:
        one = step if isinstance(step, bytes) else step(stream)
        for _ in range(10):
            stream.send(one * (count // 10))
    return play


def deaf(stream) -> None:
    """Nothing is read of the connection any more, so that answers pile up."""
    stream.peer.reads.clear()


def hearing(stream) -> None:
    stream.peer.reads.set()


BETWEEN = {
    "PING": many(ping(), 100_000),
    "answers to PING": many(ping(flags=1), 100_000),
    "settings": many(settings({Setting.INITIAL_WINDOW_SIZE: 65_535}), 50_000),
    "empty settings": many(settings(), 50_000),
    "a table of many sizes": many(settings({Setting.HEADER_TABLE_SIZE: 0}) +
                                  settings({Setting.HEADER_TABLE_SIZE: 9999}), 20_000),
    "empty data": many(data(b""), 50_000),
    "data of padding": many(data(b"", pad=10), 20_000),
    "unknown frames": many(frame(0xee, 0, 0, b"x" * 20), 50_000),
    "unknown large frames": many(frame(0xee, 0, 0, b"x" * 16_000), 1000),
    "priorities": many(on_stream(PRIORITY, 0, b"\0\0\0\0\x10"), 50_000),
    "priorities of other streams": lambda stream: stream.send(b"".join(
        frame(PRIORITY, 0, at, b"\0\0\0\0\x10") for at in range(100_001, 200_001, 2))),
    "windows": many(window(1), 50_000),
    "windows for all": many(connection_window(1), 50_000),
    "RST_STREAM of a stream that is over": many(frame(3, 0, 1, b"\0\0\0\0"), 50_000),
    "data of a stream that is over": many(frame(0, 0, 1, b"x"), 50_000),
    "heads of a stream that is over": many(headers(1, block(":status: 200")), 20_000),
    "ALTSVC": many(frame(0xa, 0, 0, b"\0\1a" + b"x" * 50), 20_000),
}


def check_flood(way: H2Way, script, outcome=Any()) -> None:  # noqa: F811
    """The flood comes beside another request."""
    way.weir.ask("GET", "/nowhere")
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        before = way.weir.process.resident_bytes()
        answer = way.ask(script, wire=two)
        outcome.check(answer)
        assert way.weir.process.resident_bytes() < before + ROOM
        way.upstream.peers[number].reads.set()
        Any.check(companion.finish())
    way.upstream.violations.clear()  # acknowledgements of settings that were not counted
    with Wire(way.weir.port) as wire:
        way.prime(wire)
        Whole().check(way.ask(reply(), wire=wire))
    way.upstream.violations.clear()


@pytest.mark.parametrize("flood", BETWEEN.values(), ids=BETWEEN)
def test_a_flood_within_a_reply(way: H2Way, flood):  # noqa: F811
    check_flood(way, [head(), flood, data(end=True)])


@pytest.mark.parametrize("name", ["PING", "settings", "windows", "RST_STREAM of a stream that is over",
                                  "data of a stream that is over"])
def test_a_flood_whose_answers_are_not_read(way: H2Way, name):  # noqa: F811
    check_flood(way, [head(), deaf, BETWEEN[name], BETWEEN[name], hearing, data(end=True)])


def test_an_upstream_that_ignores_the_window_of_a_slow_client(way: H2Way):  # noqa: F811
    way.weir.ask("GET", "/nowhere")
    before = way.weir.process.resident_bytes()
    with Wire(way.weir.port, receive_buffer=65_536) as slow:
        case = way.begin(slow, [head(), *[lambda stream: stream.send(data(b"x" * 16_384)(stream) * 100)] * 40,
                                data(b"", end=True)])
        stream = way.stream(case)
        eventually(lambda: stream.is_answered or stream.reset is not None, "all is sent, or no more is taken", 10)
        assert way.weir.process.resident_bytes() < before + ROOM
        assert not slow.read_reply().is_complete
    with Wire(way.weir.port) as wire:
        way.prime(wire)
    way.upstream.violations.clear()


# -- heads -------------------------------------------------------------------------------------------------------

LARGE = ("x-a", "a" * 4000)
# A field that the table then holds, and many references to it.
STORED = b"\x40" + text(LARGE[0]) + text(LARGE[1])
REFERENCE = number(62, 7, 0x80)


def bomb(count: int, end: bool = False):
    """A head that grows to so many times four kilobytes."""
    encoded = b"\x88" + STORED + REFERENCE * count
    return lambda stream: headers(stream.id, encoded, end, cuts=range(16_000, len(encoded), 16_000))


HEADS = {
    "over 256 KiB": [bomb(70), data(end=True)],
    "a bomb of 60 MB": [bomb(15_000), data(end=True)],
    "a bomb of 500 MB": [bomb(125_000), data(end=True)],
    "a bomb that ends the stream": [bomb(15_000, end=True)],
    "an endless head": [on_stream(HEADERS, 0, block(":status: 200")),
                        many(on_stream(CONTINUATION, 0, block("x-a: b") * 1000), 300)],
    "an endless head of nothing": [on_stream(HEADERS, 0, block(":status: 200")),
                                   many(on_stream(CONTINUATION, 0), 50_000)],
    "an endless field": [on_stream(HEADERS, 0, b"\x88\0" + text("x-a") + b"\x7f\xff\xff\xff\x7f"),
                         many(on_stream(CONTINUATION, 0, b"a" * 16_384), 300)],
}


@pytest.mark.parametrize("script", HEADS.values(), ids=HEADS)
def test_a_head_that_is_too_large(way: H2Way, script):  # noqa: F811
    check_flood(way, script, FAILED)


def test_early_heads_without_end(way: H2Way):  # noqa: F811
    check_flood(way, [many(head("103", "link: </" + "x" * 200 + ">"), 20_000), head(), data(end=True)])


def test_trailers_that_are_too_large(way: H2Way):  # noqa: F811
    encoded = STORED + REFERENCE * 100_000
    check_flood(way, [head(), data(), lambda stream: headers(
        stream.id, encoded, True, cuts=range(16_000, len(encoded), 16_000))])


def test_a_head_of_thousands_of_fields_is_passed_on(way: H2Way):  # noqa: F811
    mine = [(f"x-{at}", str(at)) for at in range(4000)]
    encoded = block(":status: 200", *mine)
    cuts = range(16_000, len(encoded), 16_000)
    answer = way.ask([lambda stream: headers(stream.id, encoded, cuts=cuts), data(end=True)])
    Whole().check(answer)
    assert [(name, value) for name, value in answer.headers if name[:3].removeprefix("x-").isdigit()] == mine


def test_a_large_field_is_passed_on(way: H2Way):  # noqa: F811
    answer = way.ask([head("200", ("x-large", "a" * 65_000), cuts=range(16_000, 65_000, 16_000)), data(end=True)])
    Whole().check(answer)
    assert answer.get("x-large") == "a" * 65_000


def test_streams_that_are_all_reset_do_not_use_a_connection_up(way: H2Way):  # noqa: F811
    before = way.weir.process.resident_bytes()
    with Wire(way.weir.port) as wire:
        for at in range(300):
            FAILED.check(way.ask([rst(Code.INTERNAL_ERROR)], wire=wire))
        way.prime(wire)
    assert way.weir.process.resident_bytes() < before + ROOM


def test_data_in_frames_of_one_byte_with_padding_is_whole(way: H2Way):  # noqa: F811
    payload = b"x" * 20_000
    check_flood(way, [head(), lambda stream: stream.send(b"".join(data(b"x", pad=9)(stream) for _ in payload)),
                      data(b"", end=True)], OneOf(Whole(payload), FAILED))
