"""The requests that an upstream in clear text gets, letter for letter, from either client of weir's."""

import json
import os

import pytest

from harness.exact_upstream import CASE, OK, ExactUpstream
from harness.raw_servers import chunk
from harness.requests import chat
from harness.ways import HASTY, WAYS, Way, Whole, way  # noqa: F401
from harness.weir import UPSTREAM_KEY
from harness.wire import Wire, message

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
AUTHORIZATION = ("Authorization", f"Bearer {UPSTREAM_KEY}")

of_each_kind = pytest.mark.parametrize("method, target, body", [
    ("GET", "/v1/files", b""), ("DELETE", "/v1/files/1", b""), ("POST", CHAT, json.dumps(chat()).encode()),
    ("POST", CHAT, json.dumps(chat("x" * 600_000)).encode()), ("POST", "/v1/files", b"data"),
    ("POST", "/v1/files", b"x" * 600_000), ("PUT", "/v1/files", b"")],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else value)


def sent(way: Way, method: str = "GET", target: str = "/v1/files", headers=(), body: bytes = b""):  # noqa: F811
    """What the upstream got of a request."""
    reply = way.ask([], method, target, headers, body)
    assert reply.status == 200, (reply.start_line, reply.body)
    [asked] = way.upstream.asked_for(reply.case)
    return asked


def lines(asked) -> list:
    """The head's lines but the request's own name for its case."""
    return [line for line in asked.raw.decode("latin-1").split("\r\n")[:-2] if not line.startswith(CASE)]


def host(way: Way) -> str:  # noqa: F811
    return f"Host: 127.0.0.1:{way.upstream.port}"


# -- the head ---------------------------------------------------------------------------------------------------

def test_a_get_is_its_line_its_host_and_its_own_fields(way: Way):  # noqa: F811
    asked = sent(way, headers=[("X-B", "2"), ("x-a", "1"), ("X-B", "3"), ("User-Agent", "me/1")])
    got = lines(asked)
    assert got[0] == "GET /api/v1/files HTTP/1.1"
    assert got.count(host(way)) == 1
    rest = [line for line in got[1:] if line != host(way)]
    assert rest == ["X-B: 2", "x-a: 1", "X-B: 3", "User-Agent: me/1", ": ".join(AUTHORIZATION)]
    assert asked.raw.endswith(b"\r\n\r\n") and b"\n" not in asked.raw.replace(b"\r\n", b"")


@of_each_kind
def test_nothing_is_added_that_is_not_documented(way: Way, method, target, body):  # noqa: F811
    asked = sent(way, method, target, [("X-A", "1")], body)
    names = [line.split(":")[0].lower() for line in lines(asked)[1:]]
    assert sorted(names) == sorted(["host", "x-a", "authorization"] + ["content-length"] * bool(body))
    assert asked.body == body


def test_values_stay_as_they_are(way: Way):  # noqa: F811
    mine = [("X-Empty", ""), ("X-Blanks", "a  b\tc"), ("X-Colon", ":a:"), ("X-Utf", "caf\xc3\xa9"), ("X-Comma", ",,"),
            ("X-!#$%&'*+.^_`|~", "odd"), ("X-Quote", '"a\\"b"'), ("Cookie", "a=b; c=d"), ("TE", "trailers, gzip"),
            ("Range", "bytes=0-1"), ("If-Match", '"e"'), ("Accept", "*/*"), ("Accept-Encoding", "gzip;q=0.5"),
            ("Upgrade-Insecure-Requests", "1"), ("X-Long", "l" * 6000)]
    got = lines(sent(way, headers=mine))
    # `TE` is for the next hop only.
    expected = [f"{name}: {value}".strip() for name, value in mine if name != "TE"]
    assert [line.strip() for line in got if line.strip() in expected] == expected
    assert not any(line.lower().startswith("te:") for line in got)


def test_many_fields_arrive_in_their_order(way: Way):  # noqa: F811
    mine = [(f"X-{number}", "v" * (number % 50)) for number in range(150)]
    got = [line for line in lines(sent(way, headers=mine)) if line.startswith("X-")]
    assert [line.rstrip() for line in got] == [f"{name}: {value}".rstrip() for name, value in mine]


@pytest.mark.parametrize("rest", [
    "", "/", "/a//b///", "/a;p=1;q", "/%41%2f%7e", "/a/b?", "/a?b", "/a?b=c&b=c&&=", "/a?q=%20+%zz", "/a??b?c=/../d",
    "/a:b@c!$'()*,-._~", "/a?url=http://x.test/y", "/a?[x]={y}|z^`", '/a"b', "/a\\b", "/" + "a" * 6000,
    "/x?" + "q=1&" * 1500],
    ids=lambda rest: rest[:20])
def test_the_target_is_sent_letter_for_letter(way: Way, rest):  # noqa: F811
    assert sent(way, target="/v1" + rest).target == "/api/v1" + rest


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT",
                                    "SEARCH", "PURGE", "LINK"])
@pytest.mark.parametrize("body", [b"", b"some data"], ids=["empty", "with a body"])
def test_every_method_goes_on(way: Way, method, body):  # noqa: F811
    if method == "HEAD":
        if body:
            pytest.skip("a HEAD request goes on without its body")
        case = way.upstream.case(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
        assert way.weir.ask("HEAD", "/v1/files", [(CASE, case)]).status == 200
        [asked] = way.upstream.asked_for(case)
    else:
        asked = sent(way, method, body=body)
    assert asked.method == method and asked.target == "/api/v1/files" and asked.body == body


# -- the framing ------------------------------------------------------------------------------------------------

def framing(asked) -> list:
    return [line.lower() for line in lines(asked) if line.lower().startswith(("content-length", "transfer-encoding"))]


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_a_request_without_a_body_announces_none(way: Way, method):  # noqa: F811
    assert framing(sent(way, method)) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("headers, expected", [([], []), ([("Content-Length", "0")], ["content-length: 0"])],
                         ids=["unsaid", "said"])
def test_an_empty_body_is_announced_as_by_the_client(way: Way, method, headers, expected):  # noqa: F811
    assert framing(sent(way, method, headers=headers)) == expected


def test_an_empty_body_on_a_json_api_path_is_refused(way: Way):  # noqa: F811
    reply = way.ask([], "POST", CHAT, [JSON, ("Content-Length", "0")])
    assert reply.status == 400 and way.upstream.asked_for(reply.case) == []


@pytest.mark.parametrize("size", [1, 100, 20_000, 700_000])
def test_a_sized_upload_keeps_its_length(way: Way, size):  # noqa: F811
    asked = sent(way, "POST", body=b"x" * size)
    assert framing(asked) == [f"content-length: {size}"] and asked.body == b"x" * size


@pytest.mark.parametrize("sizes", [[], [1], [5, 6], [70_000, 1, 300_000]])
def test_a_chunked_upload_stays_chunked(way: Way, sizes):  # noqa: F811
    parts = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    body = b"".join(map(chunk, parts)) + b"0\r\n\r\n"
    asked = sent(way, "POST", headers=[("Transfer-Encoding", "chunked")], body=body)
    assert framing(asked) == ["transfer-encoding: chunked"] and asked.body == b"".join(parts)


def test_a_chunked_json_request_is_sized(way: Way):  # noqa: F811
    body = json.dumps(chat()).encode()
    asked = sent(way, "POST", CHAT, [JSON, ("Transfer-Encoding", "chunked")], chunk(body[:9]) + chunk(body[9:]) +
                 b"0\r\nX-Trailer: 1\r\n\r\n")
    assert framing(asked) == [f"content-length: {len(body)}"] and asked.body == body
    assert b"trailer" not in asked.raw.lower()


def test_expect_ends_at_weir(way: Way):  # noqa: F811
    asked = sent(way, "POST", headers=[("Expect", "100-continue")], body=b"x" * 5000)
    assert "expect" not in asked.raw.decode().lower() and len(asked.body) == 5000


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_an_edited_body_has_its_new_length(way: Way, size):  # noqa: F811
    body = json.dumps(chat("x" * size, model="kimi-k2")).encode()
    asked = sent(way, "POST", CHAT, [JSON], body)
    expected = body.replace(b'"kimi-k2"', b'"moonshotai/kimi-k2"')
    assert asked.body == expected and framing(asked) == [f"content-length: {len(expected)}"]


def test_requests_one_behind_the_other_do_not_mix(way: Way):  # noqa: F811
    with Wire(way.weir.port) as wire:
        cases = [way.upstream.case([]) for _ in range(20)]
        bodies = [json.dumps(chat(f"{number} " * (number * 700))).encode() for number in range(20)]
        wire.send(b"".join(message("POST", CHAT, [JSON, (CASE, case)], body) for case, body in zip(cases, bodies)))
        for case, body in zip(cases, bodies):
            Whole(OK).check(wire.read_reply("POST"))
            [asked] = way.upstream.asked_for(case)
            assert asked.body == body


# -- the host ---------------------------------------------------------------------------------------------------

def own_address() -> str:
    """An address of the loopback that nobody else is likely to listen on."""
    return f"127.{64 + os.getpid() // 65536 % 64}.{os.getpid() // 256 % 256}.{1 + os.getpid() % 254}"


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("listens, written, expected", [
    (("{own}", 80), "{own}", "{own}"), (("{own}", 80), "{own}:80", "{own}"),
    (("::1", 0), "[::1]:{port}", "[::1]:{port}"), (("127.0.0.1", 0), "localhost:{port}", "localhost:{port}")])
def test_the_host_is_the_authority_of_the_upstreams_url(weir_with, name, listens, written, expected):
    own = own_address()
    try:
        upstream = ExactUpstream((listens[0].format(own=own), listens[1]))
    except OSError as error:
        pytest.skip(f"cannot listen there: {error}")
    with upstream:
        values = {"own": own, "port": upstream.port}
        environment = HASTY | WAYS[name]
        if environment.get("no_proxy"):
            environment |= {"no_proxy": f"{environment['no_proxy']},{own}"}
        weir = weir_with(environment, upstream=f"http://{written.format(**values)}/api/v1")
        assert weir.ask("GET", "/v1/files").body == OK
        assert [asked.all("host") for asked in upstream.asked] == [[expected.format(**values)]]
