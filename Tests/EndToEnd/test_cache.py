"""The cache: which requests are the same, whose replies are kept, and what a request may say about it."""

import gzip
import json
import time

import openai
import pytest

from harness.attempts import KIMI, fail
from harness.budgets import remaining
from harness.caching import CHAT, MODEL, ask_each, check_same, entries, purge, settled
from harness.eventually import eventually
from harness.limits import keyed, left, of
from harness.requests import chat
from harness.rollouts import rename_over
from harness.simulator import Simulator, mark
from harness.streams import stable
from harness.upstream import ScriptedUpstream, reply as scripted
from harness.usual_requests import ENDPOINTS, STREAMING, usual
from harness.weir import Weir

SETTINGS = {"WEIR_CACHE_TTL": "300"}
CACHE = """
cache:
  max_temperature: 1
  models: [{pattern: acme/never, ttl: 0}, {pattern: acme/short, ttl: 1}]
  shared_tenants: [[red, blue]]
limits:
  rates: [{name: few, requests_per_minute: 1, burst: 3, clients: [counted]}]
  concurrency: [{name: one, maximum: 1, clients: [single]}]
budgets: [{name: dollar, period: day, usd: 1, clients: [payer]}]
"""
CLIENTS = ["ann", "ben", "red", "blue", "counted", "single", "payer"]
ANN = [of("ann")]


@pytest.fixture(scope="module")
def caching(binary, simulator, tmp_path_factory):
    running = keyed(binary, tmp_path_factory.mktemp("caching"), simulator.url, CLIENTS, CACHE, SETTINGS)
    yield running
    running.stop()


@pytest.fixture
def ask(caching, simulator):
    """`ask(*requests)` as client ann."""
    def run(*requests, headers=()):
        return ask_each(caching, simulator, *requests, headers=[*ANN, *headers])
    return run


# -- a hit ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_second_request_is_answered_with_the_same_bytes(ask, endpoint):
    body = usual(endpoint, f"hit {endpoint}", model=MODEL)
    asked = ask(*[(body, (), f"/v1/{endpoint}")] * 3)
    assert asked.results == ["miss", "hit", "hit"] and len(asked.upstream) == 1
    first, *others = asked.replies
    for other in others:
        check_same(first, other)
        assert 0 <= int(other.get("age")) < 60 and other.get("x-weir-attempts") == "0"
    assert first.get("age") is None
    assert len({reply.get("x-request-id") for reply in asked.replies}) == 3


@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_stream_is_kept_and_replayed_as_a_stream(ask, endpoint):
    body = usual(endpoint, f"streamed {endpoint}", stream=True, model=MODEL)
    asked = ask(*[(body, (), f"/v1/{endpoint}")] * 2)
    assert asked.results == ["miss", "hit"] and len(asked.upstream) == 1
    check_same(*asked.replies)
    assert asked.replies[1].get("content-type").startswith("text/event-stream")


def test_the_openai_client_reads_a_replayed_stream(caching, simulator):
    with openai.OpenAI(base_url=caching.url, api_key="key-ann", max_retries=0) as client:
        texts = []
        for _ in range(2):
            raw = client.chat.completions.with_raw_response.create(**chat("for the client", stream=True))
            texts.append("".join(chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices))
            settled_header = raw.headers["x-weir-cache"]
            eventually(lambda: raw.headers["x-request-id"] in caching.log_text(), "it is settled")
    assert texts == ["You said: for the client"] * 2 and settled_header == "hit"


def test_a_stream_answers_no_plain_request_and_a_plain_reply_no_stream(ask):
    asked = ask(chat("two kinds"), chat("two kinds", stream=True), chat("two kinds", stream=False), chat("two kinds"))
    assert asked.results == ["miss", "miss", "miss", "hit"]
    assert asked.replies[3].json()["object"] == "chat.completion"


def test_a_hit_is_counted_and_logged_as_one(caching, ask):
    before = caching.scrape()
    asked = ask(*[chat("counted")] * 3, headers=[("x-request-id", "hit-me")])
    after = caching.scrape()
    for result, times in (("hit", 2), ("miss", 1), ("coalesced", 0)):
        assert after.sum("weir_cache_requests_total", result=result) \
            - before.sum("weir_cache_requests_total", result=result) == times
    assert after.sum("weir_cache_entries") == before.sum("weir_cache_entries") + 1
    assert after.sum("weir_cache_bytes") > before.sum("weir_cache_bytes")
    assert after.sum("weir_upstream_requests_total") == before.sum("weir_upstream_requests_total") + 1
    assert after.sum("weir_cost_usd_total") - before.sum("weir_cost_usd_total") \
        == pytest.approx(asked.replies[0].json()["usage"]["cost"])
    lines = eventually(lambda: (of_it := [line for line in caching.log() if line.get("request_id") == "hit-me"])
                       and len(of_it) >= 3 and of_it, "three access lines")
    assert [(line["cache"], line["attempts"]) for line in lines] == [("miss", 1), ("hit", 0), ("hit", 0)]


def test_a_hit_counts_as_a_request_and_costs_nothing(caching, simulator):
    asked = ask_each(caching, simulator, *[chat("paid once", max_tokens=20)] * 4, headers=[of("payer")])
    assert asked.results == ["miss", "hit", "hit", "hit"]
    assert remaining(caching, "payer") == pytest.approx(1 - asked.replies[0].json()["usage"]["cost"])
    counted = ask_each(caching, simulator, *[chat("counted")] * 4, headers=[of("counted")])
    assert [reply.status for reply in counted.replies] == [200, 200, 200, 429]
    assert [left(reply).remaining for reply in counted.replies] == [2, 1, 0, 0]
    single = ask_each(caching, simulator, *[chat("one place")] * 4, headers=[of("single")])
    assert [reply.status for reply in single.replies] == [200] * 4


# -- which requests are the same ------------------------------------------------------------------------------

SAME = {
    "white space": ('{"model":"%s","messages":[{"role":"user","content":"%s"}],"n":1}',
                    ' {\n "model" : "%s",\t"messages" : [ {"role":"user", "content":"%s"} ], "n" : 1 }\r\n'),
    "order": ('{"model":"%s","messages":[{"role":"user","content":"%s"}],"n":1,"seed":2}',
              '{"seed":2,"n":1,"model":"%s","messages":[{"role":"user","content":"%s"}]}'),
    "nested order": ('{"model":"%s","messages":[{"role":"user","content":"%s"}],"x":{"a":{"b":1,"c":2},"d":3}}',
                     '{"model":"%s","messages":[{"role":"user","content":"%s"}],"x":{"d":3,"a":{"c":2,"b":1}}}'),
}
OTHER = {
    "number": (', "seed": 1', ', "seed": 1.0'), "exponent": (', "seed": 10', ', "seed": 1e1'),
    "zero": (', "temperature": 0', ', "temperature": 0.0'), "minus zero": (', "seed": 0', ', "seed": -0'),
    "large number": (', "seed": 9007199254740993', ', "seed": 9007199254740992'),
    "unknown member": ("", ', "never_heard_of": 1'), "null": ("", ', "seed": null'),
    "value": (', "seed": 1', ', "seed": 2'), "type": (', "seed": 1', ', "seed": "1"'),
    "user": (', "user": "a"', ', "user": "b"'), "array order": (', "stop": ["a","b"]', ', "stop": ["b","a"]'),
    "letter case": (', "stop": "a"', ', "stop": "A"'), "member's case": (', "seed": 1', ', "Seed": 1'),
    "space in a string": (', "stop": "a b"', ', "stop": "a  b"'),
    "nesting": (', "x": {"a":1}, "y": {}', ', "x": {}, "y": {"a":1}'),
    "composed": (', "stop": "\u00e9"', ', "stop": "e\u0301"'),
}


@pytest.mark.parametrize("name", SAME)
def test_spelling_that_does_not_matter(ask, name):
    bodies = [(text % (MODEL, f"same {name}")).encode() for text in SAME[name]]
    asked = ask(*bodies)
    assert asked.results == ["miss", "hit"] and asked.upstream[0].body == bodies[0]


@pytest.mark.parametrize("name", OTHER)
def test_whatever_differs_in_the_body_is_another_request(ask, name):
    bodies = [f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"other {name}"}}]{more}}}'.encode()
              for more in OTHER[name]]
    asked = ask(*bodies, *bodies)
    assert asked.results == ["miss", "miss", "hit", "hit"]
    assert [each.body for each in asked.upstream] == bodies


def test_query_path_and_version_headers_make_another_request(ask):
    body = usual("chat/completions", "where", model=MODEL)
    asked = ask(body, (body, (), CHAT + "?a=1"), (body, (), CHAT + "?a=2"), (body, (), CHAT + "?a=1"),
                (body, (), "/api" + CHAT))
    assert asked.results == ["miss", "miss", "miss", "hit", "hit"], "both prefixes lead to one place upstream"
    body = usual("messages", "when", model=MODEL)
    versions = [(body, [("anthropic-version", day)], "/v1/messages") for day in ("2023-06-01", "2023-01-01")]
    asked = ask(*versions, (body, [*versions[0][1], ("anthropic-beta", "x")], "/v1/messages"), versions[0])
    assert asked.results == ["miss", "miss", "miss", "hit"]


@pytest.mark.parametrize("name", ["x-user-id", "x-end-user", "X-Forwarded-Email", "x-ms-client-principal-id"])
def test_who_asks_is_part_of_the_request_where_the_upstream_is_told(ask, name):
    bodies = [(chat(f"asked by {name}"), [(name, who)]) for who in ("ada", "bob")]
    asked = ask(*bodies, *bodies)
    assert asked.results == ["miss", "miss", "hit", "hit"]
    assert [each.get(name) for each in asked.upstream] == ["ada", "bob"]


def test_users_whom_only_weir_is_told_of_share_replies(ask):
    assert ask(*[(chat("told weir"), [("x-weir-user", who)]) for who in ("ada", "bob")]).results == ["miss", "hit"]


@pytest.mark.parametrize("more, results", [
    ({"conversation": "conv_1"}, ["bypass", "bypass"]), ({"conversation": {"id": "conv_1"}}, ["bypass", "bypass"]),
    ({"background": True}, ["bypass", "bypass"]), ({"conversation": None, "background": False}, ["miss", "hit"])])
def test_what_the_upstream_keeps_something_of_is_asked_for_each_time(ask, more, results):
    body = usual("responses", f"keeps {json.dumps(more)}", model=MODEL, **more)
    asked = ask(*[(body, (), "/v1/responses")] * 2)
    assert asked.results == results and len(asked.upstream) == 2 - results.count("hit")
    # Elsewhere nobody knows these members.
    assert ask(*[chat(f"keeps {json.dumps(more)}", **more)] * 2).results == ["miss", "hit"]


def test_headers_that_change_no_answer_make_no_other_request(ask):
    asked = ask(chat("headers"), (chat("headers"), [("User-Agent", "other"), ("x-stainless-lang", "x"),
                                                    ("X-Title", "t"), ("traceparent", "00-1-1-00")]))
    assert asked.results == ["miss", "hit"]


def test_an_alias_and_its_model_are_the_same(ask):
    assert ask(chat("alias", "kimi-k2"), chat("alias", "moonshotai/kimi-k2")).results == ["miss", "hit"]


# -- whose replies --------------------------------------------------------------------------------------------

def test_clients_never_share_unless_the_configuration_says_so(caching, simulator):
    def run(*names):
        text = "shared by " + " ".join(names)
        return ask_each(caching, simulator, *[(chat(text), [of(name)]) for name in names]).results
    assert run("ann", "ben", "ann", "ben") == ["miss", "miss", "hit", "hit"]
    assert run("red", "blue", "ann", "red") == ["miss", "hit", "miss", "hit"]


def test_where_keys_are_passed_on_each_key_has_its_own(weir_with, simulator):
    weir = weir_with({"OPENROUTER_API_KEY": None})
    keys = [("Authorization", f"Bearer sk-or-v1-{name}") for name in ("one", "two")]
    asked = ask_each(weir, simulator, *[(chat("keys"), [key]) for key in keys * 2])
    assert asked.results == ["miss", "miss", "hit", "hit"]
    assert [each.get("authorization") for each in asked.upstream] == [value for _, value in keys]
    asked = ask_each(weir, simulator, (chat("keys"), [("x-api-key", "sk-or-v1-one")]), chat("keys"),
                     (chat("keys"), [keys[0], ("x-api-key", "sk-or-v1-two")]))
    assert "hit" not in asked.results, "another place for a key, or none, is another tenant"
    assert "sk-or-v1-one" not in weir.log_text()


def test_a_failed_login_is_not_served_from_the_cache(caching, simulator, ask):
    ask(chat("private"))
    reply = caching.post(CHAT, chat("private"), [("Authorization", "Bearer key-wrong")])
    assert reply.status == 401 and b"private" not in reply.body


# -- which replies are kept -----------------------------------------------------------------------------------

BOTH = ["status=500", "status=400", "status=404", "status=429", "error-event=2", "cut=40", "html=1"]
PLAIN, STREAM = ["short=50", "error-choice=1"], ["no-done=1", "malformed=1"]


@pytest.mark.parametrize("fault, stream", [*[(fault, False) for fault in BOTH + PLAIN],
                                           *[(fault, True) for fault in BOTH + STREAM]])
def test_only_whole_successful_replies_are_kept(ask, fault, stream):
    body = chat(f"not kept {fault}", f"acme/{fault.split('=')[0]}", stream=stream)
    # Without the fault nothing of the first reply may come back.
    asked = ask((body, [("x-sim-fault", fault)]), body, body)
    assert asked.results == ["miss", "miss", "hit"], [reply.body[:200] for reply in asked.replies]
    assert stable(asked.replies[1].body) == stable(asked.replies[2].body)


def test_a_fallbacks_reply_is_kept_under_its_own_model(binary, simulator_command, tmp_path_factory):
    upstream = Simulator(simulator_command, tmp_path_factory.mktemp("own"))
    weir = keyed(binary, tmp_path_factory.mktemp("fallback"), upstream.url, ["ann"], "cache: {}",
                 SETTINGS | {"KIMI_FALLBACK_MODEL": MODEL})
    try:
        fail(upstream, f"status=503#1[{KIMI}]")
        asked = ask_each(weir, upstream, chat("fallback", KIMI), chat("fallback", MODEL), chat("fallback", KIMI),
                         chat("fallback", KIMI), headers=ANN)
        assert [json.loads(each.body)["model"] for each in asked.upstream] == [KIMI, MODEL, KIMI]
        assert asked.results == ["miss", "hit", "miss", "hit"]
        assert [reply.json()["model"] for reply in asked.replies] == [MODEL, MODEL, KIMI, KIMI]
        assert [reply.get("x-weir-fallback") for reply in asked.replies] == [KIMI, None, None, None]
    finally:
        weir.stop()
        upstream.stop()


def test_a_reply_that_is_too_large_is_relayed_and_not_kept(binary, simulator, tmp_path):
    weir = keyed(binary, tmp_path, simulator.url, ["ann"], "cache: {max_entry_bytes: 4096}", SETTINGS)
    try:
        large = [("x-sim-tokens", "2000")]
        asked = ask_each(weir, simulator, chat("large"), *[(chat("large", seed=1), large)] * 2, chat("large"),
                         *[(chat("large", seed=1, stream=True), large)] * 2, headers=ANN)
        assert asked.results == ["miss", "miss", "miss", "hit", "miss", "miss"]
        assert all(reply.is_complete for reply in asked.replies) and b"w1999" in asked.replies[5].body
        assert entries(weir)["entries"] == 1
    finally:
        weir.stop()


# -- what a request may say -----------------------------------------------------------------------------------

# What a first request says, what a second one says, what becomes of the second and of a third that says nothing.
DIRECTIVES = {
    "nothing": ("", "", "hit", "hit"),
    "no-store, then": ("no-store", "", "miss", "hit"), "then no-store": ("", "no-store", "bypass", "hit"),
    "no-cache, then": ("no-cache", "", "hit", "hit"), "then no-cache": ("", "no-cache", "miss", "hit"),
    "max-age=0": ("", "max-age=0", "miss", "hit"), "max-age=60": ("", "max-age=60", "hit", "hit"),
    "negative max-age": ("", "max-age=-1", "miss", "hit"), "absurd max-age": ("", "max-age=" + "9" * 40, "hit", "hit"),
    "max-age of words": ("", "max-age=soon", "miss", "hit"), "two max-ages": ("", "max-age=60, max-age=0", "miss", "hit"),
    "only-if-cached": ("", "only-if-cached", "hit", "hit"), "in capitals": ("", "NO-STORE", "bypass", "hit"),
    "among others": ("", "foo, no-store ,bar=1", "bypass", "hit"), "quoted": ("", 'foo="no-store"', "hit", "hit"),
    "unknown": ("", "max-stale=5, min-fresh=9, no-transform", "hit", "hit"),
}


@pytest.mark.parametrize("name", DIRECTIVES)
def test_cache_control_of_a_request(ask, name):
    first, second, *expected = DIRECTIVES[name]
    body = chat(f"directive {name}")
    asked = ask(*[(body, [("Cache-Control", text)] if text else []) for text in (first, second, "")])
    assert asked.results[1:] == expected
    assert len({json.loads(each.body)["messages"][0]["content"] for each in asked.upstream}) == 1


def test_no_cache_refreshes_what_is_kept(ask):
    asked = ask(chat("fresh"), (chat("fresh"), [("Cache-Control", "no-cache")]), chat("fresh"))
    assert asked.replies[2].body == asked.replies[1].body != asked.replies[0].body


def test_only_if_cached_asks_nobody(ask):
    asked = ask(*[(chat("not there"), [("Cache-Control", text)]) for text in
                  ("only-if-cached", "only-if-cached, no-store", "only-if-cached, no-cache")])
    assert [reply.status for reply in asked.replies] == [504] * 3 and not asked.upstream
    assert asked.replies[0].json()["error"]["code"] == "invalid_request"


@pytest.fixture(scope="module")
def second_old(caching, simulator):
    """Replies were kept more than a second ago: `aged` and `old` for long, `brief` and `short` for a second."""
    first = ask_each(caching, simulator, chat("aged"), chat("old"), (chat("brief"), [("x-weir-cache-ttl", "1")]),
                     chat("brief"), chat("short", "acme/short"), chat("short", "acme/short"), headers=ANN)
    assert first.results == ["miss", "miss", "miss", "hit", "miss", "hit"]
    time.sleep(1.2)


def test_age_tells_seconds(second_old, ask):
    again = ask(chat("aged")).replies[0]
    assert again.get("x-weir-cache") == "hit" and int(again.get("age")) >= 1


def test_a_request_may_name_its_time_to_live(second_old, ask):
    assert ask(chat("brief")).results == ["miss"]
    lasting = ask((chat("lasting"), [("x-weir-cache-ttl", "60")]), (chat("lasting"), [("x-weir-cache-ttl", "0")]),
                  chat("lasting"))
    assert lasting.results == ["miss", "bypass", "hit"]
    assert lasting.replies[1].get("age") is None


def test_what_is_kept_for_long_may_be_too_old_for_a_request(second_old, ask):
    assert ask((chat("old"), [("x-weir-cache-ttl", "1")])).results == ["miss"]
    assert ask((chat("aged"), [("Cache-Control", "max-age=1")]), chat("aged")).results == ["miss", "hit"]


def test_a_model_may_have_a_time_to_live_of_its_own(second_old, ask):
    assert ask(chat("short", "acme/short")).results == ["miss"]


@pytest.mark.parametrize("value", ["-1", "86401", "1.5", "soon", "", "1e3", "9" * 30])
def test_a_time_to_live_that_is_none_is_refused(ask, value):
    asked = ask((chat("bad ttl"), [("x-weir-cache-ttl", value)]))
    assert asked.replies[0].status == 400 and not asked.upstream
    assert asked.replies[0].json()["error"]["code"] == "invalid_request"


def test_models_and_temperatures_may_be_left_out(ask):
    assert ask(*[chat("never", "acme/never")] * 2).results == ["bypass", "bypass"]
    assert ask(*[chat("hot", temperature=1.1)] * 2).results == ["bypass", "bypass"]
    assert ask(*[chat("cool", temperature=0.2)] * 2).results == ["miss", "hit"]


def test_without_a_time_to_live_there_is_no_cache(weir, simulator):
    asked = ask_each(weir, simulator, *[chat("off")] * 2)
    assert asked.results == ["bypass", "bypass"] and len(asked.upstream) == 2


def test_what_is_no_json_api_is_never_kept(caching, simulator):
    replies = [caching.ask("GET", "/v1/echo", ANN) for _ in range(2)]
    replies += [caching.ask("POST", "/v1/files", ANN, b"data") for _ in range(2)]
    assert [reply.get("x-weir-cache") for reply in replies] == [None] * 4


# -- the operator ---------------------------------------------------------------------------------------------

def test_the_operator_empties_the_cache_whole_or_by_model(caching, ask):
    purge(caching)
    models = ["acme/one", "acme/two", "other/one"]
    ask(*[chat("purged", model) for model in models])
    assert entries(caching)["entries"] == 3
    reply = purge(caching, "?model=acme/*")
    assert reply.status == 200 and reply.json() == {"removed": 2}
    assert ask(*[chat("purged", model) for model in models]).results == ["miss", "miss", "hit"]
    assert purge(caching).json() == {"removed": 3} and purge(caching).json() == {"removed": 0}
    assert ask(chat("purged", "other/one")).results == ["miss"]
    assert caching.scrape().sum("weir_cache_evictions_total", reason="purged") >= 5


@pytest.mark.parametrize("query", ["?modle=acme/*", "?", "?x&Model=acme/*"])
def test_a_mistyped_parameter_empties_nothing(caching, ask, query):
    ask(chat("kept all the same"))
    reply = purge(caching, query)
    assert reply.status == 400 and b"?model=PATTERN" in reply.body
    assert ask(chat("kept all the same")).results == ["hit"]


def test_a_page_elsewhere_cannot_empty_the_cache(caching, ask):
    ask(chat("kept safe"))
    assert purge(caching, headers=[("Origin", "https://evil.example")]).status == 403
    assert purge(caching, headers=[("Sec-Fetch-Site", "cross-site")]).status == 403
    assert caching.admin("/cache", "POST").status == 405
    assert ask(chat("kept safe")).results == ["hit"]


def test_memory_is_bounded_whatever_is_asked(binary, simulator, tmp_path):
    bound = 300_000
    weir = keyed(binary, tmp_path, simulator.url, ["ann"], "cache: {max_entry_bytes: 100000}",
                 SETTINGS | {"WEIR_CACHE_MAX_BYTES": str(bound)})
    try:
        for number in range(150):
            reply = weir.post(CHAT, chat(f"number {number}"), [*ANN, ("x-sim-tokens", "3000")])
            assert reply.status == 200 and reply.get("x-weir-cache") == "miss"
            if number % 10 == 0:
                assert entries(weir)["bytes"] <= bound
        scrape = weir.scrape()
        assert scrape.sum("weir_cache_bytes") <= bound and scrape.sum("weir_cache_evictions_total", reason="size") > 50
        asked = ask_each(weir, simulator, *[(chat("after"), [])] * 2, headers=ANN)
        assert asked.results[1] == "hit" or scrape.sum("weir_cache_entries") > 0
    finally:
        weir.stop()


def test_large_entries_are_held_compressed_and_sent_so_to_who_reads_it(caching, ask):
    purge(caching)
    large, accepts = ("x-sim-tokens", "20000"), ("Accept-Encoding", "gzip")
    first = ask((chat("compressed"), [large, accepts])).replies[0]
    assert first.get("content-encoding") is None and len(first.body) > 100_000
    eventually(lambda: entries(caching)["bytes"] < len(first.body) / 2, "it is held compressed")
    again = ask((chat("compressed"), [large, accepts])).replies[0]
    assert again.get("x-weir-cache") == "hit" and again.get("content-encoding") == "gzip"
    assert len(again.body) < len(first.body) / 2 and gzip.decompress(again.body) == first.body
    assert again.get("vary") and "accept-encoding" in again.get("vary").lower()
    purge(caching)
    plain = ask((chat("compressed too"), [large])).replies[0]
    eventually(lambda: entries(caching)["bytes"] < len(first.body) / 2, "this one is, too")
    same = ask((chat("compressed too"), [large])).replies[0]
    assert same.get("x-weir-cache") == "hit" and same.get("content-encoding") is None
    assert same.body == plain.body and same.is_complete


def test_a_compressed_reply_of_the_upstream_reaches_only_who_asked_for_it(ask):
    coded = [("Accept-Encoding", "gzip"), ("x-sim-gzip", "1")]
    asked = ask((chat("coded"), coded), (chat("coded"), coded), chat("coded"), chat("coded"))
    assert asked.results == ["miss", "hit", "miss", "hit"]
    assert [reply.get("content-encoding") for reply in asked.replies] == ["gzip", "gzip", None, None]
    check_same(*asked.replies[:2])
    assert gzip.decompress(asked.replies[0].body)


def test_a_reload_that_points_an_upstream_elsewhere_leaves_the_old_ones_replies_behind(binary, simulator, tmp_path):
    (tmp_path / "live.env").write_text("WEIR_UPSTREAM_URL=" + simulator.url)
    running = Weir(
        binary, tmp_path, simulator.url, SETTINGS | {"WEIR_ENV_FILE": "live.env", "WEIR_UPSTREAM_URL": None})
    try:
        assert ask_each(running, simulator, chat(), chat()).results == ["miss", "hit"]
        with ScriptedUpstream(lambda *_: scripted(b'{"choices":[]}')) as other:
            rename_over(tmp_path / "live.env", "WEIR_UPSTREAM_URL=" + other.url)
            assert running.admin("/reload", "POST").status == 200
            assert ask_each(running, simulator, chat()).results == ["miss"] and len(other.requests) == 1
        rename_over(tmp_path / "live.env", "WEIR_UPSTREAM_URL=" + simulator.url)
        assert running.admin("/reload", "POST").status == 200
        assert ask_each(running, simulator, chat()).results == ["hit"]
    finally:
        running.stop()


def test_a_reload_changes_for_how_long_replies_are_kept(binary, simulator, tmp_path):
    weir = keyed(binary, tmp_path, simulator.url, ["ann"], "cache: {ttl: 300}", {"WEIR_CACHE_TTL": None})
    try:
        assert ask_each(weir, simulator, *[chat("reload")] * 2, headers=ANN).results == ["miss", "hit"]
        (tmp_path / "weir.yaml").write_text("cache: {ttl: 0}")
        assert weir.admin("/reload", "POST").status == 200
        assert ask_each(weir, simulator, *[chat("reload")] * 2, headers=ANN).results == ["bypass", "bypass"]
        (tmp_path / "weir.yaml").write_text("cache: {ttl: 300}")
        assert weir.admin("/reload", "POST").status == 200
        assert ask_each(weir, simulator, chat("reload again"), headers=ANN).results == ["miss"]
    finally:
        weir.stop()
