"""Replies of an HTTP/1.1 upstream behind TLS: its rules are those without TLS, and TLS tells truly where one ends.

The scripts are a choice of those in test_upstream_framing.py and test_upstream_heads.py, and the tests of connections,
requests and uploads below are the same as without TLS.
"""

import pytest

import test_upstream_framing as framing
import test_upstream_heads as heads
from harness.certificates import authority
from harness.eventually import eventually
from harness.exact_upstream import CLOSE_NOTIFY, CLOSE_RUDELY, OK, PLAIN, CutRecords, ExactUpstream
from harness.raw_servers import chunk, head
from harness.tls_ways import CLIENTS, trusting, way  # noqa: F401
from harness.ways import GONE, UNREACHABLE, Broken, Case, Refused, Way, Whole, check_case
from harness.wire import Wire
from test_upstream_connections import (  # noqa: F401
    test_a_client_that_leaves_before_the_reply_ends_the_upstreams_connection,
    test_a_client_that_leaves_in_the_middle_ends_the_upstreams_connection,
    test_a_connection_that_ended_while_it_rested_is_not_used,
    test_a_connection_whose_reply_broke_is_closed_and_counted,
    test_a_fresh_connection_that_ends_instead_of_a_reply_fails_the_attempt,
    test_a_hundred_requests_in_turn_use_one_connection, test_a_request_is_sent_again_once_only,
    test_a_request_whose_reply_has_begun_is_not_sent_again,
    test_a_used_connection_that_ends_before_the_body_was_read_is_replaced_unseen,
    test_a_used_connection_that_ends_instead_of_a_reply_is_replaced_unseen,
    test_every_kind_of_request_uses_the_connection_of_the_one_before,
    test_twenty_requests_at_once_use_no_more_than_twenty_connections)
from test_upstream_framing import IN_CHUNKS, in_chunks, sized

LENGTH = "Content-Length: 11"


def chosen(cases: dict, *names: str) -> dict:
    return {name: cases[name] for name in names}


# A script that ends a connection by FIN says so by close_notify too: see ExactUpstream.
CASES = {
    "length": chosen(framing.LENGTHS, "one", "zero", "twice the same", "two that differ", "negative", "letters",
                     "larger than the body", "larger, then half closed", "larger, then reset", "smaller than the body"),
    "chunks": chosen(framing.CHUNKS, "usual", "none", "of one byte", "an extension", "several trailers",
                     "a coding and a length", "another coding first", "an unknown coding", "2 to the 64 minus 1",
                     "letters", "a bare CR behind the size", "closed after 1 bytes", "closed after 12 bytes",
                     "closed after 20 bytes", "closed after 23 bytes", "reset in the middle",
                     "half closed in the middle"),
    "connection": framing.CONNECTIONS,
    "interim": chosen(framing.INTERIM, "100", "103", "twenty", "100, then chunks", "100, then the end"),
    "bodiless": chosen(framing.BODILESS, "204", "204 and a body", "304 and a length", "HEAD", "HEAD and a length",
                       "HEAD and a coding", "HEAD and a body"),
    "excess": framing.EXCESS,
    "status line": chosen(heads.STATUS_LINES, "usual", "no reason", "599", "two digits", "HTTP/2", "HTTP/0.9",
                          "another protocol", "a line end in front", "binary", "a TLS alert", "an HTTP/2 preface",
                          "an endless first line of something else", "NUL inside", "closed after 5 bytes",
                          "closed after 20 bytes", "reset after 9 bytes", "closed before the first byte",
                          "reset before the first byte"),
    "fields": chosen(heads.FIELDS, "bare line feeds", "folded", "no colon", "blank before the colon", "NUL in a value",
                     "CR in a value", "over 256 KiB", "without end"),
}
NAMED = [pytest.param(case, id=f"{group}: {name}") for group, cases in CASES.items() for name, case in cases.items()]


@pytest.mark.parametrize("case", NAMED)
def test_a_reply_that_comes_at_once(way: Way, case: Case):  # noqa: F811
    check_case(way, case)


@pytest.mark.parametrize("case", [each for each in NAMED if each.values[0].size < 300][::3])
def test_a_reply_that_comes_byte_by_byte(way: Way, case: Case):  # noqa: F811
    """Each byte in a record of its own."""
    way.excuse(case.libcurl_late)
    check_case(way, case, case.bytewise())


# -- where TLS tells the end ---------------------------------------------------------------------------------------

TRUSTING = "takes the connection's end for the reply's"
ENDS = {
    # The end of the connection is the reply's only if the upstream itself says so.
    "until close, without close_notify": Case([sized(), CLOSE_RUDELY], Broken(), libcurl=TRUSTING),
    "until close, of nothing, without close_notify": Case([head("200 OK"), CLOSE_RUDELY], Broken(), libcurl=TRUSTING),
    "until close_notify, and the connection stays": Case([sized(), CLOSE_NOTIFY], fate=GONE),
    "1.0 until close, without close_notify": Case([sized(version="HTTP/1.0"), CLOSE_RUDELY], Broken(),
                                                  libcurl=TRUSTING),
    "close_notify in a sized reply": Case([head("200 OK", LENGTH) + OK[:5], CLOSE_NOTIFY], Broken()),
    "a sized reply cut short without close_notify": Case([head("200 OK", LENGTH) + OK[:5], CLOSE_RUDELY], Broken()),
    "close_notify in a chunk": Case([in_chunks(IN_CHUNKS[:12]), CLOSE_NOTIFY], Broken()),
    "close_notify before the last chunk": Case([in_chunks(chunk(OK)), CLOSE_NOTIFY], Broken()),
    "chunks cut short without close_notify": Case([in_chunks(chunk(OK)), CLOSE_RUDELY], Broken()),
    "close_notify within the head": Case([b"HTTP/1.1 200 OK\r\nX-", CLOSE_NOTIFY],
                                         Refused(("upstream_protocol_error", "upstream_unreachable"))),
    "close_notify instead of a reply": Case([CLOSE_NOTIFY], UNREACHABLE),
    "no close_notify instead of a reply": Case([CLOSE_RUDELY], UNREACHABLE),
    "close_notify behind a sized reply": Case([sized(LENGTH), CLOSE_NOTIFY], fate=GONE),
    "no close_notify behind a sized reply": Case([sized(LENGTH), CLOSE_RUDELY], fate=GONE),
    "no close_notify behind chunks": Case([in_chunks(IN_CHUNKS), CLOSE_RUDELY], fate=GONE),
    "no close_notify behind a reply that closes": Case([sized(LENGTH, "Connection: close"), CLOSE_RUDELY], fate=GONE),
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS)
def test_only_the_upstream_itself_can_end_a_reply(way: Way, case: Case):  # noqa: F811
    check_case(way, case)


@pytest.mark.parametrize("stream", [
    sized(LENGTH, "X-A: " + "a" * 300), in_chunks(IN_CHUNKS), head("100 Continue") + in_chunks(IN_CHUNKS)],
    ids=["sized", "chunks", "an early head"])
@pytest.mark.parametrize("size", [1, 3, 5, 21, 22, 23])
def test_records_may_be_cut_anywhere(way: Way, stream, size):  # noqa: F811
    check_case(way, Case([CutRecords(stream, size)]))


def test_a_large_reply_in_odd_pieces_arrives_byte_for_byte(way: Way):  # noqa: F811
    body = bytes(range(251)) * 12_000
    pieces = [body[at:at + 40_009] for at in range(0, len(body), 40_009)]
    script = [head("200 OK", f"Content-Length: {len(body)}"), *pieces]
    Whole(body).check(way.ask(script))


def test_bytes_that_come_while_a_connection_rests_end_it(way: Way):  # noqa: F811
    way.excuse("takes them for the next reply")
    check_case(way, Case([PLAIN, 0.02, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"], fate=GONE))


def test_a_connection_that_the_upstream_leaves_is_closed_by_weir_too(way: Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        way.drain(wire)
        reply = way.ask([PLAIN, CLOSE_NOTIFY], wire=wire)
        Whole().check(reply)
        [number] = way.connections_of(reply)
        way.prime(wire)
        eventually(lambda: number in way.upstream.over, "the connection is closed")


def test_weir_says_that_it_closes(way: Way):  # noqa: F811
    """A client that leaves out close_notify looks like one whose request was cut off."""
    with Wire(way.weir.port) as wire:
        reply = way.ask([head("200 OK", "Connection: close", LENGTH) + OK], wire=wire)
        Whole().check(reply)
        [number] = way.connections_of(reply)
        eventually(lambda: number in way.upstream.over, "the connection is closed")
    assert way.upstream.secure[number].was_closed_properly


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("protocols", [[], ["http/1.1"], ["spdy/3", "http/1.1"]], ids=["none", "http/1.1", "more"])
def test_an_upstream_without_http2_is_asked_by_http1(weir_with, client, protocols):
    with ExactUpstream(tls=authority().certificate().server(protocols)) as upstream:
        weir = weir_with(trusting() | CLIENTS[client], upstream=upstream)
        for _ in range(3):
            Whole().check(weir.ask("GET", "/v1/files"))
        assert {each.protocol for each in upstream.secure.values()} == {"http/1.1" if protocols else None}
        assert [each.start_line for each in upstream.asked] == ["GET /api/v1/files HTTP/1.1"] * 3
