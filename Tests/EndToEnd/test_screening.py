"""Screening: what a request may hold is decided before anything goes upstream, and the rest of it stays as it is."""

import gzip
import json

import anthropic
import openai
import pytest

from harness.attempts import configured
from harness.eventually import eventually
from harness.limits import CHAT, JSON, keyed, of
from harness.requests import chat, function, user
from harness.simulator import mark
from harness.upstream import ScriptedUpstream, reply as scripted

MODEL = "openai/gpt-4-turbo"
CLIENTS = ["plain", "short", "capped", "tooled", "stripped", "guarded", "strict"]
KEY = "AKIAIOSFODNN7EXAMPLE"
CARD = "4111 1111 1111 1111"

RULES = """
screening:
  unread: refuse
  rules:
    - {name: keys, builtin: secrets, action: block}
    - {name: cards, builtin: card, action: redact}
    - {name: mail, builtin: email, action: redact, in: [user, tool]}
    - {name: plans, pattern: '(?i)project\\s+overlord', action: flag}
  tokens:
    - {max_input_tokens: 300, max_output_tokens: 100, clients: [short]}
    - {max_output_tokens: 100, over: cap, absent: cap, clients: [capped]}
  tools:
    - {deny: ["shell*"], clients: [tooled]}
    - {allow: ["get_*"], requests: strip, clients: [stripped]}
    - {deny: ["shell*"], replies: strip, clients: [guarded]}
    - {deny: ["shell*"], replies: refuse, clients: [strict]}
"""


@pytest.fixture(scope="module")
def screened(binary, simulator, tmp_path_factory):
    running = keyed(binary, tmp_path_factory.mktemp("screened"), simulator.url, CLIENTS, RULES)
    yield running
    running.stop()


def send(weir, body, client="plain", path=CHAT, headers=()):
    """The reply, and what the simulator saw; None where nothing was sent."""
    marked = mark()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = weir.ask("POST", path, [JSON, of(client), marked, *headers], raw)
    return reply, marked


def refused(weir, simulator, body, status, code, client="plain", path=CHAT, headers=()) -> dict:
    reply, marked = send(weir, body, client, path, headers)
    assert reply.status == status, reply.body
    assert not simulator.saw(marked)
    error = reply.json()["error"]
    if not path.endswith("/messages"):
        assert error["code"] == code
    return error


# -- contents -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, body, place", [
    (CHAT, chat(f"my key is {KEY}"), "messages[0].content"),
    (CHAT, chat("x") | {"messages": [{"role": "tool", "tool_call_id": "c", "content": [
        {"type": "text", "text": KEY}]}]}, "messages[0].content[0].text"),
    ("/v1/messages", {"model": MODEL, "max_tokens": 9, "system": KEY, "messages": user("x")}, "system"),
    ("/v1/responses", {"model": MODEL, "instructions": "x", "input": [
        {"type": "function_call_output", "call_id": "c", "output": KEY}]}, "input[0].output"),
    ("/v1/completions", {"model": MODEL, "prompt": ["x", KEY]}, "prompt[1]"),
    ("/v1/embeddings", {"model": MODEL, "input": KEY}, "input"),
])
def test_a_secret_blocks_the_request_in_every_api(screened, simulator, path, body, place):
    error = refused(screened, simulator, body, 403, "content_blocked", path=path)
    assert "keys" in error["message"] and place in error["message"]
    assert KEY not in json.dumps(error)


def test_what_is_blocked_is_in_no_log_and_no_metric(screened, simulator):
    before = screened.scrape().sum("weir_screening_total", rule="keys", action="block")
    refused(screened, simulator, chat(f"a {KEY} b"), 403, "content_blocked")
    assert screened.scrape().sum("weir_screening_total", rule="keys", action="block") == before + 1
    assert KEY not in screened.log_text()
    assert KEY not in screened.admin("/metrics").body.decode()
    assert KEY not in screened.admin("/status").body.decode()


def test_a_card_is_redacted_and_every_other_byte_stays(screened, simulator):
    raw = (b'{ "model":"openai/gpt-4-turbo",\n "messages" : [{"role":"user","content":"pay \\u0034' +
           CARD[1:].encode() + b' \\/ \\ud83d\\ude00 \xc3\xa9"}], "x":1e3 }')
    reply, marked = send(screened, raw)
    assert reply.status == 200
    assert reply.get("x-weir-edits") == "redacted"
    assert simulator.received(marked).body == raw.replace(b"\\u0034" + CARD[1:].encode(), b"[REDACTED:cards]")


def test_a_redaction_is_made_however_the_body_is_cut_up(screened, simulator):
    body = json.dumps(chat(f"pay {CARD} now")).encode()
    for size in (1, 7, 64):
        marked = mark()
        pieces = [body[at:at + size] for at in range(0, len(body), size)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        with screened.wire() as wire:
            head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + "".join(
                f"{name}: {value}\r\n" for name, value in [JSON, of("plain"), marked]) + "\r\n"
            wire.send(head.encode() + chunks)
            assert wire.read_reply("POST").status == 200
        assert json.loads(simulator.received(marked).body)["messages"][0]["content"] == "pay [REDACTED:cards] now"


def test_a_compressed_body_is_screened_too(screened, simulator):
    body = gzip.compress(json.dumps(chat(KEY)).encode())
    refused(screened, simulator, body, 403, "content_blocked", headers=[("Content-Encoding", "gzip")])


def test_a_rule_looks_into_the_texts_of_its_roles_only(screened, simulator):
    body = chat("write to bob@example.com") | {"messages": [
        {"role": "system", "content": "sign as me@example.com"}, {"role": "user", "content": "to bob@example.com"}]}
    reply, marked = send(screened, body)
    sent = json.loads(simulator.received(marked).body)["messages"]
    assert [message["content"] for message in sent] == ["sign as me@example.com", "to [REDACTED:mail]"]


def test_a_flagged_request_passes_and_is_counted(screened, simulator):
    before = screened.scrape().sum("weir_screening_total", rule="plans", action="flag")
    body = json.dumps(chat("what of Project  OVERLORD?")).encode()
    reply, marked = send(screened, body)
    assert reply.status == 200 and reply.get("x-weir-edits") is None
    assert simulator.received(marked).body == body
    assert screened.scrape().sum("weir_screening_total", rule="plans", action="flag") == before + 1


def test_what_is_redacted_makes_one_cache_entry(binary, simulator, tmp_path_factory):
    weir = keyed(binary, tmp_path_factory.mktemp("cached"), simulator.url, CLIENTS, RULES,
                 {"WEIR_CACHE_TTL": "60"})
    try:
        first, _ = send(weir, chat("pay 4111 1111 1111 1111 to the order of the cache", temperature=0))
        second, _ = send(weir, chat("pay 5555-5555-5555-4444 to the order of the cache", temperature=0))
        assert (first.get("x-weir-cache"), second.get("x-weir-cache")) == ("miss", "hit")
    finally:
        weir.stop()


def test_bodies_that_are_not_read_are_refused_where_that_is_set(screened, simulator):
    refused(screened, simulator, b"x=1", 403, "content_blocked", path="/v1/files")
    reply = screened.ask("GET", "/v1/models", [of("plain")])
    assert reply.status == 200


# -- tokens ---------------------------------------------------------------------------------------------------

def test_too_much_input_is_refused_with_both_numbers(screened, simulator):
    error = refused(screened, simulator, chat("word " * 400), 400, "token_limit_exceeded", client="short")
    assert "300" in error["message"]
    assert send(screened, chat("word " * 200), client="short")[0].status == 200
    assert send(screened, chat("word " * 400), client="plain")[0].status == 200


def test_too_much_output_is_refused_or_capped(screened, simulator):
    error = refused(screened, simulator, chat(max_tokens=101), 400, "token_limit_exceeded", client="short")
    assert error["param"] == "max_tokens" and "101" in error["message"] and "100" in error["message"]
    for body in (chat(max_tokens=101), chat(max_tokens=None), chat()):
        reply, marked = send(screened, body, client="capped")
        assert reply.status == 200 and reply.get("x-weir-edits") == "max_tokens"
        assert json.loads(simulator.received(marked).body)["max_tokens"] == 100
    reply, marked = send(screened, chat(max_tokens=99), client="capped")
    assert reply.get("x-weir-edits") is None
    reply, marked = send(screened, chat(), client="short")
    assert "max_tokens" not in json.loads(simulator.received(marked).body)


# -- tools ----------------------------------------------------------------------------------------------------

def test_a_forbidden_tool_is_refused_by_name(screened, simulator):
    tools = [function("get_time"), function("shell_run")]
    error = refused(screened, simulator, chat(tools=tools), 403, "tool_not_allowed", client="tooled")
    assert "shell_run" in error["message"] and error["param"] == "tools[1]"
    assert "shell_run" not in screened.log_text()
    assert send(screened, chat(tools=tools[:1]), client="tooled")[0].status == 200


def test_forbidden_tools_are_stripped(screened, simulator):
    tools = [function("run"), function("get_time"), {"type": "web_search"}]
    reply, marked = send(screened, chat(tools=tools, tool_choice={"type": "function", "function": {"name": "run"}}),
                         client="stripped")
    assert reply.status == 200 and reply.get("x-weir-edits") == "tools,tool_choice"
    sent = json.loads(simulator.received(marked).body)
    assert sent["tools"] == tools[1:2] and "tool_choice" not in sent
    reply, marked = send(screened, chat(tools=tools[:1], tool_choice="auto"), client="stripped")
    sent = json.loads(simulator.received(marked).body)
    assert "tools" not in sent and "tool_choice" not in sent


def calling(*names):
    """An upstream whose every reply calls these tools."""
    calls = [{"id": f"c{index}", "type": "function", "function": {"name": name, "arguments": "{}"}}
             for index, name in enumerate(names)]
    answer = {"id": "g", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [
        {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": calls},
         "finish_reason": "tool_calls"}]}
    return ScriptedUpstream(lambda wire, request: scripted(json.dumps(answer).encode()))


def test_forbidden_calls_in_replies_are_stripped_or_refused(binary, tmp_path_factory):
    with calling("shell_run", "get_time") as upstream:
        weir = keyed(binary, tmp_path_factory.mktemp("calls"), upstream.url, CLIENTS, RULES)
        try:
            body = chat(tools=[function("get_time")])
            passed, _ = send(weir, body, client="tooled")
            assert len(passed.json()["choices"][0]["message"]["tool_calls"]) == 2
            stripped, _ = send(weir, body, client="guarded")
            calls = stripped.json()["choices"][0]["message"]["tool_calls"]
            assert [call["function"]["name"] for call in calls] == ["get_time"]
            strict, _ = send(weir, body, client="strict")
            assert (strict.status, strict.json()["error"]["code"]) == (403, "tool_not_allowed")
        finally:
            weir.stop()


def test_a_client_has_bounds_and_tools_of_its_own(binary, simulator, tmp_path_factory):
    text = "clients: {own: {key: key-own, max_output_tokens: 50, max_input_tokens: 100, tools: {deny: [shell]}}}\n"
    weir = configured(binary, tmp_path_factory.mktemp("own"), simulator.url, text)
    try:
        refused(weir, simulator, chat(max_tokens=51), 400, "token_limit_exceeded", client="own")
        refused(weir, simulator, chat("word " * 200), 400, "token_limit_exceeded", client="own")
        refused(weir, simulator, chat(tools=[function("shell")]), 403, "tool_not_allowed", client="own")
        assert send(weir, chat(max_tokens=50, tools=[function("get")]), client="own")[0].status == 200
    finally:
        weir.stop()


# -- clients' packages ----------------------------------------------------------------------------------------

def test_the_openai_package_raises_what_its_users_expect(screened):
    client = openai.OpenAI(base_url=screened.url, api_key="key-plain", max_retries=0)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        client.chat.completions.create(model=MODEL, messages=user(KEY))
    assert caught.value.code == "content_blocked"
    client = client.with_options(api_key="key-short")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=user("x"), max_tokens=1000)
    assert caught.value.code == "token_limit_exceeded"


def test_the_anthropic_package_raises_what_its_users_expect(screened):
    client = anthropic.Anthropic(base_url=screened.url.removesuffix("/v1"), max_retries=0,
                                 api_key="key-plain")
    with pytest.raises(anthropic.PermissionDeniedError):
        client.messages.create(model=MODEL, max_tokens=10, messages=user(KEY))
    answer = client.messages.create(model=MODEL, max_tokens=50, messages=user(f"say {CARD}"))
    assert "[REDACTED:cards]" in answer.content[0].text


# -- configuration --------------------------------------------------------------------------------------------

def test_a_reload_takes_new_rules(weir_with):
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": "{}\n"})
    assert weir.post(CHAT, chat("Overlord")).status == 200
    (weir.folder / "weir.yaml").write_text(
        "screening: {unread: pass, rules: [{name: plans, pattern: Overlord, action: block}]}\n")
    eventually(lambda: weir.post(CHAT, chat("Overlord")).status == 403, "the rule applies")
