"""Requests that wait together for an upstream's first connection over TLS: each for as long as it may itself."""

import contextlib
import os
import time

import pytest

from harness.requests import chat
from harness.rollouts import rewrite
from harness.tls_servers import Odd, never
from harness.tls_ways import trusting
from harness.together import wire_with
from harness.wire import Wire


@pytest.fixture
def silent():
    """An upstream that takes connections, and never a handshake."""
    with Odd(never) as upstream:
        yield upstream


@contextlib.contextmanager
def on_every_loop(weir):
    """Requests over connections that are dealt out to all event loops."""
    wires = [wire_with(weir, chat()) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield wires
    finally:
        for wire in wires:
            wire.close()


def timed_out(wire: Wire) -> None:
    reply = wire.read_reply("POST")
    assert reply.status == 504 and reply.json()["error"]["code"] == "upstream_timeout", reply.body


def test_who_comes_late_has_its_whole_time(weir_with, silent):
    weir = weir_with(trusting() | {"WEIR_TIMEOUT_CONNECT": "2"}, upstream=silent)
    with on_every_loop(weir) as early:
        time.sleep(1.2)
        began = time.monotonic()
        with on_every_loop(weir) as late:
            for wire in early:
                timed_out(wire)
            assert time.monotonic() - began < 1.8
            for wire in late:
                timed_out(wire)
                assert 1.9 < time.monotonic() - began < 4
            # One connection after the other, on each loop, and none for each request.
            assert silent.connections <= 2 * (os.cpu_count() or 1)


def test_a_time_out_that_a_reload_shortened_holds_for_who_comes_then(weir_with, silent):
    weir = weir_with(trusting() | {"WEIR_ENV_FILE": "live.env"}, upstream=silent,
                     files={"live.env": "WEIR_TIMEOUT_CONNECT=20\n"})
    with on_every_loop(weir):
        rewrite(weir.folder / "live.env", "WEIR_TIMEOUT_CONNECT=1\n")
        assert weir.admin("/reload", "POST").status == 200
        with on_every_loop(weir) as impatient:
            began = time.monotonic()
            for wire in impatient:
                timed_out(wire)
            assert time.monotonic() - began < 4
