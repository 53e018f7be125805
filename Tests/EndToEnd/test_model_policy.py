"""Which model serves: the kill switch, allow and deny lists, what `weir check` refuses and `weir explain` tells."""

import json
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.eventually import eventually
from harness.json_texts import bodies_around
from harness.requests import chat
from harness.rollouts import (CHAT, INCUMBENT, KIMI, Load, asked, log_lines, put, rename_over, rewrite, rollout_of,
                              served, swap_link, users, variant)
from harness.simulator import mark
from harness.usual_requests import STREAMING, usual
from harness.weir import Weir

# The fallback model is the documented default.
SETTINGS = {"KIMI_FALLBACK_MODEL": None}

FALLBACK = "openai/gpt-4-turbo"
ON, OFF = "FEATURE_KIMI_ENABLED=true\n", "FEATURE_KIMI_ENABLED=false\n"
ALL_KIMI = ["kimi-k2", KIMI, "MoonshotAI/Kimi-K2", "KIMI-K2", "kimi-k2:free", f"{KIMI}:nitro", "kimi-k2-thinking",
            "moonshotai/kimi-k2.6:online", "moonshotai/kimi-k9-unheard-of", "other-host/Kimi-K2-Instruct"]
NO_KIMI = ["openai/gpt-4o", "anthropic/claude-sonnet-4", "acme/kimiko", "kimi/llama-3", "openai/gpt-4-turbo:online"]


def killed(binary, simulator, tmp_path_factory, **environment):
    running = Weir(binary, tmp_path_factory.mktemp("killed"), simulator.url,
                   SETTINGS | {"FEATURE_KIMI_ENABLED": "false"} | environment)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def switched_off(binary, simulator, tmp_path_factory):
    """One weir whose kill switch is used, with everybody in the rollout."""
    yield from killed(binary, simulator, tmp_path_factory, KIMI_ROLLOUT_PERCENTAGE="100")


@pytest.fixture(scope="module")
def without_fallback(binary, simulator, tmp_path_factory):
    """The same with no model to fall back to."""
    yield from killed(binary, simulator, tmp_path_factory, KIMI_ROLLOUT_PERCENTAGE="100", KIMI_FALLBACK_MODEL="off")


@pytest.fixture(scope="module")
def listed(binary, simulator, tmp_path_factory):
    """One weir with an allow and a deny list."""
    folder = tmp_path_factory.mktemp("listed")
    (folder / "weir.yaml").write_text(
        "models:\n  allow: [moonshotai/*, openai/gpt-4o, openai/gpt-4o-mini]\n  deny: [moonshotai/kimi-k2-thinking]\n")
    running = Weir(binary, folder, simulator.url, SETTINGS | {"WEIR_CONFIG": "weir.yaml"})
    yield running
    running.stop()


def error_of(reply, status: int, endpoint: str = "chat/completions") -> dict:
    """The error of a refusal, its shape that of the API; nothing was sent upstream."""
    assert reply.status == status, (reply.start_line, reply.body)
    assert reply.get("x-weir-attempts") is None
    error = reply.json()["error"]
    assert set(error) == ({"type", "message"} if endpoint == "messages" else {"message", "type", "param", "code"})
    assert reply.get("x-request-id") in error["message"]
    return error


# -- kill switch ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("asked_for", ALL_KIMI)
def test_no_request_reaches_kimi_by_any_name(switched_off, simulator, asked_for):
    marked = mark()
    reply = asked(switched_off, model=asked_for, headers=[marked])
    assert reply.get("x-weir-model") == FALLBACK
    assert "kimi" in reply.get("x-weir-fallback").lower()
    assert json.loads(simulator.received(marked).body)["model"] == FALLBACK


def test_the_model_fallen_back_from_is_the_one_that_would_have_served(switched_off):
    assert asked(switched_off, model="kimi-k2").get("x-weir-fallback") == KIMI
    assert asked(switched_off, model="kimi-k2:free").get("x-weir-fallback") == f"{KIMI}:free"


@pytest.mark.parametrize("endpoint", STREAMING)
@pytest.mark.parametrize("stream", [False, True])
def test_every_text_api_falls_back(switched_off, endpoint, stream):
    reply = switched_off.post(f"/v1/{endpoint}", usual(endpoint, model="kimi-k2", stream=stream))
    assert (reply.status, reply.is_complete) == (200, True)
    assert (reply.get("x-weir-fallback"), reply.get("x-weir-model")) == (KIMI, FALLBACK)


@pytest.mark.parametrize("asked_for", NO_KIMI)
def test_other_models_do_not_notice(switched_off, simulator, asked_for):
    marked = mark()
    body = json.dumps(chat(model=asked_for)).encode()
    reply = switched_off.post(CHAT, body, [marked])
    assert reply.status == 200 and reply.get("x-weir-fallback") is None
    assert simulator.received(marked).body == body


def test_the_rollout_serves_the_incumbent(switched_off):
    reply = asked(switched_off, "alice", model="openai/gpt-3.5-turbo")
    assert reply.get("x-weir-rollout") == "kimi=incumbent"
    assert reply.get("x-weir-model") == "openai/gpt-3.5-turbo"
    assert reply.get("x-weir-fallback") is None
    assert switched_off.scrape().sum("weir_rollout_percent", rollout="kimi") == 0


def test_entries_of_the_clients_own_fallback_list_are_diverted(switched_off, simulator):
    marked = mark()
    wanted = ["kimi-k2", "openai/gpt-4o", "moonshotai/kimi-k2.6:free", "acme/kimiko"]
    reply = asked(switched_off, model="openai/gpt-4o", headers=[marked], models=wanted)
    assert reply.get("x-weir-edits") == "models"
    assert json.loads(simulator.received(marked).body)["models"] == [FALLBACK, "openai/gpt-4o", FALLBACK, "acme/kimiko"]


def test_a_request_with_nothing_but_a_fallback_list_is_diverted(switched_off, simulator):
    marked = mark()
    body = {"models": ["kimi-k2", "openai/gpt-4o"], "messages": chat()["messages"]}
    switched_off.post(CHAT, body, [marked])
    assert json.loads(simulator.received(marked).body)["models"] == [FALLBACK, "openai/gpt-4o"]


def test_diverted_requests_are_counted(weir_with):
    weir = weir_with({"FEATURE_KIMI_ENABLED": "false"})
    for _ in range(3):
        asked(weir, model="kimi-k2")
    asked(weir, model="openai/gpt-4o")
    eventually(lambda: weir.scrape().sum("weir_requests_total") == 4, "four requests are counted")
    labels = {"from": KIMI, "to": FALLBACK, "reason": "kill_switch"}
    assert weir.scrape().sum("weir_fallbacks_total", **labels) == weir.scrape().sum("weir_fallbacks_total") == 3
    assert weir.scrape().sum("weir_requests_total", model=KIMI) == 0


@pytest.mark.parametrize("change", [rewrite, rename_over, swap_link])
def test_the_switch_in_a_file_takes_effect_within_a_second_and_fails_no_request(weir_with, change):
    weir = weir_with({"WEIR_ENV_FILE": "live.env"}, files={"live.env": ON})
    with Load(weir, model="kimi-k2") as load:
        for text, model in ((OFF, FALLBACK), (ON, KIMI)):
            change(weir.folder / "live.env", text)
            load.await_effect(time.monotonic(), lambda seen: seen.model == model)


def test_the_switch_takes_effect_on_the_request_after_the_reload(weir_with):
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": "kimi:\n  enabled: true\n"})
    for enabled in ("false", "true") * 5:
        rewrite(weir.folder / "weir.yaml", f"kimi:\n  enabled: {enabled}\n")
        assert weir.admin("/reload", "POST").status == 200
        assert asked(weir, model="kimi-k2").get("x-weir-fallback") == (KIMI if enabled == "false" else None)


def test_streams_that_are_open_finish_on_kimi(weir_with):
    weir = weir_with({"WEIR_ENV_FILE": "live.env"}, files={"live.env": ON})
    body = json.dumps(chat("one two three four five six", model="kimi-k2", stream=True)).encode()
    wires = [weir.wire() for _ in range(5)]
    for wire in wires:
        wire.send(b"POST %b HTTP/1.1\r\nHost: a\r\nx-sim-gap-ms: 60\r\nContent-Length: %d\r\n\r\n"
                  % (CHAT.encode(), len(body)) + body)
    heads = [wire.read_head() for wire in wires]
    rewrite(weir.folder / "live.env", OFF)
    assert weir.admin("/reload", "POST").status == 200
    assert asked(weir, model="kimi-k2").get("x-weir-fallback") == KIMI
    for wire, head in zip(wires, heads):
        wire.read_body(head)
        wire.close()
        assert head.is_complete and head.body.endswith(b"data: [DONE]\n\n")
        assert head.body.count(KIMI.encode()) > 5 and FALLBACK.encode() not in head.body


@pytest.mark.parametrize("endpoint", STREAMING)
def test_without_a_fallback_kimi_is_refused(without_fallback, endpoint):
    reply = without_fallback.post(f"/v1/{endpoint}", usual(endpoint, model="kimi-k2"))
    error = error_of(reply, 503, endpoint)
    assert "FEATURE_KIMI_ENABLED" in error["message"]
    assert reply.get("retry-after") == "5" and reply.get("x-should-retry") == "false"
    assert error.get("code") == (None if endpoint == "messages" else "model_disabled")
    eventually(lambda: without_fallback.errors_counted("model_disabled") > 0, "it is counted")


def test_without_a_fallback_an_entry_of_a_list_is_refused_too(without_fallback):
    reply = without_fallback.post(CHAT, chat(model="openai/gpt-4o", models=["openai/gpt-4o", "kimi-k2"]))
    assert error_of(reply, 503)["code"] == "model_disabled"


def test_without_a_fallback_the_rollout_still_has_the_incumbent(without_fallback):
    assert rollout_of(without_fallback, "alice") == "kimi=incumbent"


def test_a_fallback_that_is_kimi_itself_is_refused_before_it_matters(run):
    done = run("check", environment={"FEATURE_KIMI_ENABLED": "false", "KIMI_FALLBACK_MODEL": "kimi-k2-thinking"})
    assert done.returncode == 78 and "KIMI_FALLBACK_MODEL" in done.stderr
    warned = run("check", environment={"KIMI_FALLBACK_MODEL": "kimi-k2-thinking"})
    assert "FEATURE_KIMI_ENABLED=false" in warned.stdout + warned.stderr


# -- allow and deny -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("model", ["kimi-k2", KIMI, "Moonshotai/KIMI-K2", "kimi-k2:free", "gpt-4o", "openai/gpt-4o",
                                   "openai/gpt-4o:online", "moonshotai/kimi-k9"])
def test_what_is_allowed_passes_by_all_of_its_names(listed, model):
    assert listed.post(CHAT, chat(model=model)).get("x-weir-attempts") == "1"


@pytest.mark.parametrize("model, near", [
    ("openai/gpt-4", "openai/gpt-4o"), ("gpt-4", "gpt-4o"), ("openai/gpt4o", "openai/gpt-4o"),
    ("gpt-4o-mni", "gpt-4o-mini"), ("openai/gpt-4o-minii:online", "openai/gpt-4o-mini"), ("kimi-k3", "kimi-k2"),
    ("opnai/gpt-4o", "openai/gpt-4o")])
def test_what_is_not_allowed_is_refused_with_near_names(listed, simulator, model, near):
    marked = mark()
    error = error_of(listed.post(CHAT, chat(model=model), [marked]), 403)
    assert (error["code"], error["param"]) == ("model_not_allowed", "model")
    names = error["message"].split("similar name: ")[1].rstrip(".").split(", ")
    assert near in names and len(names) <= 3
    assert "thinking" not in error["message"], "no model that is denied is suggested"
    assert not simulator.saw(marked)


def test_a_stored_prompt_is_refused_unless_the_request_names_a_model(listed, simulator):
    """Which model it names nobody here can see."""
    marked = mark()
    stored = {"prompt": {"id": "pmpt_1"}, "input": "x"}
    error = error_of(listed.post("/v1/responses", stored, [marked]), 403)
    assert (error["code"], error["param"]) == ("model_not_allowed", "model")
    assert not simulator.saw(marked)
    assert listed.post("/v1/responses", stored | {"model": "kimi-k2"}).status == 200


@pytest.mark.parametrize("model", ["kimi-k2-thinking", "moonshotai/kimi-k2-thinking", "MOONSHOTAI/Kimi-K2-Thinking",
                                   "moonshotai/kimi-k2-thinking:free", "Kimi-K2-Thinking:nitro"])
def test_what_is_denied_cannot_be_had_by_another_name(listed, model):
    assert error_of(listed.post(CHAT, chat(model=model)), 403)["code"] == "model_not_allowed"


@pytest.mark.parametrize("model", ["anthropic/claude-3-opus", "z", "x" * 256, "é" * 100, 'a"b\nc\\', "*", "openai/*"],
                         ids=["far", "short", "long", "accents", "hostile", "star", "pattern"])
def test_a_name_that_is_near_nothing_is_refused_without_names(listed, model):
    error = error_of(listed.post(CHAT, chat(model=model)), 403)
    assert error["code"] == "model_not_allowed" and "similar" not in error["message"]
    assert len(error["message"]) < 1000


@pytest.mark.parametrize("endpoint", STREAMING)
def test_every_text_api_refuses(listed, endpoint):
    error = error_of(listed.post(f"/v1/{endpoint}", usual(endpoint, model="openai/gpt-4")), 403, endpoint)
    assert "openai/gpt-4o" in error["message"]


def test_entries_of_the_clients_own_fallback_list_are_held_against_it_too(listed):
    reply = listed.post(CHAT, chat(model="kimi-k2", models=["openai/gpt-4o", "openai/gpt-4"]))
    assert error_of(reply, 403)["code"] == "model_not_allowed"
    only = listed.post(CHAT, {"models": ["anthropic/claude-3-opus"], "messages": chat()["messages"]})
    assert error_of(only, 403)["code"] == "model_not_allowed"


def test_refusals_are_counted_and_the_lists_may_change(weir_with):
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": "models:\n  deny: [openai/gpt-4o]\n"})
    assert weir.post(CHAT, chat(model="gpt-4o")).status == 403
    eventually(lambda: weir.errors_counted("model_not_allowed") == 1, "it is counted")
    rewrite(weir.folder / "weir.yaml", "models:\n  deny: [openai/o3]\n")
    assert weir.admin("/reload", "POST").status == 200
    assert weir.post(CHAT, chat(model="openai/gpt-4o")).status == 200
    assert weir.post(CHAT, chat(model="openai/o3")).status == 403


# -- nothing else is touched ----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def busy(binary, simulator, tmp_path_factory):
    """One weir with a rule of every kind, none of which is about `some/model`."""
    folder = tmp_path_factory.mktemp("busy")
    (folder / "weir.yaml").write_text(
        "models:\n  deny: [openai/o3]\n  catalog:\n  - {id: acme/large, aliases: [large, big-*]}\n"
        "rollouts:\n- name: kimi\n  from: [gpt-4-turbo, gpt-4]\n"
        f"  variants: [{{name: kimi, model: {KIMI}, percent: 50}}]\n"
        "- name: other\n  from: [gpt-4o]\n  variants: [{name: o3, model: openai/o4-mini, percent: 100}]\n")
    running = Weir(binary, folder, simulator.url, SETTINGS | {"WEIR_CONFIG": "weir.yaml"})
    yield running
    running.stop()


def sent(weir, simulator, body: bytes, user: str):
    marked = mark()
    reply = weir.post(CHAT, body, [marked, ("x-weir-user", user)])
    assert reply.get("x-weir-attempts") == "1", reply.body
    return reply, simulator.received(marked, last=5).body


@given(parts=bodies_around('"model"'), model=st.sampled_from(["some/model", "openai/gpt-4o-mini", "acme/large"]))
def test_a_request_whose_model_is_not_touched_goes_out_byte_for_byte(busy, simulator, parts, model):
    body = f'{parts[0]}:"{model}"{parts[1]}'.encode()
    reply, received = sent(busy, simulator, body, users("kimi", 50, 1)[0])
    assert received == body
    assert reply.get("x-weir-edits") is None and reply.get("x-weir-rollout") is None


@given(parts=bodies_around('"model"'))
def test_who_stays_with_the_incumbent_goes_out_byte_for_byte(busy, simulator, parts):
    body = f'{parts[0]}:"gpt-4-turbo"{parts[1]}'.encode()
    reply, received = sent(busy, simulator, body, users("incumbent", 50, 1)[0])
    assert (received, reply.get("x-weir-rollout")) == (body, "kimi=incumbent")


@given(parts=bodies_around('"model"'), spelling=st.sampled_from(['"gpt-4-turbo"', '"GPT-4-Turbo"', '"gpt\\u002d4"']))
def test_a_rollout_changes_the_value_of_model_and_no_other_byte(busy, simulator, parts, spelling):
    reply, received = sent(busy, simulator, f"{parts[0]}:{spelling}{parts[1]}".encode(), users("kimi", 50, 1)[0])
    assert received == f'{parts[0]}:"{KIMI}"{parts[1]}'.encode()
    assert (reply.get("x-weir-rollout"), reply.get("x-weir-edits")) == ("kimi=kimi", "model")


# -- check ----------------------------------------------------------------------------------------------------

@pytest.fixture
def run(binary, tmp_path):
    """`run(*arguments, environment=…, stdin=…)`: the finished process of one command, in a folder of its own."""
    def go(*arguments, environment=None, stdin=""):
        return subprocess.run([binary, *arguments], cwd=tmp_path, env=environment or {}, input=stdin,
                              capture_output=True, text=True, timeout=20)
    return go


ROLLOUT = "rollouts:\n- name: canary\n  from: [gpt-4]\n  variants:\n"
MODEL = "models:\n  catalog:\n"

BAD_FILES = {
    "percent over 100": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 100.01}}\n", 5, "100.01"),
    "percent below 0": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: -1}}\n", 5, "-1"),
    "percent no number": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: half}}\n", 5, "half"),
    "percent not finite": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: .nan}}\n", 5, ".nan"),
    "percent with three decimals": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 0.001}}\n", 5, "0.001"),
    "variants over 100 in sum": (
        f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 60}}\n  - {{name: b, model: openai/o3, percent: 40.01}}\n",
        4, "100.01"),
    "two variants of one name": (
        f"{ROLLOUT}  - {{name: ab, model: {KIMI}, percent: 1}}\n  - {{name: ab, model: openai/o3, percent: 1}}\n", 6,
        "ab cannot name"),
    "a variant called incumbent": (
        f"{ROLLOUT}  - {{name: incumbent, model: {KIMI}, percent: 1}}\n", 5, "incumbent"),
    "no variants": ("rollouts:\n- name: canary\n  from: [gpt-4]\n", 2, "variants"),
    "no incumbents": (f"rollouts:\n- name: x\n  from: []\n  variants: [{{name: a, model: {KIMI}, percent: 1}}]\n", 3,
                      "incumbent"),
    "two rollouts of one name": ((f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 1}}\n" + "".join(
        f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 1}}\n".splitlines(True)[1:])), 6, "canary"),
    "a pin to no variant": (
        f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 1}}\n  pins:\n    b: [vip]\n", 7, "variant"),
    "a user pinned twice": (
        f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 1}}\n"
        "  pins:\n    a: [vip]\n    incumbent: [vip]\n", 8, "vip"),
    "an unknown model as variant": (
        f"{ROLLOUT}  - {{name: a, model: moonshotai/kimmi-k2, percent: 1}}\n", 5, "kimi-k2"),
    "an unknown model as incumbent": (
        f"rollouts:\n- name: x\n  from: [gpt-44]\n  variants: [{{name: a, model: {KIMI}, percent: 1}}]\n", 3, "gpt-4"),
    "a pattern that fits no incumbent": (
        f"rollouts:\n- name: x\n  from: ['gtp-*']\n  variants: [{{name: a, model: {KIMI}, percent: 1}}]\n", 3, "gtp-*"),
    "a rollout behind another": (
        f"{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 1}}\n- name: late\n  from: [openai/gpt-4]\n"
        f"  variants: [{{name: a, model: {KIMI}, percent: 1}}]\n", 7, "canary"),
    "an allowed model that is not there": ("models:\n  allow: [openai/gpt-4p]\n", 2, "gpt-4o"),
    "a denied model that is not there": ("models:\n  allow: ['openai/*']\n  deny: [moonshotai/kimmi]\n", 3, "kimmi"),
    "an allowed model that is denied": ("models:\n  allow: [openai/gpt-4o, openai/o3]\n  deny: [openai/o3]\n", 2, "o3"),
    "nothing allowed": ("models:\n  allow: []\n", 2, "allow"),
    "a route to nothing": ("models:\n  routes:\n    candidates: [moonshotai/kimmi-k2]\n", 3, "kimmi-k2"),
    "a task that no model can do": (
        "models:\n  routes:\n    candidates: [gpt-4]\n    tasks:\n      far: [long_context]\n", 5, "far"),
    "two aliases that collide": (
        f"{MODEL}  - {{id: acme/a, aliases: [big]}}\n  - {{id: acme/b, aliases: [Big]}}\n", 4, "big"),
    "an alias that is another's id": (
        f"{MODEL}  - {{id: acme/a, aliases: [acme/b]}}\n  - {{id: acme/b}}\n", 3, "acme/b"),
    "kimi-k2 for another model": (f"{MODEL}  - {{id: acme/a, aliases: [kimi-k2]}}\n", 3, "kimi-k2"),
    "a cycle of aliases": (
        f"{MODEL}  - {{id: acme/a, aliases: [acme/b]}}\n  - {{id: acme/b, aliases: [acme/a]}}\n", 3, "circle"),
    "a model twice": (f"{MODEL}  - {{id: acme/a}}\n  - {{id: Acme/A}}\n", 4, "twice"),
    "an unknown key": ("rolouts: []\n", 1, "rollouts"),
    "an unknown inner key": (f"{ROLLOUT}  - {{name: a, model: {KIMI}, percnt: 1}}\n", 5, "percent"),
    "a key twice": ("models:\n  deny: [openai/o3]\n  deny: [openai/o3]\n", None, "deny"),
    "a wrong type": ("rollouts: 25\n", 1, "list"),
    "a wrong inner type": ("rollouts:\n- kimi\n", 2, "key"),
    "an unknown capability": (f"{MODEL}  - {{id: acme/a, capabilities: [codng]}}\n", 3, "coding"),
    "YAML that is none": ("models: [\n  allow: }\n", None, "YAML"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_check_refuses_with_file_line_and_what_would_be_right(run, tmp_path, case):
    text, line, word = BAD_FILES[case]
    (tmp_path / "weir.yaml").write_text(text)
    done = run("check", "--config", "weir.yaml")
    told = done.stdout + done.stderr
    places = [each for each in told.splitlines() if "weir.yaml:" + (f"{line}:" if line else "") in each]
    assert done.returncode == 78, told[-600:]
    assert places and any(word in each for each in places), told[-600:]


@pytest.mark.parametrize("name, value", [
    ("KIMI_ROLLOUT_PERCENTAGE", "101"), ("KIMI_ROLLOUT_PERCENTAGE", "-1"), ("KIMI_ROLLOUT_PERCENTAGE", "ten"),
    ("KIMI_ROLLOUT_PERCENTAGE", "1e1"), ("KIMI_ROLLOUT_PERCENTAGE", "10%"), ("KIMI_ROLLOUT_PERCENTAGE", "NaN"),
    ("KIMI_ROLLOUT_FROM", "gpt-4,,gpt-4o"), ("KIMI_ROLLOUT_FROM", "gpt-44"), ("FEATURE_KIMI_ENABLED", "maybe"),
    ("KIMI_K2_TEMPERATURE", "2.5"), ("KIMI_K2_MAX_TOKENS", "0"), ("KIMI_MODEL_ID", "two words"),
    ("KIMI_FALLBACK_MODEL", "openai/gpt 4")])
def test_check_refuses_what_the_environment_says(run, name, value):
    done = run("check", environment={name: value, "KIMI_ROLLOUT_PERCENTAGE": "5"} | {name: value})
    assert done.returncode == 78, done.stdout[-300:]
    assert name in done.stdout + done.stderr


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"# padding\n" * (1 << 20), b"kimi:\n  a: &a [*a]\n"],
                         ids=["absent", "not-utf-8", "10MB", "circle"])
@pytest.mark.parametrize("option, name", [("--config", "weir.yaml"), ("--env-file", "live.env")])
def test_check_refuses_a_file_that_cannot_be_read(run, tmp_path, option, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("check", option, name)
    assert (done.returncode, name in done.stderr) == (78, True), done.stderr
    assert len(done.stderr) < 2000


def test_check_tells_every_problem_at_once(run, tmp_path):
    (tmp_path / "weir.yaml").write_text(
        f"rolouts: []\n{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 101}}\nmodels:\n  deny: [openai/gpt-44]\n")
    (tmp_path / "live.env").write_text("WEIR_LISTN=a\n")
    done = run("check", "--config", "weir.yaml", "--env-file", "live.env", environment={"KIMI_ROLLOUT_PERCENTAGE": "x"})
    assert done.returncode == 78
    for place in ("weir.yaml:1:", "weir.yaml:6:", "weir.yaml:8:", "live.env:1:", "KIMI_ROLLOUT_PERCENTAGE"):
        assert place in done.stderr, done.stderr


def test_check_shows_rollouts_with_their_origin(run, tmp_path):
    (tmp_path / "weir.yaml").write_text(f"# rollouts\n{ROLLOUT}  - {{name: a, model: {KIMI}, percent: 12.34}}\n")
    done = run("check", "--config", "weir.yaml")
    assert done.returncode == 0, done.stderr
    [line] = [each for each in done.stdout.splitlines() if each.startswith("rollouts[canary]")]
    assert "12.34" in line and "weir.yaml:3" in line
    by_environment = run("check", environment={"KIMI_ROLLOUT_PERCENTAGE": "7.5"})
    [line] = [each for each in by_environment.stdout.splitlines() if each.startswith("rollouts[kimi]")]
    assert "7.5" in line and "environment KIMI_ROLLOUT_PERCENTAGE" in line


@pytest.mark.parametrize("case", ["an unknown model as variant", "an allowed model that is not there"])
def test_a_dead_rule_does_not_keep_a_proxy_from_running(weir_with, case):
    """The name may be new to weir and known to the upstream; whoever runs `weir check` is told."""
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": BAD_FILES[case][0]})
    eventually(lambda: log_lines(weir, "weir.yaml:", "catalog"), "a warning")


# -- explain --------------------------------------------------------------------------------------------------

def explained(done, step: str) -> str:
    """The line of one step."""
    lines = [line for line in done.stdout.splitlines() if line.startswith(f"{step}:")]
    assert lines, done.stdout + done.stderr
    return lines[0]


def request(model: str = "openai/gpt-4-turbo", **members) -> str:
    return json.dumps(chat(model=model, **members))


def test_explain_tells_the_variant_and_why(run):
    environment = {"KIMI_ROLLOUT_PERCENTAGE": "50"}
    for wanted, model in (("kimi", KIMI), ("incumbent", INCUMBENT)):
        [user] = users(wanted, 50, 1)
        done = run("explain", environment=environment, stdin=request(user=user))
        assert done.returncode == 0, done.stderr
        line = explained(done, "rollout")
        assert f"kimi={wanted}" in line and "bucket" in line
        assert "environment KIMI_ROLLOUT_PERCENTAGE" in line
        assert model in explained(done, "model sent")


def test_explain_names_the_line_of_the_env_file(run, tmp_path):
    (tmp_path / "live.env").write_text("# first\n\nKIMI_ROLLOUT_PERCENTAGE=100\n")
    done = run("explain", "--env-file", "live.env", "--header", "x-weir-user: alice", stdin=request())
    assert "kimi=kimi" in explained(done, "rollout") and "live.env:3" in explained(done, "rollout")


def test_explain_names_the_line_of_the_yaml_file(run, tmp_path):
    (tmp_path / "weir.yaml").write_text(
        f"# first\nrollouts:\n- name: canary\n  from: [gpt-4-turbo]\n  variants:\n"
        f"  - {{name: a, model: {KIMI}, percent: 100}}\n  pins:\n    incumbent: [vip]\n  allow_override: true\n")

    def rollout(*arguments, user: str = "alice") -> str:
        done = run("explain", "--config", "weir.yaml", *arguments, stdin=request(user=user))
        assert done.returncode == 0, done.stderr
        return explained(done, "rollout")

    assert "canary=a" in rollout() and "weir.yaml:3" in rollout()
    assert "KIMI_ROLLOUT_PERCENTAGE" not in rollout()
    assert "canary=incumbent" in rollout(user="vip") and "pinned" in rollout(user="vip")
    chosen = rollout("--header", "x-weir-variant: incumbent")
    assert "canary=incumbent" in chosen and "override" in chosen


def test_explain_says_so_when_nobody_is_named(run):
    done = run("explain", environment={"KIMI_ROLLOUT_PERCENTAGE": "50"}, stdin=request())
    assert "random" in explained(done, "user") and "random" in explained(done, "rollout")


def test_explain_knows_the_flip_that_a_proxy_remembered(run, weir_with, tmp_path):
    environment = {"WEIR_STATE_FILE": str(tmp_path / "state.json")}
    put(weir_with(environment), 100)
    done = run("explain", environment=environment, stdin=request(user="alice"))
    assert "kimi=kimi" in explained(done, "rollout")
    assert "state.json" in explained(done, "rollout")


def test_explain_leaves_out_the_rollout_of_other_models(run):
    done = run("explain", environment={"KIMI_ROLLOUT_PERCENTAGE": "50"}, stdin=request("openai/gpt-4o", user="alice"))
    assert done.returncode == 0 and "kimi=" not in done.stdout
    assert "openai/gpt-4o" in explained(done, "model sent")


def test_explain_names_the_switch_that_diverts(run, tmp_path):
    (tmp_path / "live.env").write_text(OFF)
    done = run("explain", "--env-file", "live.env", stdin=request("kimi-k2"))
    line = explained(done, "diverted from")
    assert KIMI in line and "live.env:1" in line
    assert FALLBACK in explained(done, "model sent")


@pytest.mark.parametrize("model, line", [("kimi-k2-thinking", 3), ("openai/o3", 2)])
def test_explain_names_the_list_that_refuses(run, tmp_path, model, line):
    (tmp_path / "weir.yaml").write_text(
        "models:\n  allow: ['moonshotai/*', openai/gpt-4o]\n  deny: [moonshotai/kimi-k2-thinking]\n")
    done = run("explain", "--config", "weir.yaml", stdin=request(model))
    assert done.returncode == 1
    assert "model_not_allowed" in explained(done, "decision")
    assert f"weir.yaml:{line}" in done.stdout, done.stdout


def test_explain_and_the_running_proxy_agree(run, weir_with):
    weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "25"})
    names = [f"user-{number}" for number in range(12)]
    found = served(weir, names)
    assert found == {name: variant(name, 25) for name in names}
    for name in names:
        done = run("explain", environment={"KIMI_ROLLOUT_PERCENTAGE": "25"}, stdin=request(user=name))
        assert f"kimi={found[name]}" in explained(done, "rollout")


def test_explain_tells_what_limits_and_budgets_take(run, weir_with, tmp_path):
    (tmp_path / "weir.yaml").write_text(
        "limits:\n  rates:\n"
        "  - {name: per_user, requests_per_minute: 60, burst: 10, per: [user]}\n"
        "  - {name: batch, tokens_per_minute: 1000, clients: [batch]}\n"
        "  concurrency:\n  - {name: slots, maximum: 4}\n"
        "budgets:\n- {name: all_day, period: day, usd: 5, tokens: 1000000, total: true}\n"
        "clients:\n  web: {key: web-key-0123456789abcdef, requests_per_minute: 7}\n"
        "  batch: {key: batch-key-0123456789abcdef}\n")
    environment = {"WEIR_BUDGET_STATE_FILE": str(tmp_path / "spent.json"), "WEIR_RATE_LIMIT_TPM": "50"}
    by_web = ("--config", "weir.yaml", "--header", "authorization: Bearer web-key-0123456789abcdef")

    def lines(done, step: str) -> list:
        return [line for line in done.stdout.splitlines() if line.startswith(f"{step}: ")]

    done = run("explain", *by_web, environment=environment, stdin=request("openai/gpt-4o", max_tokens=9))
    [tokens, per_user, own, slots] = lines(done, "limit")
    assert "tpm, 50 tokens a minute" in tokens and "takes about" in tokens and "WEIR_RATE_LIMIT_TPM" in tokens
    assert "per_user, 60 requests a minute, burst 10, per user; takes 1 " in per_user and "weir.yaml:3" in per_user
    assert "rpm, 7 requests a minute" in own and "clients[web]" in own and "weir.yaml:10" in own
    assert "slots, 4 in flight" in slots and "weir.yaml:6" in slots
    [budget] = lines(done, "budget")
    assert "all_day, USD 5.0 and 1000000 tokens a day" in budget and "spent USD 0 and 0 tokens" in budget, budget
    assert "reserves USD 0.0" in budget and "weir.yaml:8" in budget
    assert done.returncode == 0 and "decision: forward" in done.stdout


def test_explain_knows_what_a_proxy_has_spent(run, weir_with, tmp_path):
    soft, hard = (f"budgets: [{{name: tiny, period: day, usd: 0.000002, hard: {kind}}}]\n" for kind in ("false", "true"))
    (tmp_path / "weir.yaml").write_text(hard)
    environment = {"WEIR_BUDGET_STATE_FILE": str(tmp_path / "spent.json")}
    weir = weir_with(environment, files={"weir.yaml": soft}, arguments=["--config", "weir.yaml"])
    asked(weir, model="openai/gpt-4o")
    weir.stop()
    done = run("explain", "--config", "weir.yaml", environment=environment, stdin=request("openai/gpt-4o", max_tokens=9))
    assert done.returncode == 1 and "429 budget_exceeded" in explained(done, "decision"), done.stdout
    (tmp_path / "spent.json").write_text("{")
    done = run("explain", "--config", "weir.yaml", environment=environment, stdin=request("openai/gpt-4o", max_tokens=9))
    assert "what budgets have spent is not known" in explained(done, "warning")
