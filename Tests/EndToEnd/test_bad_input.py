"""Bodies that a client may send wrong: each gets its error, is counted, and weir goes on.

Statuses and codes are those of INTERFACE.md; where HTTP allows two answers the test says which two. Framing, headers
and targets are in test_bad_input_http.py, slow and absent clients in test_bad_input_clients.py.
"""

import gzip
import json
import re
import zlib

import pytest

from harness.refusals import (BODY_BOUND, CHAT, JSON, api_of, check_error, counted, goes_on, post_bytes, send_all,
                              strict)  # noqa: F401 - fixtures
from harness.simulator import mark
from harness.usual_requests import ENDPOINTS, MODEL, usual
from harness.wire import chunked, message


# -- JSON ---------------------------------------------------------------------------------------------------

NOT_JSON = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "cut short": b'{"model":"m"',
    "cut in a string": b'{"model":"m',
    "trailing comma": b'{"model":"m",}',
    "single quotes": b"{'model':'m'}",
    "unquoted key": b'{model:"m"}',
    "something after it": b'{"model":"m"} x',
    "two documents": b'{"model":"m"}{"model":"m"}',
    "byte order mark": b'\xef\xbb\xbf{"model":"m"}',
    "leading zero": b'{"model":"m","seed":01}',
    "bare point": b'{"model":"m","seed":1.}',
    "plus sign": b'{"model":"m","seed":+1}',
    "NaN": b'{"model":"m","seed":NaN}',
    "half a literal": b'{"model":"m","stream":tru}',
    "line break in a string": b'{"model":"m","user":"a\nb"}',
    "NUL in a string": b'{"model":"m","user":"a\0b"}',
    "NUL after it": b'{"model":"m"}\0',
    "half an escape": b'{"model":"m","user":"\\u12"}',
    "unknown escape": b'{"model":"m","user":"\\x41"}',
    "comment": b'{"model":"m" /* hello */}',
    "missing colon deep inside": b'{"model":"m","metadata":{"a":[{"b" 1}]}}',
}

NOT_UTF8 = {
    "lone byte": b'{"model":"m","user":"\xff"}',
    "overlong slash": b'{"model":"m","user":"\xc0\xaf"}',
    "encoded surrogate": b'{"model":"m","user":"\xed\xa0\x80"}',
    "beyond the last code point": b'{"model":"m","user":"\xf4\x90\x80\x80"}',
    "cut sequence": b'{"model":"m","user":"\xe2\x82"}',
    "in a key": b'{"model":"m","us\xffer":"x"}',
    "deep inside": b'{"model":"m","messages":[{"role":"user","content":"\x80"}]}',
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_json_is_refused(strict, simulator, endpoint, body):
    marked = mark()
    with counted(strict, "invalid_json"):
        reply = post_bytes(strict, endpoint, body, marked)
    check_error(reply, 400, "invalid_json", api_of(endpoint))
    assert not simulator.saw(marked)


@pytest.mark.parametrize("body", NOT_UTF8.values(), ids=NOT_UTF8.keys())
def test_a_body_that_is_not_utf8_is_refused(strict, simulator, body):
    marked = mark()
    with counted(strict, "invalid_json"):
        reply = post_bytes(strict, "chat/completions", body, marked)
    check_error(reply, 400, "invalid_json")
    assert not simulator.saw(marked)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", [b"[]", b'[{"model":"m"}]', b'"m"', b"17", b"null", b"true"], ids=bytes.decode)
def test_a_body_that_is_json_but_no_object_is_refused(strict, simulator, endpoint, body):
    marked = mark()
    with counted(strict, "invalid_request"):
        reply = post_bytes(strict, endpoint, body, marked)
    check_error(reply, 400, "invalid_request", api_of(endpoint))
    assert not simulator.saw(marked)


def test_a_body_nested_deeper_than_the_bound_is_refused(strict):
    deep = b'{"model":"m","metadata":' + b"[" * 5000 + b"]" * 5000 + b"}"
    with counted(strict, "invalid_json"):
        check_error(post_bytes(strict, "chat/completions", deep), 400, "invalid_json")


TWICE = {
    "model": (b'{"model":"a","model":"b","messages":[]}', "model"),
    "with an escape": (b'{"model":"a","mod\\u0065l":"b","messages":[]}', "model"),
    "both with escapes": (b'{"\\u006dodel":"a","mode\\u006C":"b","messages":[]}', "model"),
    "far apart": (b'{"stream":false,"model":"a","messages":[],"stream":true}', "stream"),
    "unknown key": (b'{"model":"a","messages":[],"colour":1,"colour":2}', "colour"),
    "equal values": (b'{"model":"a","model":"a","messages":[]}', "model"),
    "solidus escaped": (b'{"model":"a","x/y":1,"x\\/y":2}', "x/y"),
    "surrogate pair": ('{"model":"a","\U0001F600":1,"\\ud83d\\ude00":2}'.encode(), "\U0001F600"),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body, key", TWICE.values(), ids=TWICE.keys())
def test_a_top_level_key_given_twice_is_refused_and_named(strict, simulator, endpoint, body, key):
    marked = mark()
    with counted(strict, "duplicate_key"):
        reply = post_bytes(strict, endpoint, body, marked)
    param = reply.json()["error"].get("param")
    assert param in (None, key)
    said = check_error(reply, 400, "duplicate_key", api_of(endpoint), param)
    spellings = re.findall(r'"((?:[^"\\]|\\.)*)":', body.decode())
    assert any(each in said for each in spellings if json.loads(f'"{each}"') == key), "named as it was spelt"
    assert not simulator.saw(marked)


def test_a_nested_key_given_twice_passes(strict, simulator):
    marked = mark()
    body = b'{"model":"%s","messages":[{"role":"user","content":"a","content":"b"}],"metadata":{"a":"1","a":"2"}}'
    body %= MODEL.encode()
    assert post_bytes(strict, "chat/completions", body, marked).status == 200
    assert simulator.received(marked).body == body


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("model", [None, b"null", b"17", b"true", b"[]", b'["m"]', b'{"id":"m"}'],
                         ids=lambda value: "missing" if value is None else value.decode())
def test_a_model_that_is_missing_or_no_string_is_refused(strict, simulator, endpoint, model):
    marked = mark()
    body = b'{"input":"x"}' if model is None else b'{"input":"x","model":%b}' % model
    with counted(strict, "invalid_request"):
        reply = post_bytes(strict, endpoint, body, marked)
    message_text = check_error(reply, 400, "invalid_request", api_of(endpoint), param="model")
    assert "model" in message_text
    assert not simulator.saw(marked)


@pytest.mark.parametrize("body", [
    b'{"input":"x"}', b'{"model":17}', b"not json", b"\xff\xfe\0", b'{"a":1,"a":2}', b"[]"])
def test_a_path_that_needs_no_model_takes_any_body(strict, simulator, body):
    marked = mark()
    reply = strict.ask("POST", "/v1/files", [JSON, marked], body)
    assert reply.status == 200 and reply.json()["bytes"] == len(body)
    assert simulator.received(marked).body == body


def test_the_message_of_a_refusal_holds_nothing_of_the_body(strict):
    reply = post_bytes(strict, "chat/completions", b'{"model":"m","user":"sk-very-secret"')
    check_error(reply, 400, "invalid_json")
    assert b"sk-very-secret" not in reply.body
    assert "sk-very-secret" not in strict.log_text()


# -- size ---------------------------------------------------------------------------------------------------

def sized(count: int) -> bytes:
    """A valid chat request of exactly this many bytes."""
    empty = json.dumps(usual("chat/completions", "")).encode()
    return json.dumps(usual("chat/completions", "x" * (count - len(empty)))).encode()


def test_a_body_of_exactly_the_bound_passes(strict, simulator):
    marked = mark()
    assert post_bytes(strict, "chat/completions", sized(BODY_BOUND), marked).status == 200
    assert len(simulator.received(marked).body) == BODY_BOUND


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "files"])
def test_a_content_length_over_the_bound_is_refused_before_the_body_is_read(strict, simulator, endpoint):
    marked = mark()
    with counted(strict, "body_too_large"), strict.wire(timeout=5) as wire:
        wire.send(message("POST", f"/v1/{endpoint}", [JSON, marked, ("Content-Length", str(BODY_BOUND + 1))]))
        check_error(wire.read_reply(), 413, "body_too_large", api_of(endpoint))
        assert wire.is_closed_by_peer(4)
    assert not simulator.saw(marked)


def test_a_client_that_sends_the_oversized_body_anyway_can_still_read_the_refusal(strict):
    body = sized(2_000_000)
    for _ in range(5):
        with strict.wire(timeout=5) as wire:
            send_all(wire, message("POST", CHAT, [JSON], body))
            check_error(wire.read_reply(), 413, "body_too_large")


@pytest.mark.parametrize("endpoint", ["chat/completions", "messages", "files"])
def test_a_chunked_body_over_the_bound_is_refused_while_it_is_read(strict, endpoint):
    chunk = b"%x\r\n%b\r\n" % (8192, b"x" * 8192)
    with counted(strict, "body_too_large"), strict.wire(timeout=5) as wire:
        wire.send(message("POST", f"/v1/{endpoint}", [JSON, ("Transfer-Encoding", "chunked")]))
        for _ in range(BODY_BOUND // 8192 + 2):
            send_all(wire, chunk)
        # No last chunk is ever sent: the answer comes from what was read so far.
        check_error(wire.read_reply(), 413, "body_too_large", api_of(endpoint))


def test_a_chunked_body_of_exactly_the_bound_passes(strict, simulator):
    marked = mark()
    body = sized(BODY_BOUND)
    with strict.wire() as wire:
        wire.send(message("POST", CHAT, [JSON, marked, ("Transfer-Encoding", "chunked")]))
        wire.send(chunked(*[body[at:at + 1000] for at in range(0, len(body), 1000)]))
        assert wire.read_reply().status == 200
    assert simulator.received(marked).body == body


# -- compressed bodies --------------------------------------------------------------------------------------

def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": ("gzip", gzip.compress), "deflate as zlib": ("deflate", zlib.compress),
           "raw deflate": ("deflate", raw_deflate)}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("encoding, pack", PACKERS.values(), ids=PACKERS.keys())
def test_a_compressed_body_is_read(strict, endpoint, encoding, pack):
    body = pack(json.dumps(usual(endpoint, "packed")).encode())
    assert post_bytes(strict, endpoint, body, ("Content-Encoding", encoding)).status == 200


@pytest.mark.parametrize("encoding, pack", PACKERS.values(), ids=PACKERS.keys())
def test_a_compressed_body_of_exactly_the_bound_passes(strict, encoding, pack):
    assert post_bytes(strict, "chat/completions", pack(sized(BODY_BOUND)), ("Content-Encoding", encoding)).status == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("encoding, pack", PACKERS.values(), ids=PACKERS.keys())
def test_a_compressed_body_that_inflates_over_the_bound_is_refused(strict, simulator, endpoint, encoding, pack):
    marked = mark()
    bomb = pack(b'{"model":"m","user":"' + b"A" * 20_000_000)
    assert len(bomb) < BODY_BOUND
    before = strict.process.resident_bytes()
    with counted(strict, "body_too_large"):
        reply = post_bytes(strict, endpoint, bomb, marked, ("Content-Encoding", encoding))
    check_error(reply, 413, "body_too_large", api_of(endpoint))
    assert strict.process.resident_bytes() < before + 8_000_000
    assert not simulator.saw(marked)


PACKED = gzip.compress(json.dumps(usual("chat/completions", "packed")).encode())

CORRUPT = {
    "no gzip at all": ("gzip", b'{"model":"m"}'),
    "no deflate at all": ("deflate", b'{"model":"m"}'),
    "damaged inside": ("gzip", PACKED[:30] + b"\xff\xff\xff" + PACKED[33:]),
    "wrong checksum": ("gzip", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:]),
    "cut short": ("gzip", PACKED[:-12]),
    "only the magic number": ("gzip", b"\x1f\x8b"),
    "empty": ("gzip", b""),
}


@pytest.mark.parametrize("encoding, body", CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_compressed_body_is_refused(strict, simulator, encoding, body):
    marked = mark()
    reply = post_bytes(strict, "chat/completions", body, marked, ("Content-Encoding", encoding))
    code = reply.json()["error"]["code"]
    # An empty gzip body may as well be read as an empty document.
    assert code == "unsupported_encoding" or (code == "invalid_json" and not body)
    check_error(reply, 400, code)
    assert not simulator.saw(marked)


def test_a_compressed_body_that_is_not_json_inside_is_refused(strict):
    reply = post_bytes(strict, "chat/completions", gzip.compress(b'{"model":'), ("Content-Encoding", "gzip"))
    check_error(reply, 400, "invalid_json")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "aes128gcm", "gzip, gzip, gzip, gzip"])
def test_an_encoding_that_weir_cannot_read_is_refused(strict, simulator, endpoint, encoding):
    marked = mark()
    with counted(strict, "unsupported_encoding"):
        reply = post_bytes(strict, endpoint, b"\x0b\x02\x80", marked, ("Content-Encoding", encoding))
    check_error(reply, 415, "unsupported_encoding", api_of(endpoint))
    assert not simulator.saw(marked)


def test_a_path_that_needs_no_reading_takes_any_encoding(strict, simulator):
    marked = mark()
    reply = strict.ask("POST", "/v1/files", [marked, ("Content-Encoding", "br")], b"\x0b\x02\x80")
    assert reply.status == 200
    received = simulator.received(marked)
    assert received.body == b"\x0b\x02\x80" and received.get("content-encoding") == "br"
