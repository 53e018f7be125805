"""Replies of an HTTP/2 upstream, frame by frame, right and slightly wrong, and what else runs on their connection.

RFC 9113, sections 4, 6 and 8. What a hostile upstream does is in test_h2_hostile.py.
"""

import pytest

from harness.h2_frames import (ACK, DATA, END_STREAM, OK, PRIORITY, Code, Cut, Once, Setting, change, connection_window,
                               data, fields_of, frame, head, on_stream, ping, rst, window)
from harness.h2_ways import FAILED, H2Case, check_case, way  # noqa: F401
from harness.ways import EITHER, Broken, OneOf, Whole

LENGTH = "content-length: 11"
PRIORITIES = b"\0\0\0\0\x10"
PLAIN = [head("200", LENGTH), data(end=True)]

USUAL = {
    "a head and data": H2Case(PLAIN),
    "all in one write": H2Case([Once(PLAIN)]),
    "without a length": H2Case([head(), data(end=True)]),
    "data in pieces": H2Case([head(), *(data(OK[at:at + 1]) for at in range(11)), data(b"", end=True)]),
    "empty data between": H2Case([head("200", LENGTH), data(b""), data(OK[:3]), data(b""), data(OK[3:]),
                                  data(b"", True)]),
    "padded data": H2Case([head("200", LENGTH), data(OK[:4], pad=0), data(OK[4:], True, pad=255)]),
    "data of padding alone": H2Case([head("200", LENGTH), data(b"", pad=100), data(OK, True)]),
    "a padded head": H2Case([head("200", LENGTH, pad=33), data(end=True)]),
    "a head with a priority": H2Case([head("200", LENGTH, priority=PRIORITIES), data(end=True)]),
    "a padded head with a priority": H2Case([head("200", LENGTH, priority=PRIORITIES, pad=7), data(end=True)]),
    "a head in two": H2Case([head("200", LENGTH, cuts=[9]), data(end=True)]),
    "a head in many": H2Case([head("200", LENGTH, cuts=range(5, 40, 5)), data(end=True)]),
    "a head in two, the first empty": H2Case([head("200", LENGTH, cuts=[0]), data(end=True)]),
    "a head in two, the last empty": H2Case([head("200", "x-a: b", cuts=[10 + 5 + 1]), data(end=True)], fate=EITHER),
    "no body": H2Case([head("200", end=True)], Whole(b"")),
    "no body, and a length of 0": H2Case([head("200", "content-length: 0", end=True)], Whole(b"")),
    "no body, in two frames": H2Case([head(), data(b"", True)], Whole(b"")),
    "204": H2Case([head("204", end=True)], Whole(b"", 204)),
    "204 in two frames": H2Case([head("204"), data(b"", True)], Whole(b"", 204)),
    "304": H2Case([head("304", "etag: \"e\"", end=True)], Whole(b"", 304)),
    "304 and a length": H2Case([head("304", LENGTH, end=True)], Whole(b"", 304)),
    "404": H2Case([head("404", LENGTH), data(end=True)], Whole(OK, 404)),
    "599": H2Case([head("599", LENGTH), data(end=True)], Whole(OK, 599)),
    "HEAD": H2Case([head("200", end=True)], Whole(b""), method="HEAD"),
    "HEAD and a length": H2Case([head("200", LENGTH, end=True)], Whole(b""), method="HEAD"),
    "HEAD in two frames": H2Case([head("200", LENGTH), data(b"", True)], Whole(b""), method="HEAD"),
    "trailers": H2Case([head("200", LENGTH), data(), fields_of("x-t: 1", "grpc-status: 0", end=True)]),
    "trailers without a body": H2Case([head(), fields_of("x-t: 1", end=True)], Whole(b"")),
    "trailers in pieces": H2Case([head(), data(), fields_of("x-t: 1", "x-u: 2", end=True, cuts=[3, 7])]),
    "100": H2Case([head("100"), *PLAIN]),
    "103": H2Case([head("103", "link: </x>; rel=preload"), *PLAIN]),
    "twenty early heads": H2Case([*[head("103", "link: </x>")] * 20, *PLAIN]),
    "an early head in pieces": H2Case([head("103", "link: </x>", cuts=[4, 9]), *PLAIN]),
}

BESIDE = {
    "PRIORITY": H2Case([on_stream(PRIORITY, 0, PRIORITIES), PLAIN[0], on_stream(PRIORITY, 0, PRIORITIES), PLAIN[1]]),
    "PRIORITY of another stream": H2Case([frame(PRIORITY, 0, 2001, PRIORITIES), *PLAIN]),
    "an unknown frame": H2Case([frame(0xee, 0xff, 0, b"what"), PLAIN[0], on_stream(0xee, 0xff, b"x" * 500), PLAIN[1]]),
    "ALTSVC and ORIGIN": H2Case([frame(0xa, 0, 0, b"\0\x01ah2=\":1\""), frame(0xc, 0, 0, b"\0\x0bhttps://a.b"),
                                 *PLAIN]),
    "flags that mean nothing": H2Case([PLAIN[0], on_stream(DATA, END_STREAM | 0x52, OK)]),
    "the reserved bit": H2Case([PLAIN[0], lambda stream: frame(DATA, END_STREAM, stream.id | 1 << 31, OK)]),
    "PING": H2Case([ping(), PLAIN[0], ping(b"abcdefgh"), PLAIN[1]]),
    "an answer to no PING": H2Case([ping(flags=ACK), *PLAIN]),
    "SETTINGS": H2Case([change({}), PLAIN[0], change({Setting.MAX_CONCURRENT_STREAMS: 100}), PLAIN[1]]),
    "unknown settings": H2Case([change({0xf0f0: 1, 99: 2}), *PLAIN]),
    "a smaller table": H2Case([change({Setting.HEADER_TABLE_SIZE: 0}), *PLAIN,
                               change({Setting.HEADER_TABLE_SIZE: 4096})]),
    "larger frames": H2Case([change({Setting.MAX_FRAME_SIZE: 1 << 20}), *PLAIN]),
    "windows": H2Case([connection_window(1), window(1), PLAIN[0], window(1000), connection_window(1000), PLAIN[1]]),
    "a window for a stream that is over": H2Case([*PLAIN, window(5)]),
    "RST_STREAM for a stream that is over": H2Case([*PLAIN, rst(Code.NO_ERROR)]),
    "pauses": H2Case([0.05, PLAIN[0], 0.05, data(OK[:5]), 0.05, data(OK[5:], True)]),
}

# What has come of a reply when it breaks may not have been handed on yet.
BROKEN = OneOf(Broken(), FAILED)

# How a stream can fail without its connection.
FAILURES = {
    "RST_STREAM before the head": H2Case([rst(Code.INTERNAL_ERROR)], FAILED),
    "CANCEL before the head": H2Case([rst(Code.CANCEL)], FAILED),
    "ENHANCE_YOUR_CALM before the head": H2Case([rst(Code.ENHANCE_YOUR_CALM)], FAILED),
    "NO_ERROR before the head": H2Case([rst(Code.NO_ERROR)], FAILED),
    "an unknown code": H2Case([rst(0xdeadbeef)], FAILED),
    "RST_STREAM behind an early head": H2Case([head("103"), rst(Code.CANCEL)], FAILED),
    "RST_STREAM behind the head": H2Case([head(), rst(Code.CANCEL)], BROKEN),
    "RST_STREAM in the body": H2Case([head(), data(OK[:5]), rst(Code.INTERNAL_ERROR)], BROKEN),
    "RST_STREAM in a sized body": H2Case([head("200", LENGTH), data(OK[:5]), rst(Code.CANCEL)], BROKEN),
    "RST_STREAM before the end": H2Case([head(), data(), rst(Code.CANCEL)], BROKEN),
    "RST_STREAM later": H2Case([head(), data(), 0.05, rst(Code.CANCEL)], Broken()),
    "NO_ERROR in the body": H2Case([head(), data(OK[:5]), rst(Code.NO_ERROR)], BROKEN),
    "REFUSED_STREAM behind the head": H2Case([head(), rst(Code.REFUSED_STREAM)], BROKEN),
    "REFUSED_STREAM twice": H2Case([rst(Code.REFUSED_STREAM)], FAILED, EITHER),
}

# Where a reply breaks HTTP's rules: the stream's error, or at worst the connection's.
LENGTHS = {
    "too large": H2Case([head("200", "content-length: 12"), data(end=True)], BROKEN, EITHER),
    "too small": H2Case([head("200", "content-length: 5"), data(end=True)], OneOf(Broken(), FAILED), EITHER),
    "one without a body": H2Case([head("200", LENGTH, end=True)], OneOf(Broken(), FAILED), EITHER),
    "two that differ": H2Case([head("200", LENGTH, "content-length: 5"), data(end=True)], FAILED, EITHER),
    "twice the same": H2Case([head("200", LENGTH, LENGTH), data(end=True)], OneOf(Whole(), FAILED), EITHER),
    "negative": H2Case([head("200", "content-length: -11"), data(end=True)], FAILED, EITHER),
    "letters": H2Case([head("200", "content-length: many"), data(end=True)], FAILED, EITHER),
    "2 to the 64 plus 11": H2Case([head("200", "content-length: 18446744073709551627"), data(end=True)], FAILED,
                                  EITHER),
    "cut short by trailers": H2Case([head("200", "content-length: 12"), data(), fields_of("x-t: 1", end=True)], BROKEN,
                                    EITHER),
}

CASES = {"usual": USUAL, "beside": BESIDE, "failure": FAILURES, "length": LENGTHS}
NAMED = [pytest.param(case, id=f"{group}: {name}") for group, cases in CASES.items() for name, case in cases.items()]


@pytest.mark.parametrize("case", NAMED)
def test_a_reply_in_frames(way, case):  # noqa: F811
    check_case(way, case)


PIECES = {
    "usual": [head("200", LENGTH), data(end=True)],
    "early head, trailers": [head("103", "link: </x>"), head("200", cuts=[5]), data(pad=3),
                             fields_of("x-t: 1", end=True)],
    "a frame of each kind": [ping(), frame(0xee, 0, 0, b"what"), connection_window(5), head("200", pad=2), window(7),
                             on_stream(PRIORITY, 0, PRIORITIES), data(b""), data(end=True)],
}


@pytest.mark.parametrize("size", [1, 2, 5, 8, 9, 10, 13])
@pytest.mark.parametrize("steps", PIECES.values(), ids=PIECES)
def test_a_reply_may_be_cut_anywhere(way, steps, size):  # noqa: F811
    if size == 1 and steps is PIECES["early head, trailers"]:
        pytest.skip("nghttp2 1.52 counts each read of a CONTINUATION's nine bytes as one of the eight that it allows")
    check_case(way, H2Case([Cut(steps, size)]))


@pytest.mark.parametrize("size", [1, 5, 22])
def test_records_may_be_cut_anywhere(way, size):  # noqa: F811
    def cut(stream) -> None:
        stream.peer.secure.sendall(Once(PLAIN)(stream), size)
    check_case(way, H2Case([cut]))
