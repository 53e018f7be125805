"""How fast a reply comes that several clients get: nobody is cut because somebody is slow, and who takes nothing holds
nobody up for long."""

import time

import pytest

from harness.eventually import eventually
from harness.large_streams import WAYS, LargeStreams, Reader
from harness.ledger import FILE, Ledger
from harness.requests import chat
from harness.streams import errors, events
from harness.tls_ways import trusting

pytestmark = pytest.mark.begins_first

SETTINGS = {"WEIR_CACHE_TTL": "300", "WEIR_LEDGER": FILE}
# What the kernel and weir may hold for one client: each side's socket buffers, and what weir keeps.
BETWEEN = 24_000_000
PATIENCE = 5
# How long others may be held to one client's pace, in all.
ALL = 30
# What a transfer may bring in one go before it stops, seen here up to 490 KB.
BURST = 512 * 1024
# Takes nothing after the first megabyte, for longer than anybody waits for it, or until it is resumed.
STALLED = {"stall": 1_000_000, "seconds": 3 * PATIENCE}


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


def shared(weir, upstream, *options, body=None) -> list:
    """Readers with these options, the first of which leads, of one reply that begins now."""
    body = body or chat(stream=True)
    readers = []
    for number, each in enumerate(options):
        readers.append(Reader(weir, body, [*upstream.headers, ("x-request-id", f"reader-{number}")], **each))
        if number == 0:
            eventually(lambda: upstream.asked == 1, "the first request is at the upstream")
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == len(options), "all are in flight")
    upstream.go()
    return readers


def check_whole(readers: list, upstream) -> None:
    for reader in readers:
        reply = reader.finish()
        assert reply.is_complete and reply.body == upstream.whole, (
            len(reply.body), reply.is_complete, errors(reply.body[-2000:]))
    assert upstream.asked == 1


SLOW = {"pace": 12_000_000}


PAIRS = {"follower": [{}, SLOW], "leader": [SLOW, {}]}
GROUPS = {"several": [{}, {}, SLOW, {"pace": 6_000_000}], "all": [SLOW, SLOW, SLOW]}


@pytest.mark.parametrize(
    "way, options", [(way, name) for way in WAYS for name in PAIRS] + [("plain", name) for name in GROUPS])
def test_nobody_is_cut_because_somebody_reads_slowly(weir_with, way, options):
    options = (PAIRS | GROUPS)[options]
    with LargeStreams(way, 30) as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        before = weir.process.resident_bytes()
        readers = shared(weir, upstream, *options)
        most = 0
        while any(reader.thread.is_alive() for reader in readers):
            most = max(most, weir.process.resident_bytes())
            time.sleep(0.05)
        check_whole(readers, upstream)
        assert most < before + 60_000_000
        ledger = Ledger(weir.folder)
        eventually(lambda: len(ledger.rows()) == len(options), "all rows")
        assert {row["ending"] for row in ledger.rows()} == {"complete"}


@pytest.mark.parametrize("slow", [0, 1], ids=["leader", "follower"])
def test_the_reply_comes_as_steadily_as_a_slow_client_takes_it(weir_with, slow):
    """The system takes more for it only now and then, a third of what it holds at a time: nobody waits for that."""
    options = [{}, {}]
    pace = 150_000
    options[slow] = {"pace": pace}
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS, upstream)
        readers = shared(weir, upstream, *options)
        time.sleep(15)
        were_reading = [reader.thread.is_alive() for reader in readers]
        for reader in readers:
            reader.leave()
        assert all(were_reading), "nobody is cut"
        assert readers[1 - slow].wire.longest_pause < BURST / pace + 1


def test_a_follower_that_takes_nothing_is_cut_and_told_and_the_others_go_on(weir_with, way):
    with LargeStreams(way, 50) as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        first, other, stalled = shared(weir, upstream, {}, {}, STALLED)
        check_whole([first, other], upstream)
        assert PATIENCE - 1 < first.wire.longest_pause < PATIENCE + 2
        stalled.resume()
        reply = stalled.finish()
        assert not reply.is_complete and len(reply.body) < BETWEEN
        [error] = errors(reply.body)
        assert error["error"]["code"] == "overloaded"
        told = [event.data for event in events(reply.body)][:-1]
        assert [event.data for event in events(upstream.whole)][:len(told) - 1] == told[:-1]
        assert Ledger(weir.folder).row("reader-2")["ending"] == "broken"


def test_a_first_client_that_takes_nothing_is_cut_and_those_that_follow_go_on(weir_with, way):
    with LargeStreams(way, 50) as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        stalled, *others = shared(weir, upstream, STALLED, {}, {})
        check_whole(others, upstream)
        assert PATIENCE - 1 < others[0].wire.longest_pause < PATIENCE + 2
        stalled.resume()
        reply = stalled.finish()
        assert not reply.is_complete and len(reply.body) < BETWEEN
        assert Ledger(weir.folder).row("reader-0")["ending"] == "client_left"


def test_nor_does_it_hold_them_up_for_longer_where_there_is_no_room_to_keep_anything_for_it(weir_with):
    room = {"WEIR_MAX_BODY_BYTES": "1048576", "WEIR_MAX_BUFFERED_BYTES": "1048576"}
    with LargeStreams("plain", 30) as upstream:
        weir = weir_with(SETTINGS | room, upstream)
        stalled, other = shared(weir, upstream, STALLED, {})
        check_whole([other], upstream)
        assert other.took < PATIENCE + 5
        stalled.resume()
        assert not stalled.finish().is_complete


@pytest.mark.parametrize("stalled", [0, 1], ids=["leader", "follower"])
def test_without_a_length_a_cut_reply_does_not_look_whole(weir_with, stalled):
    """A client of HTTP/1.0 knows a body's end from the connection's."""
    options = [{}, {}]
    options[stalled] = STALLED | {"version": "HTTP/1.0"}
    with LargeStreams("plain", 50) as upstream:
        weir = weir_with(SETTINGS, upstream)
        readers = shared(weir, upstream, *options)
        check_whole([readers[1 - stalled]], upstream)
        readers[stalled].resume()
        assert readers[stalled].finish().body != upstream.whole
        assert readers[stalled].wire.was_reset


def test_nor_does_one_whose_only_client_took_nothing_any_more(weir_with):
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_TIMEOUT_CLIENT_IDLE": "1"}, upstream)
        [reader] = shared(weir, upstream, STALLED | {"version": "HTTP/1.0"})
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "it is let go", 7)
        reader.resume()
        assert reader.finish().body != upstream.whole and reader.wire.was_reset


def test_when_the_first_client_leaves_the_pace_is_that_of_the_others(weir_with, way):
    with LargeStreams(way, 40) as upstream:
        weir = weir_with(SETTINGS | trusting(), upstream)
        first, *others = shared(weir, upstream, {"pace": 4_000_000}, {}, SLOW)
        eventually(lambda: first.wire.taken > 2_000_000, "the first reads")
        first.leave()
        check_whole(others, upstream)
        assert max(each.took for each in others) < 10


def test_who_is_alone_with_its_slowness_has_the_time_that_any_slow_client_has(weir_with):
    """Both stop to read for longer than one may hold others up: nobody waits for them."""
    rest = {"stall": 1_000_000, "seconds": PATIENCE + 3}
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS, upstream)
        readers = shared(weir, upstream, rest, rest)
        eventually(lambda: readers[0].wire.taken >= 1_000_000, "the reply comes")
        time.sleep(3)
        held = upstream.sent
        time.sleep(2)
        assert upstream.sent == held < BETWEEN, "the upstream waits"
        check_whole(readers, upstream)


@pytest.mark.parametrize("ahead", [0, 1], ids=["leader", "follower"])
def test_nobody_waits_who_has_more_to_read_than_it_takes(weir_with, ahead):
    """One is further than the other when both stop to read: all that came is with the system for it."""
    options = [{"stall": 1_000_000, "seconds": PATIENCE + 3} for _ in range(2)]
    # Short of where the other may lag no further: by what is kept, 4 MiB for a follower and 8 for the first one.
    options[ahead]["stall"] = [8_000_000, 11_000_000][ahead]
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS, upstream)
        check_whole(shared(weir, upstream, *options), upstream)


def test_who_joins_late_has_not_waited_before(weir_with):
    """Another one had, and left: together that would be more than the first client may hold one of them up."""
    files = {"weir.yaml": "cache: {max_entry_bytes: 40000000}"}
    with LargeStreams("plain", 30) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_CONFIG": "weir.yaml"}, upstream, files=files)
        stalled, other = shared(weir, upstream, {"stall": 1_000_000, "seconds": PATIENCE + 3}, {})
        time.sleep(PATIENCE - 2)
        other.leave()
        time.sleep(3)
        late = Reader(weir, chat(stream=True), upstream.headers)
        check_whole([stalled, late], upstream)


@pytest.mark.parametrize("slow", [0, 1], ids=["leader", "follower"])
def test_nobody_holds_others_to_its_pace_for_ever(weir_with, slow):
    options = [{}, {}]
    options[slow] = {"pace": 100_000}
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS, upstream)
        readers = shared(weir, upstream, *options)
        check_whole([readers[1 - slow]], upstream)
        assert ALL - 2 < readers[1 - slow].took < ALL + 8
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") <= 1, "the slow one is cut")
        readers[slow].leave()


def test_a_client_that_stops_to_read_for_ever_is_let_go_by_the_rule_for_idle_ones(weir_with):
    with LargeStreams("plain", 40) as upstream:
        weir = weir_with(SETTINGS | {"WEIR_TIMEOUT_CLIENT_IDLE": "2"}, upstream)
        readers = shared(weir, upstream, STALLED, STALLED)
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 0, "both are let go", 7)
        for reader in readers:
            reader.resume()
        assert not any(reader.finish().is_complete for reader in readers)


def test_with_no_memory_for_followers_they_set_the_pace(weir_with, way):
    files = {"weir.yaml": "cache: {max_bytes: 1048576, max_entry_bytes: 65536}\n"}
    with LargeStreams(way, 20) as upstream:
        weir = weir_with(SETTINGS | trusting() | {"WEIR_CONFIG": "weir.yaml"}, upstream, files=files)
        check_whole(shared(weir, upstream, {}, SLOW, {}, SLOW), upstream)
