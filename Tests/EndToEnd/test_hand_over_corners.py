"""A hand-over, and what else happens to the process that leaves: signals, requests sent ahead, a third process."""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from harness.eventually import eventually
from harness.rollouts import admin
from harness.simulator import mark
from harness.succession import (JSON, drains, ends_served_out, has_ended, slow_stream,
                                succession)  # noqa: F401 (a fixture)
from harness.usual_requests import usual
from harness.weir import UPSTREAM_KEY
from harness.wire import Wire, ask, message

CHAT = "/v1/chat/completions"


def test_the_first_signal_after_a_hand_over_asks_for_what_is_done_already(succession):
    """As `systemctl stop weir@a` right after `systemctl start weir@b`."""
    line = succession()
    old = line.begin()
    with slow_stream(old.port) as streaming:
        line.begin()
        drains(old)
        old.process.send(signal.SIGTERM)
        assert b"data: [DONE]" in streaming.read_reply("POST").body
    ends_served_out(old)


def test_the_second_signal_after_a_hand_over_ends_at_once(succession):
    line = succession()
    old = line.begin()
    with Wire(old.port) as streaming:
        body = json.dumps(usual("chat/completions", stream=True)).encode()
        streaming.send(message("POST", CHAT, [JSON, ("x-sim-fault", "stall=1")], body))
        streaming.pending += streaming.more()
        line.begin()
        drains(old)
        old.process.send(signal.SIGTERM)
        # Two that nobody has taken yet would be one.
        time.sleep(0.5)
        assert old.process.is_alive
        old.process.send(signal.SIGTERM)
        old.expected_exit = old.process.wait(5)
    assert old.expected_exit == 143


@pytest.mark.parametrize("pause", [0, 0.001, 0.002, 0.004])
def test_a_stop_in_the_moment_of_the_hand_over_ends_no_request(succession, pause):
    """The new process's signal may come while the old one is only about to drain."""
    old = succession().begin()
    with slow_stream(old.port) as streaming:
        assert old.admin("/hand-over", "POST").status == 200
        old.process.send(signal.SIGTERM)
        time.sleep(pause)
        old.process.send(signal.SIGUSR2)
        assert b"data: [DONE]" in streaming.read_reply("POST").body
    ends_served_out(old)


def test_a_stop_while_another_process_starts_waits_a_moment_for_that(succession):
    """What its listeners have is served, as in any hand-over."""
    old = succession().begin()
    assert old.admin(f"/hand-over?pid={os.getpid()}", "POST").status == 200
    old.process.send(signal.SIGTERM)
    time.sleep(0.3)
    assert old.post(CHAT, usual("chat/completions")).status == 200
    old.process.send(signal.SIGUSR2)
    assert old.post(CHAT, usual("chat/completions")).status == 200
    ends_served_out(old)
    assert any(entry["message"] == "handed over" for entry in old.log())


def test_a_stop_while_another_process_starts_that_never_does_is_a_stop(succession):
    old = succession().begin()
    assert old.admin(f"/hand-over?pid={os.getpid()}", "POST").status == 200
    old.process.send(signal.SIGTERM)
    eventually(lambda: has_ended(old), "it has drained", 5)
    assert old.process.wait() == 0


def test_a_request_behind_a_reply_that_says_close_is_not_begun(succession, simulator):
    """Its client, told that the connection closes, sends it elsewhere: it would be paid for twice."""
    line = succession()
    old = line.begin()
    with Wire(old.port, timeout=20) as wire:
        assert wire.request("GET", "/v1/echo").status == 200
        line.begin()
        drains(old)
        body = json.dumps(usual("chat/completions", stream=True)).encode()
        wire.send(message("POST", CHAT, [JSON, ("x-sim-fault", "gap=300")], body))
        reply = wire.read_head()
        assert reply.get("connection") == "close"
        marked = mark()
        wire.send(message("POST", CHAT, [JSON, marked], body))
        assert b"data: [DONE]" in wire.read_body(reply).body
        assert wire.is_closed_by_peer()
    assert not simulator.saw(marked)


def test_requests_that_were_sent_ahead_are_answered_by_the_process_that_has_them(succession):
    line = succession()
    old = line.begin()
    with Wire(old.port, timeout=20) as wire:
        body = json.dumps(usual("chat/completions")).encode()
        wire.send(message("POST", CHAT, [JSON, ("x-sim-fault", "delay=2000")], body)
                  + 2 * message("POST", CHAT, [JSON], body))
        line.begin()
        drains(old)
        replies = [wire.read_reply("POST") for _ in range(3)]
        assert [reply.status for reply in replies] == [200] * 3
        assert [reply.get("connection") for reply in replies] == [None, None, "close"]
    ends_served_out(old)


def test_a_change_over_a_kept_admin_connection_is_not_made_where_it_would_have_no_effect(succession):
    """As by the status page, whose browser keeps its connection."""
    line = succession({"KIMI_ROLLOUT_PERCENTAGE": "100"})
    old = line.begin()
    host = f"127.0.0.1:{old.admin_port}"

    def percent(wire) -> int:
        return wire.request("GET", "/rollouts/kimi", host=host).json()["percent"]

    with slow_stream(old.port), Wire(old.admin_port) as kept, Wire(old.admin_port) as reading:
        assert percent(kept) == 100 and percent(reading) == 100
        new = line.begin()
        drains(old)
        reply = kept.request("PUT", "/rollouts/kimi", [JSON], b'{"percent": 0}', host)
        assert (reply.status, reply.get("connection"), reply.get("retry-after")) == (503, "close", "1")
        reply = reading.request("GET", "/metrics", host=host)
        assert (reply.status, reply.get("connection")) == (200, "close")
    with Wire(new.admin_port) as again:
        assert again.request("PUT", "/rollouts/kimi", [JSON], b'{"percent": 0}', host).status == 200
        assert percent(again) == 0


def opened_when_read(fifo) -> int:
    """A descriptor to write to a named pipe, once somebody has opened it to read."""
    def opened():
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO
            return None
    return eventually(opened, "somebody reads the pipe")


def test_a_change_of_a_rollout_while_the_new_process_starts_holds_there_too(succession, tmp_path):
    rollouts = "[{name: a, from: [gpt-4], variants: [{name: x, model: openai/gpt-4o, percent: 10}]}, " \
               "{name: b, from: [gpt-4-turbo], variants: [{name: y, model: openai/gpt-4o, percent: 10}]}]"
    (tmp_path / "rollouts.yaml").write_text(f"rollouts: {rollouts}")
    line = succession({"WEIR_CONFIG": str(tmp_path / "rollouts.yaml")})
    old = line.begin()
    assert admin(old, "PUT", "/rollouts/b", {"percent": 30}).status == 200
    # What the new process reads after the state file, and waits for.
    fifo = tmp_path / "slow.json"
    os.mkfifo(fifo)
    with ThreadPoolExecutor() as pool:
        starting = pool.submit(line.begin, environment={"WEIR_BUDGET_STATE_FILE": str(fifo)})
        pipe = opened_when_read(fifo)
        for path, change in [("a", {"percent": 40}), ("FEATURE_KIMI_ENABLED", {"enabled": False})]:
            assert admin(old, "PUT", f"/rollouts/{path}", change).status == 200
        assert old.admin("/rollouts/b", "DELETE").status == 200
        os.write(pipe, b'{"version":1,"spending":[]}')
        os.close(pipe)
        new = starting.result()

    def shares() -> tuple:
        return tuple(new.admin(f"/rollouts/{name}").json()["percent"] for name in "ab")

    assert shares() == (40, 10)
    assert new.admin("/rollouts/FEATURE_KIMI_ENABLED").json()["enabled"] is False
    assert admin(new, "PUT", "/rollouts/b", {"percent": 50}).status == 200
    ends_served_out(old)
    time.sleep(2.5)
    assert shares() == (40, 50), "what is changed here since stays"


def test_while_a_process_takes_long_to_start_no_other_one_is_let_in(succession, tmp_path):
    """Else both would listen, and nobody would ever tell the one without connections to leave."""
    line = succession()
    first = line.begin()
    starting = subprocess.Popen(["sleep", "60"])
    try:
        assert first.admin(f"/hand-over?pid={starting.pid}", "POST").status == 200
        time.sleep(3.2)
        ended = subprocess.run(
            [line.binary, "serve", "--take-over"], cwd=tmp_path, capture_output=True, text=True, timeout=20,
            env=line.environment | {"OPENROUTER_API_KEY": UPSTREAM_KEY, "PATH": os.environ["PATH"],
                                    "WEIR_LEDGER": "off"})
        assert ended.returncode == 1 and "another process takes over" in ended.stderr
    finally:
        starting.kill()
        starting.wait()
    time.sleep(3.2)
    line.begin()
    eventually(lambda: has_ended(first), "the first has served out", 20)


# -- rollouts that are flipped meanwhile ----------------------------------------------------------------------

def percent_of(weir) -> float:
    return weir.admin("/rollouts/kimi").json()["percent"]


def test_a_flip_while_another_process_starts_is_taken_over(succession, tmp_path):
    """That one waits for its ledger, which another program keeps locked."""
    path = tmp_path / "weir.db"
    line = succession({"KIMI_ROLLOUT_PERCENTAGE": "50", "WEIR_LEDGER": str(path)})
    old = line.begin()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        starting = threading.Thread(target=line.begin)
        starting.start()
        # It has announced itself by then.
        time.sleep(1)
        body, host = b'{"percent": 0}', f"127.0.0.1:{old.admin_port}"
        assert ask(old.admin_port, "PUT", "/rollouts/kimi", [JSON], body, host=host).status == 200
        other.execute("ROLLBACK")
    starting.join()
    assert percent_of(line.newest) == 0


def test_a_flip_in_the_last_moment_is_taken_over(succession, tmp_path):
    """The old process writes it when the new one has read the file."""
    line = succession({"KIMI_ROLLOUT_PERCENTAGE": "50"})
    line.begin()
    new = line.begin()
    assert percent_of(new) == 50
    flip = {"rollout": "kimi", "percent": {"from": 50, "to": 0}, "who": "x", "when_ms": int(time.time() * 1000)}
    (tmp_path / "state.new").write_text(json.dumps({"version": 1, "flips": [flip]}))
    (tmp_path / "state.new").rename(tmp_path / "state.json")
    eventually(lambda: percent_of(new) == 0, "it is taken over")
    [entry] = eventually(lambda: [entry for entry in new.log() if entry["message"] == "rollout changed"], "a line says so")
    assert entry["from"] == "predecessor"
