"""What must not get by: web pages with weir's key, APIs under other spellings, names that dodge the lists."""

import json

import pytest

from harness.requests import chat
from harness.upstream import ScriptedUpstream, reply
from harness.wire import message

KIMI_OFF = {"FEATURE_KIMI_ENABLED": "false", "KIMI_FALLBACK_MODEL": None}


def post(weir, headers=(), host: str = "127.0.0.1", target: str = "/v1/chat/completions", value=None):
    return weir.post(target, value or chat(model="openai/gpt-4o"), headers, host=host)


class TestWebPages:
    """weir has a key, asks for none and listens on loopback: any page in a browser on this machine can reach it."""

    @pytest.mark.parametrize("headers", [
        [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Origin", "http://evil.example")],
        [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")], [("Origin", "null")],
    ])
    def test_a_page_of_another_site_is_refused(self, weir, headers):
        reply = post(weir, headers)
        assert reply.status == 403 and reply.json()["error"]["code"] == "unauthorized"
        assert "WEIR_CLIENT_KEYS" in reply.json()["error"]["message"]

    def test_a_page_that_was_rebound_to_this_machine_is_refused(self, weir):
        reply = post(weir, [("Origin", "http://evil.example:8787")], host="evil.example:8787")
        assert reply.status == 421 and reply.json()["error"]["code"] == "unauthorized"

    def test_a_page_of_this_very_address_is_served(self, weir):
        host = f"127.0.0.1:{weir.port}"
        assert post(weir, [("Origin", f"http://{host}"), ("Sec-Fetch-Site", "same-origin")], host=host).status == 200

    @pytest.mark.parametrize("headers", [
        [("Sec-Fetch-Site", "cross-site")], [("Origin", "http://evil.example")], [("Origin", "null")]])
    def test_without_a_key_of_weirs_a_page_spends_its_own_but_may_not_vote(self, weir_with, headers):
        weir = weir_with({"OPENROUTER_API_KEY": None, "WEIR_LEDGER": "weir.db"})
        served = post(weir, [*headers, ("Authorization", "Bearer sk-or-v1-of-the-page")])
        assert served.status == 200
        vote = {"id": served.get("x-request-id"), "rating": "down"}
        assert post(weir, headers, target="/weir/feedback", value=vote).status == 403
        assert post(weir, target="/weir/feedback", value=vote).status == 200

    def test_a_program_that_names_itself_in_origin_is_served(self, weir):
        """A scheme of its own, as of a browser's extension, is one that no page can have."""
        assert post(weir, [("Origin", "chrome-extension://abcdefgh")]).status == 200

    def test_a_program_under_any_host_name_is_served(self, weir):
        assert post(weir, host="weir.internal:8787").status == 200

    def test_with_client_keys_a_page_that_has_one_is_served(self, weir_with):
        weir = weir_with({"WEIR_CLIENT_KEYS": "page:key-of-the-page-1"})
        headers = [("Origin", "http://app.example"), ("Sec-Fetch-Site", "cross-site")]
        assert post(weir, headers).status == 401
        assert post(weir, [*headers, ("Authorization", "Bearer key-of-the-page-1")]).status == 200


class TestSpellings:
    @pytest.mark.parametrize("path", [
        "/v1//chat/completions", "/v1/chat//completions", "/v1/chat/completions//", "/v1/%63hat/completions",
        "/v1/chat%2Fcompletions", "/v1/Chat/Completions", "/v1/chat/completions;a=b", "/v1/chat/completions%20",
        "/v1/%2563hat/completions", "/api/v1/MESSAGES", "/v1//chat/completions;a=%2fb", "/v1/messages;%2F%2F",
    ])
    def test_an_api_under_another_spelling_is_refused(self, weir, simulator, path):
        before = len(simulator.requests(1000))
        reply = post(weir, target=path)
        assert reply.status == 400 and reply.json()["error"]["code"] == "invalid_request"
        assert len(simulator.requests(1000)) == before

    @pytest.mark.parametrize("path", ["/v1/v1/chat/completions", "/api/v1/v1/chat/completions",
                                      "/v1/v1/chat/completions/", "/v1/api/v1/chat/completions"])
    def test_an_api_below_a_second_prefix_is_read(self, weir_with, simulator, path):
        """An upstream whose base URL has no version may serve its APIs below one all the same."""
        base = simulator.url.removesuffix("/api/v1") + ("" if "/v1/api" in path else "/api")
        weir = weir_with(KIMI_OFF, upstream=base)
        reply = post(weir, target=path, value=chat(model="kimi-k2"))
        assert reply.status == 200 and reply.get("x-weir-fallback") == "moonshotai/kimi-k2"
        assert post(weir, target=path, value=b"no JSON").status == 400

    def test_one_slash_at_the_end_is_the_same_api(self, weir_with):
        weir = weir_with(KIMI_OFF)
        reply = post(weir, target="/v1/chat/completions/", value=chat(model="kimi-k2"))
        assert reply.get("x-weir-fallback") == "moonshotai/kimi-k2"

    @pytest.mark.parametrize("model", [
        "openai/gpt-4o ", " openai/gpt-4o", "openai/gpt-4o/", "a" * 257, "é" * 129, "\topenai/gpt-4o", "openai/gpt-4o\n",
        "openai/gpt-4o\0", "\u00a0openai/gpt-4o", "openai/gpt-4o\ufeff", "openai/gpt-4o\u2003",
    ])
    def test_a_name_that_no_model_has_is_refused(self, weir, model):
        listed = post(weir, value=chat(models=["a/b", model]))
        assert listed.status == 400 and listed.json()["error"]["param"] == "models[1]"
        reply = post(weir, value=chat(model=model))
        assert reply.status == 400 and reply.json()["error"]["param"] == "model"
        assert len(reply.start_line) + sum(len(n) + len(v) for n, v in reply.headers) < 2000

    @pytest.mark.parametrize("model", [
        "accounts/fireworks/models/kimi-k2-instruct#accounts/me/deployments/abc", "unsloth/Kimi-K2-GGUF/model.gguf",
        "moonshotai/kimi-k2:free/x", "MoonshotAI/Kimi-K2", "kimi-k2:online",
    ])
    def test_the_kill_switch_knows_kimi_in_any_part_of_a_name(self, weir_with, model):
        reply = post(weir_with(KIMI_OFF), value=chat(model=model))
        assert reply.get("x-weir-model") == "openai/gpt-4-turbo" and reply.get("x-weir-fallback")


class TestFraming:
    @pytest.mark.parametrize("coding", ["gzip, chunked", "identity", "chunked, chunked"])
    def test_a_transfer_coding_other_than_chunked_is_refused(self, weir, coding):
        with weir.wire() as wire:
            wire.send(b"POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %b\r\n\r\n0\r\n\r\n" % coding.encode())
            assert wire.read_reply().status == 400
            assert wire.is_closed_by_peer()

    def test_connect_ends_the_connection(self, weir):
        with weir.wire() as wire:
            wire.send(b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
            assert wire.read_reply().status == 405
            assert wire.is_closed_by_peer()


class TestOtherHosts:
    """Whatever a request says about hosts, it goes to the upstream and names the upstream there."""

    @pytest.fixture
    def echo(self):
        with ScriptedUpstream(lambda _wire, _request: reply()) as upstream:
            yield upstream

    @pytest.mark.parametrize("headers", [
        [("X-Forwarded-Host", "evil.example")], [("Forwarded", "host=evil.example;proto=https")],
        [("X-Host", "evil.example")], [("X-Original-URL", "http://evil.example/")], [("X-Rewrite-URL", "//evil.example")],
    ])
    @pytest.mark.parametrize("host", ["127.0.0.1", "evil.example", "evil.example:443"])
    def test_no_header_leads_elsewhere(self, weir_with, echo, headers, host):
        assert post(weir_with(upstream=echo), headers, host=host).status == 200
        assert echo.requests[-1].get("host") == echo.url.split("/")[2]

    @pytest.mark.parametrize("target", [
        "http://evil.example/v1/chat/completions", "https://evil.example:443/v1/chat/completions",
        "//evil.example/v1/chat/completions", "/v1/../../evil.example/chat/completions", "/v1/@evil.example/",
        "/v1/http://evil.example/", "http://evil.example@127.0.0.1/v1/chat/completions", "/v1\\evil.example",
    ])
    def test_no_target_leads_elsewhere(self, weir_with, echo, target):
        weir = weir_with(upstream=echo)
        with weir.wire() as wire:
            wire.send(message("POST", target, [("Host", "127.0.0.1"), ("Content-Type", "application/json")],
                              json.dumps(chat()).encode()))
            status = wire.read_reply("POST").status
        assert status in (200, 400, 404)
        for request in echo.requests:
            assert request.get("host") == echo.url.split("/")[2]
            assert request.start_line.split(" ")[1].startswith("/")
        assert (status == 200) == bool(echo.requests)


class TestListeners:
    @pytest.mark.parametrize("prefix", ["", "/v1", "/api/v1/..", "/weir"])
    @pytest.mark.parametrize("method, path", [
        ("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/health"), ("GET", "/status"),
        ("GET", "/rollouts"), ("PUT", "/rollouts/kimi"), ("POST", "/reload"), ("GET", "/")])
    def test_the_traffic_listener_has_nothing_of_the_admin_listener(self, weir_with, method, path, prefix):
        with ScriptedUpstream(lambda _wire, _request: reply(b"{}", "418 Upstream")) as upstream:
            weir = weir_with(upstream=upstream)
            answer = weir.ask(method, prefix + path)
            # Below the base path everything is the upstream's.
            assert answer.status == (418 if prefix == "/v1" else 404 if not answer.status == 400 else 400)
            assert b"weir_" not in answer.body and b"uptime" not in answer.body
            assert weir.scrape().sum("weir_config_reloads_total") == 0

    @pytest.mark.parametrize("method, path", [
        ("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("POST", "/api/v1/messages"), ("POST", "/weir/feedback"),
        ("POST", "/v1/../v1/chat/completions"), ("GET", "http://127.0.0.1/v1/models")])
    def test_the_admin_listener_has_no_api(self, weir_with, method, path):
        with ScriptedUpstream(lambda _wire, _request: reply()) as upstream:
            weir = weir_with(upstream=upstream)
            assert weir.admin(path, method).status in (400, 404, 405)
            assert not upstream.requests
