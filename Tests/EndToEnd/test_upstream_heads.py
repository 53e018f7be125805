"""Heads of upstreams in clear text, right and wrong, by whichever client of weir's, and however their bytes arrive.

RFC 9112, sections 2 to 5. What ends a reply is in test_upstream_framing.py.
"""

import pytest

from harness.exact_upstream import CLOSE, OK, RESET, Cut
from harness.raw_servers import head
from harness.ways import (CUT_SHORT, EITHER, GONE, UNREACHABLE, UNREADABLE, Case, OneOf, Way, Whole,  # noqa: F401
                          check_case, way)
from harness.wire import Wire

SIZED = "Content-Length: 11"


def sized(*lines: str, status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    return head(status, *lines, SIZED, version=version) + OK


def started(line: str) -> bytes:
    """A whole reply that begins with this."""
    return f"{line}\r\n{SIZED}\r\n\r\n".encode("latin-1") + OK


STATUS_LINES = {
    "usual": Case(started("HTTP/1.1 200 OK")),
    "no reason": Case(started("HTTP/1.1 200 ")),
    "no reason and no blank": Case(started("HTTP/1.1 200")),
    "a long reason": Case(started("HTTP/1.1 200 " + "x" * 400)),
    "a reason of odd bytes": Case(started("HTTP/1.1 200 caf\xe9\t(!)")),
    "299": Case(started("HTTP/1.1 299 Strange"), Whole(status=299)),
    "599": Case(started("HTTP/1.1 599 Strange"), Whole(status=599)),
    "600": Case(started("HTTP/1.1 600 Strange"), Whole(status=600)),
    "999": Case(started("HTTP/1.1 999 Strange"), Whole(status=999)),
    "000": Case(started("HTTP/1.1 000 Strange"), UNREADABLE),
    "099": Case(started("HTTP/1.1 099 Strange"), UNREADABLE),
    "two digits": Case(started("HTTP/1.1 20 OK"), UNREADABLE),
    "four digits": Case(started("HTTP/1.1 2000 OK"), UNREADABLE),
    "letters behind the digits": Case(started("HTTP/1.1 200OK"), UNREADABLE, libcurl="takes them for the reason"),
    "letters for digits": Case(started("HTTP/1.1 abc OK"), UNREADABLE),
    "negative": Case(started("HTTP/1.1 -200 OK"), UNREADABLE),
    "two blanks": Case(started("HTTP/1.1  200 OK"), UNREADABLE),
    "a tab": Case(started("HTTP/1.1\t200 OK"), UNREADABLE),
    "no blank": Case(started("HTTP/1.1200 OK"), UNREADABLE),
    "a blank in front": Case(started(" HTTP/1.1 200 OK"), UNREADABLE),
    "a line end in front": Case(started("\r\nHTTP/1.1 200 OK"), UNREADABLE),
    "two line ends in front": Case(started("\r\n\r\nHTTP/1.1 200 OK"), UNREADABLE),
    "HTTP/1.2": Case(started("HTTP/1.2 200 OK"), UNREADABLE),
    "HTTP/1.10": Case(started("HTTP/1.10 200 OK"), UNREADABLE),
    "HTTP/2.0": Case(started("HTTP/2.0 200 OK"), UNREADABLE, libcurl="takes it for HTTP/2"),
    "HTTP/2": Case(started("HTTP/2 200"), UNREADABLE, libcurl="takes it for HTTP/2"),
    "HTTP/3": Case(started("HTTP/3 200"), UNREADABLE),
    "HTTP/0.9": Case(started("HTTP/0.9 200 OK"), UNREADABLE),
    "HTTP/11": Case(started("HTTP/11 200 OK"), UNREADABLE),
    "HTTP/1": Case(started("HTTP/1 200 OK"), UNREADABLE),
    "HTTP/1.": Case(started("HTTP/1. 200 OK"), UNREADABLE),
    "small letters": Case(started("http/1.1 200 OK"), UNREADABLE),
    "another protocol": Case(started("ICY 200 OK"), UNREADABLE),
    "RTSP": Case(started("RTSP/1.0 200 OK"), UNREADABLE),
    "a body without a head": Case([b'{"ok":true}', CLOSE], UNREADABLE),
    "a page without a head": Case([b"<html>\r\n\r\nhello</html>\r\n\r\n", CLOSE], UNREADABLE),
    "binary": Case([bytes(range(256)), CLOSE], UNREADABLE),
    "a TLS alert": Case([b"\x15\x03\x01\x00\x02\x02\x0a", CLOSE], UNREADABLE),
    "an HTTP/2 preface": Case([b"\0\0\x12\x04\0\0\0\0\0" + b"\0" * 18, CLOSE], UNREADABLE),
    "an endless first line": Case(b"HTTP/1.1 200 " + b"x" * 300_000, UNREADABLE, libcurl="calls it out of memory"),
    "an endless first line of something else": Case(b"x" * 300_000, UNREADABLE),
    "bare CR at the end": Case([b"HTTP/1.1 200 OK\rContent-Length: 11\r\r" + OK, CLOSE], CUT_SHORT),
    "bare CR inside": Case(started("HTTP/1.1 200 O\rK"), UNREADABLE),
    "NUL inside": Case(started("HTTP/1.1 200 O\0K"), UNREADABLE),
}

FIELDS = {
    "bare line feeds": Case(sized("X-A: a").split(b"\r\n\r\n")[0].replace(b"\r\n", b"\n") + b"\n\n" + OK, fate=EITHER),
    "no fields": Case([b"HTTP/1.1 200 OK\r\n\r\n" + OK, CLOSE], fate=GONE),
    "folded": Case(sized("X-A: a", "  b"), fate=EITHER),
    "folded by a tab": Case(sized("X-A: a", "\tb"), fate=EITHER),
    "folded first": Case(sized("  X-A: a"), UNREADABLE),
    "folded around the length": Case(head("200 OK", "Content-Length:", " 11") + OK, OneOf(Whole(), UNREADABLE), EITHER),
    "no colon": Case(sized("nonsense"), UNREADABLE),
    "no name": Case(sized(": a"), UNREADABLE),
    "blank before the colon": Case(sized("X-A : a"), UNREADABLE),
    "tab before the colon": Case(sized("X-A\t: a"), UNREADABLE),
    "blank before the length's colon": Case(head("200 OK", "Content-Length : 11") + OK, UNREADABLE),
    "blank in a name": Case(sized("X A: a"), UNREADABLE),
    "NUL in a value": Case(sized("X-A: a\0b"), UNREADABLE),
    "NUL in a name": Case(sized("X\0A: ab"), UNREADABLE),
    "CR in a value": Case(sized("X-A: a\rX-Injected: b"), UNREADABLE),
    "CR CR LF": Case(sized("X-A: a\r"), UNREADABLE),
    "a control byte in a value": Case(sized("X-A: a\x01b"), UNREADABLE),
    "DEL in a value": Case(sized("X-A: a\x7fb"), UNREADABLE),
    "a high byte in a name": Case(sized("X\xe9A: a"), UNREADABLE),
    "over 256 KiB": Case(sized(*["X-A: " + "a" * 4000] * 70), UNREADABLE),
    "over 256 KiB in one line": Case(sized("X-A: " + "a" * 300_000), UNREADABLE),
    "over 256 KiB of early heads": Case(head("103 Early Hints", "Link: " + "a" * 4000) * 70 + sized(), UNREADABLE),
    "without end": Case(head("200 OK")[:-2] + b"X-A: a\r\n" * 40_000, UNREADABLE),
}

# Where the connection ends before the head is whole.
REPLY = sized("X-A: a")
for count in (1, 5, 9, 12, 15, 16, 17, 20, 30, 45):
    outcome = CUT_SHORT if count < 17 else UNREADABLE
    STATUS_LINES[f"closed after {count} bytes"] = Case([REPLY[:count], CLOSE], outcome)
    STATUS_LINES[f"reset after {count} bytes"] = Case([REPLY[:count], 0.05, RESET], outcome)
STATUS_LINES["closed before the first byte"] = Case([CLOSE], UNREACHABLE)
STATUS_LINES["reset before the first byte"] = Case([RESET], UNREACHABLE)

CASES = {"status line": STATUS_LINES, "fields": FIELDS}
NAMED = [pytest.param(case, id=f"{group}: {name}") for group, cases in CASES.items() for name, case in cases.items()]


@pytest.mark.parametrize("case", NAMED)
def test_a_head_that_comes_at_once(way: Way, case: Case):  # noqa: F811
    check_case(way, case)


@pytest.mark.parametrize("case", [each for each in NAMED if each.values[0].size < 1000])
def test_a_head_that_comes_byte_by_byte(way: Way, case: Case):  # noqa: F811
    way.excuse(case.libcurl_late)
    check_case(way, case, case.bytewise())


# -- what of a head reaches the client --------------------------------------------------------------------------

def fields_of(way: Way, *lines: str) -> list:  # noqa: F811
    """The fields named X-… that a client gets of these lines."""
    reply = way.ask(sized(*lines))
    Whole().check(reply)
    return [(name, value) for name, value in reply.headers
            if name.lower().startswith("x-") and not name.startswith(("x-weir-", "x-request-id"))]


def test_fields_keep_their_order_spelling_and_repetitions(way: Way):  # noqa: F811
    mine = [("X-b", "2"), ("x-A", "1"), ("X-b", "2"), ("X-C", "a, b"), ("X-B", "3")]
    assert fields_of(way, *[f"{name}: {value}" for name, value in mine]) == mine


def test_blanks_around_a_value_are_no_part_of_it(way: Way):  # noqa: F811
    assert fields_of(way, "X-A:a", "X-B: \t b \t c \t ", "X-C:", "X-D: ", "X-E:\t\t") == [
        ("X-A", "a"), ("X-B", "b \t c"), ("X-C", ""), ("X-D", ""), ("X-E", "")]


def test_odd_bytes_in_values_and_names_stay(way: Way):  # noqa: F811
    mine = [("X-Latin", "caf\xe9"), ("X-High", "".join(map(chr, range(0x80, 0x100))).strip()),
            ("X-!#$%&'*+.^_`|~", "a"), ("X-Colons", ":a:b:"), ("X-Comma", ",,;=\"")]
    assert fields_of(way, *[f"{name}: {value}" for name, value in mine]) == mine


def test_a_folded_value_is_joined_by_blanks(way: Way):  # noqa: F811
    [(name, value)] = fields_of(way, "X-A: a", "   b", "\tc")
    assert (name, value.split()) == ("X-A", ["a", "b", "c"])


def test_a_large_field_is_passed_on(way: Way):  # noqa: F811
    assert fields_of(way, "X-A: " + "a" * 65_536) == [("X-A", "a" * 65_536)]


def test_thousands_of_fields_are_passed_on(way: Way):  # noqa: F811
    mine = [(f"X-{number}", str(number)) for number in range(4000)]
    assert fields_of(way, *[f"{name}: {value}" for name, value in mine]) == mine


def test_a_large_head_in_odd_pieces_is_passed_on(way: Way):  # noqa: F811
    lines = [f"X-{number}: {'v' * (number % 97)}" for number in range(2000)]
    reply = way.ask([Cut(sized(*lines), 1009)])
    Whole().check(reply)
    assert [f"{name}: {value}" for name, value in reply.headers if name.startswith("X-")] == lines


def test_what_an_early_head_says_is_not_passed_on_as_the_replys(way: Way):  # noqa: F811
    reply = way.ask(head("103 Early Hints", "X-Early: 1", "Content-Length: 3") + sized("X-Late: 1"))
    Whole().check(reply)
    assert reply.get("x-early") is None and reply.all("content-length") == ["11"] and reply.get("x-late") == "1"


def test_what_the_connection_field_names_ends_at_weir(way: Way):  # noqa: F811
    assert fields_of(way, "X-A: 1", "Connection: keep-alive, X-B", "X-B: 2", "connection:x-c", "x-C: 3", "X-D: 4") == [
        ("X-A", "1"), ("X-D", "4")]


def test_trailers_do_not_become_fields(way: Way):  # noqa: F811
    reply = way.ask(head("200 OK", "Transfer-Encoding: chunked", "Trailer: X-T") +
                    b"b\r\n" + OK + b"\r\n0\r\nX-T: 1\r\n\r\n")
    Whole().check(reply)
    assert reply.get("x-t") is None


@pytest.mark.parametrize("code", ["upstream_protocol_error", "upstream_unreachable"])
def test_an_answer_that_is_none_is_counted_once(way: Way, code: str):  # noqa: F811
    before = way.weir.scrape()
    script = {"upstream_protocol_error": [b"nonsense\r\n\r\n", CLOSE], "upstream_unreachable": [CLOSE]}[code]
    with Wire(way.weir.port) as wire:
        reply = way.ask(script, wire=wire)
    assert reply.status == 502 and reply.json()["error"]["code"] == code
    after = way.weir.scrape()
    assert after.sum("weir_errors_total", error_type=code) - before.sum("weir_errors_total", error_type=code) == 1
    assert after.sum("weir_errors_total") - before.sum("weir_errors_total") == 1
    name = "weir_upstream_requests_total"
    assert after.sum(name, status="none") - before.sum(name, status="none") == 1
    assert after.sum(name) - before.sum(name) == 1


def test_a_head_that_names_thousands_of_fields_of_its_hop_is_read_in_no_time(way: Way):  # noqa: F811
    """Not each name is compared with each line."""
    nominating = "Connection: " + "a," * 15_000
    said = head("200 OK", *[nominating] * 4, *["b:"] * 30_000, SIZED) + OK
    # What starting up costs is over.
    way.ask([])
    before = way.weir.process.processor_seconds()
    Whole().check(way.ask(said))
    assert way.weir.process.processor_seconds() - before < 1.5
