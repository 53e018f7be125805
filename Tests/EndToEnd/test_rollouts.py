"""Rollouts: who is served what, how a share is changed while weir runs, and what a restart remembers."""

import datetime
import json
import signal
import subprocess
import threading
import time

import pytest

from harness.eventually import eventually
from harness.requests import chat
from harness.rollouts import (CHAT, INCUMBENT, JSON, KIMI, WAYS, ByDelete, Load, admin, asked, bucket, log_lines, put,
                              rewrite, rollout_of, served, users, variant)
from harness.simulator import mark
from harness.stopped_loop import stopped_loop
from harness.usual_requests import STREAMING, usual
from harness.weir import Weir
from harness.wire import ask

# The fallback model is the documented default.
SETTINGS = {"KIMI_FALLBACK_MODEL": None}

NAMES = [f"user-{number}" for number in range(150)] + ["Zoë 🚀", "a@b.example", " ", "0"]

TWO_VARIANTS = f"""\
rollouts:
  - name: pair
    from: [gpt-4-turbo]
    variants:
      - {{name: first, model: {KIMI}, percent: 12.34}}
      - {{name: second, model: anthropic/claude-sonnet-4, percent: 20}}
    pins:
      first: [vip]
      second: [auditor]
      incumbent: [ceo, "Zoë 🚀"]
    allow_override: true
"""


@pytest.fixture(scope="module")
def half(binary, simulator, tmp_path_factory):
    """One weir that moves half of the users, for tests that only ask."""
    running = Weir(binary, tmp_path_factory.mktemp("half"), simulator.url, {"KIMI_ROLLOUT_PERCENTAGE": "50"})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pair(binary, simulator, tmp_path_factory):
    """One weir with a rollout of two variants, pins and override."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "weir.yaml").write_text(TWO_VARIANTS)
    running = Weir(binary, folder, simulator.url, {"WEIR_CONFIG": "weir.yaml"})
    yield running
    running.stop()


def two_variants(user: str, first: float, second: float) -> str:
    """The documented layout of two variants: one from the bottom, the other from the top."""
    place = bucket("pair", user)
    return "first" if place < first * 100 else "second" if place >= 10_000 - second * 100 else "incumbent"


# -- who is in ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("rollout, user, expected", [
    ("kimi", "alice", 8763), ("kimi", "bob", 5857), ("kimi", "user-12345", 4925), ("kimi", "Zoë 🚀", 654),
    ("kimi", "", 5392), ("canary", "alice", 3148)])
def test_the_documented_algorithm_gives_the_documented_vectors(rollout, user, expected):
    assert bucket(rollout, user) == expected


def test_at_a_quarter_the_same_users_are_served_the_same_over_restarts(weir_with, simulator_with):
    simulator = simulator_with()
    for _ in range(3):
        weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "25"}, upstream=simulator)
        served(weir, NAMES)
        weir.stop()
    recorded = {}
    for request in simulator.requests(3 * len(NAMES)):
        body = json.loads(request.body)
        recorded.setdefault(body["user"], []).append(body["model"])
    expected = {name: [KIMI if variant(name, 25) == "kimi" else INCUMBENT] * 3 for name in NAMES}
    assert recorded == expected
    assert 20 < sum(models[0] == KIMI for models in recorded.values()) < 60


def test_two_variants_and_hundredths_of_a_percent_are_dealt_as_documented(pair):
    names = [name for name in NAMES if name != "Zoë 🚀"]
    expected = {name: two_variants(name, 12.34, 20) for name in names}
    assert served(pair, names, "pair") == expected
    assert set(expected.values()) == {"first", "second", "incumbent"}


def test_who_is_at_the_border_is_decided_by_a_hundredth(weir_with):
    weir = weir_with()
    place = bucket("kimi", "alice")
    for share, expected in ((place / 100, "incumbent"), ((place + 1) / 100, "kimi")):
        put(weir, share)
        assert rollout_of(weir, "alice") == f"kimi={expected}"


def test_raising_moves_users_in_and_none_out(weir_with):
    weir = weir_with()
    inside = set()
    for share in (0, 0.5, 5, 12.5, 25, 50, 80, 100):
        told = put(weir, share)
        assert told["percent"] == share
        found = served(weir, NAMES)
        assert found == {name: variant(name, share) for name in NAMES}
        now = {name for name in NAMES if found[name] == "kimi"}
        assert inside <= now
        inside = now
    assert inside == set(NAMES)
    put(weir, 25)
    assert served(weir, NAMES) == {name: variant(name, 25) for name in NAMES}


def test_raising_one_of_two_variants_leaves_everybody_where_they_are(weir_with):
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": TWO_VARIANTS})
    names = [name for name in NAMES if name != "Zoë 🚀"]
    before = served(weir, names, "pair")
    for first, second in ((30, 20), (30, 55), (44.5, 55.5)):
        reply = admin(weir, "PUT", "/rollouts/pair", {"variants": {"first": first, "second": second}})
        assert reply.status == 200, reply.body
        assert reply.json()["variants"] == {"first": first, "second": second}
        now = served(weir, names, "pair")
        assert now == {name: two_variants(name, first, second) for name in names}
        assert all(now[name] == before[name] for name in names if before[name] != "incumbent")
        before = now
    assert "incumbent" not in before.values()


def test_a_switched_off_rollout_serves_the_incumbent_and_keeps_its_users(weir_with):
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "50"})
    before = served(weir, NAMES[:60])
    assert admin(weir, "PUT", "/rollouts/kimi", {"enabled": False}).status == 200
    assert set(served(weir, NAMES[:60]).values()) == {"incumbent"}
    assert weir.scrape().sum("weir_rollout_percent", rollout="kimi") == 0
    assert admin(weir, "PUT", "/rollouts/kimi", {"enabled": True}).status == 200
    assert served(weir, NAMES[:60]) == before


# -- which requests -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("endpoint", STREAMING)
def test_every_text_api_is_rolled_out(half, simulator, endpoint):
    for wanted, model in (("kimi", KIMI), ("incumbent", INCUMBENT)):
        [user] = users(wanted, 50, 1)
        marked = mark()
        reply = half.post(f"/v1/{endpoint}", usual(endpoint, stream=True, model=INCUMBENT),
                          [marked, ("x-weir-user", user)])
        assert (reply.status, reply.get("x-weir-rollout")) == (200, f"kimi={wanted}")
        assert reply.get("x-weir-model") == model
        assert reply.get("x-weir-edits") == ("model" if wanted == "kimi" else None)
        assert json.loads(simulator.received(marked).body)["model"] == model


@pytest.mark.parametrize("model, served_as", [
    ("openai/gpt-4", KIMI), ("openai/gpt-4-turbo-preview", KIMI), ("openai/gpt-3.5-turbo", KIMI),
    ("OpenAI/GPT-4-Turbo", KIMI), ("openai/gpt-4:online", f"{KIMI}:online"), ("gpt-4", KIMI)])
def test_an_incumbent_is_known_under_all_of_its_names(half, model, served_as):
    [user] = users("kimi", 50, 1)
    reply = asked(half, user, model=model)
    assert (reply.get("x-weir-rollout"), reply.get("x-weir-model")) == ("kimi=kimi", served_as)


@pytest.mark.parametrize("model", ["openai/gpt-4o", "openai/gpt-4o-mini", KIMI, "some/gpt-4", "openai/gpt-4-32k"])
def test_other_models_are_not_touched(half, model):
    [user] = users("kimi", 50, 1)
    reply = asked(half, user, model=model)
    assert reply.get("x-weir-rollout") is None
    assert reply.get("x-weir-model") == model


# -- who is asking --------------------------------------------------------------------------------------------

SOURCES = ["x-weir-user", "x-user-id", "user", "safety_identifier", "metadata.user_id"]


def named(**by_source) -> tuple:
    """Headers and body members that name a user by each source."""
    headers = [(source, by_source[source]) for source in SOURCES[:2] if source in by_source]
    members = {source: by_source[source] for source in SOURCES[2:4] if source in by_source}
    if SOURCES[4] in by_source:
        members["metadata"] = {"user_id": by_source[SOURCES[4]]}
    return headers, members


def rollout_for(weir, **by_source) -> str:
    headers, members = named(**by_source)
    reply = weir.post(CHAT, chat(model=INCUMBENT, **members), headers)
    assert reply.status == 200, reply.body
    return reply.get("x-weir-rollout")


@pytest.mark.parametrize("first", range(len(SOURCES)))
@pytest.mark.parametrize("wanted, other", [("kimi", "incumbent"), ("incumbent", "kimi")])
def test_the_first_name_that_is_there_counts(half, first, wanted, other):
    [user], others = users(wanted, 50, 1), users(other, 50, len(SOURCES))
    names = {SOURCES[first]: user} | {source: others.pop() for source in SOURCES[first + 1:]}
    assert rollout_for(half, **names) == f"kimi={wanted}"


@pytest.mark.parametrize("first", range(len(SOURCES) - 1))
def test_an_empty_name_is_none(half, first):
    for wanted in ("kimi", "incumbent"):
        [user] = users(wanted, 50, 1)
        assert rollout_for(half, **{SOURCES[first]: "", SOURCES[first + 1]: user}) == f"kimi={wanted}"


@pytest.mark.parametrize("user", [None, 7, True, ["user-1"], {"id": "user-1"}])
def test_a_user_that_is_no_text_is_passed_over(half, user):
    for wanted in ("kimi", "incumbent"):
        [later] = users(wanted, 50, 1)
        assert rollout_for(half, user=user, safety_identifier=later) == f"kimi={wanted}"


def test_a_name_means_the_same_in_every_place_and_spelling(half):
    for wanted in ("kimi", "incumbent"):
        [user] = users(wanted, 50, 1)
        for source in SOURCES:
            assert rollout_for(half, **{source: user}) == f"kimi={wanted}"
        escaped = "".join(f"\\u{ord(each):04x}" for each in user)
        body = f'{{"model":"{INCUMBENT}","messages":[{{"role":"user","content":"a"}}],"user":"{escaped}"}}'
        assert half.post(CHAT, body.encode()).get("x-weir-rollout") == f"kimi={wanted}"


def test_headers_may_hold_utf_8(half):
    for name in ("Zoë 🚀", "ünï", "日本"):
        reply = half.post(CHAT, chat(model=INCUMBENT), [("x-weir-user", name.encode())])
        assert reply.get("x-weir-rollout") == f"kimi={variant(name, 50)}"


def test_without_a_user_the_assignment_is_random_and_counted_so(weir_with):
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "50"})
    found = [rollout_of(weir) for _ in range(60)]
    # 60 tosses of a coin that all fall alike: once in 2^59 runs.
    assert set(found) == {"kimi=kimi", "kimi=incumbent"}
    eventually(lambda: weir.scrape().sum("weir_rollout_assignments_total", sticky="false") == 60, "60 assignments")
    scrape = weir.scrape()
    assert scrape.sum("weir_rollout_assignments_total", sticky="true") == 0
    assert scrape.sum("weir_rollout_assignments_total", variant="kimi") == found.count("kimi=kimi")


@pytest.mark.parametrize("length", [128, 512, 513, 5000, 200_000])
@pytest.mark.parametrize("letter", ["a", "é", "🚀"])
def test_a_huge_user_sticks_too(half, length, letter):
    name = letter * length
    found = {rollout_for(half, user=name) for _ in range(4)}
    # Names of over 512 bytes are cut after 128 characters.
    known = name if len(name.encode()) <= 512 else name[:128]
    assert found == {f"kimi={variant(known, 50)}"}


def test_a_huge_user_in_a_header_sticks_too(half):
    for name in ("h" * 400, "h" * 30_000):
        found = {rollout_for(half, **{"x-weir-user": name}) for _ in range(4)}
        assert found == {f"kimi={variant(name if len(name) <= 512 else name[:128], 50)}"}


def test_a_user_that_is_not_utf_8_is_refused_and_nothing_else_happens(half):
    body = json.dumps(chat(model=INCUMBENT, user="XX")).encode().replace(b"XX", b"\xff\xfe")
    refused = half.post(CHAT, body)
    assert (refused.status, refused.json()["error"]["code"]) == (400, "invalid_json")
    refused = half.post(CHAT, chat(model=INCUMBENT), [("x-weir-user", b"\xff\xfe")])
    assert (refused.status, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert rollout_of(half, "alice") == f"kimi={variant('alice', 50)}"


def test_half_a_surrogate_pair_is_a_user_like_another(half):
    body = json.dumps(chat(model=INCUMBENT, user="XX")).encode().replace(b"XX", b"half \\ud83d pair")
    replies = [half.post(CHAT, body) for _ in range(6)]
    assert {reply.status for reply in replies} == {200}
    assert len({reply.get("x-weir-rollout") for reply in replies}) == 1


def test_the_users_name_stays_at_home(half, simulator):
    marked = mark()
    reply = half.post(CHAT, chat(model=INCUMBENT), [marked, ("x-weir-user", "private-name")])
    assert half.access_line(reply.get("x-request-id"))["status"] == 200
    received = simulator.received(marked)
    assert received.get("x-weir-user") is None
    assert b"private-name" not in received.body
    assert "private-name" not in half.log_text()


# -- pins and override ----------------------------------------------------------------------------------------

def test_pinned_users_get_their_variant_whatever_their_bucket(pair):
    pinned = {"vip": "first", "auditor": "second", "ceo": "incumbent", "Zoë 🚀": "incumbent"}
    assert served(pair, pinned, "pair") == pinned
    assert any(two_variants(name, 12.34, 20) != kept for name, kept in pinned.items())


@pytest.mark.parametrize("wanted", ["first", "second", "incumbent"])
def test_a_client_may_choose_where_the_configuration_allows_it(pair, simulator, wanted):
    for user in ("", "vip", "ceo", "user-1"):
        marked = mark()
        reply = asked(pair, user, headers=[marked, ("x-weir-variant", wanted)])
        assert reply.get("x-weir-rollout") == f"pair={wanted}"
        assert simulator.received(marked).get("x-weir-variant") is None


@pytest.mark.parametrize("wanted", ["", "nonsense", "FIRST", "first,second"])
def test_a_variant_that_is_not_there_is_ignored(pair, wanted):
    for user in ("vip", "user-1", "user-2"):
        expected = rollout_of(pair, user)
        assert rollout_of(pair, user, headers=[("x-weir-variant", wanted)]) == expected


def test_a_client_may_not_choose_unless_allowed(half):
    for wanted, other in (("kimi", "incumbent"), ("incumbent", "kimi")):
        [user] = users(wanted, 50, 1)
        assert rollout_of(half, user, headers=[("x-weir-variant", other)]) == f"kimi={wanted}"


def test_the_environment_can_allow_the_choice(weir_with):
    weir = weir_with({"WEIR_VARIANT_OVERRIDE": "true"})
    assert rollout_of(weir, "alice") == "kimi=incumbent"
    reply = asked(weir, "alice", headers=[("x-weir-variant", "kimi")])
    assert (reply.get("x-weir-rollout"), reply.get("x-weir-model")) == ("kimi=kimi", KIMI)


# -- metrics --------------------------------------------------------------------------------------------------

def test_requests_and_assignments_are_counted_by_variant(weir_with):
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "25"})
    found = list(served(weir, NAMES[:40]).values())
    asked(weir, "alice", model="openai/gpt-4o")
    eventually(lambda: weir.scrape().sum("weir_requests_total") == 41, "41 requests are counted")
    scrape = weir.scrape()
    assert scrape.sum("weir_rollout_percent", rollout="kimi") == 25
    for name, model in (("kimi", KIMI), ("incumbent", INCUMBENT)):
        count = found.count(name)
        assert count > 0
        labels = {"rollout": "kimi", "variant": name}
        assert scrape.sum("weir_requests_total", model=model, status="200", **labels) == count
        assert scrape.sum("weir_requests_total", **labels) == count
        assert scrape.sum("weir_rollout_assignments_total", sticky="true", **labels) == count
        assert scrape.sum("weir_request_duration_seconds_count", model=model, variant=name) == count
    assert scrape.sum("weir_rollout_assignments_total", sticky="false") == 0
    assert scrape.sum("weir_requests_total", rollout="none", variant="none", model="openai/gpt-4o") == 1


def test_the_access_line_names_the_variant(half):
    for wanted in ("kimi", "incumbent"):
        reply = asked(half, users(wanted, 50, 1)[0])
        assert half.access_line(reply.get("x-request-id"))["rollout"] == f"kimi={wanted}"


# -- flips under load -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", WAYS)
def test_a_flip_takes_effect_within_a_second_and_fails_no_request(weir_with, binary, way):
    weir = weir_with(way.environment, files=way.files)
    changing = way(weir, binary)
    with Load(weir) as load:
        for percent in (100, 0):
            if way is ByDelete:
                percent = 100 - percent
            changing.flip(percent)
            expected = ("kimi=kimi", KIMI) if percent == 100 else ("kimi=incumbent", INCUMBENT)
            load.await_effect(time.monotonic(), lambda seen: (seen.rollout, seen.model) == expected)
            assert weir.scrape().sum("weir_rollout_percent", rollout="kimi") == percent
    assert weir.scrape().sum("weir_config_reload_failures_total") == 0


def test_the_request_after_the_answer_is_served_as_the_answer_says(weir_with):
    weir = weir_with()
    with weir.wire() as wire:
        body = json.dumps(chat(model=INCUMBENT, user="alice")).encode()
        for number in range(60):
            percent = 100 * (number % 2)
            put(weir, percent)
            reply = wire.request("POST", CHAT, [JSON], body)
            assert reply.get("x-weir-rollout") == f"kimi={'kimi' if percent else 'incumbent'}"


# How long the answer to a change waits for an event loop.
WAIT = 5


def test_the_answer_comes_when_every_event_loop_has_the_change(weir_with):
    """One of them is held up: it would serve its next request as before."""
    weir = weir_with({"WEIR_EVENT_LOOPS": "2"})
    flip = threading.Thread(target=put, args=(weir, 100))
    with stopped_loop(weir):
        flip.start()
        flip.join(1)
        assert flip.is_alive(), "it is held up"
    flip.join(WAIT)
    assert not flip.is_alive()


def test_the_answer_does_not_wait_for_ever_for_one_that_is_stuck(weir_with):
    """Who flips then, in need, would take the change for not made."""
    weir = weir_with({"WEIR_EVENT_LOOPS": "2"})
    with stopped_loop(weir):
        began = time.monotonic()
        put(weir, 100)
        assert WAIT - 0.5 < time.monotonic() - began < WAIT + 2
        assert weir.admin("/rollouts/kimi").json()["percent"] == 100


def test_an_open_stream_ends_as_it_began(weir_with):
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "100"})
    body = json.dumps(chat("one two three four five six", model=INCUMBENT, user="alice", stream=True)).encode()
    with weir.wire() as wire:
        wire.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nx-sim-gap-ms: 60\r\nContent-Length: {len(body)}\r\n\r\n"
                  .encode() + body)
        head = wire.read_head()
        put(weir, 0)
        wire.read_body(head)
    assert head.get("x-weir-rollout") == "kimi=kimi"
    assert head.is_complete and head.body.endswith(b"data: [DONE]\n\n")
    assert head.body.count(KIMI.encode()) > 5 and INCUMBENT.encode() not in head.body
    assert rollout_of(weir, "alice") == "kimi=incumbent"


# -- the admin listener's rollouts ----------------------------------------------------------------------------

@pytest.fixture(scope="module")
def guarded(binary, simulator, tmp_path_factory):
    """One weir with a rollout at 50 that no test may change."""
    running = Weir(binary, tmp_path_factory.mktemp("guarded"), simulator.url,
                   {"KIMI_ROLLOUT_PERCENTAGE": "50", "WEIR_STATE_FILE": "state.json"})
    yield running
    assert admin(running, "GET", "/rollouts/kimi").json()["percent"] == 50
    assert not (running.folder / "state.json").exists()
    running.stop()


def test_all_rollouts_and_one_are_shown(pair):
    told = admin(pair, "GET", "/rollouts")
    assert told.status == 200 and told.get("content-type") == "application/json"
    [one] = told.json()["rollouts"]
    assert one == admin(pair, "GET", "/rollouts/pair").json()
    assert one["name"] == "pair" and one["enabled"] is True
    assert one["percent"] == one["configured_percent"] == 32.34
    assert one["variants"] == {"first": 12.34, "second": 20}
    assert one["from"] == ["gpt-4-turbo"]


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"25", b'"25"', b"[]", b"[25]", b"{}", b'{"percent":25', b'{"percent":25}x', b"percent=25",
    b'{"percent":"25"}', b'{"percent":null}', b'{"percent":true}', b'{"percent":[25]}', b'{"percent":{}}',
    b'{"percent":-1}', b'{"percent":-0.01}', b'{"percent":100.01}', b'{"percent":101}', b'{"percent":1e400}',
    b'{"percent":0.001}', b'{"percent":NaN}', b'{"percent":Infinity}', b'{"percent":25%}', b'{"percent":}',
    b'{"percent":99999999999999999999999}', b'{"percent":25,"percent":0}', b'{"percent":25,"variants":{"kimi":25}}',
    b'{"percent":25,"x":1}', b'{"Percent":25}', b'{"variants":{}}', b'{"variants":[]}', b'{"variants":25}',
    b'{"variants":{"kimi":101}}', b'{"variants":{"kimi":"5"}}', b'{"variants":{"kimi":-5}}',
    b'{"variants":{"nobody":5}}', b'{"variants":{"incumbent":50}}', b'{"variants":{"kimi":5,"nobody":1}}',
    b'{"enabled":"false"}', b'{"enabled":0}', b'{"enabled":null}', b'{"percent":"\xff"}', b"\xff\xfe", b"\x00",
    pytest.param(b"[" * 60_000, id="deep-list"), pytest.param(b'{"a":' * 10_000, id="deep-object")])
def test_a_body_that_says_nothing_sensible_is_400_and_changes_nothing(guarded, body):
    reply = admin(guarded, "PUT", "/rollouts/kimi", body)
    assert reply.status == 400, reply.body
    assert len(reply.body) > 20, "it says what is wrong"
    assert admin(guarded, "GET", "/rollouts/kimi").json()["percent"] == 50


def test_a_body_of_a_megabyte_is_413(guarded):
    assert admin(guarded, "PUT", "/rollouts/kimi", b'{"percent":' + b" " * 2**20 + b"1}").status == 413


@pytest.mark.parametrize("name", ["nobody", "Kimi", "kim", "kimi%00", "..", "kimi/", "kimi/x", "%6bimi!",
                                  pytest.param("x" * 5000, id="long")])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_rollout_is_404(guarded, method, name):
    reply = admin(guarded, method, f"/rollouts/{name}", {"percent": 1} if method == "PUT" else None)
    assert reply.status == 404, reply.body


def test_a_404_names_the_rollouts_that_there_are(guarded):
    assert b"kimi" in admin(guarded, "PUT", "/rollouts/kim", {"percent": 1}).body


@pytest.mark.parametrize("method, target", [
    ("POST", "/rollouts/kimi"), ("PATCH", "/rollouts/kimi"), ("PUT", "/rollouts"), ("DELETE", "/rollouts"),
    ("PUT", "/rollouts/"), ("DELETE", "/rollouts/")])
def test_other_methods_are_405(guarded, method, target):
    reply = admin(guarded, method, target, {"percent": 1})
    assert reply.status == 405
    assert "GET" in reply.get("allow")


@pytest.mark.parametrize("header", [
    ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example"),
    ("Origin", "null"), ("Origin", "http://127.0.0.1")])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_foreign_page_cannot_flip(guarded, method, header):
    assert admin(guarded, method, "/rollouts/kimi", {"percent": 100}, [header]).status == 403


def test_a_foreign_host_cannot_flip(guarded):
    reply = ask(guarded.admin_port, "PUT", "/rollouts/kimi", [], b'{"percent":100}', host="evil.example")
    assert reply.status == 421


def test_the_own_page_may_flip(weir_with):
    weir = weir_with()
    own = [("Origin", f"http://127.0.0.1:{weir.admin_port}"), ("Sec-Fetch-Site", "same-origin")]
    assert admin(weir, "PUT", "/rollouts/kimi", {"percent": 7}, own).status == 200
    assert admin(weir, "GET", "/rollouts/kimi").json()["percent"] == 7


def test_with_a_token_only_who_has_it_may_flip(weir_with, binary):
    token = "admin-token-not-to-be-told"
    weir = weir_with({"WEIR_ADMIN_TOKEN": token})
    weir.secrets.append(token)
    wrong = [(), ("Authorization", "Bearer x"), ("Authorization", token), ("Authorization", f"Basic {token}"),
             ("Authorization", f"Bearer {token}x"), ("Authorization", "Bearer "), ("x-api-key", token)]
    for header in wrong:
        headers = [header] if header else []
        for method, target in (("PUT", "/rollouts/kimi"), ("DELETE", "/rollouts/kimi"), ("POST", "/reload")):
            reply = admin(weir, method, target, {"percent": 100}, headers)
            assert (reply.status, reply.get("www-authenticate")) == (401, "Bearer")
    assert admin(weir, "GET", "/rollouts/kimi").json()["percent"] == 0
    right = [("Authorization", f"Bearer {token}")]
    assert admin(weir, "PUT", "/rollouts/kimi", {"percent": 30}, right).status == 200
    assert admin(weir, "POST", "/reload", headers=right).status == 200
    at = {"WEIR_ADMIN_LISTEN": f"127.0.0.1:{weir.admin_port}"}
    without = subprocess.run([binary, "rollout", "kimi", "40"], cwd=weir.folder, env=at, capture_output=True, text=True)
    assert without.returncode == 1 and "WEIR_ADMIN_TOKEN" in without.stderr
    assert admin(weir, "GET", "/rollouts/kimi").json()["percent"] == 30
    done = subprocess.run([binary, "rollout", "kimi", "40"], cwd=weir.folder, env=at | {"WEIR_ADMIN_TOKEN": token},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr
    assert admin(weir, "GET", "/rollouts/kimi").json()["percent"] == 40


class TestCommand:
    @pytest.fixture
    def rollout(self, binary, weir_with):
        """`rollout(*arguments)`: `weir rollout` towards a weir of its own."""
        weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "50"})

        def go(*arguments):
            return subprocess.run([binary, "rollout", *arguments, "--admin", f"127.0.0.1:{weir.admin_port}"],
                                  cwd=weir.folder, env={}, capture_output=True, text=True, timeout=10)
        return go

    def test_it_shows_flips_and_resets(self, rollout):
        assert json.loads(rollout().stdout)["rollouts"][0]["percent"] == 50
        assert json.loads(rollout("kimi").stdout)["percent"] == 50
        for percent in ("0", "12.5", "100"):
            assert json.loads(rollout("kimi", percent).stdout)["percent"] == float(percent)
        assert json.loads(rollout("kimi").stdout)["percent"] == 100
        assert json.loads(rollout("kimi", "--reset").stdout)["percent"] == 50

    @pytest.mark.parametrize("percent", ["101", "abc", "1.234", "", "1}", '1,"x":2', "25%"])
    def test_a_wrong_percentage_fails_and_says_why(self, rollout, percent):
        done = rollout("kimi", percent)
        assert done.returncode in (1, 64) and done.stderr
        assert json.loads(rollout("kimi").stdout)["percent"] == 50

    def test_an_unknown_rollout_fails_and_names_the_others(self, rollout):
        done = rollout("kimmi", "5")
        assert done.returncode == 1 and "kimi" in done.stderr

    def test_without_a_proxy_it_says_where_it_looked(self, binary, tmp_path):
        done = subprocess.run([binary, "rollout", "--admin", "127.0.0.1:9"], cwd=tmp_path, env={},
                              capture_output=True, text=True, timeout=10)
        assert done.returncode == 1 and "127.0.0.1:9" in done.stderr


# -- what a restart remembers ---------------------------------------------------------------------------------

def test_a_restart_remembers_the_flip_with_who_and_when(weir_with, tmp_path):
    settings = {"WEIR_STATE_FILE": str(tmp_path / "state.json"), "KIMI_ROLLOUT_PERCENTAGE": "10"}
    weir = weir_with(settings)
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    told = put(weir, 62.5)
    after = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    assert told["changed_by"] == "admin 127.0.0.1"
    assert before < datetime.datetime.fromisoformat(told["changed_at"]) < after
    [line] = eventually(lambda: log_lines(weir, "rollout changed"), "a line about the flip")
    assert "admin 127.0.0.1" in json.dumps(line) and "62" in json.dumps(line)
    found = served(weir, NAMES)
    weir.stop()
    stored = json.loads((tmp_path / "state.json").read_text())
    assert stored["flips"][0]["who"] == "admin 127.0.0.1"
    assert before.timestamp() * 1000 < stored["flips"][0]["when_ms"] < after.timestamp() * 1000
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"], "nothing else is left beside it"

    again = weir_with(settings)
    remembered = admin(again, "GET", "/rollouts/kimi").json()
    assert remembered == told
    assert (remembered["percent"], remembered["configured_percent"]) == (62.5, 10)
    assert served(again, NAMES) == found
    assert again.scrape().sum("weir_rollout_percent", rollout="kimi") == 62.5
    assert admin(again, "DELETE", "/rollouts/kimi").json()["percent"] == 10
    again.stop()

    third = weir_with(settings)
    forgotten = admin(third, "GET", "/rollouts/kimi").json()
    assert forgotten["percent"] == 10 and "changed_by" not in forgotten


def test_a_restart_remembers_every_kind_of_change(weir_with, tmp_path):
    (tmp_path / "weir.yaml").write_text(TWO_VARIANTS)
    settings = {"WEIR_CONFIG": str(tmp_path / "weir.yaml")}
    for change in ({"variants": {"first": 1, "second": 40}}, {"percent": 77.7}, {"enabled": False}):
        weir = weir_with(settings)
        told = admin(weir, "PUT", "/rollouts/pair", change)
        assert told.status == 200, told.body
        weir.stop()
        again = weir_with(settings)
        assert admin(again, "GET", "/rollouts/pair").json() == told.json()
        again.stop()
    assert told.json()["percent"] == 77.7 and told.json()["enabled"] is False
    assert set(told.json()["variants"]) == {"first", "second"}


def test_a_rollout_that_was_away_for_a_reload_is_as_a_restart_would_have_it(weir_with, tmp_path):
    (tmp_path / "weir.yaml").write_text(TWO_VARIANTS)
    weir = weir_with({"WEIR_CONFIG": str(tmp_path / "weir.yaml")})
    told = put(weir, 0, "pair")
    for text in ("listen: 127.0.0.1:0\n", TWO_VARIANTS):
        rewrite(tmp_path / "weir.yaml", text)
        assert weir.admin("/reload", "POST").status == 200
    running = admin(weir, "GET", "/rollouts/pair").json()
    weir.stop()
    restarted = admin(weir_with({"WEIR_CONFIG": str(tmp_path / "weir.yaml")}), "GET", "/rollouts/pair").json()
    assert running == restarted == told


def test_a_kill_right_after_the_answer_loses_no_flip(weir_with, tmp_path):
    settings = {"WEIR_STATE_FILE": str(tmp_path / "state.json")}
    weir = weir_with(settings)
    weir.expected_exit = -signal.SIGKILL
    put(weir, 33)
    weir.process.kill()
    assert admin(weir_with(settings), "GET", "/rollouts/kimi").json()["percent"] == 33


def test_the_state_file_lies_beside_the_configuration(weir_with, tmp_path):
    (tmp_path / "weir.yaml").write_text("kimi:\n  rollout_percentage: 1\n")
    weir = weir_with({"WEIR_CONFIG": str(tmp_path / "weir.yaml")})
    put(weir, 2)
    assert json.loads((tmp_path / "weir-state.json").read_text())["flips"]


def test_a_flip_outlasts_a_reload(weir_with):
    weir = weir_with({"WEIR_ENV_FILE": "live.env"}, files={"live.env": "KIMI_ROLLOUT_PERCENTAGE=10\n"})
    put(weir, 70)
    rewrite(weir.folder / "live.env", "KIMI_ROLLOUT_PERCENTAGE=20\n")
    assert weir.admin("/reload", "POST").status == 200
    told = admin(weir, "GET", "/rollouts/kimi").json()
    assert (told["percent"], told["configured_percent"]) == (70, 20)
    assert admin(weir, "DELETE", "/rollouts/kimi").json()["percent"] == 20


FLIP = '{"version":1,"flips":[{"rollout":"kimi","percent":{"from":0,"to":80},"who":"a","when_ms":1795000000000}]}'


@pytest.mark.parametrize("damage", [
    b"{", FLIP.encode()[:-10], b"\xff\xfe\x00", b"null", b"[]", b'{"version":2,"flips":[]}', b'{"flips":[]}',
    b'{"version":1,"flips":{}}', b'{"version":1,"flips":[7]}', FLIP.replace("80", "180").encode(),
    FLIP.replace("80", '"80"').encode(), FLIP.replace('"who":"a",', "").encode(), b"[" * 100_000,
    FLIP.replace('"kimi"', '"gone"').encode(), b"x" * (3 << 20)],
    ids=["brace", "cut", "binary", "null", "list", "version", "no-version", "object", "number", "range", "text",
         "nobody", "deep", "gone", "large"])
def test_a_damaged_state_file_is_a_warning(weir_with, tmp_path, damage):
    (tmp_path / "state.json").write_bytes(damage)
    weir = weir_with({"WEIR_STATE_FILE": str(tmp_path / "state.json"), "KIMI_ROLLOUT_PERCENTAGE": "10"})
    assert admin(weir, "GET", "/rollouts/kimi").json()["percent"] == 10
    eventually(lambda: [line for line in weir.log() if line["level"] == "warning"
                        and ("state" in json.dumps(line) or "remembered" in json.dumps(line))], "a warning")
    put(weir, 5)
    assert json.loads((tmp_path / "state.json").read_text())["flips"][0]["percent"]["to"] == 5


@pytest.mark.parametrize("content", [b"", b"\n", b'{"version":1,"flips":[]}'])
def test_a_state_file_without_a_flip_is_no_warning(weir_with, tmp_path, content):
    (tmp_path / "state.json").write_bytes(content)
    weir = weir_with({"WEIR_STATE_FILE": str(tmp_path / "state.json")})
    eventually(lambda: log_lines(weir, "listening"), "the line that comes after the warnings")
    assert not [line for line in weir.log() if line["level"] in ("warning", "error")]


def test_a_state_file_that_cannot_be_written_does_not_stop_the_flip(weir_with, tmp_path):
    weir = weir_with({"WEIR_STATE_FILE": str(tmp_path / "absent" / "state.json")})
    assert put(weir, 100)["percent"] == 100
    assert rollout_of(weir, "alice") == "kimi=kimi"
    eventually(lambda: log_lines(weir, "a restart will not remember it"), "a line that says so")


def test_without_a_state_file_nothing_is_remembered(weir_with, tmp_path):
    weir = weir_with({"WEIR_STATE_FILE": "off"})
    put(weir, 100)
    assert rollout_of(weir, "alice") == "kimi=kimi"
    assert not (weir.folder / "weir-state.json").exists() and not (weir.folder / "off").exists()
