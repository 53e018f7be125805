"""Headers, paths, methods and replies: what weir passes on, what it puts in, what it takes out."""

import gzip
import json
import socket

import pytest

from harness.eventually import eventually
from harness.requests import chat
from harness.simulator import mark
from harness.upstream import ScriptedUpstream, reply
from harness.weir import UPSTREAM_KEY
from harness.wire import Wire, chunked, message

JSON = ("Content-Type", "application/json")
SITE = {"OPENROUTER_SITE_URL": "https://app.example", "OPENROUTER_SITE_NAME": "The App"}

# What may stand in a request to the upstream though the client did not send it.
ADDED = {"host", "authorization", "content-length", "transfer-encoding", "connection", "x-request-id"}


@pytest.fixture(scope="module")
def echo():
    """An upstream that answers `{}` and keeps each request exactly as it came."""
    with ScriptedUpstream(lambda _wire, _request: reply()) as upstream:
        yield upstream


@pytest.fixture
def weir_at_echo(weir_with, echo):
    return weir_with(upstream=echo)


def sent_upstream(weir, echo, headers, target="/v1/chat/completions", method="POST", body=None):
    body = json.dumps(chat()).encode() if body is None else body
    answer = weir.ask(method, target, headers, body)
    assert answer.status == 200, answer
    return echo.requests[-1]


class TestRequestHeaders:
    def test_the_clients_headers_arrive_in_their_order_with_repeats(self, weir_at_echo, echo):
        mine = [("X-Zebra", "1"), ("Accept", "application/json"), ("X-Alpha", "one"), ("User-Agent", "test/1 (x; y)"),
                ("X-Alpha", "two, three"), ("Accept-Language", "de, en;q=0.5"), ("x-stainless-lang", "python"),
                ("X-Empty", ""), ("X-Alpha", "one"), ("Cookie", "a=b; c=d"), ("X-Spaced", "a  b\tc"),
                ("OpenAI-Organization", "org"), ("X-Unicode", "caf\xc3\xa9")]
        received = sent_upstream(weir_at_echo, echo, [JSON, *mine])
        names = {name.lower() for name, _ in mine}
        got = [(name.lower(), value) for name, value in received.headers if name.lower() in names]
        assert got == [(name.lower(), value) for name, value in mine]

    def test_header_bytes_that_are_no_utf8_are_refused_rather_than_changed(self, weir_at_echo):
        # RFC 9110 section 5.5: obs-text is opaque data; the decoder in front would replace it.
        reply = weir_at_echo.post("/v1/chat/completions", chat(), [("X-Latin", "caf\xe9")])
        assert reply.status == 400 and reply.json()["error"]["code"] == "invalid_request"
        assert "UTF-8" in reply.json()["error"]["message"]

    def test_nothing_is_added_that_the_client_did_not_send(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [JSON])
        assert {name.lower() for name, _ in received.headers} <= ADDED | {"content-type"}
        assert received.get("host") == f"127.0.0.1:{echo.port}"
        assert received.get("content-length") == str(len(json.dumps(chat())))

    def test_a_get_has_no_body_and_no_framing(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [], "/v1/models", "GET", b"")
        assert {name.lower() for name, _ in received.headers} <= ADDED - {"content-length", "transfer-encoding"}

    def test_a_post_without_a_body_says_so(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [("Content-Length", "0")], "/v1/batches/1/cancel", "POST", b"")
        assert received.all("content-length") == ["0"]
        assert received.get("transfer-encoding") is None

    def test_hop_by_hop_headers_end_at_weir(self, weir_at_echo, echo):
        hops = [("Connection", "keep-alive, X-Hop-One"), ("Connection", "x-hop-two"), ("X-Hop-One", "1"),
                ("x-hop-TWO", "2"), ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"),
                ("Proxy-Authorization", "Basic c2VjcmV0"), ("TE", "trailers"), ("Trailer", "X-Sum"),
                ("X-Stays", "yes")]
        received = sent_upstream(weir_at_echo, echo, [JSON, *hops])
        names = {name.lower() for name, _ in received.headers}
        assert not names & {"x-hop-one", "x-hop-two", "keep-alive", "proxy-connection", "proxy-authorization", "te",
                            "trailer", "upgrade"}
        assert "x-hop" not in (received.get("connection") or "").lower()
        assert received.get("x-stays") == "yes"

    def test_naming_an_end_to_end_header_in_connection_cannot_take_weirs_own_away(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [JSON, ("Connection", "authorization, content-length, host")])
        assert received.all("authorization") == [f"Bearer {UPSTREAM_KEY}"]
        assert received.get("content-length") == str(len(json.dumps(chat())))
        assert received.get("host") == f"127.0.0.1:{echo.port}"

    def test_headers_for_weir_itself_stay_here(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [
            JSON, ("x-weir-user", "ann"), ("X-Weir-Anything", "1"), ("x-user-id", "ann")])
        assert not [name for name, _ in received.headers if name.lower().startswith("x-weir")]

    def test_the_body_is_forwarded_without_waiting_for_a_second_go_ahead(self, weir_at_echo, echo):
        body = json.dumps(chat("x" * 200_000)).encode()
        received = sent_upstream(weir_at_echo, echo, [JSON], body=body)
        assert received.get("expect") is None
        assert received.body == body


class TestHostileValues:
    """What a body says must not become a line of a head."""

    @pytest.mark.parametrize("model", [
        "a/b\r\nx-evil: 1", "a/b\nx-evil: 1", "a/b\r\n\r\nHTTP/1.1 200 OK", "a/b\x00c", "a/\u4e16\u754c",
        "a/" + "b" * 254])
    def test_a_model_name_cannot_write_headers(self, weir_at_echo, echo, model):
        with weir_at_echo.wire() as wire:
            for _ in range(2):
                body = json.dumps(chat(model=model)).encode()
                answer = wire.request("POST", "/v1/chat/completions", [JSON], body)
                assert answer.status == 200
                assert echo.requests[-1].body == body
                assert answer.get("x-evil") is None

    def test_a_header_of_weirs_own_kind_sent_by_the_client_does_not_come_back(self, weir_at_echo):
        answer = weir_at_echo.post("/v1/chat/completions", chat(), [("x-weir-edits", "mine"), ("x-weir-model", "mine")])
        assert answer.get("x-weir-edits") is None
        assert answer.all("x-weir-model") == ["openai/gpt-4-turbo"]


class TestAuthorization:
    def test_the_upstream_key_replaces_the_clients(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [
            JSON, ("Authorization", "Bearer sk-mine"), ("x-api-key", "sk-mine-too"), ("api-key", "left-alone")])
        assert received.all("authorization") == [f"Bearer {UPSTREAM_KEY}"]
        assert "sk-mine" not in str(received.headers)
        assert received.get("api-key") == "left-alone"

    def test_two_authorization_headers_become_one(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [
            JSON, ("Authorization", "Bearer sk-a"), ("authorization", "Bearer sk-b")])
        assert received.all("authorization") == [f"Bearer {UPSTREAM_KEY}"]

    def test_without_an_upstream_key_the_clients_own_passes(self, weir_with, echo):
        weir = weir_with({"OPENROUTER_API_KEY": None}, upstream=echo)
        received = sent_upstream(weir, echo, [JSON, ("Authorization", "Bearer sk-of-the-client")])
        assert received.all("authorization") == ["Bearer sk-of-the-client"]
        assert sent_upstream(weir, echo, [JSON]).get("authorization") is None

    @pytest.mark.parametrize("header", [
        ("Authorization", "Bearer sk-app-one"), ("authorization", "bearer sk-app-one"), ("x-api-key", "sk-app-one"),
        ("X-Api-Key", "sk-app-two")])
    @pytest.mark.parametrize("upstream_key", [UPSTREAM_KEY, None], ids=["with upstream key", "without"])
    def test_a_known_client_may_pass_and_its_key_stays_here(self, weir_with, echo, header, upstream_key):
        weir = weir_with({"WEIR_CLIENT_KEYS": "one:sk-app-one,two:sk-app-two", "OPENROUTER_API_KEY": upstream_key},
                         upstream=echo)
        received = sent_upstream(weir, echo, [JSON, header])
        assert "sk-app" not in str(received.headers)
        assert received.all("authorization") == ([f"Bearer {upstream_key}"] if upstream_key else [])

    @pytest.mark.parametrize("headers", [
        [], [("Authorization", "Bearer sk-app-on")], [("Authorization", "Bearer sk-app-one2")],
        [("Authorization", "Bearer ")], [("Authorization", "Basic sk-app-one")], [("Authorization", "Bearer one")],
        [("x-api-key", "wrong")], [("x-api-key", "")], [("Authorization", "Bearer SK-APP-ONE")]])
    def test_anybody_else_is_refused_and_nothing_goes_upstream(self, weir_with, simulator, headers):
        weir = weir_with({"WEIR_CLIENT_KEYS": "one:sk-app-one"})
        targets = ["/v1/chat/completions", "/v1/models", "/api/v1/any/thing"]
        marked = mark()
        for target in targets:
            answer = weir.ask("POST", target, [JSON, marked, *headers], json.dumps(chat()).encode())
            assert answer.status == 401
            error = answer.json()["error"]
            assert (error["type"], error["code"]) == ("authentication_error", "unauthorized")
            assert answer.get("x-request-id") in error["message"]
        assert not simulator.saw(marked)
        eventually(lambda: weir.errors_counted("unauthorized") == len(targets), "each refusal is counted")


class TestAttribution:
    def test_the_sites_url_and_name_are_put_in(self, weir_with, echo):
        received = sent_upstream(weir_with(SITE, upstream=echo), echo, [JSON])
        assert received.all("http-referer") == ["https://app.example"]
        assert received.all("x-title") == ["The App"]
        assert received.all("x-openrouter-title") == ["The App"]

    @pytest.mark.parametrize("name", ["X-Title", "X-OpenRouter-Title"])
    def test_the_clients_own_title_wins_in_either_spelling(self, weir_with, echo, name):
        received = sent_upstream(weir_with(SITE, upstream=echo), echo, [JSON, (name, "Mine")])
        assert {value for title in ("x-title", "x-openrouter-title") for value in received.all(title)} == {"Mine"}
        assert received.all("http-referer") == ["https://app.example"]

    def test_the_clients_own_referer_wins(self, weir_with, echo):
        received = sent_upstream(weir_with(SITE, upstream=echo), echo, [JSON, ("http-referer", "https://mine.example")])
        assert received.all("http-referer") == ["https://mine.example"]
        assert received.all("x-title") == ["The App"]

    def test_nothing_is_put_in_unless_configured(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [JSON])
        assert not received.all("http-referer") + received.all("x-title") + received.all("x-openrouter-title")


class TestPaths:
    @pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
    @pytest.mark.parametrize("rest", [
        "/models", "/models?a=1&b=%2F&&c=%zz+d&=e", "/models/moonshotai/kimi-k2/endpoints", "/generation?id=gen-1",
        "/a%20b/c%2Fd", "/files/", "/x?", "/x??y=/../z", "/models?url=https://a.example/b", "/v1/models",
        "/a;p=1/b@c:d!$'()*,"])
    def test_both_prefixes_map_onto_the_base_and_the_rest_stays_as_written(self, weir_at_echo, echo, prefix, rest):
        assert sent_upstream(weir_at_echo, echo, [], prefix + rest, "GET", b"").target == "/api/v1" + rest

    @pytest.mark.parametrize("base", ["/openai/v9", "/openai/v9/", ""])
    def test_the_base_path_of_the_upstream_is_used_as_configured(self, weir_with, echo, base):
        weir = weir_with(upstream=f"http://127.0.0.1:{echo.port}{base}")
        received = sent_upstream(weir, echo, [], "/v1/models?x=1", "GET", b"")
        assert received.target == base.rstrip("/") + "/models?x=1"

    @pytest.mark.parametrize("target", ["/", "/models", "/v2/models", "/v10/x", "/api/models", "/favicon.ico"])
    def test_a_path_that_is_not_the_apis_is_not_found(self, weir_at_echo, echo, target):
        before = len(echo.requests)
        answer = weir_at_echo.ask("GET", target)
        assert answer.status == 404
        assert answer.json()["error"]["message"]
        assert len(echo.requests) == before


class TestMethods:
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "QUERY"])
    def test_other_methods_and_content_types_pass(self, weir_at_echo, echo, method):
        body = bytes(range(256)) * 40
        received = sent_upstream(weir_at_echo, echo, [("Content-Type", "image/png")], "/v1/files/1", method, body)
        assert (received.method, received.target, received.body) == (method, "/api/v1/files/1", body)
        assert received.get("content-type") == "image/png"

    def test_options_passes(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [("Origin", "https://a.example")], "/v1/models", "OPTIONS", b"")
        assert (received.method, received.get("origin")) == ("OPTIONS", "https://a.example")

    def test_head_has_the_head_of_the_reply_and_no_body(self, weir_with):
        def answer(_wire, request):
            assert request.method == "HEAD"
            return b"HTTP/1.1 200 OK\r\nContent-Length: 123\r\nX-Kind: head\r\n\r\n"

        with ScriptedUpstream(answer) as upstream, weir_with(upstream=upstream).wire() as wire:
            for _ in range(2):  # the second shows that no byte of a body was waited for or sent
                got = wire.request("HEAD", "/v1/files/1")
                assert (got.status, got.get("content-length"), got.get("x-kind")) == (200, "123", "head")
            assert len(upstream.requests) == 2

    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_replies_without_a_body_pass_and_the_connection_goes_on(self, weir_with, status):
        head = f"HTTP/1.1 {status}\r\nETag: \"abc\"\r\n\r\n".encode()
        with ScriptedUpstream(lambda _wire, _request: head) as upstream, weir_with(upstream=upstream).wire() as wire:
            for _ in range(2):
                got = wire.request("GET", "/v1/files/1")
                assert got.start_line.split(" ", 1)[1] == status
                assert got.get("etag") == '"abc"'
                assert got.get("transfer-encoding") is None
                if got.status == 204:
                    assert got.get("content-length") is None
            assert len(upstream.requests) == 2

    @pytest.mark.parametrize("status", [
        "201 Created", "202 Accepted", "206 Partial Content", "302 Found", "418 Teapot"])
    def test_any_status_passes_and_redirects_are_not_followed(self, weir_with, status):
        answer = reply(b"body", status, [("Location", "/api/v1/elsewhere"), ("Content-Type", "text/plain")])
        with ScriptedUpstream(lambda _wire, _request: answer) as upstream:
            got = weir_with(upstream=upstream).ask("GET", "/v1/files/1")
            assert (got.status, got.body, got.get("location")) == (
                int(status.split()[0]), b"body", "/api/v1/elsewhere")
            assert len(upstream.requests) == 1

    def test_an_upload_streams_through_while_it_is_still_being_sent(self, weir_with):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            weir = weir_with(upstream=f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1")
            with weir.wire() as client:
                client.send(b"POST /v1/files HTTP/1.1\r\nHost: weir.test\r\nContent-Type: multipart/form-data; "
                            b"boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nfirst\r\n")
                listener.settimeout(10)
                upstream = Wire.over(listener.accept()[0])
                head = upstream.read_head()
                assert head.get("transfer-encoding") == "chunked"
                while b"first" not in upstream.pending:
                    upstream.pending += upstream.more()
                assert b"last" not in upstream.pending
                client.send(b"4\r\nlast\r\n0\r\n\r\n")
                upstream.read_framed(head)
                assert head.body == b"firstlast"
                upstream.send(reply(b"done"))
                assert client.read_reply("POST").body == b"done"
                upstream.close()

    def test_a_chunked_upload_of_megabytes_arrives_whole(self, weir_at_echo, echo):
        part = bytes(range(256)) * 256
        body = chunked(*[part] * 64)
        with weir_at_echo.wire() as wire:
            wire.send(message("PUT", "/v1/files/1", [("Transfer-Encoding", "chunked")], body))
            assert wire.read_reply("PUT").status == 200
        assert echo.requests[-1].body == part * 64


class TestReplies:
    def test_the_upstreams_headers_reach_the_client_in_order_with_repeats(self, weir_with):
        theirs = [("Content-Type", "application/json; charset=utf-8"), ("Set-Cookie", "a=1; Path=/"),
                  ("X-Zebra", "1"), ("Set-Cookie", "b=2"), ("X-Alpha", "caf\xe9"), ("x-ratelimit-remaining", "7"),
                  ("Via", "1.1 edge"), ("Set-Cookie", "a=1; Path=/"), ("CF-Ray", "abc-FRA"), ("Server", "edge/1"),
                  ("Date", "Sat, 21 Nov 2026 07:00:00 GMT"), ("X-Empty", "")]
        with ScriptedUpstream(lambda _wire, _request: reply(b"{}", "200 OK", theirs)) as upstream:
            got = weir_with(upstream=upstream).ask("GET", "/v1/models")
        names = {name.lower() for name, _ in theirs}
        assert [(name.lower(), value) for name, value in got.headers if name.lower() in names] == [
            (name.lower(), value) for name, value in theirs]

    def test_hop_by_hop_headers_of_the_upstream_end_at_weir(self, weir_with):
        hops = [("Connection", "x-up-hop, keep-alive"), ("X-Up-Hop", "1"), ("Keep-Alive", "timeout=5"),
                ("Proxy-Connection", "keep-alive"), ("X-Stays", "yes"), ("Proxy-Authenticate", "Basic")]
        with ScriptedUpstream(lambda _wire, _request: reply(b"{}", "200 OK", hops)) as upstream:
            got = weir_with(upstream=upstream).ask("GET", "/v1/models")
        names = {name.lower() for name, _ in got.headers}
        assert not names & {"x-up-hop", "keep-alive", "proxy-connection", "proxy-authenticate"}
        assert "x-up-hop" not in (got.get("connection") or "").lower()
        assert got.get("x-stays") == "yes"

    def test_a_request_id_of_the_upstream_reaches_the_client_under_its_name(self, weir_with):
        answer = reply(headers=[JSON, ("x-request-id", "req_of_the_upstream")])
        with ScriptedUpstream(lambda _wire, _request: answer) as upstream:
            weir = weir_with(upstream=upstream)
            got = weir.ask("GET", "/v1/models")
            assert got.all("x-request-id") == ["req_of_the_upstream"]
            assert weir.access_line(got.get("x-weir-request-id"))["status"] == 200

    def test_a_request_id_of_the_client_stays_and_the_upstreams_stands_beside_it(self, weir_with):
        answer = reply(headers=[JSON, ("x-request-id", "req_of_the_upstream")])
        with ScriptedUpstream(lambda _wire, _request: answer) as upstream:
            got = weir_with(upstream=upstream).ask("GET", "/v1/models", [("x-request-id", "req_of_the_client")])
        assert got.all("x-request-id") == ["req_of_the_client"]
        assert got.all("x-weir-upstream-request-id") == ["req_of_the_upstream"]

    @pytest.mark.parametrize("framing", ["sized", "chunked", "closed"])
    def test_a_binary_body_arrives_whole_whatever_its_framing(self, weir_with, framing):
        body = bytes(range(256)) * 8192

        def answer(wire, _request):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
            if framing == "sized":
                return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
            if framing == "chunked":
                return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body[:5], body[5:100_000], body[100_000:])
            wire.send(head + b"Connection: close\r\n\r\n" + body)
            wire.close()
            return None

        with ScriptedUpstream(answer) as upstream:
            got = weir_with(upstream=upstream).ask("GET", "/v1/audio/speech")
        assert (got.status, got.is_complete, got.get("content-type")) == (200, True, "audio/mpeg")
        assert got.body == body

    def test_a_gzipped_reply_passes_as_it_is_and_is_measured(self, weir, simulator):
        marked = mark()
        got = weir.post("/v1/chat/completions", chat("one two three"), [
            marked, ("Accept-Encoding", "gzip"), ("x-sim-gzip", "1"), ("x-request-id", "gzipped-" + marked[1])])
        assert got.get("content-encoding") == "gzip"
        assert json.loads(gzip.decompress(got.body))["choices"][0]["message"]["content"] == "You said: one two three"
        assert simulator.received(marked).get("accept-encoding") == "gzip"
        line = weir.access_line("gzipped-" + marked[1])
        assert line["output_tokens"] == 5

    def test_a_gzipped_stream_passes_as_it_is(self, weir):
        got = weir.post("/v1/chat/completions", chat("one two three", stream=True), [
            ("Accept-Encoding", "gzip"), ("x-sim-gzip", "1")])
        assert got.get("content-encoding") == "gzip"
        assert gzip.decompress(got.body).rstrip().endswith(b"data: [DONE]")

    def test_a_client_that_takes_no_gzip_gets_none(self, weir, simulator):
        marked = mark()
        got = weir.post("/v1/chat/completions", chat(), [marked])
        assert got.get("content-encoding") is None
        assert simulator.received(marked).get("accept-encoding") is None
        assert got.json()["object"] == "chat.completion"

    @pytest.mark.parametrize("encoding", ["br", "zstd", "identity"])
    def test_an_encoding_that_weir_does_not_know_passes_untouched(self, weir_with, encoding):
        answer = reply(b"\x00\x01\x02 not for weir", headers=[JSON, ("Content-Encoding", encoding)])
        with ScriptedUpstream(lambda _wire, _request: answer) as upstream:
            weir = weir_with(upstream=upstream)
            for target in ("/v1/chat/completions", "/v1/files"):
                got = weir.post(target, chat(), [("Accept-Encoding", "br, zstd, gzip")])
                assert (got.status, got.body) == (200, b"\x00\x01\x02 not for weir")
                assert got.get("content-encoding") == encoding

    def test_what_weir_does_not_read_may_be_encoded_as_the_client_likes(self, weir_at_echo, echo):
        received = sent_upstream(weir_at_echo, echo, [("Accept-Encoding", "br;q=1.0, zstd, gzip;q=0.5")], "/v1/files")
        assert received.all("accept-encoding") == ["br;q=1.0, zstd, gzip;q=0.5"]

    @pytest.mark.parametrize("accepted, sent", [
        ("br, zstd, gzip", {"br, zstd, gzip", "gzip"}), ("br", {"br", "identity", None}), ("gzip", {"gzip"}),
        ("identity", {"identity", None}), ("gzip;q=0, br", {"gzip;q=0, br", "gzip;q=0", "identity", None})])
    def test_a_reply_that_weir_reads_is_never_encoded_as_the_client_does_not_like(
            self, weir_at_echo, echo, accepted, sent):
        # A proxy may drop from Accept-Encoding what it could not read, and may add nothing.
        received = sent_upstream(weir_at_echo, echo, [JSON, ("Accept-Encoding", accepted)])
        assert received.get("accept-encoding") in sent

    def test_a_plain_reply_is_the_upstreams_byte_for_byte(self, weir_with):
        body = b'\n{ "id":"gen-1", "choices":[ ],"usage":{"prompt_tokens":1.0,"total_tokens":1e0},"x":"\\u00e9\\/" } \n'
        with ScriptedUpstream(lambda _wire, _request: reply(body)) as upstream:
            got = weir_with(upstream=upstream).post("/v1/chat/completions", chat(model="kimi-k2"))
        assert got.body == body
