"""Budgets: what is refused before it costs anything, what is settled afterwards, and what outlives the process."""

import json
import threading
import time

import openai
import pytest

from harness.attempts import KIMI, calls
from harness.budgets import (
    MODEL, USD_PER_INPUT_TOKEN, USD_PER_OUTPUT_TOKEN, Restarted, check_over_budget, cost, remaining)
from harness.eventually import eventually
from harness.limits import CHAT, JSON, asks, keyed, of
from harness.requests import chat
from harness.simulator import mark
from harness.upstream import ScriptedUpstream, reply as scripted
from harness.usual_requests import usual
from harness.wire import ConnectionEnded, message

# A client for each test, so that one weir serves them all.
RULES = """
limits: {output_cap: 40}
budgets:
  - {name: cent, period: day, usd: 0.01, clients: [settled, large, held, crowd, failing, leaving, messages, capped, evading]}
  - {name: thousand, period: month, tokens: 1000, clients: [tokens]}
  - {name: soft, period: day, usd: 0.0001, hard: false, clients: [softly]}
  - {name: soft_tokens, period: month, tokens: 1, hard: false, clients: [softly]}
  - {name: wide, period: month, usd: 1000, clients: [python]}
  - {name: tiny, period: day, usd: 0.000001, clients: [python, month]}
"""
CLIENTS = ["settled", "large", "held", "crowd", "failing", "leaving", "messages", "capped", "evading", "tokens", "softly",
           "python", "month", "free"]


@pytest.fixture(scope="module")
def budgeted(binary, simulator, tmp_path_factory):
    running = keyed(binary, tmp_path_factory.mktemp("budgeted"), simulator.url, CLIENTS, RULES)
    yield running
    running.stop()


def worst_case(body: dict) -> float:
    """The documented most that a plain body can cost."""
    return len(json.dumps(body).encode()) * USD_PER_INPUT_TOKEN + body["max_tokens"] * USD_PER_OUTPUT_TOKEN


def settled(weir, client: str, expected: float) -> None:
    eventually(lambda: abs(remaining(weir, client) - expected) < 1e-9, f"{expected} is left", 3)


# -- what is spent --------------------------------------------------------------------------------------------

def test_what_the_upstream_says_is_what_is_spent(budgeted):
    spent = 0.0
    for stream in (False, True):
        reply = asks(budgeted, "settled", text="some words", max_tokens=20, stream=stream)
        assert reply.status == 200
        usages = [json.loads(line[6:]).get("usage") for line in reply.body.decode().splitlines()
                  if line.startswith("data: {")] if stream else [reply.json()["usage"]]
        spent += next(usage["cost"] for usage in usages if usage)
        settled(budgeted, "settled", 0.01 - spent)
    assert budgeted.scrape().sum("weir_cost_usd_total", client="settled") == pytest.approx(spent)


def test_a_price_list_stands_in_where_the_upstream_names_no_cost(binary, tmp_path):
    body = json.dumps({"id": "1", "object": "chat.completion", "model": MODEL,
                       "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"},
                                    "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}}).encode()
    with ScriptedUpstream(lambda *_: scripted(body)) as upstream:
        weir = keyed(binary, tmp_path, upstream.url, ["app"], "budgets: [{period: day, usd: 1}]")
        try:
            assert asks(weir, "app", max_tokens=10).status == 200
            settled(weir, "app", 1 - 100 * USD_PER_INPUT_TOKEN - 7 * USD_PER_OUTPUT_TOKEN)
        finally:
            weir.stop()


def test_a_failed_request_costs_nothing(budgeted):
    for fault in ("status=500", "status=400", "garbage=1", "reset=1"):
        assert asks(budgeted, "failing", ("x-sim-fault", fault), max_tokens=20).status >= 400
    settled(budgeted, "failing", 0.01)


def test_a_client_that_leaves_amid_a_stream_pays_for_what_came(budgeted):
    body = json.dumps(chat("a b c d e f g h", stream=True, max_tokens=50)).encode()
    wire = budgeted.wire()
    wire.send(message("POST", CHAT, [JSON, of("leaving"), ("x-sim-fault", "stall=6")], body))
    received = b""
    while b'"c "' not in received and b'"a "' not in received:
        received += wire.more()
    wire.reset()
    eventually(lambda: 0 < 0.01 - remaining(budgeted, "leaving") < 0.01, "something is spent")
    spent = 0.01 - remaining(budgeted, "leaving")
    assert spent < worst_case(chat("a b c d e f g h", stream=True, max_tokens=50))


# -- what is refused ------------------------------------------------------------------------------------------

def test_a_request_that_could_go_over_is_not_sent(budgeted, simulator):
    fits, more, marked = chat(max_tokens=100), chat(max_tokens=330), mark()
    assert worst_case(fits) < 0.01 < worst_case(more)
    check_over_budget(budgeted.post(CHAT, more, [of("large"), marked]), "cent")
    assert not calls(simulator, marked)
    assert budgeted.post(CHAT, fits, [of("large"), marked]).status == 200
    assert budgeted.scrape().sum("weir_rate_limited_total", limit="cent", client="large") == 1
    assert budgeted.post(CHAT, more, [of("free")]).status == 200


def test_the_worst_case_counts_every_choice(budgeted):
    assert worst_case(chat(max_tokens=60)) < 0.01
    check_over_budget(asks(budgeted, "large", max_tokens=60, n=10), "cent")


def test_a_used_up_budget_says_when_the_next_begins(budgeted):
    check_over_budget(asks(budgeted, "month", max_tokens=1), "tiny")
    reply = asks(budgeted, "tokens", text="w " * 250, max_tokens=5000)
    check_over_budget(reply, "thousand", "month")
    assert "max_tokens" in reply.json()["error"]["message"], "what to do"


def test_a_budget_of_tokens_is_used_up_by_tokens(budgeted):
    passed, used = 0, 0
    while True:
        reply = asks(budgeted, "tokens", text="x " * 40, max_tokens=100)
        if reply.status != 200:
            break
        passed, used = passed + 1, used + reply.json()["usage"]["total_tokens"]
        assert passed < 50
    check_over_budget(reply, "thousand", "month")
    assert passed > 5 and used <= 1000


def test_what_requests_in_flight_may_need_is_held_for_them(budgeted):
    body = chat("held", stream=True, max_tokens=200)
    assert 0.005 < worst_case(body) < 0.01
    wire = budgeted.wire()
    wire.send(message("POST", CHAT, [JSON, of("held"), ("x-sim-fault", "stall=1")], json.dumps(body).encode()))
    assert wire.read_head().status == 200
    reply = asks(budgeted, "held", max_tokens=200)
    assert reply.status == 429 and reply.json()["error"]["code"] == "budget_exceeded"
    assert reply.get("retry-after") == "5" and reply.get("x-should-retry") is None
    assert "in flight" in reply.json()["error"]["message"]
    wire.reset()
    eventually(lambda: asks(budgeted, "held", max_tokens=200).status == 200, "the reservation is given back")


def test_many_requests_at_once_never_spend_more_than_the_budget(budgeted):
    spent, refused, lock = [], [], threading.Lock()

    def run():
        for number in range(12):
            reply = asks(budgeted, "crowd", text="word " * 30, max_tokens=30)
            with lock:
                (spent if reply.status == 200 else refused).append(reply)
    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(cost(reply) for reply in spent)
    assert refused and {reply.json()["error"]["code"] for reply in refused} == {"budget_exceeded"}
    assert 0 < total <= 0.01
    settled(budgeted, "crowd", 0.01 - total)


@pytest.mark.parametrize("retries", [0, 3])
def test_the_openai_client_does_not_hammer(budgeted, retries):
    def refusals():
        return budgeted.scrape().sum("weir_rate_limited_total", limit="tiny", client="python")
    before = refusals()
    with openai.OpenAI(base_url=budgeted.url, api_key="key-python", max_retries=retries) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**chat(max_tokens=1))
    assert caught.value.code == "budget_exceeded"
    assert refusals() == before + 1


@pytest.mark.parametrize("usd, ending", [(0.002, "refused"), (0.01, "served")])
def test_a_fallback_to_a_dearer_model_asks_the_budget_again(binary, simulator, tmp_path, usd, ending):
    weir = keyed(binary, tmp_path, simulator.url, ["app"], f"budgets: [{{name: small, period: day, usd: {usd}}}]",
                 {"KIMI_FALLBACK_MODEL": MODEL})
    body, marked = chat(model=KIMI, max_tokens=100), mark()
    assert 0.002 < worst_case(body) < 0.01, "what the fallback may cost"
    try:
        reply = weir.post(CHAT, body, [of("app"), marked, ("x-sim-fault", f"status=503[{KIMI}]")])
        asked = [json.loads(each.body)["model"] for each in calls(simulator, marked)]
        if ending == "served":
            assert asked == [KIMI, MODEL]
            settled(weir, "app", usd - cost(reply))
        else:
            assert asked == [KIMI] and reply.status in (429, 503)
            assert reply.get("x-weir-attempts") == "1" and weir.scrape().sum("weir_fallbacks_total") == 0
            settled(weir, "app", usd)
    finally:
        weir.stop()


@pytest.mark.parametrize("tokens, ending", [(2000, "refused"), (9000, "served")])
def test_a_fallback_that_takes_no_output_bound_is_reserved_with_the_whole_cap(
        binary, simulator, tmp_path, tokens, ending):
    rules = f"""
budgets: [{{name: small, period: day, tokens: {tokens}}}]
models: {{catalog: [{{id: {MODEL}, prices: {{input: 1, output: 1}}, parameters: [{{drop: max_tokens}}]}}]}}
"""
    weir = keyed(binary, tmp_path, simulator.url, ["app"], rules, {"KIMI_FALLBACK_MODEL": MODEL})
    marked = mark()
    try:
        reply = weir.post(CHAT, chat(model=KIMI, max_tokens=100), [of("app"), marked, ("x-sim-fault", f"status=503[{KIMI}]")])
        asked = [json.loads(each.body) for each in calls(simulator, marked)]
        assert [each["model"] for each in asked] == ([KIMI, MODEL] if ending == "served" else [KIMI])
        assert all("max_tokens" not in each for each in asked[1:])
        assert reply.status == 200 if ending == "served" else reply.status in (429, 503)
    finally:
        weir.stop()


def test_a_fallback_gets_a_bound_where_only_the_first_models_defaults_brought_one(binary, simulator, tmp_path):
    rules = "limits: {output_cap: 4000}\nbudgets: [{name: dollar, period: day, tokens: 3000}]"
    weir = keyed(binary, tmp_path, simulator.url, ["app"], rules,
                 {"KIMI_FALLBACK_MODEL": MODEL, "KIMI_K2_MAX_TOKENS": "30"})
    marked = mark()
    try:
        reply = weir.post(CHAT, chat(model=KIMI), [of("app"), marked, ("x-sim-fault", f"status=503[{KIMI}]")])
        assert reply.status == 200 and reply.get("x-weir-model") == MODEL
        first, second = [json.loads(each.body) for each in calls(simulator, marked)]
        # Half the cap, since the whole one does not fit the budget.
        assert first["max_tokens"] == 30 and second["max_tokens"] == 2000
        assert "max_tokens was set to 2000" in reply.get("x-weir-warnings")
    finally:
        weir.stop()


def test_all_clients_may_share_a_budget(binary, simulator, tmp_path):
    rules = "budgets: [{name: all, period: day, usd: 0.005, total: true}]"
    weir = keyed(binary, tmp_path, simulator.url, ["ann", "ben"], rules)
    try:
        passed = [name for name in ["ann", "ben"] * 30 if asks(weir, name, text="w " * 80, max_tokens=5).status == 200]
        assert set(passed) == {"ann", "ben"} and len(passed) < 60
        check_over_budget(asks(weir, "ann", text="w " * 80, max_tokens=5), "all")
        check_over_budget(asks(weir, "ben", text="w " * 80, max_tokens=5), "all")
    finally:
        weir.stop()


# -- the cap, the warning -------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint, name", [("chat/completions", "max_tokens"), ("completions", "max_tokens"),
                                            ("responses", "max_output_tokens")])
def test_a_request_without_an_output_bound_gets_one(budgeted, simulator, endpoint, name):
    marked = mark()
    reply = budgeted.post(f"/v1/{endpoint}", usual(endpoint, model=MODEL), [of("capped"), marked])
    assert reply.status == 200, reply.body
    assert json.loads(simulator.received(marked).body) == usual(endpoint, model=MODEL) | {name: 40}
    assert reply.get("x-weir-edits").split(",") == [name]
    assert f"{name} was set to 40" in reply.get("x-weir-warnings")


@pytest.mark.parametrize("bound", ["max_tokens", "max_completion_tokens"])
def test_a_request_with_an_output_bound_stays_as_it_is(budgeted, simulator, bound):
    marked = mark()
    body = json.dumps(chat(**{bound: 7}), indent=1).encode()
    reply = budgeted.post(CHAT, body, [of("capped"), marked])
    assert reply.status == 200 and reply.get("x-weir-edits") is None
    assert simulator.received(marked).body == body


@pytest.mark.parametrize("members", [
    {"max_tokens": None}, {"max_tokens": 1e6}, {"max_tokens": "100000"}, {"max_output_tokens": 1},
    {"max_tokens": 1, "max_completion_tokens": 100_000}, {"max_completion_tokens": 1, "max_tokens": 100_000},
    {"max_tokens": 10, "n": 1e2}, {"max_tokens": -1}, {"max_tokens": 0}], ids=json.dumps)
def test_no_spelling_of_a_bound_gets_more_output_than_is_reserved(budgeted, simulator, members):
    marked = mark()
    # A float as clients may spell a whole number: JSON has no other kind.
    reply = budgeted.post(CHAT, json.dumps(chat(**members)).encode(), [of("evading"), marked])
    if reply.status != 200:
        assert reply.status in (400, 429) and not calls(simulator, marked)
        return
    sent = json.loads(simulator.received(marked).body)
    bounds = [sent[name] for name in ("max_tokens", "max_completion_tokens") if sent.get(name) is not None]
    assert bounds and all(type(bound) is int and 0 <= bound <= 40 for bound in bounds)
    assert sent.get("n", 1) == 1


@pytest.mark.parametrize("client, endpoint", [("capped", "embeddings"), ("free", "chat/completions"),
                                              ("softly", "chat/completions")])
def test_no_cap_is_put_in_where_none_is_needed(budgeted, simulator, client, endpoint):
    marked = mark()
    model = "openai/text-embedding-3-small" if endpoint == "embeddings" else MODEL
    reply = budgeted.post(f"/v1/{endpoint}", usual(endpoint, model=model), [of(client), marked])
    assert reply.status == 200 and reply.get("x-weir-edits") is None
    assert json.loads(simulator.received(marked).body) == usual(endpoint, model=model)


def test_a_soft_budget_that_is_used_up_is_told_and_refuses_nothing(budgeted):
    while asks(budgeted, "softly").get("x-weir-warnings") is None:
        pass
    reply = asks(budgeted, "softly")
    assert reply.status == 200
    warnings = reply.get("x-weir-warnings")
    assert "the budget soft is used up" in warnings and "the budget soft_tokens is used up" in warnings
    counted = budgeted.scrape()
    assert counted.sum("weir_soft_budget_exceeded_total", limit="soft", client="softly") >= 2
    assert counted.sum("weir_soft_budget_exceeded_total", limit="soft_tokens", client="softly") >= 2
    assert counted.sum("weir_rate_limited_total", client="softly") == 0


def test_a_soft_budget_that_is_used_up_is_a_line_in_the_log(budgeted):
    asks(budgeted, "softly")
    asks(budgeted, "softly")
    def alerts():
        return [line for line in budgeted.log() if line["message"] != "access" and "softly" in json.dumps(line)]
    eventually(alerts, "an alert line names the client", 3)
    assert {line["level"] for line in alerts()} <= {"warning", "error"}
    assert len(alerts()) <= 2, "one for each budget, not one for each request"


# -- what outlives the process --------------------------------------------------------------------------------

DOLLAR = "budgets: [{name: dollar, period: day, usd: 1}, {name: month, period: month, usd: 5}]"


@pytest.fixture
def spender(binary, simulator, tmp_path):
    running = Restarted(binary, tmp_path, simulator.url, ["app", "idle"], DOLLAR)
    yield running
    running.stop()


def test_spending_survives_a_restart(spender):
    spent = sum(cost(asks(spender.weir, "app", max_tokens=20)) for _ in range(5))
    spender.restart()
    assert remaining(spender.weir, "app") == pytest.approx(1 - spent)
    spent += cost(asks(spender.weir, "app", max_tokens=20))
    settled(spender.weir, "app", 1 - spent)


def saved(spender) -> float:
    """What the state file says that the client has spent today, in US dollars."""
    try:
        document = json.loads((spender.folder / "weir.budgets.json").read_text())
    except FileNotFoundError:
        return 0.0
    assert document["version"] == 1
    return sum(entry["nano_usd"] for entry in document["spending"]
               if entry.get("client") == "app" and entry["period"] == "day") / 1e9


def test_a_killed_weir_loses_at_most_the_last_second(spender):
    for round_ in range(2):
        before = saved(spender)
        spent = sum(cost(asks(spender.weir, "app", max_tokens=20)) for _ in range(5))
        eventually(lambda: abs(saved(spender) - before - spent) < 1e-9, "what was spent is in the file", 5)
        spender.kill()
        assert remaining(spender.weir, "app") == pytest.approx(1 - before - spent)


def test_killed_amid_requests_the_file_is_whole_and_holds_what_was_settled_a_second_before(binary, simulator, tmp_path):
    # More than the threads can spend on any machine.
    budget = 1000
    spender = Restarted(binary, tmp_path, simulator.url, ["app"], f"budgets: [{{name: much, period: day, usd: {budget}}}]")
    stop, ended, lock = threading.Event(), [], threading.Lock()

    def run():
        while not stop.is_set():
            try:
                reply = asks(spender.weir, "app", max_tokens=20)
            except (OSError, ConnectionEnded):
                return
            if not reply.is_complete:
                return
            with lock:
                ended.append((time.monotonic(), cost(reply)))
    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(2.5)
    killed = time.monotonic()
    spender.weir.process.kill()
    stop.set()
    for thread in threads:
        thread.join()
    spender.begin()
    lost = sum(price for _, price in ended) - (budget - remaining(spender.weir, "app"))
    # A loaded machine may be late with the file by as long again.
    assert lost <= sum(price for at, price in ended if at > killed - 2) + 1e-9
    spender.stop()


def test_reservations_do_not_survive(spender):
    body = json.dumps(chat(stream=True, max_tokens=20_000)).encode()
    with spender.weir.wire() as wire:
        wire.send(message("POST", CHAT, [JSON, of("app"), ("x-sim-fault", "stall=1")], body))
        assert wire.read_head().status == 200
        assert asks(spender.weir, "app", max_tokens=20_000).status == 429
        cost(asks(spender.weir, "app", max_tokens=20))
        eventually(lambda: saved(spender) > 0, "the file is written", 5)
        spender.kill()
    assert asks(spender.weir, "app", max_tokens=20_000).status == 200


def test_a_damaged_file_opens_no_budget_again(spender, binary, simulator, tmp_path_factory):
    cost(asks(spender.weir, "app", max_tokens=20))
    spender.weir.stop()
    whole = (spender.folder / "weir.budgets.json").read_bytes()
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "weir.budgets.json").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(AssertionError) as caught:
        keyed(binary, folder, simulator.url, ["app"], DOLLAR).stop()
    assert "weir.budgets.json" in str(caught.value) and "weir: exit 1\n" in str(caught.value)
    assert (folder / "weir.budgets.json").read_bytes() == whole[:len(whole) // 2]
    spender.begin()


def test_the_file_may_be_put_elsewhere_or_left_out(binary, simulator, tmp_path):
    elsewhere = tmp_path / "state" / "spent.json"
    elsewhere.parent.mkdir()
    for name, value in (("elsewhere", str(elsewhere)), ("nowhere", "off")):
        folder = tmp_path / name
        folder.mkdir()
        weir = keyed(binary, folder, simulator.url, ["app"], DOLLAR, {"WEIR_BUDGET_STATE_FILE": value})
        cost(asks(weir, "app", max_tokens=20))
        weir.stop()
        assert not (folder / "weir.budgets.json").exists()
    assert json.loads(elsewhere.read_text())["spending"]


def test_the_environment_sets_a_budget_for_a_day(weir_with):
    weir = weir_with({"WEIR_BUDGET_USD_DAY": "0.01"})
    assert weir.post(CHAT, chat(max_tokens=10)).status == 200
    check_over_budget(weir.post(CHAT, chat(max_tokens=1000)), "usd_day")
