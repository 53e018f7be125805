"""Days and months that turn, and a clock that somebody sets while weir runs."""

import time
from email.utils import formatdate

import pytest

from harness.budgets import MODEL, remaining
from harness.clock import Clock, compiler
from harness.eventually import eventually
from harness.fleet import Fleet, sidecars
from harness.limits import asks, keyed
from harness.raw_servers import always, head
from harness.redis import Redis
from harness.requests import chat
from harness.weir import Weir

pytestmark = pytest.mark.skipif(not compiler(), reason="needs a compiler of C")

HOUR = 3600
RULES = """
budgets:
  - {name: day, period: day, usd: 0.01, clients: [app]}
  - {name: month, period: month, usd: 0.015, clients: [app]}
limits:
  rates: [{name: slow, requests_per_minute: 1, burst: 3, clients: [often]}]
"""


@pytest.fixture
def timed(binary, simulator, tmp_path):
    """`timed(moment, settings)`: a weir whose clock starts there, and the clock as `weir.clock`."""
    running = []

    def start(moment: str, environment=None):
        clock = Clock(tmp_path)
        clock.set(moment)
        weir = keyed(binary, tmp_path, simulator.url, ["app", "often"], RULES, clock.environment | (environment or {}))
        weir.clock = clock
        running.append(weir)
        return weir

    yield start
    for each in running:
        each.stop()


def spends(weir, tokens: int = 100):
    """A request whose worst case is a little over `tokens` × 30 millionths of a dollar, and whose cost is as large."""
    return asks(weir, "app", text="w " * tokens, model=MODEL, max_tokens=tokens)


def use_up(weir) -> None:
    """Until nothing more fits."""
    for _ in range(20):
        if (reply := spends(weir)).status != 200:
            assert reply.json()["error"]["code"] == "budget_exceeded"
            return
    raise AssertionError("the budget lets everything pass")


def test_a_day_that_turns_opens_its_budgets_and_one_that_comes_back_does_not(timed):
    weir = timed("2027-01-30 23:59:00")
    use_up(weir)
    weir.clock.set("2027-01-31 00:00:01")
    assert spends(weir).status == 200
    left = remaining(weir, "app")
    weir.clock.move(-HOUR)
    assert remaining(weir, "app") == left, "the later day stays"
    use_up(weir)
    # The day is over by the clock, the month is used up too; a new month opens both.
    weir.clock.set("2027-02-01 00:00:01")
    assert spends(weir).status == 200


def test_a_refusal_says_when_the_later_period_is_over(timed):
    weir = timed("2027-03-28 00:30:00")
    weir.clock.set("2027-03-27 23:30:00")
    use_up(weir)
    reply = spends(weir)
    assert abs(int(reply.get("retry-after")) - HOUR / 2) < 30


def test_rates_and_kept_replies_do_not_go_by_a_clock_that_is_set(timed):
    weir = timed("2027-03-28 01:59:00", {"WEIR_CACHE_TTL": "300"})
    assert asks(weir, "app", text="kept").get("x-weir-cache") == "miss"
    assert [asks(weir, "often", text=f"{each}").status for each in range(3)] == [200] * 3
    for seconds in (-HOUR, 3 * HOUR, 366 * 24 * HOUR):
        weir.clock.move(seconds)
        kept = asks(weir, "app", text="kept")
        assert (kept.get("x-weir-cache"), int(kept.get("age")) < 60) == ("hit", True)
        assert asks(weir, "often", text="more").status == 429


def test_the_uptime_is_what_passed_and_not_what_somebody_set(timed):
    weir = timed("2027-03-28 02:00:00")
    for seconds in (-HOUR, 2 * HOUR):
        weir.clock.move(seconds)
        assert 0 <= weir.admin("/health").json()["uptime_seconds"] < 60
        assert 0 <= weir.admin("/status").json()["uptime_seconds"] < 60


def test_an_audit_log_that_cannot_be_written_is_told_of_once_a_minute_by_what_passes(timed):
    weir = timed("2027-03-28 02:00:00", {"WEIR_AUDIT_LOG": "."})
    told = lambda: [line for line in weir.log() if line["message"] == "the audit log cannot be written"]
    eventually(told, "it is told of", 10)
    weir.clock.move(10 * HOUR)
    use_up(weir)
    time.sleep(1.5)
    assert len(told()) == 1


@pytest.mark.parametrize("hours", [-0.5, 0.5])
def test_when_an_upstream_may_be_asked_again_goes_by_its_own_clock(binary, tmp_path, hours):
    now = time.time()
    reply = head("429 Too Many Requests", "Content-Length: 2", f"Date: {formatdate(now, usegmt=True)}",
                 f"Retry-After: {formatdate(now + 100, usegmt=True)}", "Content-Type: application/json") + b"{}"
    clock = Clock(tmp_path)
    clock.move(int(hours * HOUR))
    with always(reply) as upstream:
        weir = Weir(binary, tmp_path, upstream.url,
                    clock.environment | {"WEIR_RETRIES": None, "WEIR_CIRCUIT_BREAKER": None})
        try:
            asked = [weir.post("/v1/chat/completions", chat("x"), [("x-weir-timeout", "5")]) for _ in range(2)]
            assert [each.status for each in asked] == [429] * 2
            assert 50 < int(asked[1].get("retry-after")) <= 101, "it is left alone as long as it wants"
        finally:
            weir.stop()


def test_an_audit_log_that_is_mended_is_written_though_the_clock_was_set_back(timed, tmp_path):
    """What the process reads is months ahead of what the kernel's timers go by, as after a clock that was set back."""
    folder = tmp_path / "audit"
    folder.mkdir()
    log = folder / "audit.jsonl"
    weir = timed("2027-03-28 02:00:00", {"WEIR_AUDIT_LOG": str(log)})
    assert [asks(weir, "often", text=f"{each}").status for each in range(3)] == [200] * 3
    eventually(lambda: log.exists() and b'"often"' in log.read_bytes(), "the key's use is written", 10)
    # What came together has woken the writer more than once; it finds nothing more to do for that, and waits then.
    time.sleep(0.5)
    folder.rename(tmp_path / "gone")
    # One event: there is no other one to wake the writer.
    assert asks(weir, "often", text="more").status == 429
    eventually(lambda: [line for line in weir.log() if line["message"] == "the audit log cannot be written"],
               "it cannot be written", 10)
    folder.mkdir()
    eventually(log.exists, "what waited is written", 10)


def test_who_died_before_the_stores_clock_was_set_back_is_dead_all_the_same(binary, simulator, tmp_path):
    (tmp_path / "redis").mkdir()
    clock = Clock(tmp_path / "redis")
    clock.move(2 * HOUR)
    store = Redis(tmp_path / "redis", environment=clock.environment)
    try:
        fleet = Fleet(binary, tmp_path, simulator.url, store, 2, ["app"], "")
        try:
            fleet[1].process.kill()
            clock.move(-HOUR)
            eventually(lambda: sidecars(fleet[0]) == 1, "the dead one is gone", 30)
        finally:
            fleet.stop()
    finally:
        store.stop()
