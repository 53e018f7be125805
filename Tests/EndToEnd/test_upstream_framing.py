"""Where a reply of an upstream in clear text ends, by whichever client of weir's, and however its bytes arrive.

RFC 9112, sections 6 and 7. The heads' own rules are in test_upstream_heads.py.
"""

import pytest

from harness.exact_upstream import CLOSE, HALF_CLOSE, OK, RESET
from harness.raw_servers import head
from harness.ways import EITHER, GONE, UNREADABLE, Broken, Case, OneOf, Way, Whole, check_case, way  # noqa: F401
from harness.wire import chunked

POISONED = "takes them for the next reply"
CHUNKED = "Transfer-Encoding: chunked"
SIZED = "Content-Length: 11"
IN_CHUNKS = b"5\r\n{\"ok\"\r\n6\r\n:true}\r\n0\r\n\r\n"


def sized(*lines: str, body: bytes = OK, status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    return head(status, *lines, version=version) + body


def in_chunks(body: bytes, *lines: str) -> bytes:
    return head("200 OK", CHUNKED, *lines) + body


LENGTHS = {
    "one": Case(sized(SIZED)),
    "zero": Case(sized("Content-Length: 0", body=b""), Whole(b"")),
    "leading zeros": Case(sized("Content-Length: 0000000000000000000000000011")),
    "blanks around it": Case(sized("Content-Length: \t 11 \t ")),
    "no blank before it": Case(sized("content-length:11")),
    "twice the same": Case(sized(SIZED, SIZED)),
    "two that differ": Case(sized(SIZED, "Content-Length: 5"), UNREADABLE),
    "a list of the same": Case(sized("Content-Length: 11, 11"), UNREADABLE),
    "a list that differs": Case(sized("Content-Length: 11, 5"), UNREADABLE),
    "negative": Case(sized("Content-Length: -11"), UNREADABLE),
    "with a plus": Case(sized("Content-Length: +11"), UNREADABLE, libcurl="reads a plus"),
    "letters": Case(sized("Content-Length: many"), UNREADABLE),
    "hexadecimal": Case(sized("Content-Length: 0x0b"), UNREADABLE),
    "with a point": Case(sized("Content-Length: 11.0"), UNREADABLE),
    "with a letter behind": Case(sized("Content-Length: 11a"), UNREADABLE),
    "with a blank inside": Case(sized("Content-Length: 1 1"), UNREADABLE),
    "empty": Case(sized("Content-Length:"), UNREADABLE),
    "2 to the 63": Case(sized("Content-Length: 9223372036854775808"), UNREADABLE),
    "2 to the 64 plus 11": Case(sized("Content-Length: 18446744073709551627"), UNREADABLE),
    "of a hundred digits": Case(sized("Content-Length: " + "9" * 100), UNREADABLE),
    "larger than the body": Case([sized("Content-Length: 12"), CLOSE], Broken()),
    "larger, then half closed": Case([sized("Content-Length: 12"), HALF_CLOSE], Broken()),
    "larger, then reset": Case([sized("Content-Length: 12"), RESET], Broken()),
    "smaller than the body": Case(sized("Content-Length: 5"), Whole(OK[:5]), GONE, libcurl_late=POISONED),
}

CHUNKS = {
    "usual": Case(in_chunks(IN_CHUNKS)),
    "one": Case(in_chunks(chunked(OK))),
    "none": Case(in_chunks(chunked()), Whole(b"")),
    "of one byte": Case(in_chunks(chunked(*(OK[at:at + 1] for at in range(len(OK)))))),
    "size in capitals": Case(in_chunks(b"B\r\n" + OK + b"\r\n0\r\n\r\n")),
    "size in small letters": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\n\r\n")),
    "leading zeros": Case(in_chunks(b"0000b\r\n" + OK + b"\r\n0000\r\n\r\n")),
    "an extension": Case(in_chunks(b"b;a=b\r\n" + OK + b"\r\n0;last\r\n\r\n")),
    "a quoted extension": Case(in_chunks(b'b;name="a ; b";x\r\n' + OK + b"\r\n0\r\n\r\n")),
    "an extension behind a blank": Case(in_chunks(b"b ; a\r\n" + OK + b"\r\n0\r\n\r\n")),
    "the coding in capitals": Case(head("200 OK", "TRANSFER-ENCODING:CHUNKED") + IN_CHUNKS),
    "a trailer": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\nX-T: 1\r\n\r\n")),
    "several trailers": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\nX-T: 1\r\nContent-Length: 3\r\nX-U:\r\n\r\n")),
    "a coding and a length": Case(in_chunks(IN_CHUNKS, "Content-Length: 5"), fate=EITHER),
    "a length and a coding": Case(head("200 OK", "Content-Length: 500", CHUNKED) + IN_CHUNKS, fate=EITHER),
    "a coding and a wrong length": Case(in_chunks(IN_CHUNKS, "Content-Length: -5"), UNREADABLE),
    "the coding twice": Case(in_chunks(IN_CHUNKS, CHUNKED), OneOf(Whole(), UNREADABLE), EITHER),
    "another coding first": Case(head("200 OK", "Transfer-Encoding: gzip, chunked") + IN_CHUNKS, UNREADABLE),
    "identity": Case([head("200 OK", "Transfer-Encoding: identity") + OK, CLOSE], UNREADABLE),
    "an unknown coding": Case([head("200 OK", "Transfer-Encoding: xchunked") + OK, CLOSE], UNREADABLE),
    "chunked is not last": Case([head("200 OK", "Transfer-Encoding: chunked, identity") + IN_CHUNKS, CLOSE],
                                UNREADABLE),
    "identity on another line": Case([in_chunks(IN_CHUNKS, "Transfer-Encoding: identity"), CLOSE], UNREADABLE),
    "an empty coding": Case([head("200 OK", "Transfer-Encoding:", SIZED) + OK, CLOSE], UNREADABLE),
    "a size of 16 digits, then the end": Case([in_chunks(b"7fffffffffffffff\r\n" + OK), CLOSE], Broken()),
    "2 to the 64 minus 1": Case(in_chunks(b"ffffffffffffffff\r\n" + OK), Broken()),
    "2 to the 64 plus 11": Case(in_chunks(b"1000000000000000b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "a size without end": Case(in_chunks(b"1" * 400), Broken()),
    "negative": Case(in_chunks(b"-b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "with a plus": Case(in_chunks(b"+b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "with 0x": Case(in_chunks(b"0xb\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "with an underscore": Case(in_chunks(b"0_b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "letters": Case(in_chunks(b"zz\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "letters behind the size": Case(in_chunks(b"bz\r\n" + OK + b"\r\n0\r\n\r\n"), Broken(),
                                    libcurl="takes them for an extension"),
    "an empty size": Case(in_chunks(b"\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "only an extension": Case(in_chunks(b";a\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "a blank before the size": Case(in_chunks(b" b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken()),
    "two bytes for a line end": Case(in_chunks(b"b\r\n" + OK + b"xx0\r\n\r\n"), Broken()),
    "no line end behind data": Case(in_chunks(b"b\r\n" + OK + b"0\r\n\r\n"), Broken()),
    "a bare CR behind the size": Case(in_chunks(b"b\r" + OK + b"\r\n0\r\n\r\n"), Broken(),
                                      libcurl="looks for the line feed"),
    "a bare CR in an extension": Case(in_chunks(b"b;a\rb\r\n" + OK + b"\r\n0\r\n\r\n"), Broken(),
                                      libcurl="looks for the line feed"),
    "a NUL in an extension": Case(in_chunks(b"b;a\0b\r\n" + OK + b"\r\n0\r\n\r\n"), Broken(),
                                  libcurl="looks for the line feed"),
    "a NUL in a trailer": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\nX-T: a\0b\r\n\r\n"), Broken()),
    "a trailer without a colon": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\nnonsense\r\n\r\n"), Broken()),
}

# Where the connection of a chunked reply may end too early.
for at in (1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 17, 18, 19, 20, 21, 22, 23, 24):
    CHUNKS[f"closed after {at} bytes"] = Case([in_chunks(IN_CHUNKS[:at]), CLOSE], Broken())
CHUNKS["reset in the middle"] = Case([in_chunks(IN_CHUNKS[:12]), 0.05, RESET], Broken())
CHUNKS["half closed in the middle"] = Case([in_chunks(IN_CHUNKS[:12]), HALF_CLOSE], Broken())

CONNECTIONS = {
    "until close": Case([sized(), CLOSE], fate=GONE),
    "until half close": Case([sized(), HALF_CLOSE], fate=GONE),
    "until close, of nothing": Case([sized(body=b""), CLOSE], Whole(b""), GONE),
    "until reset": Case([sized(), 0.05, RESET], Broken()),
    "close": Case(sized(SIZED, "Connection: close"), fate=GONE),
    "Close": Case(sized(SIZED, "connection: CLOSE"), fate=GONE),
    "close in a list": Case(sized(SIZED, "Connection: x-a, Close ,x-b"), fate=GONE),
    "close on a second line": Case(sized(SIZED, "Connection: keep-alive", "Connection: close"), fate=GONE),
    "close before the length": Case(sized("Connection: close", SIZED), fate=GONE),
    "close and chunks": Case(in_chunks(IN_CHUNKS, "Connection: close"), fate=GONE),
    "a word that begins with close": Case(sized(SIZED, "Connection: closed"), libcurl="takes it for close"),
    "keep-alive": Case(sized(SIZED, "Connection: keep-alive", "Keep-Alive: timeout=60, max=100")),
    "half closed behind a sized reply": Case([sized(SIZED), HALF_CLOSE], fate=GONE),
    "closed behind a sized reply": Case([sized(SIZED), CLOSE], fate=GONE),
    "reset behind a sized reply": Case([sized(SIZED), 0.05, RESET], fate=GONE),
    "1.0": Case(sized(SIZED, version="HTTP/1.0"), fate=GONE),
    "1.0 until close": Case([sized(version="HTTP/1.0"), CLOSE], fate=GONE),
    "1.0 that keeps": Case(sized(SIZED, "Connection: Keep-Alive", version="HTTP/1.0")),
    "1.0 that keeps and closes": Case(sized(SIZED, "Connection: keep-alive, close", version="HTTP/1.0"), fate=GONE,
                                      libcurl="keeps the connection"),
    "1.0 that keeps, until close": Case([sized("Connection: keep-alive", version="HTTP/1.0"), CLOSE], fate=GONE),
}

INTERIM = {
    "100": Case(head("100 Continue") + sized(SIZED)),
    "103": Case(head("103 Early Hints", "Link: </x>; rel=preload") + sized(SIZED)),
    "102 and a length": Case(head("102 Processing", "Content-Length: 5") + sized(SIZED)),
    "199 and a coding": Case(head("199 Odd", CHUNKED) + sized(SIZED)),
    "100 that closes": Case(head("100 Continue", "Connection: close") + sized(SIZED), fate=EITHER),
    "twenty": Case(head("103 Early Hints", "Link: </x>") * 20 + sized(SIZED)),
    "100, then chunks": Case(head("100 Continue") + in_chunks(IN_CHUNKS)),
    "100, then the end": Case([head("100 Continue"), CLOSE], UNREADABLE),
    "100, then half a head": Case([head("100 Continue") + b"HTTP/1.1 200 OK\r\nConte", CLOSE], UNREADABLE),
    "101 that nobody asked for": Case(head("101 Switching Protocols", "Upgrade: x", "Connection: upgrade") + b"hello",
                                      UNREADABLE, libcurl="waits for more"),
    "101, then a reply": Case(head("101 Switching Protocols") + sized(SIZED), UNREADABLE, libcurl="waits for more"),
}

BODILESS = {
    "204": Case(head("204 No Content"), Whole(b"", 204)),
    "204 and length 0": Case(head("204 No Content", "Content-Length: 0"), Whole(b"", 204)),
    "204 and a length": Case(head("204 No Content", SIZED), Whole(b"", 204)),
    "204 and a coding": Case(head("204 No Content", CHUNKED), Whole(b"", 204)),
    "204 and a body": Case(head("204 No Content", SIZED) + OK, Whole(b"", 204), GONE, libcurl="throws the bytes away"),
    "304": Case(head("304 Not Modified", 'ETag: "e"'), Whole(b"", 304)),
    "304 and a length": Case(head("304 Not Modified", SIZED), Whole(b"", 304)),
    "304 and a coding": Case(head("304 Not Modified", CHUNKED), Whole(b"", 304)),
    "304 and a body": Case(head("304 Not Modified", CHUNKED) + IN_CHUNKS, Whole(b"", 304), GONE,
                           libcurl="throws the bytes away"),
    "205 and length 0": Case(head("205 Reset Content", "Content-Length: 0"), Whole(b"", 205)),
    "HEAD": Case(head("200 OK"), Whole(b""), method="HEAD"),
    "HEAD and a length": Case(head("200 OK", SIZED), Whole(b""), method="HEAD"),
    "HEAD and a large length": Case(head("200 OK", "Content-Length: 99999999999"), Whole(b""), method="HEAD"),
    "HEAD and a coding": Case(head("200 OK", CHUNKED), Whole(b""), method="HEAD"),
    "HEAD that closes": Case(head("200 OK", SIZED, "Connection: close"), Whole(b""), GONE, "HEAD"),
    "HEAD and a body": Case(sized(SIZED), Whole(b""), GONE, "HEAD", libcurl="throws the bytes away"),
    "HEAD and chunks": Case(in_chunks(IN_CHUNKS), Whole(b""), GONE, "HEAD", libcurl="throws the bytes away"),
    "HEAD and 404": Case(head("404 Not Found", SIZED), Whole(b"", 404), method="HEAD"),
}

EXCESS = {
    "behind a length": Case(sized(SIZED) + sized(SIZED, body=b'{"no":true}'), fate=GONE,
                            libcurl_late=POISONED),
    "behind length 0": Case(sized("Content-Length: 0", body=b"") + OK, Whole(b""), GONE,
                            libcurl="throws the bytes away"),
    "behind chunks": Case(in_chunks(IN_CHUNKS) + sized(SIZED, body=b'{"no":true}'), fate=GONE,
                          libcurl="throws the bytes away"),
    "behind trailers": Case(in_chunks(b"b\r\n" + OK + b"\r\n0\r\nX-T: 1\r\n\r\n") + b"x", fate=GONE,
                            libcurl="throws the bytes away"),
    "a line end": Case(sized(SIZED) + b"\r\n", fate=EITHER, libcurl_late=POISONED),
    "later": Case([sized(SIZED), 0.02, sized(SIZED, body=b'{"no":true}')], fate=GONE, libcurl=POISONED),
    "a time-out's 408 and the end": Case(
        [sized(SIZED), 0.02, head("408 Request Timeout", "Connection: close", "Content-Length: 0"), CLOSE], fate=GONE,
        libcurl=POISONED),
}

CASES = {"length": LENGTHS, "chunks": CHUNKS, "connection": CONNECTIONS, "interim": INTERIM, "bodiless": BODILESS,
         "excess": EXCESS}
NAMED = [pytest.param(case, id=f"{group}: {name}") for group, cases in CASES.items() for name, case in cases.items()]


@pytest.mark.parametrize("case", NAMED)
def test_a_reply_that_comes_at_once(way: Way, case: Case):  # noqa: F811
    check_case(way, case)


@pytest.mark.parametrize("case", NAMED)
def test_a_reply_that_comes_byte_by_byte(way: Way, case: Case):  # noqa: F811
    way.excuse(case.libcurl_late)
    check_case(way, case, case.bytewise())
