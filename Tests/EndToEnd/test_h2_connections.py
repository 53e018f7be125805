"""Connections to an HTTP/2 upstream that come to an end, refuse streams or allow few: what becomes of each request."""

import json
import os
import threading

import pytest
from hyperframe import frame as frames

from harness.eventually import eventually
from harness.h2_frames import (Attempts, Code, Once, Setting, body, change, close, close_rudely, closing, data, goaway,
                               head, pinged, reply, reset_connection, rst, settings, settled, wait_for_end)
from harness.h2_ways import FAILED, Companion, H2Way, own_way, way  # noqa: F401
from harness.requests import chat
from harness.ways import Broken, OneOf, Whole
from harness.wire import Wire

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
LOOPS = os.cpu_count()
REQUESTS = {
    "GET": ("GET", "/v1/files", b""),
    "POST": ("POST", CHAT, json.dumps(chat()).encode()),
    "POST of 600 KB": ("POST", CHAT, json.dumps(chat("x" * 600_000)).encode()),
    "POST that is edited": ("POST", CHAT, json.dumps(chat("x" * 600_000, model="kimi-k2")).encode()),
}
IN_VAIN = [wait_for_end]
NAMED = pytest.mark.parametrize("name", REQUESTS)


def begin(way: H2Way, wire: Wire, script, name: str = "GET") -> str:  # noqa: F811
    method, target, payload = REQUESTS[name]
    return way.begin(wire, script, method, target, [JSON] if payload else [], payload)


def check_sent_twice(way: H2Way, case: str, name: str) -> tuple:  # noqa: F811
    """The same request came two times, the second time whole; returns both."""
    first, second = way.upstream.asked_for(case)
    assert first.fields == second.fields
    assert second.body == REQUESTS[name][2].replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')
    return first, second


# -- refused ----------------------------------------------------------------------------------------------------

@NAMED
@pytest.mark.parametrize("when", [[], [None]], ids=["once read", "at once"])
def test_a_refused_stream_is_sent_once_more(way: H2Way, name, when):  # noqa: F811
    with Wire(way.weir.port) as wire:
        way.prime(wire)
        case = begin(way, wire, Attempts([*when, rst(Code.REFUSED_STREAM)], reply()), name)
        Whole().check(wire.read_reply())
        check_sent_twice(way, case, name)


def test_others_on_a_connection_that_refuses_one_stream_go_on(way: H2Way):  # noqa: F811
    with way.together() as ((wire, other), _):
        companion = Companion(way, other)
        case = begin(way, wire, Attempts([rst(Code.REFUSED_STREAM)], reply()))
        Whole().check(wire.read_reply())
        check_sent_twice(way, case, "GET")
        Whole().check(companion.finish())


def test_what_is_always_refused_is_given_up(way: H2Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        case = begin(way, wire, [rst(Code.REFUSED_STREAM)], "POST")
        FAILED.check(wire.read_reply())
        assert 2 <= len(way.upstream.asked_for(case)) <= 6


# -- GOAWAY ------------------------------------------------------------------------------------------------------

@NAMED
def test_goaway_lets_finish_what_it_covers_and_the_rest_is_sent_elsewhere(way: H2Way, name):  # noqa: F811
    with way.together(3) as ((one, two, three), number):
        companion = Companion(way, one)
        go = threading.Event()
        covered = begin(way, two, [lambda _: go.wait(10) and None, goaway(), 0.05, *reply()], name)
        way.stream(covered)
        late = begin(way, three, Attempts(IN_VAIN, reply()), name)
        assert way.stream(late).id > way.stream(covered).id
        go.set()
        Whole().check(three.read_reply())
        Whole().check(two.read_reply())
        assert way.prime(three) != number, "no stream is begun on it any more"
        Whole().check(companion.finish())
        eventually(lambda: number in way.upstream.over, "weir closes what is over")
        assert len(way.upstream.asked_for(covered)) == 1
        first, second = check_sent_twice(way, late, name)
        assert first.connection == number != second.connection


@pytest.mark.parametrize("code", [Code.NO_ERROR, Code.ENHANCE_YOUR_CALM, Code.INTERNAL_ERROR])
def test_goaway_that_covers_nothing_has_everything_sent_elsewhere(way: H2Way, code):  # noqa: F811
    with way.together(3) as ((one, two, three), number):
        cases = [begin(way, wire, Attempts(IN_VAIN, reply())) for wire in (one, two)]
        for case in cases:
            way.stream(case)
        cases.append(begin(way, three, Attempts([goaway(0, code, b"too many pings"), *IN_VAIN], reply())))
        for wire in (one, two, three):
            Whole().check(wire.read_reply())
        for case in cases:
            first, second = check_sent_twice(way, case, "GET")
            assert first.connection == number != second.connection


def test_goaway_with_its_end_at_once(way: H2Way):  # noqa: F811
    with way.together(3) as ((one, two, three), number):
        companion = Companion(way, one)
        go = threading.Event()
        covered = begin(way, two, Attempts([lambda _: go.wait(10) and None, Once([goaway()]), close], reply()))
        way.stream(covered)
        late = begin(way, three, Attempts(IN_VAIN, reply()))
        way.stream(late)
        go.set()
        Whole().check(three.read_reply())
        OneOf(Whole(), FAILED).check(two.read_reply())
        Broken().check(companion.finish())
        assert len(way.upstream.asked_for(late)) == 2 and len(way.upstream.asked_for(covered)) <= 2


def test_goaway_in_two_steps(way: H2Way):  # noqa: F811
    """As servers do that end gracefully: first one that covers all streams, then one that tells the last."""
    with way.together(3) as ((one, two, three), number):
        companion = Companion(way, one)
        go = threading.Event()
        case = begin(way, two, [goaway(2 ** 31 - 1), pinged(b"graceful"), lambda _: go.wait(10) and None, goaway(),
                                *reply()])
        pings = lambda: way.stream(case).peer.of(frames.PingFrame)  # noqa: E731
        eventually(lambda: any(each.opaque_data == b"graceful" for each in pings()), "a PING's answer")
        assert way.prime(three) != number
        go.set()
        Whole().check(two.read_reply())
        Whole().check(companion.finish())
        eventually(lambda: number in way.upstream.over, "weir closes what is over")


@pytest.mark.parametrize("end", [[goaway()], [goaway(), close], [close], [close_rudely], [reset_connection],
                                 [goaway(2 ** 31 - 1), 0.02, goaway(), close]],
                         ids=["goaway", "goaway and close", "close", "rude close", "reset", "goaway twice"])
def test_a_connection_that_ended_while_it_rested_is_not_used(way: H2Way, end):  # noqa: F811
    with Wire(way.weir.port) as wire:
        for _ in range(3):
            answered = way.ask([*reply(), *end], wire=wire)
            Whole().check(answered)
            stream = way.stream(answered.case)
            eventually(lambda: stream.is_answered, "the connection has ended")
            assert way.prime(wire) != stream.connection
            eventually(lambda: stream.connection in way.upstream.over, "weir closes it")


@NAMED
def test_a_stream_that_is_answered_with_goaway_is_not_lost(way: H2Way, name):  # noqa: F811
    """The reply and the connection's last word in one."""
    with Wire(way.weir.port) as wire:
        case = begin(way, wire, [Once([head("200", "content-length: 11"), data(end=True), goaway()]), close], name)
        Whole().check(wire.read_reply())
        assert len(way.upstream.asked_for(case)) == 1
        way.prime(wire)


# -- the connection breaks ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("end", [close, close_rudely, reset_connection], ids=["close", "rude close", "reset"])
def test_a_connection_that_breaks_under_ten_streams(way: H2Way, end):  # noqa: F811
    """Half of them are in their bodies; nothing has come of the others, which may be sent once more."""
    with way.together(10) as (wires, number):
        companions = [Companion(way, wire) for wire in wires[:5]]
        waiting = [begin(way, wire, Attempts(IN_VAIN, reply()), "POST") for wire in wires[5:9]]
        for case in waiting:
            way.stream(case)
        waiting.append(begin(way, wires[9], Attempts([0.05, end], reply()), "POST"))
        for case, wire in zip(waiting, wires[5:]):
            OneOf(Whole(), FAILED).check(wire.read_reply())
            assert len(way.upstream.asked_for(case)) <= 2
        for companion in companions:
            Broken().check(companion.finish())
    with Wire(way.weir.port) as wire:
        assert way.prime(wire) != number


@pytest.mark.parametrize("end", [close, close_rudely, reset_connection], ids=["close", "rude close", "reset"])
def test_a_fresh_connection_that_breaks_fails_the_request(own_way, end):  # noqa: F811
    way = own_way()
    for count in (1, 2):
        answer = way.ask([end])
        FAILED.check(answer)
        assert len(way.upstream.asked_for(answer.case)) <= 2
    Whole().check(way.ask(reply()))


# -- settings ----------------------------------------------------------------------------------------------------

def test_a_hundred_and_fifty_at_once_share_the_loops_connections(own_way):  # noqa: F811
    way = own_way()
    count = 150
    wires = [Wire(way.weir.port) for _ in range(count)]
    way.prime(wires[0])
    script = [lambda stream: stream.wait(lambda: len(way.upstream.asked) > count, "all requests"), *reply()]

    def notice(stream) -> None:
        for peer in list(way.upstream.peers.values()):
            with peer.changed:
                peer.changed.notify_all()

    cases = [begin(way, wire, [notice, *script]) for wire in wires]
    for case, wire in zip(cases, wires):
        Whole().check(wire.read_reply())
        assert len(way.upstream.asked_for(case)) == 1
        wire.close()
    assert len(way.upstream.peers) <= LOOPS


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_streams_are_open_than_the_upstream_allows(own_way, most):  # noqa: F811
    way = own_way(initial={Setting.MAX_CONCURRENT_STREAMS: most})
    wires = [Wire(way.weir.port) for _ in range(24)]
    Whole().check(way.ask([closing, *reply()]))
    cases = [begin(way, wire, [0.01, closing, *reply()], "POST") for wire in wires]
    for case, wire in zip(cases, wires):
        Whole().check(wire.read_reply())
        assert len(way.upstream.asked_for(case)) == 1
        wire.close()
    for peer in way.upstream.peers.values():
        assert peer.most_open <= most


def test_an_upstream_may_allow_streams_later(own_way):  # noqa: F811
    def greeting(peer) -> None:
        peer.greet(settings({Setting.MAX_CONCURRENT_STREAMS: 0}))
        peer.later(0.4, lambda: peer.change({Setting.MAX_CONCURRENT_STREAMS: 10}))

    way = own_way(greeting=greeting)
    for _ in range(3):
        Whole().check(way.ask([settled, *reply()]))


def test_an_upstream_may_allow_fewer_in_the_middle(way: H2Way):  # noqa: F811
    with way.together(4) as (wires, number):
        companions = [Companion(way, wire) for wire in wires[:3]]
        case = begin(way, wires[3], [None, change({Setting.MAX_CONCURRENT_STREAMS: 1}), settled, *reply(),
                                     change({Setting.MAX_CONCURRENT_STREAMS: 1000}), settled])
        Whole().check(wires[3].read_reply())
        assert way.stream(case).connection == number
        for companion in companions:
            Whole().check(companion.finish())
        eventually(lambda: way.stream(case).is_answered, "the settings are acknowledged")
        way.prime(wires[3])


def test_settings_may_come_late(own_way):  # noqa: F811
    way = own_way(greeting=lambda peer: peer.later(0.4, lambda: peer.greet(settings())))
    for _ in range(2):
        Whole().check(way.ask([settled, *reply()]))


def test_settings_are_acknowledged_one_by_one(way: H2Way):  # noqa: F811
    changes = [change({}), change({Setting.MAX_FRAME_SIZE: 20_000})] * 5
    answer = way.ask([head(), *changes, settled, data(end=True)])
    Whole().check(answer)


def test_pings_are_answered_while_streams_run(way: H2Way):  # noqa: F811
    with way.together() as ((one, two), _):
        companion = Companion(way, one)
        payload = bytes(range(250)) * 400
        case = begin(way, two, [pinged(b"before  "), head(), pinged(b"within  "), body(payload, end=False),
                                pinged(b"\0\0\0\0\xff\xff\xff\xff"), data(b"", end=True), pinged(b"after   ")])
        Whole(payload).check(two.read_reply())
        eventually(lambda: way.stream(case).is_answered, "all is answered")
        Whole().check(companion.finish())


def test_an_upstream_without_a_header_table_gets_none(own_way):  # noqa: F811
    """The upstream's decoder refuses a head that refers to more."""
    way = own_way(initial={Setting.HEADER_TABLE_SIZE: 0})
    with Wire(way.weir.port) as wire:
        for _ in range(10):
            way.prime(wire)
            Whole().check(way.ask(reply(), wire=wire, headers=[("X-A", "a" * 100), ("X-B", "b")]))


def test_a_header_table_may_shrink_and_grow(way: H2Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        for size in (100, 0, 4096, 4096):
            Whole().check(way.ask([change({Setting.HEADER_TABLE_SIZE: size}), settled, *reply()], wire=wire,
                                  headers=[("X-A", "a" * 30)]))
            way.prime(wire)
