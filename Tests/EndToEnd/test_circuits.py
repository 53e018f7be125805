"""A model of an upstream that keeps failing is left alone for a while, then asked once; everybody can see it."""

import json
import threading
import time

import pytest

from harness.attempts import CHAT, FALLBACK, KIMI, WITH_CIRCUITS, WITH_FALLBACK, asked, calls, content, fail, heal
from harness.eventually import eventually
from harness.faults import JSON, SHORT, check_own_error
from harness.simulator import mark
from harness.usual_requests import usual
from harness.wire import message

FAILURES = 5  # in a row, by default


def circuits(more: str, rest: str = "") -> dict:
    """A configuration file with these circuits."""
    return {"weir.yaml": f"resilience:\n  circuit: {{{more}}}\n{rest}"}


@pytest.fixture
def upstream(simulator_with):
    return simulator_with()


@pytest.fixture
def guarded(weir_with, upstream):
    """`guarded(circuit="…", rest="…", **environment)`: a weir without retries before the test's own simulator."""
    def start(circuit: str = "open_time: 0.6", rest: str = "", **environment):
        return weir_with(WITH_CIRCUITS | {"WEIR_CONFIG": "weir.yaml"} | environment, upstream=upstream,
                         files=circuits(circuit, rest))
    return start


def break_it(weir, upstream, model: str, fault: str = "status=500", times: int = FAILURES, **options) -> None:
    fail(upstream, ";".join(f"{part}[{model}]" for part in fault.split(";")))
    for _ in range(times):
        assert asked(weir, upstream, model, **options)[1] == [model]


def check_open(weir, upstream, model: str) -> None:
    # The client may have the last reply a moment before weir has counted it.
    eventually(lambda: state(weir, model) >= 1, f"the circuit of {model} is not closed any more")
    reply, models = asked(weir, upstream, model)
    check_own_error(reply, 503, "circuit_open")
    assert models == [], "the upstream is left alone"
    assert 1 <= int(reply.get("retry-after")) <= 31


def state(weir, model: str) -> float:
    """The gauge, 0 where there is none."""
    return weir.scrape().sum("weir_circuit_state", model=model)


def changes(weir, model: str) -> list:
    """The circuit's log lines, as (from, to)."""
    return [(line["from"], line["to"]) for line in weir.log()
            if line.get("model") == model and "from" in line and "to" in line]


# -- opening --------------------------------------------------------------------------------------------------

FAULTS = ["status=500", "status=502", "status=504", "status=529", "cut=0", "error-event=0", "garbage=1", "status=408"]


@pytest.mark.parametrize("fault", FAULTS)
def test_five_failures_in_a_row_open_a_circuit(guarded, upstream, fault):
    weir = guarded("open_time: 30")
    break_it(weir, upstream, "acme/failing", fault)
    check_open(weir, upstream, "acme/failing")
    reply, models = asked(weir, upstream, "acme/other")
    assert content(reply) and models == ["acme/other"], "another model of the same upstream is asked as ever"


def test_an_open_circuit_is_seen_everywhere(guarded, upstream):
    weir = guarded("open_time: 30")
    assert content(asked(weir, upstream, "acme/failing")[0])
    assert state(weir, "acme/failing") == 0 and changes(weir, "acme/failing") == []
    break_it(weir, upstream, "acme/failing")
    check_open(weir, upstream, "acme/failing")
    assert weir.scrape().sum("weir_circuit_state", upstream="127.0.0.1", model="acme/failing") == 2
    assert eventually(lambda: changes(weir, "acme/failing"), "a log line") == [("closed", "open")]
    health = json.loads(weir.admin("/health").body)
    assert health["upstreams"][0]["circuit"] == "open"
    assert health["status"] in ("degraded", "unhealthy")
    assert weir.admin("/readyz").status == 200, "weir itself is ready"
    assert weir.errors_counted("circuit_open") == 1


def test_an_open_one_among_models_without_a_label_of_their_own_is_seen(guarded, upstream):
    weir = guarded("open_time: 30")
    for number in range(100):
        weir.post(f"/v1/{CHAT}", usual(CHAT, model=f"acme/taken-{number}"))
    # By name the ones that work stand before and behind the one that does not.
    for name in ("acme/u-1", "acme/u-3"):
        assert weir.post(f"/v1/{CHAT}", usual(CHAT, model=name)).status == 200
    break_it(weir, upstream, "acme/u-2")
    assert [each.value for each in weir.scrape().samples("weir_circuit_state", model="other")] == [2]


def test_timeouts_open_it_as_well(guarded, upstream):
    weir = guarded("open_time: 30", **SHORT)
    fail(upstream, "delay=30000[acme/slow]")
    threads = [threading.Thread(target=asked, args=(weir, upstream, "acme/slow")) for _ in range(FAILURES)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    check_open(weir, upstream, "acme/slow")


def test_streams_that_break_open_it_as_well(guarded, upstream):
    weir = guarded("open_time: 30")
    fail(upstream, "cut=700[acme/breaking]")
    for _ in range(FAILURES):
        reply, models = asked(weir, upstream, "acme/breaking", stream=True)
        assert reply.status == 200 and models == ["acme/breaking"]
    check_open(weir, upstream, "acme/breaking")


def test_nobody_listening_opens_it_as_well(weir_with, simulator_with):
    gone = simulator_with()
    weir = weir_with(WITH_CIRCUITS | {"WEIR_CONFIG": "weir.yaml"}, upstream=gone, files=circuits("open_time: 30"))
    gone.stop()
    for _ in range(FAILURES):
        check_own_error(weir.post(f"/v1/{CHAT}", usual(CHAT)), 502, "upstream_unreachable")
    check_own_error(weir.post(f"/v1/{CHAT}", usual(CHAT)), 503, "circuit_open")


def test_the_list_of_models_stays_while_its_circuit_is_open(weir_with, simulator_with):
    gone = simulator_with()
    weir = weir_with(WITH_CIRCUITS | {"WEIR_CONFIG": "weir.yaml"}, upstream=gone, files=circuits("open_time: 30"))
    gone.stop()
    with weir.wire() as wire:
        for _ in range(FAILURES + 2):
            reply = wire.request("GET", "/v1/models")
            assert reply.status == 200 and reply.get("x-weir-models") == "aliases-only"
            assert "kimi-k2" in [each["id"] for each in reply.json()["data"]]
    assert weir.scrape().sum("weir_circuit_state") == 2, "the last ones were not sent"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429])
def test_what_the_client_must_mend_opens_nothing(guarded, upstream, status):
    weir = guarded("open_time: 30")
    break_it(weir, upstream, "acme/fine", f"status={status}", 2 * FAILURES)
    heal(upstream)
    assert content(asked(weir, upstream, "acme/fine")[0])


def test_a_success_in_between_starts_the_count_anew(guarded, upstream):
    weir = guarded("open_time: 30")
    for _ in range(3):
        break_it(weir, upstream, "acme/shaky", times=FAILURES - 1)
        heal(upstream)
        assert content(asked(weir, upstream, "acme/shaky")[0])


def test_a_rate_of_failures_opens_it(guarded, upstream):
    weir = guarded("open_time: 30, consecutive_failures: 100, minimum_requests: 10, failure_rate: 0.5")
    for _ in range(5):
        heal(upstream)
        assert content(asked(weir, upstream, "acme/half")[0])
        break_it(weir, upstream, "acme/half", times=1)
    check_open(weir, upstream, "acme/half")


def test_slow_answers_open_it_where_that_is_configured(guarded, upstream):
    weir = guarded("open_time: 30, slow_call: 0.1")
    fail(upstream, "delay=250[acme/slow]")
    for _ in range(FAILURES):
        assert content(asked(weir, upstream, "acme/slow")[0])
    check_open(weir, upstream, "acme/slow")


@pytest.mark.parametrize("circuit, environment", [
    ("enabled: false", {}), ("open_time: 30", {"WEIR_CIRCUIT_BREAKER": "false"})], ids=["file", "environment"])
def test_circuits_can_be_turned_off(guarded, upstream, circuit, environment):
    weir = guarded(circuit, **environment)
    break_it(weir, upstream, "acme/failing", times=4 * FAILURES)
    heal(upstream)
    assert content(asked(weir, upstream, "acme/failing")[0])


def test_retries_count_as_what_they_are(guarded, upstream):
    """Two requests with two retries each are six attempts: the second one meets the open circuit."""
    weir = guarded("open_time: 30", rest="  retry: {first_delay: 0.01}\n  retry_floor: 100\n", WEIR_RETRIES="2")
    fail(upstream, "status=500[acme/failing]")
    assert len(asked(weir, upstream, "acme/failing")[1]) == 3
    reply, models = asked(weir, upstream, "acme/failing")
    assert models == ["acme/failing"] * 2 and reply.status in (500, 503)
    check_open(weir, upstream, "acme/failing")


# -- with somewhere else to go --------------------------------------------------------------------------------

def test_behind_an_open_circuit_the_fallback_is_asked_at_once(guarded, upstream):
    weir = guarded("open_time: 30", **WITH_FALLBACK)
    fail(upstream, "status=500[moonshotai/*]")
    for _ in range(FAILURES):
        assert asked(weir, upstream)[1] == [KIMI, FALLBACK]
    reply, models = asked(weir, upstream)
    assert content(reply) and models == [FALLBACK]
    assert reply.get("x-weir-attempts") == "1" and reply.get("x-weir-fallback") == KIMI
    assert reply.get("x-weir-model") == FALLBACK
    labels = {"from": KIMI, "to": FALLBACK, "reason": "circuit_open"}
    assert weir.scrape().sum("weir_fallbacks_total", **labels) == 1


def test_with_every_way_closed_the_client_is_told_when_to_come_back(guarded, upstream):
    weir = guarded("open_time: 30", **WITH_FALLBACK)
    fail(upstream, "status=500")
    for _ in range(FAILURES):
        assert asked(weir, upstream)[1] == [KIMI, FALLBACK]
    eventually(lambda: state(weir, KIMI) == 2 == state(weir, FALLBACK), "both circuits are open")
    for endpoint in (CHAT, "messages"):
        reply, models = asked(weir, upstream, endpoint=endpoint)
        check_own_error(reply, 503, "circuit_open", endpoint=endpoint)
        assert models == [] and 1 <= int(reply.get("retry-after")) <= 31


# -- half open ------------------------------------------------------------------------------------------------

def test_after_a_while_one_request_asks_for_all(guarded, upstream):
    """Twenty come at once; the one that goes through fails slowly, the others are refused meanwhile."""
    weir = guarded()
    break_it(weir, upstream, "acme/failing")
    fail(upstream, "delay=500[acme/failing];status=500[acme/failing]")
    time.sleep(0.7)
    marked, statuses = mark(), []

    def run() -> None:
        statuses.append(weir.post(f"/v1/{CHAT}", usual(CHAT, model="acme/failing"), [marked]).status)

    threads = [threading.Thread(target=run) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(calls(upstream, marked)) == 1
    assert sorted(statuses) == [500] + [503] * 19
    check_open(weir, upstream, "acme/failing")


def test_a_probe_that_succeeds_closes_it(guarded, upstream):
    weir = guarded()
    break_it(weir, upstream, "acme/failing")
    check_open(weir, upstream, "acme/failing")
    heal(upstream)
    time.sleep(0.7)
    for _ in range(3):
        assert content(asked(weir, upstream, "acme/failing")[0])
    assert state(weir, "acme/failing") == 0
    expected = [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    seen = eventually(lambda: (all_ := changes(weir, "acme/failing")) and all_[-1][1] == "closed" and all_, "it closed")
    found = [tuple(each.replace("-", "_") for each in pair) for pair in seen]
    assert found in (expected, [expected[0], ("open", "closed")], [expected[0], expected[2]])
    health = json.loads(weir.admin("/health").body)
    assert health["upstreams"][0]["circuit"] == "closed"


def test_a_probe_that_its_client_leaves_is_made_by_another(guarded, upstream):
    weir = guarded()
    break_it(weir, upstream, "acme/failing")
    fail(upstream, "delay=30000#1[acme/failing]")
    time.sleep(0.7)
    marked = mark()
    with weir.wire() as wire:
        body = json.dumps(usual(CHAT, model="acme/failing")).encode()
        wire.send(message("POST", f"/v1/{CHAT}", [JSON, marked], body))
        eventually(lambda: calls(upstream, marked), "the probe")
        check_open(weir, upstream, "acme/failing")
    upstream.await_end(marked, "cancelled")
    assert content(asked(weir, upstream, "acme/failing")[0])


def test_in_an_outage_the_upstream_sees_nothing_but_probes(guarded, upstream):
    """Two seconds of steady traffic against a circuit that opens for 0.6."""
    weir = guarded()
    fail(upstream, "status=500[acme/failing]")
    marked, began, asked_for = mark(), time.monotonic(), 0
    while time.monotonic() - began < 2:
        reply = weir.post(f"/v1/{CHAT}", usual(CHAT, model="acme/failing"), [marked])
        assert reply.status in (500, 503)
        asked_for += 1
        time.sleep(0.02)
    lasted = time.monotonic() - began
    seen = len(calls(upstream, marked))
    assert FAILURES + 1 <= seen <= FAILURES + 1 + lasted / 0.6 and seen < asked_for / 2


def test_a_reload_keeps_what_is_known(guarded, upstream):
    weir = guarded("open_time: 30")
    break_it(weir, upstream, "acme/failing")
    (weir.folder / "weir.yaml").write_text(circuits("open_time: 31")["weir.yaml"])
    assert weir.admin("/reload", "POST").status == 200
    check_open(weir, upstream, "acme/failing")
