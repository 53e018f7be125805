"""`GET /v1/models` and `GET /v1/models/{id}`: the upstream's list with weir's names in it, for a minute, up or down."""

import gzip
import json

import openai
import pytest

from harness.eventually import eventually
from harness.raw_servers import closed_port, once_and_close
from harness.simulator import mark
from harness.upstream import ScriptedUpstream, reply
from harness.wire import Wire, chunked, message

# The fallback model is the documented default.
SETTINGS = {"KIMI_FALLBACK_MODEL": None}

JSON = ("Content-Type", "application/json")
UPSTREAMS_OWN = b'{ "data" : [ {"id":"acme/one",\n  "pricing":{"prompt":"1e-7"}, "x":[1.0, "\\u00e9", "\xc3\xa9"]},' \
                b'{"id" : "acme/two"}\n], "links": {"next":null}}\n'
END_OF_DATA = UPSTREAMS_OWN.index(b"\n], ")

CATALOG = """
models:
  catalog:
    - id: acme/large
      aliases: [big, "large-*"]
      name: Acme Large
      provider: acme
      description: Says "hello"
      badge: NEW
      cost_info: cheap
      context_window: 9000
      prices: {input: 0.57, output: 2.5, cached_input: 0.1}
      capabilities: [coding, tool_use]
"""


@pytest.fixture
def listing():
    """An upstream with a list of its own bytes, and one model."""
    def answer(_wire, request):
        return reply(UPSTREAMS_OWN if request.target.startswith("/api/v1/models") else b"{}")

    with ScriptedUpstream(answer) as upstream:
        yield upstream


def client_of(weir, key: str = "sk-client") -> openai.OpenAI:
    return openai.OpenAI(base_url=weir.url, api_key=key, max_retries=0, timeout=20)


def ids(answer) -> list:
    return [entry["id"] for entry in answer.json()["data"]]


def added(answer) -> list:
    """weir's entries of a reply whose other bytes must be the upstream's, each in its place."""
    body = answer.body
    assert body[:END_OF_DATA] == UPSTREAMS_OWN[:END_OF_DATA]
    rest = len(UPSTREAMS_OWN) - END_OF_DATA
    assert body[-rest:] == UPSTREAMS_OWN[END_OF_DATA:]
    between = body[END_OF_DATA:len(body) - rest]
    assert between.startswith(b",{")
    return json.loads(b"[" + between[1:] + b"]")


class TestTheList:
    def test_the_real_client_reads_the_upstreams_models_and_weirs_names(self, weir):
        with client_of(weir) as client:
            listed = {model.id: model for model in client.models.list()}
        assert listed["openai/gpt-4-turbo"].created == 1_712_620_800
        alias = listed["kimi-k2"]
        assert (alias.object, alias.created, alias.owned_by) == ("model", 0, "moonshot")
        assert alias.model_extra["name"] == "Kimi K2"
        assert alias.model_extra["weir"]["alias_of"] == "moonshotai/kimi-k2"

    def test_not_one_byte_of_the_upstreams_own_entries_changes(self, weir_with, listing):
        answer = weir_with(upstream=listing).ask("GET", "/v1/models")
        assert answer.status == 200
        assert [entry["id"] for entry in added(answer)][0] == "kimi-k2"
        assert answer.all("content-length") == [str(len(answer.body))]
        assert answer.get("transfer-encoding") is None
        assert answer.get("content-type") == "application/json"
        assert answer.get("x-weir-edits") == "aliases"

    def test_an_alias_of_the_file_comes_with_what_a_model_picker_shows(self, weir_with, listing):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=listing, files={"weir.yaml": CATALOG})
        [entry] = [each for each in added(weir.ask("GET", "/v1/models")) if each["id"] == "big"]
        assert entry == {
            "id": "big", "object": "model", "created": 0, "owned_by": "acme", "name": "Acme Large",
            "description": 'Says "hello"', "context_length": 9000,
            "pricing": {"prompt": "0.00000057", "completion": "0.0000025", "input_cache_read": "0.0000001"},
            "weir": {"alias_of": "acme/large", "badge": "NEW", "category": "standard",
                     "capabilities": ["coding", "tool_use"], "cost_info": "cheap"}}

    def test_what_the_upstream_lists_itself_is_not_listed_twice(self, weir_with):
        with ScriptedUpstream(lambda _wire, _request: reply(b'{"data":[{"id":"Kimi-K2"}]}')) as upstream:
            answer = weir_with({"KIMI_MODEL_ID": "acme/kimi"}, upstream=upstream).ask("GET", "/v1/models")
        assert [each.lower() for each in ids(answer)].count("kimi-k2") == 1

    def test_only_names_that_clients_may_ask_for_are_added(self, weir_with, listing):
        def names(policy: str) -> list:
            weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=listing, files={"weir.yaml": CATALOG + policy})
            return [entry for entry in ids(weir.ask("GET", "/v1/models")) if not entry.startswith("acme/")]

        assert names("  routes: {enabled: false}\n") == ["kimi-k2", "big"]
        assert names("  allow: [acme/*]\n") == ["big"]
        assert "kimi-k2" not in names("  deny: [moonshotai/*]\n")

    def test_auto_is_listed_while_routes_are_on(self, weir_with, listing):
        assert "auto" in ids(weir_with(upstream=listing).ask("GET", "/v1/models"))
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=listing,
                         files={"weir.yaml": "models: {routes: {enabled: false}}\n"})
        assert "auto" not in ids(weir.ask("GET", "/v1/models"))

    def test_the_kill_switch_shows_what_serves_the_alias_now(self, weir_with, listing):
        weir = weir_with({"FEATURE_KIMI_ENABLED": "false"}, upstream=listing)
        [entry] = [each for each in added(weir.ask("GET", "/v1/models")) if each["id"] == "kimi-k2"]
        assert entry["weir"]["alias_of"] == "openai/gpt-4-turbo"
        assert entry["name"] == "GPT-4 Turbo"

    @pytest.mark.parametrize("coding", ["gzip", "chunked", "gzip, chunked"])
    def test_a_coded_reply_is_decoded_before_anything_is_put_in(self, weir_with, coding):
        body = gzip.compress(UPSTREAMS_OWN) if "gzip" in coding else UPSTREAMS_OWN
        lines = [b"HTTP/1.1 200 OK", b"Content-Type: application/json", b'ETag: "theirs"']
        lines += [b"Content-Encoding: gzip"] if "gzip" in coding else []
        lines += [b"Transfer-Encoding: chunked" if "chunked" in coding else b"Content-Length: %d" % len(body)]
        framed = chunked(body[:50], body[50:]) if "chunked" in coding else body
        with ScriptedUpstream(lambda _wire, _request: b"\r\n".join([*lines, b"", framed])) as upstream:
            weir = weir_with(upstream=upstream)
            answer = weir.ask("GET", "/v1/models", [("Accept-Encoding", "gzip, br, zstd")])
            assert added(answer)
            assert answer.get("content-encoding") is None
            assert answer.get("etag") is None
            assert upstream.requests[0].get("accept-encoding") == "gzip"

    def test_a_page_of_the_list_is_the_upstreams_own(self, weir_with, listing):
        with weir_with(upstream=listing).wire() as wire:
            for target in ("/models?offset=1&limit=2", "/models?", "/models?offset=1&limit=2"):
                answer = wire.request("GET", "/v1" + target)
                assert answer.body == UPSTREAMS_OWN
                assert listing.requests[-1].target == "/api/v1" + target
        assert len(listing.requests) == 3

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"data":{}}', b'{"data":[', b"<html></html>", b"\xff" * 100_000])
    def test_what_is_no_list_goes_to_the_client_as_it_is(self, weir_with, body):
        answers = reply(body, headers=[JSON, ("ETag", '"theirs"')])
        with ScriptedUpstream(lambda _wire, _request: answers) as upstream:
            with weir_with(upstream=upstream).wire() as wire:
                for _ in range(2):
                    answer = wire.request("GET", "/v1/models")
                    assert (answer.status, answer.body, answer.get("etag")) == (200, body, '"theirs"')
            assert len(upstream.requests) == 2

    def test_a_coding_that_weir_cannot_undo_goes_to_the_client_as_it_is(self, weir_with):
        for coding, body in (("br", b"not read"), ("gzip", b"not gzip")):
            answers = reply(body, headers=[JSON, ("Content-Encoding", coding)])
            with ScriptedUpstream(lambda _wire, _request: answers) as upstream:
                answer = weir_with(upstream=upstream).ask("GET", "/v1/models")
            assert (answer.status, answer.body, answer.get("content-encoding")) == (200, body, coding)

    @pytest.mark.parametrize("is_chunked", [False, True])
    def test_a_list_over_the_bound_is_relayed_whole(self, weir_with, is_chunked):
        body = b'{"data":[' + b" " * (17 << 20) + b"]}"
        framed = reply(body)
        if is_chunked:
            parts = [body[at:at + (1 << 20)] for at in range(0, len(body), 1 << 20)]
            framed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(*parts)
        with ScriptedUpstream(lambda _wire, _request: framed) as upstream:
            answer = weir_with(upstream=upstream).ask("GET", "/v1/models")
        assert answer.is_complete and answer.body == body

    def test_head_is_the_upstreams_own(self, weir_with):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n"
        with ScriptedUpstream(lambda _wire, _request: head) as upstream:
            answer = weir_with(upstream=upstream).ask("HEAD", "/v1/models")
            assert (answer.status, answer.get("content-length")) == (200, "123")
            assert upstream.requests[0].method == "HEAD"

    @pytest.mark.parametrize("status", ["304 Not Modified", "401 Unauthorized", "404 Not Found", "429 Too Many Requests"])
    def test_another_answer_of_the_upstream_passes_untouched(self, weir_with, status):
        body = b"" if status.startswith("304") else b'{"error":{"message":"no"}}'
        answers = reply(body, status, [JSON, ("Retry-After", "3")])
        with ScriptedUpstream(lambda _wire, _request: answers) as upstream:
            answer = weir_with(upstream=upstream).ask("GET", "/v1/models")
        assert (answer.status, answer.body, answer.get("retry-after")) == (int(status[:3]), body, "3")
        assert answer.get("x-weir-models") is None

    def test_a_client_that_reads_slowly_gets_the_whole_list(self, weir_with):
        body = b'{"data":[{"id":"acme/one","x":"' + b"x" * (3 << 20) + b'"}]}'
        with ScriptedUpstream(lambda _wire, _request: reply(body)) as upstream:
            weir = weir_with(upstream=upstream)
            with Wire(weir.port, receive_buffer=4096) as wire:
                wire.send(message("GET", "/v1/models") * 12)
                for _ in range(12):
                    answer = wire.read_reply()
                    assert answer.is_complete and ids(answer)[:2] == ["acme/one", "kimi-k2"]
            assert len(upstream.requests) == 1
            assert weir.process.resident_bytes() < 200 << 20

    def test_a_client_that_leaves_before_the_end_is_noticed(self, weir_with):
        body = b'{"data":[{"id":"acme/one","x":"' + b"x" * (12 << 20) + b'"}]}'
        with ScriptedUpstream(lambda _wire, _request: reply(body)) as upstream:
            weir = weir_with(upstream=upstream)
            with Wire(weir.port, receive_buffer=4096) as wire:
                wire.send(message("GET", "/v1/models"))
                assert wire.read_head().status == 200
                wire.reset()
            eventually(lambda: weir.scrape().sum("weir_client_disconnects_total", phase="reply") == 1, "it is counted")
            eventually(lambda: weir.scrape().sum("weir_buffered_bytes") == 0, "nothing is held")


class TestTheCache:
    def test_the_upstream_is_asked_once_a_minute(self, weir_with, listing):
        weir = weir_with(upstream=listing)
        with weir.wire() as wire:
            first = wire.request("GET", "/v1/models")
            others = [wire.request("GET", path) for path in ("/v1/models", "/api/v1/models", "/v1/models")]
        assert (first.get("x-weir-cache"), first.get("age")) == ("miss", None)
        for other in others:
            assert other.body == first.body
            assert other.get("content-type") == first.get("content-type")
            assert (other.status, other.get("x-weir-cache")) == (200, "hit")
            assert int(other.get("age")) < 10
            assert other.get("x-request-id") and other.get("x-weir-upstream") is None
        assert len(listing.requests) == 1

    def test_hits_are_logged_and_counted_as_requests(self, weir_with, listing):
        weir = weir_with(upstream=listing)
        with weir.wire() as wire:
            wire.request("GET", "/v1/models")
            answer = wire.request("GET", "/v1/models", [("x-request-id", "models-hit")])
        line = weir.access_line("models-hit")
        assert (line["status"], line["attempts"], line["endpoint"]) == (200, 0, "models")
        assert line["response_bytes"] > len(answer.body)
        assert weir.scrape().sum("weir_requests_total", endpoint="models", status="200") == 2
        assert weir.scrape().sum("weir_upstream_requests_total") == 1

    def test_pipelined_requests_are_all_answered(self, weir_with, listing):
        with weir_with(upstream=listing).wire() as wire:
            wire.send(message("GET", "/v1/models") * 50 + message("GET", "/v1/models/kimi-k2"))
            bodies = {wire.read_reply().body for _ in range(50)}
            assert wire.read_reply().json()["id"] == "kimi-k2"
        assert len(bodies) == 1 and len(listing.requests) == 1

    def test_with_the_clients_own_key_the_list_is_that_clients(self, weir_with, listing):
        with weir_with({"OPENROUTER_API_KEY": None}, upstream=listing).wire() as wire:
            mine = [("Authorization", "Bearer sk-mine")]
            for fields in (mine, mine, [("x-api-key", "sk-mine")]):
                assert wire.request("GET", "/v1/models", fields).get("x-weir-cache") == "bypass"
            assert len(listing.requests) == 3
            assert [wire.request("GET", "/v1/models").get("x-weir-cache") for _ in range(2)] == ["miss", "hit"]
            assert wire.request("GET", "/v1/models", mine).get("x-weir-cache") == "bypass"

    def test_with_weirs_key_the_clients_key_does_not_matter(self, weir_with, listing):
        with weir_with({"WEIR_CLIENT_KEYS": "a:sk-of-a,b:sk-of-b"}, upstream=listing).wire() as wire:
            for key, cache in (("sk-of-a", "miss"), ("sk-of-b", "hit")):
                answer = wire.request("GET", "/v1/models", [("Authorization", f"Bearer {key}")])
                assert (answer.status, answer.get("x-weir-cache")) == (200, cache)
            assert wire.request("GET", "/v1/models", [("Authorization", "Bearer sk-unknown")]).status == 401
            assert wire.request("GET", "/v1/models/kimi-k2").status == 401

    def test_a_reply_that_varies_is_for_requests_alike(self, weir_with):
        answers = reply(UPSTREAMS_OWN, headers=[
            JSON, ("Vary", "Accept-Encoding, Accept-Language"), ("Set-Cookie", "a=b"), ("Access-Control-Allow-Origin", "*")])
        with ScriptedUpstream(lambda _wire, _request: answers) as upstream:
            with weir_with(upstream=upstream).wire() as wire:
                def cache(*fields):
                    return wire.request("GET", "/v1/models", fields).get("x-weir-cache")

                assert [cache(), cache(("Accept-Encoding", "gzip"))] == ["miss", "hit"]
                there = ("Accept-Language", "de")
                assert [cache(there), cache(there), cache()] == ["miss", "hit", "miss"]
                first, again = wire.request("GET", "/v1/models", [there]), wire.request("GET", "/v1/models", [there])
                assert (first.get("set-cookie"), again.get("set-cookie")) == ("a=b", None)
                assert again.get("access-control-allow-origin") == "*"

    def test_another_configuration_drops_the_list(self, weir_with, listing):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=listing, files={"weir.yaml": "models: {}\n"})
        with weir.wire() as wire:
            assert "big" not in ids(wire.request("GET", "/v1/models"))
            (weir.folder / "weir.yaml").write_text(CATALOG)
            assert weir.admin("/reload", "POST").status == 200
            eventually(lambda: "big" in ids(wire.request("GET", "/v1/models")), "the alias is listed")
            assert wire.request("GET", "/v1/models").get("x-weir-cache") == "hit"
        assert len(listing.requests) == 2

    def test_an_error_is_not_kept(self, weir_with):
        answers = [reply(b'{"error":{}}', "429 Too Many Requests"), reply(b"", "503 Busy"), reply(UPSTREAMS_OWN)]
        with ScriptedUpstream(lambda _wire, _request: answers.pop(0)) as upstream:
            with weir_with(upstream=upstream).wire() as wire:
                seen = [wire.request("GET", "/v1/models") for _ in range(4)]
        assert [answer.status for answer in seen] == [429, 200, 200, 200]
        assert [answer.get("x-weir-models") for answer in seen] == [None, "aliases-only", None, None]
        assert [answer.get("x-weir-cache") for answer in seen[2:]] == ["miss", "hit"]


class TestTheUpstreamIsDown:
    def check(self, answer) -> None:
        assert answer.status == 200
        assert answer.get("x-weir-models") == "aliases-only"
        assert answer.get("content-type") == "application/json"
        assert answer.json()["weir"] == {"upstream": "unreachable"}
        assert answer.json()["object"] == "list"
        assert ids(answer)[0] == "kimi-k2"

    def test_the_real_client_still_gets_the_names(self, weir_with):
        weir = weir_with(upstream=f"http://127.0.0.1:{closed_port()}/api/v1")
        with client_of(weir) as client:
            assert "kimi-k2" in {model.id for model in client.models.list()}
            assert client.models.retrieve("kimi-k2").id == "kimi-k2"
            with pytest.raises(openai.InternalServerError):
                client.models.retrieve("moonshotai/kimi-k2")

    def test_an_upstream_that_cannot_be_reached_is_counted_as_such(self, weir_with):
        weir = weir_with(upstream=f"http://127.0.0.1:{closed_port()}/api/v1")
        self.check(weir.ask("GET", "/v1/models", [("x-request-id", "models-down")]))
        line = weir.access_line("models-down")
        assert (line["status"], line["attempts"], line["ending"]) == (200, 1, "complete")
        scrape = weir.scrape()
        assert scrape.sum("weir_upstream_requests_total", status="none") == 1
        assert scrape.sum("weir_requests_total", endpoint="models", status="200") == 1

    @pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Busy", "529 Overloaded"])
    def test_a_failure_of_the_server_is_no_reason_to_have_no_list(self, weir_with, status):
        answers = reply(b"<html>" + b"x" * 100_000, status, [("Content-Type", "text/html"), ("Retry-After", "9")])
        with ScriptedUpstream(lambda _wire, _request: answers) as upstream:
            weir = weir_with(upstream=upstream)
            with weir.wire() as wire:
                for _ in range(2):
                    answer = wire.request("GET", "/v1/models")
                    self.check(answer)
                    assert answer.get("retry-after") is None
            assert len(upstream.requests) == 2
            assert weir.scrape().sum("weir_upstream_requests_total", status=status[:3]) == 2

    @pytest.mark.parametrize("data", [
        b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + UPSTREAMS_OWN,
        b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\nhalf"])
    def test_a_reply_that_breaks_is_as_good_as_none(self, weir_with, data):
        with once_and_close(data) as upstream:
            self.check(weir_with(upstream=upstream).ask("GET", "/v1/models"))

    def test_a_reply_that_does_not_come_is_not_waited_for_for_ever(self, weir_with):
        with ScriptedUpstream(lambda _wire, _request: None) as upstream:
            self.check(weir_with({"WEIR_TIMEOUT_FIRST_BYTE": "0.3"}, upstream=upstream).ask("GET", "/v1/models"))

    def test_without_any_name_of_its_own_weir_tells_the_failure(self, weir_with):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=f"http://127.0.0.1:{closed_port()}/api/v1",
                         files={"weir.yaml": "models: {allow: [openai/gpt-4]}\n"})
        assert weir.ask("GET", "/v1/models").status == 502


class TestOneModel:
    def test_the_real_client_gets_weirs_entry_without_asking_the_upstream(self, weir_with, listing):
        weir = weir_with(upstream=listing)
        with client_of(weir) as client:
            model = client.models.retrieve("kimi-k2")
            assert (model.id, model.object) == ("kimi-k2", "model")
            assert model.model_extra["weir"]["alias_of"] == "moonshotai/kimi-k2"
            assert client.models.retrieve("KIMI-K2").id == "kimi-k2"
        assert listing.requests == []

    def test_the_entry_is_the_one_of_the_list(self, weir):
        [listed] = [entry for entry in weir.ask("GET", "/v1/models").json()["data"] if entry["id"] == "kimi-k2"]
        assert weir.ask("GET", "/v1/models/kimi-k2").json() == listed

    @pytest.mark.parametrize("rest", [
        "moonshotai/kimi-k2", "moonshotai%2Fkimi-k2", "kimi-k2?a=b", "count", "kimi-k2/endpoints", "", "kimi-k2x"])
    def test_any_other_name_is_the_upstreams(self, weir_with, listing, rest):
        answer = weir_with(upstream=listing).ask("GET", f"/v1/models/{rest}")
        assert answer.body == UPSTREAMS_OWN
        assert listing.requests[-1].target == f"/api/v1/models/{rest}"

    def test_an_alias_with_a_slash_is_found_encoded_or_not(self, weir_with, listing):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, upstream=listing, files={
            "weir.yaml": "models: {catalog: [{id: acme/large, aliases: [team/best]}]}\n"})
        for rest in ("team/best", "team%2Fbest", "Team%2fBest"):
            assert weir.ask("GET", f"/v1/models/{rest}").json()["id"] == "team/best"
        assert listing.requests == []

    def test_a_name_that_may_not_be_asked_for_is_not_answered_for(self, weir_with, simulator):
        weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": "models: {deny: [moonshotai/*]}\n"})
        marked = mark()
        assert weir.ask("GET", "/v1/models/kimi-k2", [marked]).status == 404
        assert simulator.saw(marked)

    def test_an_http_1_0_client_is_answered(self, weir_with, listing):
        weir = weir_with(upstream=listing)
        for target in ("/v1/models", "/v1/models", "/v1/models/kimi-k2"):
            with weir.wire() as wire:
                wire.send(message("GET", target, version="HTTP/1.0"))
                answer = wire.read_reply()
                assert answer.status == 200 and answer.is_complete
                assert answer.all("content-length") == [str(len(answer.body))]
                assert wire.is_closed_by_peer()
