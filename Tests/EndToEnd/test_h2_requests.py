"""The requests that an HTTP/2 upstream gets, letter for letter, from either client of weir's."""

import json

import pytest

from harness.certificates import authority
from harness.exact_upstream import CASE
from harness.h2_exact import ExactH2
from harness.h2_frames import OK, data, head, reply
from harness.h2_ways import H2Way, own_way, way  # noqa: F401
from harness.raw_servers import chunk
from harness.requests import chat
from harness.tls_servers import knowing, names_are_to_be_had
from harness.tls_ways import trusting
from harness.ways import HASTY, Whole
from harness.weir import UPSTREAM_KEY, Weir
from harness.wire import Wire
from test_upstream_requests import of_each_kind, own_address

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
AUTHORIZATION = ("authorization", f"Bearer {UPSTREAM_KEY}")


def sent(way: H2Way, method="GET", target="/v1/files", headers=(), body=b"", wire=None):  # noqa: F811
    """What the upstream got of a request."""
    answer = way.ask([], method, target, headers, body, wire)
    assert answer.status == 200, (answer.start_line, answer.body)
    [stream] = way.upstream.asked_for(answer.case)
    assert stream.is_ended and stream.trailers == []
    way.check_upstream()
    return stream


def pseudo(stream) -> list:
    return [field for field in stream.fields if field[0].startswith(":")]


def others(stream) -> list:
    return [field for field in stream.fields if not field[0].startswith(":") and field[0] != CASE]


def lower(fields) -> list:
    return [(name.lower(), value) for name, value in fields]


# -- the head ----------------------------------------------------------------------------------------------------

def test_a_get_is_four_pseudo_fields_and_its_own(way: H2Way):  # noqa: F811
    stream = sent(way, target="/v1/files?a=b&&=%zz",
                  headers=[("X-B", "2"), ("x-a", "1"), ("X-B", "3"), ("User-Agent", "me/1")])
    assert sorted(pseudo(stream)) == [(":authority", f"127.0.0.1:{way.upstream.port}"), (":method", "GET"),
                                      (":path", "/api/v1/files?a=b&&=%zz"), (":scheme", "https")]
    assert stream.fields[:4] == pseudo(stream), "they come first"
    assert others(stream) == [("x-b", "2"), ("x-a", "1"), ("x-b", "3"), ("user-agent", "me/1"), AUTHORIZATION]


@of_each_kind
def test_nothing_is_added_that_is_not_documented(way: H2Way, method, target, body):  # noqa: F811
    stream = sent(way, method, target, [("X-A", "1")], body)
    names = [name for name, _ in others(stream)]
    assert sorted(names) == sorted(["x-a", "authorization"] + ["content-length"] * bool(body))
    assert stream.body == body and stream.get("content-length") == (str(len(body)) if body else None)


def test_values_stay_as_they_are(way: H2Way):  # noqa: F811
    mine = [("X-Empty", ""), ("X-Blanks", "a  b\tc"), ("X-Colon", ":a:"), ("X-Utf", "caf\xc3\xa9"), ("X-Comma", ",,"),
            ("X-!#$%&'*+.^_`|~", "odd"), ("X-Quote", '"a\\"b"'), ("Range", "bytes=0-1"), ("If-Match", '"e"'),
            ("Accept", "*/*"), ("Accept-Encoding", "gzip;q=0.5"), ("Upgrade-Insecure-Requests", "1"),
            ("X-Long", "l" * 6000)]
    assert others(sent(way, headers=mine)) == lower(mine) + [AUTHORIZATION]


def test_cookies_mean_the_same(way: H2Way):  # noqa: F811
    """They may be sent in crumbs (RFC 9113, 8.2.3)."""
    stream = sent(way, headers=[("Cookie", "a=b; c=d; e=\"f; g\"")])
    assert "; ".join(stream.all("cookie")) == "a=b; c=d; e=\"f; g\""


def test_what_is_about_a_connection_does_not_pass(way: H2Way):  # noqa: F811
    stream = sent(way, "POST", "/v1/files", [
        ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"), ("TE", "trailers, gzip"), ("Upgrade", "h2c"), ("Expect", "100-continue"),
        ("X-Stays", "1")], b"x" * 10)
    names = {name for name, _ in others(stream)}
    assert names <= {"x-stays", "content-length", "authorization", "te"}
    assert stream.get("te") in (None, "trailers")
    assert stream.body == b"x" * 10


def test_many_large_fields_arrive_in_their_order(way: H2Way):  # noqa: F811
    """More than one frame of them."""
    mine = [(f"X-{number}", f"{number:04d}-{'~^' * 250}") for number in range(45)]
    with Wire(way.weir.port) as wire:
        for _ in range(3):
            assert others(sent(way, headers=mine, wire=wire)) == lower(mine) + [AUTHORIZATION]


def test_heads_that_change_are_told_apart(way: H2Way):  # noqa: F811
    """Each head is compressed by those before it."""
    with Wire(way.weir.port) as wire:
        for number in range(60):
            mine = [("X-Same", "s" * 40), (f"X-Name-{number % 7}", f"{number}"),
                    ("X-Turn", "ab"[number % 2] * (number * 20))]
            assert others(sent(way, headers=mine, wire=wire)) == lower(mine) + [AUTHORIZATION]


@pytest.mark.parametrize("rest", [
    "", "/", "/a//b///", "/a;p=1;q", "/%41%2f%7e", "/a/b?", "/a?b", "/a?b=c&b=c&&=", "/a?q=%20+%zz", "/a??b?c=/../d",
    "/a:b@c!$'()*,-._~", "/a?url=http://x.test/y", "/a?[x]={y}|z^`", '/a"b', "/a\\b", "/" + "a" * 6000,
    "/x?" + "q=1&" * 1500],
    ids=lambda rest: rest[:20])
def test_the_path_is_sent_letter_for_letter(way: H2Way, rest):  # noqa: F811
    assert sent(way, target="/v1" + rest).all(":path") == ["/api/v1" + rest]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "LINK"])
@pytest.mark.parametrize("body", [b"", b"some data"], ids=["empty", "with a body"])
def test_every_method_goes_on(way: H2Way, method, body):  # noqa: F811
    if method == "HEAD":
        if body:
            pytest.skip("a HEAD request goes on without its body")
        case = way.upstream.case(reply(b""))
        assert way.weir.ask("HEAD", "/v1/files", [(CASE, case)]).status == 200
        stream = way.stream(case)
    else:
        stream = sent(way, method, body=body)
    assert stream.all(":method") == [method] and stream.get(":path") == "/api/v1/files" and stream.body == body


# -- the body's length -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_a_request_without_a_body_ends_with_its_head(way: H2Way, method):  # noqa: F811
    stream = sent(way, method)
    assert stream.get("content-length") is None and stream.parts in ([], [b""])


def test_an_empty_body_is_announced_as_by_the_client(way: H2Way):  # noqa: F811
    assert sent(way, "POST", headers=[("Content-Length", "0")]).all("content-length") == ["0"]


@pytest.mark.parametrize("size", [1, 20_000, 700_000])
def test_a_sized_upload_keeps_its_length(way: H2Way, size):  # noqa: F811
    stream = sent(way, "POST", body=b"x" * size)
    assert stream.all("content-length") == [str(size)] and stream.body == b"x" * size


@pytest.mark.parametrize("sizes", [[], [5, 6], [70_000, 1, 300_000]])
def test_a_chunked_upload_has_no_length(way: H2Way, sizes):  # noqa: F811
    parts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    stream = sent(way, "POST", headers=[("Transfer-Encoding", "chunked")],
                  body=b"".join(map(chunk, parts)) + b"0\r\n\r\n")
    assert stream.all("content-length") in ([], ["0"] if not sizes else []) and stream.body == b"".join(parts)


@pytest.mark.parametrize("size", [100, 200_000, 3_000_000])
def test_an_edited_body_has_its_new_length(way: H2Way, size):  # noqa: F811
    body = json.dumps(chat("x" * size, model="kimi-k2")).encode()
    stream = sent(way, "POST", CHAT, [JSON], body)
    expected = body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')
    assert stream.body == expected and stream.all("content-length") == [str(len(expected))]


# -- what reaches the client of a head ---------------------------------------------------------------------------

def test_a_replys_fields_keep_their_order_and_repetitions(way: H2Way):  # noqa: F811
    mine = [("x-b", "2"), ("x-a", "1"), ("x-b", "2"), ("x-latin", "caf\xe9"), ("x-empty", ""), ("x-long", "l" * 9000)]
    answer = way.ask([head("200", *mine), data(end=True)])
    Whole().check(answer)
    got = [(name.lower(), value) for name, value in answer.headers if name.lower() in dict(mine)]
    assert got == mine
    assert not any(name.startswith(":") for name, _ in answer.headers)


# -- authorities -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("port, written", [(443, "{own}"), (443, "{own}:443"), (0, "{own}:{port}")])
def test_the_authority_has_the_port_unless_it_is_443(weir_with, port, written):
    own = own_address()
    try:
        upstream = ExactH2(authority().certificate(f"IP:{own}").server(["h2"]), address=(own, port))
    except OSError as error:
        pytest.skip(f"cannot listen there: {error}")
    with upstream:
        written = written.format(own=own, port=upstream.port)
        weir = weir_with(HASTY | trusting(), upstream=f"https://{written}/api/v1")
        assert weir.ask("GET", "/v1/files").body == OK
        assert [stream.all(":authority") for stream in upstream.asked] == [[written.removesuffix(":443")]]


@pytest.mark.skipif(not names_are_to_be_had(), reason="needs root and mount namespaces")
def test_two_names_of_one_server_never_share_a_connection(binary, tmp_path):
    """Even where the certificate is good for both, and the address and port are the same."""
    hosts = {"one.weir.test": ["127.0.0.1"], "two.weir.test": ["127.0.0.1"], "else.test": ["127.0.0.1"]}
    with ExactH2(authority().certificate("DNS:*.weir.test").server(["h2"])) as upstream:
        text = "upstreams:\n" + "".join(f"  u{at}: {{url: \"https://{name}:{upstream.port}/v1\"}}\n"
                                        for at, name in enumerate(hosts))
        text += "models:\n  catalog:\n" + "".join(f"    - {{id: acme/m{at}, upstreams: [u{at}]}}\n" for at in range(3))
        (tmp_path / "weir.yaml").write_text(text)
        weir = Weir(knowing(binary, tmp_path, hosts), tmp_path, None, HASTY | trusting() | {"WEIR_CONFIG": "weir.yaml"})
        try:
            with weir.wire() as wire:
                for _ in range(3):
                    for at, status in enumerate([200, 200, 502]):
                        body = json.dumps(chat(model=f"acme/m{at}")).encode()
                        assert wire.request("POST", CHAT, [JSON], body).status == status
        finally:
            weir.stop()
        for peer in upstream.peers.values():
            assert {stream.get(":authority") for stream in peer.streams.values()} in (
                set(), {f"{peer.secure.server_name}:{upstream.port}"})
        names = {peer.secure.server_name for peer in upstream.peers.values() if peer.streams}
        assert names == {"one.weir.test", "two.weir.test"}
        assert upstream.violations == []
