"""Clients and their keys: who gets in, with what, and what never leaves."""

import datetime
import json
import os
import resource
import subprocess
import threading

import anthropic
import openai
import pytest

from harness.eventually import eventually
from harness.requests import chat, user
from harness.upstream import ScriptedUpstream, reply
from harness.weir import UPSTREAM_KEY, Weir

CHAT = "/v1/chat/completions"
KIMI = "moonshotai/kimi-k2"
JSON = ("Content-Type", "application/json")
MODELS = json.dumps({"object": "list", "data": [{"id": KIMI}, {"id": "openai/gpt-4o"}]}).encode()


@pytest.fixture
def keys(binary, tmp_path):
    """`keys(*arguments, stdin=…)`: the finished process of `weir key …`."""
    def go(*arguments, stdin=""):
        return subprocess.run([binary, "key", *arguments], cwd=tmp_path, input=stdin, capture_output=True, text=True,
                              timeout=60)
    return go


@pytest.fixture
def issued(keys):
    """`issued(name, *options)`: a new key and the client's entry."""
    def go(name, *options):
        done = keys("new", name, *options)
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()[-1], done.stdout
    return go


@pytest.fixture
def serving(binary, simulator, tmp_path_factory):
    """`serving(clients, environment=…, upstream=…)`: a weir with this text as its file of clients."""
    running = []

    def go(clients, environment=None, upstream=None):
        folder = tmp_path_factory.mktemp("clients")
        (folder / "clients.yaml").write_text(clients)
        running.append(Weir(binary, folder, (upstream or simulator).url,
                            {"WEIR_CLIENTS_FILE": "clients.yaml"} | (environment or {})))
        return running[-1]

    yield go
    for weir in running:
        weir.stop()


@pytest.fixture
def echo():
    def answer(_wire, request):
        return reply(MODELS if request.method == "GET" else b"{}", headers=[
            JSON, ("Set-Cookie", "__cf_bm=1; Path=/"), ("Server", "edge"), ("x-weir-model", "spoofed"),
            ("X-Weir-Cache", "hit")])
    with ScriptedUpstream(answer) as upstream:
        yield upstream


def bearer(key):
    return ("Authorization", f"Bearer {key}")


def openai_of(weir, key):
    return openai.OpenAI(base_url=weir.url, api_key=key, max_retries=0, timeout=20)


def error(answer):
    return answer.json()["error"]


class TestIssuing:
    def test_a_key_is_shown_once_and_its_entry_lets_the_client_in(self, serving, issued):
        key, entry = issued("web")
        assert key not in entry and entry.startswith("web:\n  key_hash: v1:")
        with openai_of(serving(entry), key) as client:
            answer = client.chat.completions.create(model="kimi-k2", messages=user("hi"))
            assert answer.choices[0].message.content == "You said: hi"
        other = key[:-1] + ("B" if key[-1] == "A" else "A")
        with openai_of(serving(entry), other) as client, pytest.raises(openai.AuthenticationError):
            client.models.list()

    def test_the_hash_of_a_key_that_exists_works_in_the_variable(self, keys, weir_with):
        done = keys("hash", stdin="an-old-key-of-some-length\n")
        assert done.returncode == 0 and not done.stderr
        weir = weir_with({"WEIR_CLIENT_KEYS": f"app:{done.stdout.strip()}"})
        assert weir.post(CHAT, chat(), [bearer("an-old-key-of-some-length")]).status == 200
        assert weir.post(CHAT, chat(), [bearer(done.stdout.strip())]).status == 401

    def test_no_two_keys_or_hashes_are_alike(self, keys, issued):
        assert issued("web")[0] != issued("web")[0]
        assert len({keys("hash", stdin="one-key").stdout for _ in range(3)}) == 3

    @pytest.mark.parametrize("arguments, stdin", [
        (["new", "a b"], ""), (["new", "anonymous"], ""), (["new", "a", "--expires", "soon"], ""),
        (["new", "a", "--expires", "2020-01-01"], ""), (["hash"], ""), (["hash"], "a key\n"), (["hash"], "sk-\x01")])
    def test_what_the_configuration_would_refuse_is_refused(self, keys, arguments, stdin):
        done = keys(*arguments, stdin=stdin)
        assert done.returncode == 64 and not done.stdout and "sk-" not in done.stderr

    def test_a_short_key_is_warned_of(self, keys):
        assert "short" in keys("hash", stdin="hunter2").stderr


class TestTerms:
    def test_a_key_that_expired_or_is_switched_off_is_refused_and_says_so(self, serving):
        end = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
        weir = serving(f"old: {{key: sk-old, expires: 2020-01-01}}\noff: {{key: sk-off, disabled: true}}\n"
                       f"soon: {{key: sk-soon, expires: '{end}'}}\nnew: {{key: sk-new, expires: 2099-01-01}}\n")
        expired = weir.post(CHAT, chat(), [bearer("sk-old")])
        assert (expired.status, error(expired)["code"]) == (401, "unauthorized")
        assert "expired at 2020-01-01T00:00:00Z" in error(expired)["message"]
        assert "switched off" in error(weir.post(CHAT, chat(), [bearer("sk-off")]))["message"]
        assert weir.post(CHAT, chat(), [bearer("sk-new")]).status == 200
        eventually(lambda: weir.post(CHAT, chat(), [bearer("sk-soon")]).status == 401, "the key expires", 15)
        assert weir.access_line(expired.get("x-request-id"))["client"] == "old"

    def test_a_client_has_its_models_and_no_others(self, serving, echo):
        weir = serving("app: {key: sk-app, models: ['moonshotai/*']}\nall: {key: sk-all}\n", upstream=echo)
        with openai_of(weir, "sk-app") as client:
            client.chat.completions.create(model="kimi-k2", messages=user("hi"))
            with pytest.raises(openai.PermissionDeniedError) as caught:
                client.chat.completions.create(model="openai/gpt-4o", messages=user("hi"))
            assert caught.value.code == "model_not_allowed" and "moonshotai/*" in str(caught.value)
            listed = {model.id for model in client.models.list()}
            assert KIMI in listed and not any("gpt" in name or name == "auto" for name in listed)
        for headers in ([], [("x-case", "again")]):
            with_all = weir.ask("GET", "/v1/models", [bearer("sk-all"), *headers])
            assert {"openai/gpt-4o", KIMI} <= {entry["id"] for entry in with_all.json()["data"]}
            page = weir.ask("GET", "/v1/models?limit=9", [bearer("sk-app"), *headers])
            assert [entry["id"] for entry in page.json()["data"]] == [KIMI]
        assert weir.ask("GET", "/v1/models/auto", [bearer("sk-app")]).status == 403
        # What weir cannot look into is not for a client that may have some models only.
        assert weir.ask("GET", "/v1/models", [bearer("sk-app")], b"{}").status == 403
        assert weir.ask("GET", "/v1/models/auto/endpoints", [bearer("sk-app")]).status == 403
        stored = {"prompt": {"id": "pmpt_1"}, "input": "x"}
        assert weir.post("/v1/responses", stored, [bearer("sk-app")]).status == 403
        body = chat(model="kimi-k2") | {"models": ["openai/gpt-4o"]}
        assert error(weir.post(CHAT, body, [bearer("sk-app")]))["code"] == "model_not_allowed"

    def test_a_long_list_costs_a_client_with_models_of_its_own_little(self, serving):
        """The list counts for no limit, so nobody may stop an event loop by asking for it."""
        entries = [{"id": f"vendor{number % 60}/some-model-name-{number}-instruct"} for number in range(500)]
        listing = json.dumps({"object": "list", "data": entries}).encode()
        with ScriptedUpstream(lambda _wire, _request: reply(listing)) as upstream:
            weir = serving("app: {key: sk-app, models: ['vendor1/*']}\n", upstream=upstream)
            before = weir.scrape().sum("process_cpu_seconds_total")
            for _ in range(40):
                listed = weir.ask("GET", "/v1/models", [bearer("sk-app")]).json()["data"]
            assert [entry["id"] for entry in listed] == [entry["id"] for entry in entries[1::60]]
            assert weir.scrape().sum("process_cpu_seconds_total") - before < 0.6

    def test_a_client_has_its_apis_and_no_others(self, serving):
        weir = serving("app: {key: sk-app, endpoints: [messages]}")
        with anthropic.Anthropic(base_url=weir.url.removesuffix("/v1"), api_key="sk-app", max_retries=0) as client:
            answer = client.messages.create(model="kimi-k2", max_tokens=10, messages=user("hi"))
            assert answer.content[0].text.startswith("You said")
        for method, path in (("POST", CHAT), ("GET", "/v1/models"), ("POST", "/v1/images")):
            refused = weir.ask(method, path, [JSON, bearer("sk-app")], b"{}" if method == "POST" else b"")
            assert (refused.status, error(refused)["code"]) == (403, "invalid_request")
            assert "messages" in error(refused)["message"]

    def test_a_client_has_its_own_limits(self, serving):
        weir = serving("slow: {key: sk-slow, requests_per_minute: 1}\nfast: {key: sk-fast, requests_per_minute: 5}\n"
                       "poor: {key: sk-poor, budget_usd_day: 0.000000001}\n")
        assert [weir.post(CHAT, chat(), [bearer("sk-slow")]).status for _ in range(2)] == [200, 429]
        assert [weir.post(CHAT, chat(), [bearer("sk-fast")]).status for _ in range(3)] == [200] * 3
        assert error(weir.post(CHAT, chat(), [bearer("sk-poor")]))["code"] == "budget_exceeded"
        assert weir.scrape().sum("weir_rate_limited_total", limit="rpm", client="slow") == 1

    def test_clients_of_a_tenant_share_kept_replies_and_nobody_else_does(self, serving):
        weir = serving("a: {key: sk-a, tenant: t}\nb: {key: sk-b, tenant: t}\nc: {key: sk-c}\nt: {key: sk-t}\n",
                       {"WEIR_CACHE_TTL": "60"})
        seen = [weir.post(CHAT, chat("shared"), [bearer(f"sk-{name}")]).get("x-weir-cache") for name in "abct"]
        assert seen == ["miss", "hit", "miss", "miss"]


class TestOwnUpstreamKeys:
    @pytest.mark.parametrize("own", [UPSTREAM_KEY, None], ids=["with weir's key", "without"])
    def test_the_other_header_goes_upstream_in_the_place_of_weirs_key(self, serving, echo, own):
        weir = serving("byo: {key: sk-byo, passes_upstream_key: true}\napp: {key: sk-app}\n",
                       {"OPENROUTER_API_KEY": own}, echo)

        def sent(*headers):
            assert weir.post(CHAT, chat(), headers).status == 200
            return echo.requests[-1]

        by_key = sent(("x-api-key", "sk-byo"), bearer("sk-own"))
        assert (by_key.all("authorization"), by_key.all("x-api-key")) == (["Bearer sk-own"], [])
        by_bearer = sent(bearer("sk-byo"), ("x-api-key", "sk-own"))
        assert (by_bearer.all("authorization"), by_bearer.all("x-api-key")) == ([], ["sk-own"])
        weirs = [f"Bearer {own}"] if own else []
        for headers in ([bearer("sk-byo")], [bearer("sk-byo"), ("x-api-key", "sk-byo")],
                        [bearer("sk-byo"), ("x-api-key", "sk-app")], [bearer("sk-app"), ("x-api-key", "sk-own")]):
            plain = sent(*headers)
            assert (plain.all("authorization"), plain.all("x-api-key")) == (weirs, [])
        doubled = sent(("x-api-key", "sk-app"), ("x-api-key", "sk-own"), bearer("sk-byo"))
        assert "sk-app" not in str(doubled.headers) and "sk-byo" not in str(doubled.headers)
        azure = sent(bearer("sk-byo"), ("api-key", "sk-app"), ("x-goog-api-key", "sk-google"))
        assert azure.all("api-key") == [] and azure.all("x-goog-api-key") == ["sk-google"]


class TestRotation:
    def test_keys_are_added_and_taken_out_while_requests_run(self, serving, issued):
        (first, entry), (second, more) = issued("web"), issued("web")
        hashes = [text.split("key_hash: ")[1].strip() for text in (entry, more)]
        weir = serving(entry)
        stop, statuses = threading.Event(), []

        def ask():
            while not stop.is_set():
                statuses.append(weir.post(CHAT, chat(), [bearer(second if len(rotated) else first)]).status)
        rotated = []
        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()

        def rewrite(text):
            (weir.folder / "new.yaml").write_text(text)
            os.replace(weir.folder / "new.yaml", weir.folder / "clients.yaml")

        try:
            rewrite(f"web: {{key_hashes: ['{hashes[0]}', '{hashes[1]}']}}\n")
            eventually(lambda: weir.post(CHAT, chat(), [bearer(second)]).status == 200, "the new key is valid", 30)
            assert weir.post(CHAT, chat(), [bearer(first)]).status == 200
            rotated.append(True)
            before = len(statuses)
            eventually(lambda: len(statuses) > before + 10, "requests carry the new key", 30)
        finally:
            stop.set()
            for thread in asking:
                thread.join()
        assert set(statuses) == {200}
        rewrite(f"web: {{key_hash: '{hashes[1]}'}}\n")
        eventually(lambda: weir.post(CHAT, chat(), [bearer(first)]).status == 401, "the old key is refused", 30)
        rewrite("web: {key_hash: nonsense}\n")
        eventually(lambda: weir.scrape().sum("weir_config_reload_failures_total") == 1, "the mistake is refused", 30)
        assert weir.post(CHAT, chat(), [bearer(second)]).status == 200

    def test_ten_thousand_clients_are_read_and_read_again_without_a_lost_request(self, serving):
        def text(extra):
            return "".join(f"client-{n}: {{key: key-number-{n}, requests_per_minute: 1000}}\n"
                           for n in range(10_000)) + extra
        weir = serving(text(""))
        statuses, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                number = len(statuses) * 37 % 10_000
                statuses.append(weir.post(CHAT, chat(), [bearer(f"key-number-{number}")]).status)
        thread = threading.Thread(target=ask)
        thread.start()
        try:
            (weir.folder / "clients.yaml").write_text(text("late: {key: sk-late}\n"))
            eventually(lambda: weir.post(CHAT, chat(), [bearer("sk-late")]).status == 200, "the new client is in", 60)
        finally:
            stop.set()
            thread.join()
        assert statuses and set(statuses) == {200}


class TestMistakes:
    def test_every_mistake_is_listed_with_its_place_and_no_key(self, binary, tmp_path):
        (tmp_path / "clients.yaml").write_text("a: {key: sk-twice}\nA: {key: sk-other}\nb: {key: sk-twice}\nc: {}\n")
        (tmp_path / "weir.yaml").write_text("clients:\n  file: clients.yaml\n  web: {key: sk-twice, mdels: [x]}\n")
        done = subprocess.run([binary, "check", "--config", "weir.yaml"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60, env={"WEIR_CLIENT_KEYS": "web:sk-web", "OPENROUTER_API_KEY": "k"})
        assert done.returncode == 78
        for part in ("weir.yaml:3: clients.web", "WEIR_CLIENT_KEYS", "did you mean models", "clients.yaml:2: clients.A",
                     "letter case", "clients.yaml:3: clients.b", "same key", "clients.yaml:4: clients.c", "no key"):
            assert part in done.stderr, part
        assert "sk-" not in done.stderr + done.stdout

    @pytest.mark.parametrize("listener, remedies", [
        ("WEIR_LISTEN", ("WEIR_CLIENT_KEYS", "WEIR_INSECURE=true")),
        ("WEIR_ADMIN_LISTEN", ("WEIR_ADMIN_TOKEN", "WEIR_INSECURE=true"))])
    def test_a_listener_that_others_reach_needs_keys_or_the_operators_word(self, binary, tmp_path, listener, remedies):
        environment = {listener: "0.0.0.0:0", "OPENROUTER_API_KEY": "k"}
        for command in (["serve"], ["check"]):
            done = subprocess.run([binary, *command], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                                  env=environment)
            assert done.returncode == 78 and "other machines reach" in done.stderr
            assert all(remedy in done.stderr for remedy in remedies)
        for extra, flags in (({"WEIR_INSECURE": "true"}, []), ({}, ["--insecure"])):
            done = subprocess.run([binary, "check", *flags], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                                  env=environment | extra)
            assert done.returncode == 0, done.stderr


class TestHygiene:
    def test_an_upstream_can_not_speak_for_weir(self, serving, echo):
        answer = serving("app: {key: sk-app}", upstream=echo).post(CHAT, chat(model=KIMI), [bearer("sk-app")])
        assert answer.all("x-weir-model") == [KIMI] and answer.all("x-weir-cache") == ["bypass"]

    def test_a_client_can_not_speak_for_weir(self, serving, echo):
        weir = serving("app: {key: sk-app}", upstream=echo)
        names = ["user", "task", "timeout", "cache-ttl", "variant", "model", "cache", "edits", "upstream", "anything"]
        answer = weir.post(CHAT, chat(model=KIMI), [
            bearer("sk-app"), *((f"X-Weir-{name}", "60" if name in ("timeout", "cache-ttl") else "x") for name in names
                                if name != "task")])
        assert answer.status == 200
        assert not [name for name, _ in echo.requests[-1].headers if name.lower().startswith("x-weir-")]
        assert answer.all("x-weir-model") == [KIMI]

    @pytest.mark.parametrize("clients, policy, cookie, server", [
        ("app: {key: sk-app}", {}, None, "edge"), ("", {}, "__cf_bm=1; Path=/", "edge"),
        ("app: {key: sk-app}", {"WEIR_SET_COOKIE": "pass", "WEIR_SERVER_HEADER": "drop"}, "__cf_bm=1; Path=/", None),
        ("", {"WEIR_SET_COOKIE": "drop"}, None, "edge")])
    def test_cookies_and_the_servers_name_go_by_the_policy(self, serving, echo, clients, policy, cookie, server):
        answer = serving(clients, policy, echo).post(CHAT, chat(), [bearer("sk-app")])
        assert (answer.get("set-cookie"), answer.get("server")) == (cookie, server)
        edits = (answer.get("x-weir-edits") or "").split(",")
        assert ("set-cookie" in edits, "server" in edits) == (cookie is None, server is None)

    def test_core_dumps_can_be_forbidden(self, serving):
        weir = serving("app: {key: sk-app}", {"WEIR_CORE_DUMPS": "off"})
        assert resource.prlimit(weir.process.pid, resource.RLIMIT_CORE) == (0, 0)
        assert weir.scrape().sum("process_open_fds") > 0
