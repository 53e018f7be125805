"""Rate and concurrency limits: who is counted with whom, what a refusal says, and what tokens really count.

All rates are so low that no test lives to see a request given back, unless it waits for that.
"""

import json
import math
import threading
import time

import anthropic
import openai
import pytest

from harness.attempts import calls
from harness.eventually import eventually
from harness.limits import CHAT, JSON, Left, asks, check_rate_limited, in_turn, keyed, left, of
from harness.requests import chat
from harness.simulator import mark
from harness.wire import message

# A client for each test, so that one weir serves them all.
RULES = """
limits:
  max_keys: 5000
  rates:
    - {name: burst_of_3, requests_per_minute: 1, burst: 3, clients: [burst, refused]}
    - {name: soon, requests_per_minute: 60, burst: 1, clients: [patient]}
    - {name: tokens, tokens_per_minute: 1, burst: 1000, clients: [counted, learning, failing, streaming, silent]}
    - {name: few_tokens, tokens_per_minute: 1, burst: 60, clients: [wordy]}
    - {name: each_user, requests_per_minute: 1, burst: 2, per: [user], clients: [users]}
    - {name: each_model, requests_per_minute: 1, burst: 2, per: [model], clients: [models]}
    - {name: each_pair, requests_per_minute: 1, burst: 1, per: [user, model], clients: [pairs]}
    - {name: wide, requests_per_minute: 1, burst: 5, clients: [several]}
    - {name: narrow, requests_per_minute: 1, burst: 2, per: [client, model], models: ["acme/*"], clients: [several]}
    - {name: named, requests_per_minute: 1, burst: 2, models: ["acme/*"], clients: [listing]}
    - {name: shared, requests_per_minute: 1, burst: 2, per: [], clients: [left, right]}
    - {name: own, requests_per_minute: 1, burst: 2, clients: [one, two]}
    - {name: claude, requests_per_minute: 1, burst: 1, clients: [anthropic]}
    - {name: python, requests_per_minute: 1, burst: 1, clients: [openai]}
  concurrency:
    - {name: two_at_once, maximum: 2, clients: [crowd]}
    - {name: slow_model, maximum: 1, per: [model], models: ["acme/slow"]}
"""
CLIENTS = ["burst", "refused", "patient", "counted", "learning", "failing", "streaming", "silent", "wordy", "users", "models",
           "pairs", "several", "left", "right", "one", "two", "anthropic", "openai", "crowd", "free",
           "listing"]


@pytest.fixture(scope="module")
def limited(binary, simulator, tmp_path_factory):
    running = keyed(binary, tmp_path_factory.mktemp("limited"), simulator.url, CLIENTS, RULES)
    yield running
    running.stop()


def estimate(body: dict) -> int:
    """The documented estimate of a plain body's input."""
    return math.ceil(len(json.dumps(body).encode()) / 4)


def passes(weir, client: str, *headers, **members) -> bool:
    reply = asks(weir, client, *headers, **members)
    assert reply.status in (200, 429), reply.body
    return reply.status == 200


# -- requests a minute ----------------------------------------------------------------------------------------

def test_a_burst_passes_and_the_next_request_is_told_when_to_come_back(limited, simulator):
    for number in (2, 1, 0):
        reply = asks(limited, "burst")
        stand = left(reply)
        assert reply.status == 200
        assert (stand.limit, stand.remaining) == (3, number)
        assert (3 - number) * 60 - 30 < stand.reset <= (3 - number) * 60
        assert left(reply, "tokens") is None
    marked = mark()
    reply = asks(limited, "burst", marked)
    check_rate_limited(reply, "burst_of_3")
    assert 30 <= int(reply.get("retry-after")) <= 60
    assert left(reply).limit == 3 and left(reply).remaining == 0
    assert reply.json()["error"]["type"] == "rate_limit_error"
    assert not calls(simulator, marked), "a refused request costs the upstream nothing"


def test_a_refusal_takes_nothing_and_is_counted_by_limit_and_client(limited):
    assert [passes(limited, "refused") for _ in range(5)] == [True] * 3 + [False] * 2
    waits = [int(asks(limited, "refused").get("retry-after-ms")) for _ in range(2)]
    assert waits[0] >= waits[1], "asking again does not make the wait longer"
    assert limited.scrape().sum("weir_rate_limited_total", limit="burst_of_3", client="refused") == 4
    line = limited.access_line(asks(limited, "refused").get("x-request-id"))
    assert line["error"] == "rate_limit_exceeded" and line["attempts"] == 0


def test_who_waits_as_long_as_told_passes(limited):
    assert passes(limited, "patient")
    reply = asks(limited, "patient")
    while reply.status == 429:
        check_rate_limited(reply, "soon")
        time.sleep(int(reply.get("retry-after-ms")) / 1000)
        reply = asks(limited, "patient")
        assert reply.status == 200, "nobody else asks, so one wait is enough"


def test_a_client_without_limits_is_told_nothing_of_them(limited):
    reply = asks(limited, "free")
    assert reply.status == 200
    assert not [name for name, _ in reply.headers if name.lower().startswith("x-ratelimit")]


def test_numbers_of_replies_beyond_reason_are_estimated_and_end_nothing(limited):
    # Their product with the prompts is more than a whole number holds, over which the process once ended.
    body = {"model": "acme/m", "prompt": list("abcdefghij"), "n": 10**18 - 1, "max_tokens": 1}
    for members in ({}, {"best_of": 10**18 - 1}):
        reply = limited.post("/v1/completions", body | members, [of("free")])
        assert reply.status < 500, reply.body
    assert asks(limited, "free").status == 200


# -- who is counted with whom ---------------------------------------------------------------------------------

def test_users_have_counts_of_their_own_wherever_they_are_named(limited):
    header = ("x-weir-user", "ann")
    assert passes(limited, "users", header)
    assert passes(limited, "users", user="ann")
    assert not passes(limited, "users", ("x-user-id", "ann"))
    assert not passes(limited, "users", safety_identifier="ann")
    assert not passes(limited, "users", metadata={"user_id": "ann"})
    assert [passes(limited, "users", user="ben") for _ in range(3)] == [True, True, False]


def test_requests_without_a_user_share_one_count(limited):
    assert [passes(limited, "users") for _ in range(3)] == [True, True, False]
    assert not passes(limited, "users", user=""), "an empty name is none"


def test_a_model_is_one_count_in_every_letter_case_and_with_every_suffix(limited):
    assert passes(limited, "models", model="acme/one")
    assert passes(limited, "models", model="ACME/One:free")
    assert not passes(limited, "models", model="acme/one:online")
    assert passes(limited, "models", model="acme/two")


def test_a_rule_about_a_model_holds_for_the_clients_own_list_too(limited):
    """The upstream takes the next one of `models` where nobody serves the first."""
    assert passes(limited, "listing", model="acme/one") and passes(limited, "listing", models=["b/c", "acme/one"])
    assert not passes(limited, "listing", models=["acme/one"])
    assert passes(limited, "listing", models=["b/c"])


def test_an_alias_counts_as_the_model_that_it_stands_for(limited):
    assert passes(limited, "models", model="kimi-k2")
    assert passes(limited, "models", model="moonshotai/kimi-k2")
    assert not passes(limited, "models", model="kimi-k2")


def test_a_rule_may_count_each_combination(limited):
    pairs = [(user, model) for user in ("ann", "ben") for model in ("acme/one", "acme/two")]
    assert all(passes(limited, "pairs", user=user, model=model) for user, model in pairs)
    assert not any(passes(limited, "pairs", user=user, model=model) for user, model in pairs)
    assert passes(limited, "pairs", user="acme/one", model="acme/ann"), "parts of a key do not run together"


def test_of_several_rules_the_tightest_shows_and_a_refusal_takes_from_none(limited):
    replies = [asks(limited, "several", model="acme/one") for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429]
    assert [left(reply).limit for reply in replies] == [2] * 4
    check_rate_limited(replies[2], "narrow")
    rest = [asks(limited, "several", model="openai/gpt-4-turbo") for _ in range(4)]
    assert [left(reply).remaining for reply in rest[:3]] == [2, 1, 0], "the two refused ones took nothing from `wide`"
    check_rate_limited(rest[3], "wide")


def test_clients_share_a_count_only_where_the_rule_says_so(limited):
    assert [passes(limited, name) for name in ("left", "right", "left", "right")] == [True, True, False, False]
    assert [passes(limited, name) for name in ("one", "one", "two", "one", "two")] == [True, True, True, False, True]


def test_a_user_over_the_limit_stays_so_while_thousands_of_others_come(binary, simulator, tmp_path):
    rules = "limits: {max_keys: 50, rates: [{name: u, requests_per_minute: 1, burst: 2, per: [user]}]}"
    weir = keyed(binary, tmp_path, simulator.url, ["app"], rules)
    try:
        assert [passes(weir, "app", user="greedy") for _ in range(3)] == [True, True, False]
        with weir.wire() as wire:
            for number in range(1000):
                body = json.dumps(chat(user=f"user-{number}")).encode()
                reply = wire.request("POST", CHAT, [JSON, of("app")], body)
                assert reply.status == 200, f"user-{number}: {reply.body}"
        assert not passes(weir, "app", user="greedy")
    finally:
        weir.stop()


# -- tokens a minute ------------------------------------------------------------------------------------------

def test_tokens_are_estimated_first_and_counted_as_used_afterwards(limited):
    body = chat("four words of text", "acme/counted", max_tokens=100)
    first, second = in_turn(limited, "counted", [body, body])
    usage = first.json()["usage"]
    assert left(first) is None
    assert left(first, "tokens").limit == 1000
    assert left(first, "tokens").remaining == 1000 - estimate(body) - 100
    expected = 1000 - usage["total_tokens"] - estimate(body) - 100
    assert expected <= left(second, "tokens").remaining <= expected + 1, "one more has been given since, at most"
    over = limited.scrape().sum("weir_token_estimate_error_tokens_total", direction="over")
    assert over >= 2 * (estimate(body) + 100 - usage["total_tokens"])


def test_without_a_bound_replies_are_expected_as_long_as_the_models_were(limited):
    body = chat("learn", "acme/learning")
    stands = [left(reply, "tokens").remaining for reply in in_turn(limited, "learning", [body] * 3)]
    first, second = (1000 - stands[0]) - estimate(body), 512 - (512 - 3) / 16
    assert first == 512, "what is expected of a model that nobody knows"
    used = math.ceil(len("learn") / 4) + len("You said: learn".split())
    assert stands[1] in range(1000 - used - estimate(body) - round(second), 1000 - used - estimate(body) - round(second) + 3)
    assert stands[2] > stands[1], "the average nears what replies really have"


def test_a_stream_counts_what_it_used(limited):
    body = chat("a stream", "acme/streamed", max_tokens=50, stream=True, stream_options={"include_usage": True})
    first, second = in_turn(limited, "streaming", [body, body])
    assert first.status == second.status == 200
    usage = next(json.loads(line[6:])["usage"] for line in first.body.decode().splitlines()
                 if line.startswith("data: {") and json.loads(line[6:]).get("usage"))
    expected = 1000 - usage["total_tokens"] - estimate(body) - 50
    assert expected <= left(second, "tokens").remaining <= expected + 1


def test_a_stream_that_tells_no_usage_counts_what_weir_saw(limited):
    body = chat("one two three", "acme/silent", max_tokens=50, stream=True)
    first, second = in_turn(limited, "silent", [body, body], [("x-sim-fault", "no-usage=1")])
    assert first.status == second.status == 200
    before, after = left(first, "tokens").remaining, left(second, "tokens").remaining
    words = len("You said: one two three".split())
    used = 1000 - (after + estimate(body) + 50)
    assert before == 1000 - estimate(body) - 50
    assert estimate(body) + words - 1 <= used <= estimate(body) + words + 3, "its input as estimated, and each event"


def test_a_failed_request_gives_its_tokens_back(limited):
    body = chat("will fail", "acme/failing", max_tokens=200)
    failed, = in_turn(limited, "failing", [body], [("x-sim-fault", "status=500")])
    assert failed.status == 500 and left(failed, "tokens").remaining == 1000 - estimate(body) - 200
    after, = in_turn(limited, "failing", [body])
    assert after.status == 200 and left(after, "tokens").remaining == 1000 - estimate(body) - 200


def test_a_request_that_can_never_pass_is_told_so(limited):
    reply = asks(limited, "wordy", text="word " * 100)
    check_rate_limited(reply, "few_tokens", is_possible=False)
    assert left(reply, "tokens") == Left(60, 60, 0)
    assert passes(limited, "wordy", max_tokens=100_000), "an output that may be long takes the burst and no more"
    check_rate_limited(asks(limited, "wordy"), "few_tokens")


# -- concurrency ----------------------------------------------------------------------------------------------

def held(weir, client: str, **members):
    """A request whose reply comes only when its connection is closed."""
    wire = weir.wire()
    body = json.dumps(chat("held", stream=True, **members)).encode()
    wire.send(message("POST", CHAT, [JSON, of(client), ("x-sim-fault", "stall=1")], body))
    assert wire.read_head().status == 200
    return wire


def test_no_more_requests_of_a_client_run_at_once_than_allowed(limited):
    first, second = held(limited, "crowd"), held(limited, "crowd")
    reply = asks(limited, "crowd")
    assert reply.status == 429 and reply.get("retry-after") == "1"
    assert "`two_at_once`" in reply.json()["error"]["message"]
    assert reply.json()["error"]["code"] == "rate_limit_exceeded"
    assert passes(limited, "free")
    first.close()
    eventually(lambda: passes(limited, "crowd"), "the place of the client that left is free")
    assert limited.scrape().sum("weir_rate_limited_total", limit="two_at_once", client="crowd") >= 1
    second.close()


def test_no_more_requests_for_a_model_run_at_once_than_allowed(limited):
    first = held(limited, "free", model="acme/slow")
    assert not passes(limited, "one", model="ACME/slow:nitro")
    assert passes(limited, "free", model="acme/quick")
    first.reset()
    eventually(lambda: passes(limited, "free", model="acme/slow"), "the place is free")


def test_places_come_back_after_failures_of_every_kind(limited):
    for fault in ("status=500", "garbage=1", "reset=1", "error-event=1", "cut=10"):
        for stream in (False, True):
            asks(limited, "crowd", ("x-sim-fault", fault), stream=stream)
    replies = []

    def one():
        replies.append(asks(limited, "crowd", ("x-sim-fault", "delay=300")).status)
    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [200, 200]


# -- real clients, environment, reload ------------------------------------------------------------------------

def test_the_openai_client_raises_its_rate_limit_error(limited):
    with openai.OpenAI(base_url=limited.url, api_key="key-openai", max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(**chat())
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**chat())
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["x-ratelimit-limit-requests"] == "1"


def test_the_openai_client_waits_by_itself_and_succeeds(weir_with, simulator):
    weir, marked = weir_with({"WEIR_RATE_LIMIT_RPM": "60"}), mark()
    with openai.OpenAI(base_url=weir.url, api_key="sk", max_retries=4) as client:
        for _ in range(61):
            client.chat.completions.create(**chat(), extra_headers=dict([marked]))
    assert len(calls(simulator, marked)) == 61
    assert weir.scrape().sum("weir_rate_limited_total", limit="rpm", client="anonymous") >= 1


def test_the_anthropic_client_raises_its_rate_limit_error(limited):
    base = limited.url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=base, api_key="key-anthropic", max_retries=0) as client:
        request = {"model": "anthropic/claude-sonnet-4.5", "max_tokens": 20, "messages": chat()["messages"]}
        client.messages.create(**request)
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(**request)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert caught.value.response.headers["retry-after"]


def test_the_environment_limits_tokens_a_minute(weir_with):
    weir = weir_with({"WEIR_RATE_LIMIT_TPM": "200"})
    replies = [weir.post(CHAT, chat("x " * 200)) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    check_rate_limited(replies[1], "tpm")


def test_counts_outlive_a_reload_that_changes_their_numbers(binary, simulator, tmp_path):
    def rules(burst):
        return f"limits: {{rates: [{{name: r, requests_per_minute: 1, burst: {burst}}}]}}"
    weir = keyed(binary, tmp_path, simulator.url, ["app"], rules(2))
    try:
        assert [passes(weir, "app") for _ in range(3)] == [True, True, False]
        (tmp_path / "weir.yaml").write_text(rules(3))
        assert weir.admin("/reload", "POST").status == 200
        assert [passes(weir, "app") for _ in range(2)] == [True, False]
        (tmp_path / "weir.yaml").write_text("limits: {rates: []}")
        assert weir.admin("/reload", "POST").status == 200
        assert passes(weir, "app")
    finally:
        weir.stop()


def test_a_clients_own_limit_and_a_rule_of_its_name_have_counts_of_their_own(binary, simulator, tmp_path):
    def rules(burst, own):
        return f"""
        limits: {{rates: [{{name: rpm, requests_per_minute: 1, burst: {burst}, clients: [named]}}]}}
        clients: {{named: {{key: key-named, requests_per_minute: {own}}}}}
        """
    weir = keyed(binary, tmp_path, simulator.url, ["app"], rules(1, 2))
    try:
        for numbers, passing in (((4, 100), 4), ((6, 100), 2)):
            (tmp_path / "weir.yaml").write_text(rules(*numbers))
            assert weir.admin("/reload", "POST").status == 200
            assert [passes(weir, "named") for _ in range(passing + 1)] == [True] * passing + [False], numbers
    finally:
        weir.stop()
