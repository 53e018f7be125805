"""Nothing that weir writes repeats what it was told in confidence.

One weir with a ledger, the log at trace level and everything on runs through a broad mix of traffic, good and bad, in
which every key, header, prompt, reply, tool argument and comment is a planted word. Then every byte that weir wrote is
searched for them, in all the spellings that a writer may have given them.
"""

import base64
import json
import signal
import subprocess
import urllib.parse

import pytest

from harness.canaries import Canaries, files_below, whole
from harness.eventually import eventually
from harness.upstream import ScriptedUpstream, reply
from harness.requests import function
from harness.usual_requests import ENDPOINTS, STREAMING, usual
from harness.weir import QUIET, Weir
from harness.wire import message

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
COMMANDS = {
    "check": ["check"], "report": ["report", "--by", "model,rollout,user"],
    "report as JSON": ["report", "--format", "json"], "report as CSV": ["report", "--format", "csv"],
}

planted = Canaries()
UPSTREAM_KEY, CLIENT_KEY, OTHER_KEY = map(planted.plant, ("upstream-key", "client-key", "other-key"))
ADMIN_TOKEN, MOONSHOT_KEY, HEADER_KEY = map(planted.plant, ("admin-token", "moonshot-key", "header-value"))
STRAY, COOKIE, OWN_HEADER, QUERY = map(planted.plant, ("strays-key", "cookie", "own-header", "query"))
PROMPT, SYSTEM, ARGUMENT, IMAGE = map(planted.plant, ("prompt", "system-prompt", "tool-argument", "image"))
TOOL_RESULT, TOOL_TEXT, METADATA = map(planted.plant, ("tool-result", "tool-description", "metadata"))
REPLY, COMMENT, BROKEN_BODY = map(planted.plant, ("reply", "comment", "broken-body"))
SET_COOKIE, UPSTREAM_ERROR, URL_PASSWORD = map(planted.plant, ("set-cookie", "upstream-error", "url-password"))
BLOCKED, REDACTED, TOOL_NAME = map(planted.plant, ("blocked", "redacted", "tool-name"))

CONFIG = f"""
screening:
  rules:
    - {{name: plans, pattern: "cnry/blocked[^ ]*", action: block}}
    - {{name: words, pattern: "cnry/redacted[^ ]*zq", action: redact}}
  tools:
    - {{deny: ["forbidden*"], requests: refuse}}
upstreams:
  default:
    headers: {{X-Team-Secret: "{HEADER_KEY}"}}
models:
  catalog:
    - {{id: acme/primed, system_prompt: "be kind {SYSTEM}", upstreams: [default]}}
limits:
  rates:
    - {{name: small, requests_per_minute: 2, per: [user], clients: [limited]}}
resilience:
  retry: {{retries: 1, first_delay: 0.01}}
"""
SETTINGS = {
    "OPENROUTER_API_KEY": UPSTREAM_KEY, "MOONSHOT_API_KEY": MOONSHOT_KEY, "WEIR_ADMIN_TOKEN": ADMIN_TOKEN,
    "WEIR_CLIENT_KEYS": f"app:{CLIENT_KEY},limited:{OTHER_KEY}", "WEIR_LEDGER": "weir.db", "WEIR_LOG_LEVEL": "trace",
    "WEIR_CACHE_TTL": "60", "WEIR_RETRIES": None, "WEIR_CIRCUIT_BREAKER": None, "WEIR_CONFIG": "weir.yaml",
    "WEIR_TIMEOUT_FIRST_BYTE": "1", "WEIR_TIMEOUT_IDLE": "1", "WEIR_TIMEOUT_CLIENT_IDLE": "1",
    "WEIR_MAX_BODY_BYTES": "65536", "WEIR_AUDIT_LOG": "audit.log",
    "KIMI_FALLBACK_MODEL": None, "KIMI_ROLLOUT_PERCENTAGE": "50", "KIMI_ROLLOUT_FROM": "openai/gpt-4-turbo",
}


# Nothing that would outweigh what a file says.
FROM_THE_FILE = {"OPENROUTER_API_KEY": None, "MOONSHOT_API_KEY": None, "WEIR_ADMIN_TOKEN": None,
                 "WEIR_CLIENT_KEYS": None, "WEIR_UPSTREAM_URL": None}


class Upstream(ScriptedUpstream):
    """Says planted words in every way that an upstream can, by the request's header `x-do`."""

    def __init__(self):
        super().__init__(self.say)

    def say(self, wire, request):
        what = request.get("x-do") or "plain"
        cookie = [("Content-Type", "application/json"), ("Set-Cookie", f"s={SET_COOKIE}"), ("X-Odd", SET_COOKIE)]
        if what.isdigit():
            error = {"error": {"message": f"no: {UPSTREAM_ERROR}", "code": UPSTREAM_ERROR, "type": UPSTREAM_ERROR,
                               "metadata": {"raw": UPSTREAM_ERROR}}}
            return reply(json.dumps(error).encode(), f"{what} {UPSTREAM_ERROR}", cookie)
        if what == "reset":
            return wire.reset()
        if what == "silent":
            return None
        if what == "garbage":
            return f"{UPSTREAM_ERROR}\r\n\r\n".encode()
        if what == "html":
            return reply(f"<html>{UPSTREAM_ERROR}".encode(), "502 Bad", [("Content-Type", "text/html")])
        if what == "not json":
            return reply(f'{{"id":"{REPLY}", {REPLY}'.encode(), headers=cookie)
        if what in ("stream", "cut", "error event"):
            return self.stream(what)
        return reply(json.dumps(self.completion()).encode(), headers=cookie)

    def completion(self) -> dict:
        call = {"id": "call_1", "type": "function",
                "function": {"name": "look_up", "arguments": json.dumps({"place": ARGUMENT, "more": [ARGUMENT]})}}
        text = {"role": "assistant", "content": f"so: {REPLY}", "reasoning": REPLY, "tool_calls": [call]}
        return {"id": "gen-1", "model": "moonshotai/kimi-k2", "choices": [
            {"index": 0, "message": text, "text": REPLY, "finish_reason": "stop"}],
            "content": [{"type": "text", "text": REPLY}, {"type": "tool_use", "id": "t", "name": "look_up",
                                                          "input": {"place": ARGUMENT}}],
            "output": [{"type": "message", "content": [{"type": "output_text", "text": REPLY}]}], "status": "completed",
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "input_tokens": 3, "output_tokens": 4}}

    def stream(self, what: str) -> bytes:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        call = {"index": 0, "id": "c", "function": {"name": "look_up", "arguments": json.dumps({"place": ARGUMENT})}}
        events = [{"id": "gen-2", "choices": [{"index": 0, "delta": {"content": REPLY}}]},
                  {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}]
        if what == "error event":
            events.append({"error": {"code": UPSTREAM_ERROR, "message": UPSTREAM_ERROR}, "choices": []})
        data = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
        if what == "stream":
            data += b"data: [DONE]\n\n"
        chunk = b"%x\r\n%b\r\n" % (len(data), data)
        # A cut stream ends within a chunk that was announced.
        return head + chunk + (b"0\r\n\r\n" if what == "stream" else b"ffff\r\ndata: " + REPLY.encode())


def prompt(endpoint: str, stream: bool = False, **more) -> dict:
    body = usual(endpoint, f"tell me {PROMPT}", stream=stream, **more)
    if endpoint == "chat/completions":
        body["messages"] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": [
                {"type": "text", "text": PROMPT},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}}]},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": json.dumps([ARGUMENT])}}]},
            {"role": "tool", "tool_call_id": "c", "content": TOOL_RESULT}]
        tool = function("look_up", place={"type": "integer", "description": TOOL_TEXT})
        body |= {"tools": [tool], "metadata": {"note": METADATA}, "stop": [PROMPT]}
    return body


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def weir(binary, upstream, tmp_path_factory):
    """One weir that has been through everything; what it answered is in `answers`, by what was asked."""
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "weir.yaml").write_text(CONFIG)
    running = Weir(binary, folder, upstream.url, SETTINGS)
    running.answers = {}
    try:
        traffic(running)
        bad_traffic(running)
        votes(running)
        reloads(running)
        admin(running)
        yield running
    finally:
        running.stop()


def keyed(key: str = CLIENT_KEY) -> list:
    return [("Authorization", f"Bearer {key}"), ("Cookie", f"c={COOKIE}"), ("X-Own", OWN_HEADER)]


def traffic(weir: Weir) -> None:
    """What is passed on, so that the reply is the upstream's own; weir's own bytes are in the files."""
    for endpoint in ENDPOINTS:
        for number in range(2):  # the second may come from the cache
            weir.post(f"/v1/{endpoint}?q={QUERY}", prompt(endpoint), keyed())
        for status in (400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 529):
            weir.post(f"/v1/{endpoint}", prompt(endpoint, user=str(status)), [("x-do", str(status)), *keyed()])
        for what in ("reset", "garbage", "html", "not json"):
            weir.post(f"/v1/{endpoint}", prompt(endpoint, user=what), [("x-do", what), *keyed()])
    weir.post(CHAT, prompt("chat/completions", user="silent"), [("x-do", "silent"), *keyed()])
    for endpoint in STREAMING:
        for what in ("stream", "cut", "error event"):
            weir.post(f"/v1/{endpoint}", prompt(endpoint, stream=True, user=what), [("x-do", what), *keyed()])
    for model in ("acme/primed", "openai/gpt-4-turbo", "kimi-k2", "moonshot/kimi-latest"):
        weir.post(CHAT, prompt("chat/completions", model=model), keyed())
    weir.ask("GET", f"/v1/models?x={QUERY}", keyed())
    weir.ask("POST", "/v1/files", [("Content-Type", "text/plain"), *keyed()], PROMPT.encode())
    weir.ask("GET", "/v1/other", [("x-api-key", CLIENT_KEY), ("x-do", "500")])


def refused(weir: Weir, name: str, answer, status: int) -> None:
    assert answer.status == status, (name, answer)
    weir.answers[name] = whole(answer)


def bad_traffic(weir: Weir) -> None:
    """What weir answers itself."""
    body = json.dumps(prompt("chat/completions")).encode()
    stranger = [("Authorization", f"Bearer {STRAY}"), JSON, ("Cookie", f"c={COOKIE}")]
    for endpoint in ENDPOINTS:
        post = f"/v1/{endpoint}"
        refused(weir, f"{endpoint} unauthorized", weir.ask("POST", post, stranger, body), 401)
        refused(weir, f"{endpoint} by x-api-key", weir.ask("POST", post, [("x-api-key", STRAY), JSON], body), 401)
        broken = f'{{"model":"m","user":"{BROKEN_BODY}", {BROKEN_BODY}'.encode()
        refused(weir, f"{endpoint} no JSON", weir.post(post, broken, keyed()), 400)
        refused(weir, f"{endpoint} no model", weir.post(post, {"input": PROMPT}, keyed()), 400)
        refused(weir, f"{endpoint} twice", weir.post(post, f'{{"user":"{PROMPT}","user":""}}'.encode(), keyed()), 400)
        refused(weir, f"{endpoint} not gzip", weir.post(post, broken, [("Content-Encoding", "gzip"), *keyed()]), 400)
        refused(weir, f"{endpoint} brotli", weir.post(post, broken, [("Content-Encoding", "br"), *keyed()]), 415)
        large = json.dumps(prompt(endpoint) | {"more": PROMPT * 4000}).encode()
        refused(weir, f"{endpoint} too large", weir.post(post, large, keyed()), 413)
    for endpoint in ("chat/completions", "responses", "messages"):
        blocked = usual(endpoint, f"so {BLOCKED} it is")
        refused(weir, f"{endpoint} blocked", weir.post(f"/v1/{endpoint}", blocked, keyed()), 403)
        weir.post(f"/v1/{endpoint}", usual(endpoint, f"so {REDACTED} it is"), keyed())
    tool = prompt("chat/completions") | {"tools": [function(f"forbidden {TOOL_NAME}")]}
    refused(weir, "a forbidden tool", weir.post(CHAT, tool, keyed()), 403)
    for number in range(4):
        answer = weir.post(CHAT, prompt("chat/completions", user="u"), keyed(OTHER_KEY))
    refused(weir, "rate limit", answer, 429)
    refused(weir, "no such path", weir.ask("GET", f"/other?x={QUERY}", keyed()), 404)
    refused(weir, "dots", weir.ask("GET", f"/v1/../x?x={QUERY}", keyed()), 400)
    refused(weir, "trace", weir.ask("TRACE", "/v1/echo", keyed()), 405)
    nameless = raw(weir, b"GET /v1/a HTTP/1.1\r\nHost: a\r\n: %b\r\n\r\n" % COOKIE.encode())
    refused(weir, "header without a name", nameless, 400)
    refused(weir, "no HTTP", raw(weir, f"{PROMPT}\r\n\r\n".encode()), 400)
    cut = message("POST", CHAT, [JSON, ("Content-Length", "9000"), *keyed()]) + body
    refused(weir, "slow body", raw(weir, cut), 408)
    with weir.wire() as wire:  # a client that leaves in the middle
        wire.send(message("POST", CHAT, [JSON, ("x-do", "silent"), *keyed()], body))
        wire.reset()


def raw(weir: Weir, data: bytes):
    with weir.wire(timeout=10) as wire:
        wire.send(data)
        return wire.read_reply()


def votes(weir: Weir) -> None:
    vote = {"id": "gen-1", "rating": "up", "comment": COMMENT}
    for name, value in {"vote": vote, "vote of nobody": vote | {"id": "gen-none"},
                        "odd vote": vote | {"rating": COMMENT}, "vote with more": vote | {"extra": COMMENT}}.items():
        weir.answers[name] = whole(weir.post("/weir/feedback", value, keyed()))


BAD_FILES = {
    "no YAML": f"upstreams: [{HEADER_KEY}\n  {UPSTREAM_KEY}: }}",
    "unknown key": CONFIG + f"clints: {{a: {CLIENT_KEY}}}\n",
    "a key where a group belongs": f"upstreams: {HEADER_KEY}\n",
    "twice": f"admin: {{token: {ADMIN_TOKEN}, token: {OTHER_KEY}}}\n",
    "one key for two clients": f"clients: {{app: '{CLIENT_KEY}', app2: '{CLIENT_KEY}'}}\n",
    "an address with a password": f"upstreams: {{default: {{url: 'http://u:{URL_PASSWORD}@h/v1'}}}}\n",
    "an odd header": f"upstreams: {{default: {{headers: {{'X Y': '{HEADER_KEY}', Z: 'a\\n{HEADER_KEY}'}}}}}}\n",
    "an odd list": f"clients: [{CLIENT_KEY}, ['{OTHER_KEY}']]\n",
    "an odd key": f"upstream: {{api_key: ['{UPSTREAM_KEY}']}}\n",
    "a system prompt of the wrong kind": f"models: {{catalog: [{{id: a/b, system_prompt: ['{SYSTEM}']}}]}}\n",
}


def reloads(weir: Weir) -> None:
    failures = 0
    for name, text in BAD_FILES.items():
        (weir.folder / "weir.yaml").write_text(text)
        answer = weir.admin("/reload", "POST", [("Authorization", f"Bearer {ADMIN_TOKEN}")])
        # Some are no failures for this weir, whose environment says the same with more weight.
        failures += answer.status != 200
        weir.answers[f"reload: {name}"] = whole(answer)
    assert failures > len(BAD_FILES) // 2
    (weir.folder / "weir.yaml").write_text(CONFIG)
    answer = weir.admin("/reload", "POST", [("Authorization", f"Bearer {ADMIN_TOKEN}")])
    assert answer.status == 200, answer
    weir.answers["reload"] = whole(answer)


def admin(weir: Weir) -> None:
    token = ("Authorization", f"Bearer {ADMIN_TOKEN}")
    for target in ("/", "/metrics", "/status", "/health", "/healthz", "/readyz", "/rollouts", "/nothing", "/cache"):
        for headers in ([], [("Accept", "application/openmetrics-text; version=1.0.0")], [("Accept-Encoding", "gzip")],
                        [token], [("Authorization", f"Bearer {STRAY}"), ("Cookie", COOKIE)]):
            weir.answers[f"{target} with {headers}"] = whole(weir.admin(target, headers=headers))
    for target in ("/reload", "/rollouts/kimi", "/cache/clear", "/nothing"):
        for headers in ([], [("Authorization", f"Bearer {STRAY}")], [token, ("Origin", f"http://{STRAY}")]):
            weir.answers[f"POST {target} with {headers}"] = whole(weir.admin(target, "POST", headers))


def command(binary, weir: Weir, arguments: list, stdin: str = "", settings=None) -> subprocess.CompletedProcess:
    environment = QUIET | SETTINGS | {"WEIR_UPSTREAM_URL": "http://127.0.0.1:9/v1"} | (settings or {})
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([binary, *arguments], cwd=weir.folder, env=environment, input=stdin, capture_output=True,
                          text=True, timeout=30)


def test_the_search_finds_a_word_in_every_spelling():
    canaries = Canaries()
    canaries.plant("other")
    word = canaries.plant("this")
    for spelt in [word, json.dumps(word), word.replace("/", "\\/"), urllib.parse.quote(word, safe=""),
                  word.encode().hex(), base64.b64encode(f"user:{word}".encode()).decode(),
                  base64.b64encode(f"x{word}y".encode()).decode()]:
        found = canaries.found_in(f"before {spelt} behind".encode())
        assert found and all(each.startswith("this ") for each in found), (spelt, found)
    assert not canaries.found_in(b"nothing here: cnry/")


def test_the_words_were_really_there(weir, upstream):
    """Otherwise the search would prove nothing."""
    there = b"".join(request.body + str(request.headers).encode() for request in upstream.requests)
    for word in (PROMPT, UPSTREAM_KEY, HEADER_KEY, SYSTEM, ARGUMENT, TOOL_RESULT, OWN_HEADER, IMAGE):
        assert word.encode() in there or json.dumps(word)[1:-1].encode() in there, word
    for word in (CLIENT_KEY, OTHER_KEY, STRAY, ADMIN_TOKEN, BLOCKED, REDACTED):
        assert word.encode() not in there, f"this went upstream: {word}"


def test_no_reply_of_weirs_own_repeats_them(weir):
    for name, answer in weir.answers.items():
        # Which tool it was is for the client to know, and for nobody else.
        planted.check(name, answer.replace(TOOL_NAME.encode(), b"") if name == "a forbidden tool" else answer)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_them(binary, weir, name):
    done = command(binary, weir, COMMANDS[name])
    assert done.returncode == 0, done
    planted.check(name, (done.stdout + done.stderr).encode())


def test_explain_prints_none_of_them(binary, weir):
    for headers in ([], ["--header", f"Authorization: Bearer {STRAY}"],
                    ["--header", f"Authorization: Bearer {CLIENT_KEY}", "--header", f"Cookie: {COOKIE}"]):
        done = command(binary, weir, ["explain", *headers], json.dumps(prompt("chat/completions")))
        planted.check(f"explain {headers}", (done.stdout + done.stderr).encode())
    done = command(binary, weir, ["explain"], f"{{{BROKEN_BODY}")
    planted.check("explain of no JSON", (done.stdout + done.stderr).encode())


@pytest.mark.parametrize("name", BAD_FILES)
def test_check_prints_none_of_them_where_a_file_is_wrong(binary, weir, tmp_path, name):
    path = tmp_path / "bad.yaml"
    path.write_text(BAD_FILES[name])
    done = command(binary, weir, ["check", "--config", path], settings=FROM_THE_FILE)
    assert done.returncode == 78
    planted.check(name, (done.stdout + done.stderr).encode())


@pytest.mark.parametrize("line", [
    f"OPENROUTER_API_KEY=\"{UPSTREAM_KEY}", f"OPENROUTER_API_KY={UPSTREAM_KEY}", f"WEIR_CLIENT_KEYS={CLIENT_KEY}",
    f"WEIR_CLIENT_KEYS=a:{CLIENT_KEY},a:{OTHER_KEY}", f"WEIR_ADMIN_TOKEN='{ADMIN_TOKEN}' {ADMIN_TOKEN}",
    f"{UPSTREAM_KEY}", f"WEIR_UPSTREAM_URL=http://u:{URL_PASSWORD}@h/v1", f"WEIR_CLIENT_KEYS=:{CLIENT_KEY}",
    f"WEIR_ADMIN_TOKEN={ADMIN_TOKEN} x", f"WEIR_REDIS_URL=redisss://:{URL_PASSWORD}@h:6379"])
def test_check_prints_none_of_them_where_an_env_file_is_wrong(binary, weir, tmp_path, line):
    path = tmp_path / "bad.env"
    path.write_text(line + "\n")
    without = {line.split("=")[0]: None, "WEIR_CONFIG": None}
    done = command(binary, weir, ["check", "--env-file", path], settings=without)
    planted.check(line.split("=")[0], (done.stdout + done.stderr).encode())


def test_no_file_that_weir_wrote_holds_them(weir):
    """Its log at trace level, the audit log, the ledger with its write-ahead log, state and port files."""
    eventually(lambda: (weir.folder / "weir.db").exists(), "a ledger")
    weir.process.send(signal.SIGTERM)
    weir.process.wait(45)
    files = files_below(weir.folder)
    assert {"weir.err", "weir.db", "ports.json", "audit.log"} <= set(files)
    assert b"access" in files["weir.err"] + files["weir.out"]
    own = {"weir.yaml"}
    for name, data in files.items():
        if name not in own:
            # The comment of a vote is kept for whoever reads the ledger: that is what it is for.
            if name.startswith("weir.db"):
                data = data.replace(COMMENT.encode(), b"")
            planted.check(name, data)
