"""A new process takes the listeners over from a running one: no request fails, no spending is lost."""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.budgets import cost, remaining
from harness.eventually import eventually
from harness.redis import Redis
from harness.requests import chat
from harness.simulator import mark
from harness.succession import (JSON, SteadyLoad, drains, ends_served_out, has_ended, slow_stream,
                                succession)  # noqa: F401 (a fixture)
from harness.usual_requests import usual
from harness.weir import UPSTREAM_KEY
from harness.wire import Wire, message

pytestmark = pytest.mark.begins_first

CHAT = "/v1/chat/completions"


def assert_served_out_though_signalled(old, streaming) -> None:
    """A process that drains gets a new one's signal: its stream ends whole, and it by itself."""
    drains(old)
    old.process.send(signal.SIGUSR2)
    assert b"data: [DONE]" in streaming.read_reply("POST").body
    streaming.close()
    ends_served_out(old)


def test_four_upgrades_under_load_fail_no_request(succession):
    line = succession()
    first = line.begin()
    with SteadyLoad(first.port) as load:
        eventually(lambda: load.served > 30, "requests are served", 20)
        for _ in range(4):
            old, before = line.newest, load.served
            new = line.begin()
            assert new.process.pid != old.process.pid and (new.port, new.admin_port) == (old.port, old.admin_port)
            eventually(lambda: has_ended(old), "the old process has served out", 20)
            eventually(lambda: load.served > before + 30, "requests are served by the new process", 20)
    assert load.failures == []
    assert load.served > 150
    for old in line.all[:-1]:
        assert old.process.wait() == 0, "nothing was cut"
        assert any(entry["message"] == "handed over" for entry in old.log())
    assert line.newest.scrape().sum("weir_requests_total") > 0


def test_upgrades_under_wrks_load_fail_no_request(succession, tmp_path):
    line = succession()
    port = line.begin().port
    body = json.dumps(usual("chat/completions"))
    script = tmp_path / "post.lua"
    script.write_text(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\nwrk.headers["Content-Type"] = '
                      '"application/json"\n')
    wrk = subprocess.Popen(
        ["wrk", "-t1", "-c8", "-d6", "-s", script, f"http://127.0.0.1:{port}{CHAT}"], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        old = line.newest
        before = old.scrape().sum("weir_requests_total")
        eventually(lambda: old.scrape().sum("weir_requests_total") > before, "it is under load")
        line.begin()
        eventually(lambda: has_ended(old), "the old process has served out", 20)
    told, _ = wrk.communicate(timeout=30)
    assert "Socket errors" not in told and "Non-2xx" not in told, told
    assert int(told.split(" requests in")[0].split()[-1]) > 100, told


def test_a_stream_that_is_open_ends_whole_and_an_idle_connection_is_served_once_more(succession):
    line = succession()
    old = line.begin()
    with Wire(old.port) as idle, slow_stream(old.port) as streaming:
        assert idle.request("GET", "/v1/echo").status == 200
        new = line.begin()
        drains(old)
        assert new.post(CHAT, usual("chat/completions")).status == 200
        reply = idle.request("GET", "/v1/echo")
        assert reply.status == 200 and reply.get("connection") == "close"
        assert b"data: [DONE]" in streaming.read_reply("POST").body
        streaming.close()
        ends_served_out(old)


def test_the_drain_time_bounds_what_a_silent_connection_holds_up(succession):
    line = succession({"WEIR_DRAIN_SECONDS": "1"})
    old = line.begin()
    with Wire(old.port):
        line.begin()
        eventually(lambda: has_ended(old), "the old process ends all the same", 15)
    assert old.process.wait() == 0


def test_new_connections_go_to_the_new_process_alone(succession, simulator):
    line = succession()
    old = line.begin()
    with Wire(old.port) as held:
        assert held.request("GET", "/v1/echo").status == 200
        new = line.begin()
        for _ in range(50):
            with Wire(new.port) as wire:
                assert wire.request("GET", "/v1/echo", [("Connection", "close")]).status == 200
        assert new.scrape().sum("weir_requests_total") == 50


def test_upgrades_in_quick_succession_fail_no_request_and_leave_one_process(succession):
    """The kernel steers by the order of the sockets: a third process must not come before the first has gone."""
    line = succession()
    first = line.begin()
    with SteadyLoad(first.port) as load:
        eventually(lambda: load.served > 30, "requests are served", 20)
        for _ in range(3):
            line.begin()
        eventually(lambda: all(has_ended(old) for old in line.all[:-1]), "the old ones have served out", 20)
        before = load.served
        eventually(lambda: load.served > before + 30, "requests are served by the newest process", 20)
    assert load.failures == []
    assert [old.process.wait() for old in line.all[:-1]] == [0, 0, 0], "nothing was cut"


def test_a_process_that_has_handed_over_is_not_ended_by_a_second_signal(succession):
    line = succession()
    old = line.begin()
    with slow_stream(old.port) as streaming:
        line.begin()
        assert_served_out_though_signalled(old, streaming)


def test_a_process_that_was_stopped_before_the_new_one_listened_ends_no_request(succession):
    old = succession().begin()
    with slow_stream(old.port) as streaming:
        assert old.admin("/hand-over", "POST").status == 200
        old.process.send(signal.SIGTERM)
        assert_served_out_though_signalled(old, streaming)


def test_of_three_announcements_at_once_the_last_is_refused(succession):
    only = succession().begin()
    assert only.admin("/hand-over", "POST").status == 200
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(only.admin, "/hand-over", "POST") for _ in range(2)]
        assert sorted(each.result().status for each in answers) == [200, 409]


def test_the_audit_log_has_what_a_process_saw_whose_predecessor_drained_longer(succession, tmp_path):
    log = tmp_path / "audit.log"
    line = succession({"WEIR_AUDIT_LOG": str(log), "WEIR_CLIENT_KEYS": "app:key-of-app"})
    old = line.begin()
    with Wire(old.port) as streaming:
        body = json.dumps(usual("chat/completions", stream=True)).encode()
        key = ("Authorization", "Bearer key-of-app")
        streaming.send(message("POST", CHAT, [JSON, key, ("x-sim-fault", "gap=1000")], body))
        streaming.pending += streaming.more()
        middle = line.begin()
        assert middle.ask("GET", "/v1/echo", [("Authorization", "Bearer no-key"), ("x-request-id", "seen-by-middle")]
                          ).status == 401
        line.begin()
        eventually(lambda: log.read_text().count('"event":"started"') == 3, "all three write")
        eventually(lambda: log.read_text().count('"event":"stopped"') == 1, "the middle one has written what it had")
        assert not has_ended(old) and "seen-by-middle" in log.read_text()
        assert b"data: [DONE]" in streaming.read_reply("POST").body
    eventually(lambda: has_ended(old) and has_ended(middle), "the old ones have served out", 20)
    assert log.read_text().count('"event":"stopped"') == 2
    done = subprocess.run([line.binary, "audit", "verify", log], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr


def test_without_a_running_proxy_it_just_starts(succession):
    line = succession()
    only = line.begin()
    assert only.post(CHAT, usual("chat/completions")).status == 200
    assert not any(entry["message"] == "handed over" for entry in only.log())


def test_without_take_over_a_second_process_is_still_refused(succession, tmp_path):
    line = succession()
    line.begin()
    line.begin()
    binary = line.binary
    ended = subprocess.run(
        [binary, "serve"], env=line.environment | {"OPENROUTER_API_KEY": UPSTREAM_KEY, "PATH": os.environ["PATH"]},
        cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1 and "WEIR_LISTEN" in ended.stderr


def test_a_signal_that_nobody_announced_is_ignored(succession):
    only = succession().begin()
    only.process.send(signal.SIGUSR2)
    eventually(lambda: "SIGUSR2 is ignored" in only.log_text(), "the log says so")
    assert only.admin("/readyz").status == 200


def test_an_announcement_that_comes_to_nothing_changes_nothing(succession):
    only = succession().begin()
    answer = only.admin("/hand-over", "POST")
    assert answer.status == 200 and answer.json()["pid"] == only.process.pid
    assert only.post(CHAT, usual("chat/completions")).status == 200
    assert only.admin("/readyz").status == 200


def test_the_announcement_needs_the_admin_token(succession):
    line = succession({"WEIR_ADMIN_TOKEN": "secret-of-admin"})
    old = line.begin()
    assert old.admin("/hand-over", "POST").status in (401, 403)
    line.begin()
    eventually(lambda: has_ended(old), "the token was sent", 20)
    assert old.process.wait() == 0


def test_what_is_no_weir_is_not_taken_over(succession, simulator, tmp_path):
    line = succession()
    environment = line.environment | {
        "WEIR_ADMIN_LISTEN": f"127.0.0.1:{simulator.port}", "OPENROUTER_API_KEY": UPSTREAM_KEY,
        "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [line.binary, "serve", "--take-over"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1 and "cannot be taken over" in ended.stderr


def test_a_process_that_cannot_start_costs_the_running_one_no_request(succession, tmp_path):
    line = succession()
    first = line.begin()
    environment = line.environment | {"WEIR_UPSTREAM_URL": line.upstream, "WEIR_LEDGER": "off",
                                      "WEIR_PORT_FILE": str(tmp_path / "no-folder" / "ports.json")}
    with SteadyLoad(first.port) as load:
        eventually(lambda: load.served > 30, "requests are served", 20)
        ended = subprocess.run([line.binary, "serve", "--take-over"], env=environment, cwd=tmp_path,
                               capture_output=True, text=True, timeout=20)
        before = load.served
        eventually(lambda: load.served > before + 30, "requests are served", 20)
    assert ended.returncode == 1 and "WEIR_PORT_FILE" in ended.stderr and "listening" not in ended.stderr
    assert load.failures == []
    assert first.process.is_alive


def test_it_needs_ports_that_are_known(binary, tmp_path):
    ended = subprocess.run(
        [binary, "serve", "--take-over"], cwd=tmp_path, capture_output=True, text=True, timeout=20,
        env={"WEIR_LISTEN": "127.0.0.1:0", "OPENROUTER_API_KEY": UPSTREAM_KEY, "PATH": os.environ["PATH"]})
    assert ended.returncode == 64 and "WEIR_LISTEN" in ended.stderr


# -- what budgets have spent ----------------------------------------------------------------------------------

BUDGET = "budgets: [{name: dollar, period: day, usd: 1}]"


def test_spending_of_both_processes_counts(succession, simulator):
    """What the old one spends while it drains reaches the new one, and neither writes over the other."""
    line = succession({"WEIR_CLIENT_KEYS": "app:key-of-app"})
    (line.folder / "weir.yaml").write_text(BUDGET)
    line.environment["WEIR_CONFIG"] = str(line.folder / "weir.yaml")
    key = ("Authorization", "Bearer key-of-app")

    def spend(weir) -> float:
        return cost(weir.post(CHAT, chat("hello", model="openai/gpt-4-turbo", max_tokens=20), [key]))

    def left(weir):
        return eventually(lambda: remaining(weir, "app"), "the budget is known")

    old = line.begin()
    spent = spend(old) + spend(old)
    with Wire(old.port) as held:
        marked = mark()
        body = json.dumps(chat("slow", model="openai/gpt-4-turbo", max_tokens=20)).encode()
        held.send(message("POST", CHAT, [JSON, key, marked, ("x-sim-fault", "delay=2500")], body))
        eventually(lambda: simulator.saw(marked), "the slow request is on its way")
        new = line.begin()
        assert left(new) == pytest.approx(1 - spent)
        spent += spend(new)
        spent += cost(held.read_reply("POST"))
    eventually(lambda: has_ended(old), "the old process has served out", 20)
    eventually(lambda: abs((remaining(new, "app") or 0) - (1 - spent)) < 1e-9, "what the old one spent is added", 10)
    newest = line.begin()
    eventually(lambda: has_ended(new), "the second has served out", 20)
    assert left(newest) == pytest.approx(1 - spent)
    assert not [name for name in os.listdir(line.folder) if ".left-" in name]


# -- what a shared store knows of it --------------------------------------------------------------------------

KEY_OF_APP = ("Authorization", "Bearer key-of-app")


@pytest.fixture
def redis(tmp_path):
    (tmp_path / "redis").mkdir()
    running = Redis(tmp_path / "redis")
    yield running
    running.stop()


@pytest.fixture
def shared(succession, redis):
    line = succession(
        {"WEIR_CLIENT_KEYS": "app:key-of-app", "WEIR_REDIS_URL": redis.url, "WEIR_REDIS_DEADLINE_MS": "500"})
    (line.folder / "weir.yaml").write_text(BUDGET)
    line.environment["WEIR_CONFIG"] = str(line.folder / "weir.yaml")
    return line


def spend_of_app(weir) -> float:
    return cost(weir.post(CHAT, chat("hello", model="openai/gpt-4-turbo", max_tokens=20), [KEY_OF_APP]))


def await_store(weir, is_up: bool) -> None:
    eventually(lambda: weir.scrape().sum("weir_shared_state_up") == is_up, f"the store is there: {is_up}", 20)


def booked(redis) -> set:
    """What the store has for the client, and for everyone, in billionths of a dollar."""
    return {int(redis.ask("HGET", name, "dn") or 0) for name in redis.ask("KEYS", "weir:{fleet}:b:*")}


def test_spending_that_could_not_be_saved_before_the_hand_over_is_passed_on_after_it(succession, simulator):
    line = succession({"WEIR_CLIENT_KEYS": "app:key-of-app"})
    (line.folder / "weir.yaml").write_text(BUDGET)
    line.environment["WEIR_CONFIG"] = str(line.folder / "weir.yaml")
    key = ("Authorization", "Bearer key-of-app")
    old = line.begin()
    with Wire(old.port) as held:
        marked = mark()
        body = json.dumps(chat("slow", model="openai/gpt-4-turbo", max_tokens=20)).encode()
        held.send(message("POST", CHAT, [JSON, key, marked, ("x-sim-fault", "delay=4000")], body))
        eventually(lambda: simulator.saw(marked), "the slow request is on its way")
        # As good as a full disk: the file is written under this name first.
        (line.folder / "budgets.json.new").mkdir()
        spent = cost(old.post(CHAT, chat("hello", model="openai/gpt-4-turbo", max_tokens=20), [key]))
        new = line.begin()
        (line.folder / "budgets.json.new").rmdir()
        spent += cost(held.read_reply("POST"))
    eventually(lambda: has_ended(old), "the old process has served out", 20)
    assert any("cannot be saved" in entry["message"] for entry in old.log())
    eventually(lambda: abs((remaining(new, "app") or 0) - (1 - spent)) < 1e-9, "what the old one spent is added", 10)


def test_spending_that_the_store_was_not_told_counts_there_once(shared, redis):
    """The old process spends while the store is away, and tells it only after the new one has asked it."""
    old = shared.begin()
    await_store(old, True)
    with Wire(old.port):
        redis.freeze()
        await_store(old, False)
        spent = spend_of_app(old)
        new = shared.begin()
        eventually(lambda: any(entry["message"] == "handed over" for entry in old.log()), "it has handed over")
        old.process.send(signal.SIGSTOP)
        redis.thaw()
        await_store(new, True)
        spent += spend_of_app(new)
        old.process.send(signal.SIGCONT)
    eventually(lambda: has_ended(old), "the old process has served out", 20)
    spent += spend_of_app(new)
    eventually(lambda: booked(redis) == {round(spent * 1e9)}, "each request counts once", 10)


def test_spending_that_the_old_process_could_not_tell_is_told_by_the_new_one(shared, redis):
    old = shared.begin()
    await_store(old, True)
    redis.freeze()
    await_store(old, False)
    spent = spend_of_app(old)
    new = shared.begin()
    eventually(lambda: has_ended(old), "the old process has ended", 20)
    redis.thaw()
    eventually(lambda: booked(redis) == {round(spent * 1e9)}, "the new process has told what it was left", 20)
    assert remaining(new, "app") == pytest.approx(1 - spent)


def test_a_budget_that_is_used_up_stays_so_for_the_new_process_while_the_store_is_away(shared, redis):
    (shared.folder / "weir.yaml").write_text("budgets: [{name: little, period: day, usd: 0.004, clients: [app]}]")
    asked = chat("hello", model="openai/gpt-4-turbo", max_tokens=20)
    old = shared.begin()
    await_store(old, True)
    redis.freeze()
    await_store(old, False)
    while (reply := old.post(CHAT, asked, [KEY_OF_APP])).status == 200:
        pass
    assert reply.status == 429
    with Wire(old.port):
        new = shared.begin()
        assert new.post(CHAT, asked, [KEY_OF_APP]).status == 429
    eventually(lambda: has_ended(old), "the old process has served out", 20)
    assert new.post(CHAT, asked, [KEY_OF_APP]).status == 429
    redis.thaw()
