"""Bodies over HTTP/2: windows, many streams at once, uploads, early replies, and clients that leave."""

import json
import random

import pytest

from harness.eventually import eventually
from harness.exact_upstream import CASE
from harness.h2_frames import (Code, Setting, body, change, data, frame, head, read_body, reply, rst, settled,
                               wait_for_end)
from harness.h2_ways import Companion, H2Way, own_way, way  # noqa: F401
from harness.raw_servers import LAST_CHUNK, chunk
from harness.requests import chat
from harness.ways import Whole
from harness.wire import Wire, message
from test_upstream_uploads import CHAT, JSON, KINDS, NO, SIZES, ask

LARGE = bytes(range(251)) * 80_000  # 20 MB


# -- replies -----------------------------------------------------------------------------------------------------

def test_a_large_reply_arrives_byte_for_byte(way: H2Way):  # noqa: F811
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        Whole(LARGE).check(way.ask(reply(LARGE), wire=two))
        Whole().check(companion.finish())


@pytest.mark.parametrize("piece", [1, 100, 16_384])
def test_replies_side_by_side_do_not_mix(way: H2Way, piece):  # noqa: F811
    count, length = 8, piece * 150
    bodies = [bytes([65 + number]) * (length + number) for number in range(count)]
    with way.together(count) as (wires, number):
        cases = [way.begin(wire, [head(), 0.02, body(each, piece=piece)]) for wire, each in zip(wires, bodies)]
        for wire, each in zip(wires, bodies):
            Whole(each).check(wire.read_reply())
        assert {way.stream(case).connection for case in cases} == {number}


def test_pieces_of_every_size_arrive(way: H2Way):  # noqa: F811
    chance = random.Random(7)
    pieces = [chance.randbytes(chance.choice([0, 1, 2, 100, 4095, 16_384])) for _ in range(200)]
    script = [head(), *(step for piece in pieces for step in ([body(piece, end=False)] if piece else [data(b"")])),
              data(b"", end=True)]
    Whole(b"".join(pieces)).check(way.ask(script))


def test_each_part_of_a_stream_is_handed_on_at_once(way: H2Way):  # noqa: F811
    """The next part comes only when the client has the one before."""
    got = []
    def part(number: int) -> list:
        return [data(b"part %02d;" % number),
                lambda _: eventually(lambda: len(got) > number, "the client has it") and None]

    steps = [step for number in range(20) for step in part(number)]
    with Wire(way.weir.port) as wire:
        way.begin(wire, [head("200", "content-type: text/plain"), *steps, data(b"", end=True)])
        answer = wire.read_head()
        for number in range(20):
            while b"part %02d;" % number not in wire.pending:
                wire._fill()
            got.append(number)
        Whole(b"".join(b"part %02d;" % number for number in range(20))).check(wire.read_body(answer))


# -- requests ----------------------------------------------------------------------------------------------------

def received(way: H2Way, answer) -> bytes:  # noqa: F811
    Whole().check(answer)
    [stream] = way.upstream.asked_for(answer.case)
    way.check_upstream()
    return stream.body


@pytest.mark.parametrize("size, length", [(65_535, 600_000), (65_535, 20_000_000), (1000, 600_000), (1, 300)])
def test_an_upload_fits_every_window(own_way, size, length):  # noqa: F811
    way = own_way(initial={Setting.INITIAL_WINDOW_SIZE: size})
    payload = (bytes(range(251)) * (length // 251 + 1))[:length]
    assert received(way, way.ask(reply(), "POST", body=payload)) == payload
    if length < 1_000_000:
        payload = json.dumps(chat("x" * length)).encode()
        assert received(way, way.ask(reply(), "POST", CHAT, [JSON], payload)) == payload


@pytest.mark.parametrize("sizes", [[1], [70_000, 1, 300_000], [16_384] * 5])
def test_a_chunked_upload_arrives(way: H2Way, sizes):  # noqa: F811
    parts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    answer = way.ask(reply(), "POST", headers=[("Transfer-Encoding", "chunked")],
                     body=b"".join(map(chunk, parts)) + LAST_CHUNK)
    assert received(way, answer) == b"".join(parts)
    assert way.stream(answer.case).get("content-length") is None


def test_a_large_chunked_upload_arrives_beside_others(way: H2Way):  # noqa: F811
    with way.together(3) as ((one, two, three), number):
        companion = Companion(way, one)
        chunks = [chunk(LARGE[at:at + 100_000]) for at in range(0, len(LARGE), 100_000)]
        case = way.begin(two, reply(), "POST", headers=[("Transfer-Encoding", "chunked")],
                         body=b"".join(chunks) + LAST_CHUNK)
        assert way.prime(three) == number
        Whole().check(two.read_reply())
        assert way.stream(case).body == LARGE
        Whole().check(companion.finish())


def test_an_upload_whose_window_is_shut_does_not_hold_others_up(own_way):  # noqa: F811
    way = own_way(initial={Setting.INITIAL_WINDOW_SIZE: 1000}, gives_credit=False)
    with way.together() as ((one, two), number):
        case = way.begin(one, [None, lambda stream: stream.wait(lambda: len(stream.body) >= 1000, "the window is full"),
                               wait_for_go, lambda stream: stream.peer.change({Setting.INITIAL_WINDOW_SIZE: 40_000}),
                               read_body, *reply()], "POST", body=b"x" * 30_000)
        stream = way.stream(case)
        eventually(lambda: len(stream.body) == 1000, "the window is full")
        for _ in range(5):
            assert way.prime(two) == number
        assert received(way, way.ask(reply(), "POST", body=b"y" * 900, wire=two)) == b"y" * 900
        assert len(stream.body) == 1000
        stream.may_go = True
        Whole().check(one.read_reply())
        assert stream.body == b"x" * 30_000


def wait_for_go(stream) -> None:
    eventually(lambda: getattr(stream, "may_go", False), "the test lets it go on", 10)


def test_the_window_may_shrink_below_nothing_and_grow_again(own_way):  # noqa: F811
    way = own_way(gives_credit=False)

    def grow(stream) -> None:
        with stream.peer.changed:
            stream.peer.credit += 100_000
        stream.send(frame(8, 0, 0, (100_000).to_bytes(4, "big")))
        stream.peer.change({Setting.INITIAL_WINDOW_SIZE: 90_000})

    answer = way.ask([None, lambda stream: stream.wait(lambda: len(stream.body) >= 65_535, "a full window"),
                      change({Setting.INITIAL_WINDOW_SIZE: 100}), settled, grow, settled, read_body, *reply()],
                     "POST", body=b"x" * 80_000)
    assert received(way, answer) == b"x" * 80_000


def test_larger_frames_are_allowed_and_none_is_larger(own_way):  # noqa: F811
    way = own_way(initial={Setting.INITIAL_WINDOW_SIZE: 1_000_000})
    way.ask([change({Setting.MAX_FRAME_SIZE: 40_000}), settled, *reply()])
    assert received(way, way.ask(reply(), "POST", body=LARGE[:900_000])) == LARGE[:900_000]


# -- replies before the request is over --------------------------------------------------------------------------

REFUSALS = {
    "and ends the stream": [head("413", f"content-length: {len(NO)}"), data(NO, end=True), rst(Code.NO_ERROR)],
    "and cancels the stream": [head("413", f"content-length: {len(NO)}"), data(NO, end=True), 0.05, rst(Code.CANCEL)],
    "and waits": [head("413"), data(NO, end=True), wait_for_end],
    "and reads on": [head("413"), data(NO, end=True), 0.05, read_body],
}


@KINDS
@SIZES
@pytest.mark.parametrize("script", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_before_the_body_was_read_reaches_the_client(way: H2Way, script, size, kind):  # noqa: F811
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        answer = ask(way, two, [None, *script], kind, size)
        Whole(NO, 413).check(answer)
        assert len(way.upstream.asked_for(answer.case)) == 1
        Whole().check(companion.finish())
        assert way.prime(one) == number


@KINDS
def test_early_heads_while_the_body_is_on_its_way(way: H2Way, kind):  # noqa: F811
    with Wire(way.weir.port) as wire:
        answer = ask(way, wire, [None, head("100"), 0.02, head("103"), read_body, *reply()], kind, 600_000)
        Whole().check(answer)
        assert len(way.stream(answer.case).body) >= 600_000


# -- clients that leave ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method, script", [
    ("GET", [wait_for_end]), ("POST", [wait_for_end]), ("GET", [head(), wait_for_end]),
    ("GET", [head(), data(), wait_for_end]),
    ("GET", [head("200", "content-length: 100000000"), body(LARGE), wait_for_end])],
    ids=["before the head", "before the head of a POST", "before the body", "in the body", "in a large body"])
def test_a_client_that_leaves_has_its_stream_alone_reset(way: H2Way, method, script):  # noqa: F811
    payload = json.dumps(chat()).encode() if method == "POST" else b""
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        case = way.begin(two, script, method, CHAT if payload else "/v1/files", [JSON] if payload else [], payload)
        stream = way.stream(case)
        two.close()
        eventually(lambda: stream.reset is not None, "the stream is reset", 3)
        assert stream.reset in (Code.CANCEL, Code.NO_ERROR)
        Whole().check(companion.finish())
        assert way.prime(one) == number


@pytest.mark.parametrize("kind", ["sized", "chunked"])
def test_a_client_that_leaves_while_it_uploads_has_its_stream_reset(way: H2Way, kind):  # noqa: F811
    """The upstream must not take what came for the whole request."""
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        case = way.upstream.case([None, wait_for_end])
        framing = ("Transfer-Encoding", "chunked") if kind == "chunked" else ("Content-Length", "5000000")
        two.send(message("POST", "/v1/files", [(CASE, case), framing]) + chunk(b"x" * 1000))
        stream = way.stream(case)
        two.close()
        eventually(lambda: stream.reset is not None, "the stream is reset", 3)
        assert not stream.is_ended
        Whole().check(companion.finish())
        assert way.prime(one) == number


def test_an_upstream_that_resets_an_upload_fails_it(way: H2Way):  # noqa: F811
    with way.together() as ((one, two), number):
        companion = Companion(way, one)
        answer = ask(way, two, [None, lambda stream: stream.wait(lambda: stream.parts, "data"),
                                rst(Code.INTERNAL_ERROR)], "chunked", 8_000_000)
        assert answer.status == 502 and answer.is_complete
        assert len(way.upstream.asked_for(answer.case)) == 1
        Whole().check(companion.finish())
        assert way.prime(one) == number
