"""Requests that two readers of HTTP may divide differently, each followed by one that a reader should see or not."""

HOST = b"Host: weir.test"
POISON = b"GET /v1/echo?poison HTTP/1.1\r\n" + HOST + b"\r\n\r\n"
EMPTY_CHUNKS = b"0\r\n\r\n"


def post(*lines: bytes, body: bytes = b"", path: bytes = b"/v1/files", host: bytes = HOST, version: bytes = b"1.1",
         method: bytes = b"POST", end: bytes = b"\r\n") -> bytes:
    head = [method + b" " + path + b" HTTP/" + version, *([host] if host else []), *lines, b"", b""]
    return end.join(head) + body


CHUNKED = b"Transfer-Encoding: chunked"
HELLO = b"5\r\nhello\r\n" + EMPTY_CHUNKS


def length(count: int) -> bytes:
    return b"Content-Length: %d" % count


CASES = {
    # Content-Length beside Transfer-Encoding
    "CL.TE": post(length(len(EMPTY_CHUNKS + POISON)), CHUNKED, body=EMPTY_CHUNKS + POISON),
    "TE.CL": post(CHUNKED, length(4), body=b"%x\r\n" % len(POISON) + POISON + b"\r\n" + EMPTY_CHUNKS),
    "CL.0": post(length(len(POISON)), body=POISON),
    "CL.TE with a long length": post(length(10_000), CHUNKED, body=EMPTY_CHUNKS + POISON),
    "TE.CL on a JSON API": post(CHUNKED, length(4), body=HELLO + POISON, path=b"/v1/chat/completions"),
    "TE and CL 0": post(CHUNKED, length(0), body=HELLO + POISON),
    "CL 0 and TE": post(length(0), CHUNKED, body=HELLO + POISON),
    # Transfer-Encoding that only some see
    "TE twice": post(CHUNKED, CHUNKED, body=EMPTY_CHUNKS + POISON),
    "TE chunked then identity": post(CHUNKED, b"Transfer-Encoding: identity", body=EMPTY_CHUNKS + POISON),
    "TE identity then chunked": post(b"Transfer-Encoding: identity", CHUNKED, body=EMPTY_CHUNKS + POISON),
    "TE chunked, identity": post(b"Transfer-Encoding: chunked, identity", body=EMPTY_CHUNKS + POISON),
    "TE identity alone": post(b"Transfer-Encoding: identity", length(5), body=b"hello" + POISON),
    "TE xchunked": post(b"Transfer-Encoding: xchunked", body=EMPTY_CHUNKS + POISON),
    "TE with CL, xchunked": post(length(5), b"Transfer-Encoding: xchunked", body=EMPTY_CHUNKS + POISON),
    "TE quoted": post(b'Transfer-Encoding: "chunked"', length(5), body=EMPTY_CHUNKS + POISON),
    "TE with a vertical tab": post(b"Transfer-Encoding: \x0bchunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE with a form feed behind": post(b"Transfer-Encoding: chunked\x0c", length(5), body=EMPTY_CHUNKS + POISON),
    "TE with a no-break space": post(b"Transfer-Encoding:\xa0chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE with a tab": post(b"Transfer-Encoding:\tchunked", body=HELLO + POISON),
    "TE with blanks behind": post(b"Transfer-Encoding: chunked \t ", body=HELLO + POISON),
    "TE in capitals": post(b"TRANSFER-ENCODING: CHUNKED", body=HELLO + POISON),
    "TE with a comma": post(b"Transfer-Encoding: chunked,", body=HELLO + POISON),
    "TE with an empty element": post(b"Transfer-Encoding: , chunked", body=HELLO + POISON),
    "TE with a parameter": post(b"Transfer-Encoding: chunked;q=1", length(5), body=EMPTY_CHUNKS + POISON),
    "TE empty": post(b"Transfer-Encoding:", length(5), body=b"hello" + POISON),
    "TE with a space before the colon": post(b"Transfer-Encoding : chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE behind a tab before the colon": post(b"Transfer-Encoding\t: chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE folded": post(b"Transfer-Encoding:\r\n chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE with an underscore": post(b"Transfer_Encoding: chunked", length(5), body=b"hello" + POISON),
    "TE behind a bare LF": post(b"X-A: b\nTransfer-Encoding: chunked", body=HELLO + POISON),
    "TE behind a bare CR": post(b"X-A: b\rTransfer-Encoding: chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE behind a NUL": post(b"X-A: b\0\r\nTransfer-Encoding: chunked", length(5), body=EMPTY_CHUNKS + POISON),
    "TE gzip, chunked": post(b"Transfer-Encoding: gzip, chunked", body=HELLO + POISON),
    # several lengths, or odd ones
    "CL twice, different": post(length(5), length(0), body=b"hello" + POISON),
    "CL twice, equal": post(length(5), length(5), body=b"hello" + POISON),
    "CL list, equal": post(b"Content-Length: 5, 5", body=b"hello" + POISON),
    "CL list, different": post(b"Content-Length: 5, 0", body=b"hello" + POISON),
    "CL with a plus": post(b"Content-Length: +5", body=b"hello" + POISON),
    "CL negative": post(b"Content-Length: -5", body=b"hello" + POISON),
    "CL hexadecimal": post(b"Content-Length: 0x5", body=b"hello" + POISON),
    "CL with a point": post(b"Content-Length: 5.0", body=b"hello" + POISON),
    "CL with leading zeros": post(b"Content-Length: 0005", body=b"hello" + POISON),
    "CL with a letter behind": post(b"Content-Length: 5a", body=b"hello" + POISON),
    "CL with a space inside": post(b"Content-Length: 0 5", body=b"hello" + POISON),
    "CL empty": post(b"Content-Length:", body=POISON),
    "CL over 64 bits": post(b"Content-Length: 18446744073709551621", body=b"hello" + POISON),
    "CL with a space before the colon": post(b"Content-Length : 5", body=b"hello" + POISON),
    "CL folded": post(b"Content-Length:\r\n 5", body=b"hello" + POISON),
    "CL with an underscore": post(b"Content_Length: 5", length(0), body=POISON),
    # header lines
    "folded line": post(b"X-A: b\r\n Content-Length: 5", length(5), body=b"hello" + POISON),
    "folded first line": post(length(5), host=b" Host: weir.test", body=b"hello" + POISON),
    "bare LF everywhere": post(length(5), body=b"hello" + POISON, end=b"\n"),
    "bare LF ends the head": post(length(5), body=b"").replace(b"\r\n\r\n", b"\n\n") + b"hello" + POISON,
    "bare CR everywhere": post(length(5), body=b"hello" + POISON, end=b"\r"),
    "CR CR LF": post(length(5), body=b"hello" + POISON, end=b"\r\r\n"),
    "a length behind a bare CR": post(b"X-A: b\rContent-Length: 0", length(5), body=b"hello" + POISON),
    "a line without a colon": post(b"Content-Length 5", length(5), body=b"hello" + POISON),
    "NUL in a name": post(b"X\0A: b", length(5), body=b"hello" + POISON),
    "NUL in a value": post(b"X-A: a\0b", length(5), body=b"hello" + POISON),
    "high byte in a name": post(b"X\xffA: b", length(5), body=b"hello" + POISON),
    # hosts, targets, versions, methods
    "two hosts": post(length(5), host=HOST + b"\r\nHost: evil.test", body=b"hello" + POISON),
    "no host": post(length(5), host=b"", body=b"hello" + POISON),
    "absolute target, another host": post(length(5), path=b"http://evil.test/v1/files", body=b"hello" + POISON),
    "target with a space": post(length(5), path=b"/v1/files x", body=b"hello" + POISON),
    "target with a tab": post(length(5), path=b"/v1/files\tHTTP/1.1", body=b"hello" + POISON),
    "two spaces": post(length(5), path=b"  /v1/files", body=b"hello" + POISON),
    "HTTP/0.9": b"GET /v1/echo\r\n\r\n" + POISON,
    "HTTP/1.0 with chunks": post(CHUNKED, b"Connection: keep-alive", version=b"1.0", body=HELLO + POISON),
    "HTTP/1.0 with a length": post(length(5), b"Connection: keep-alive", version=b"1.0", body=b"hello" + POISON),
    "HTTP/1.1 closing": post(length(5), b"Connection: close", body=b"hello" + POISON),
    "HTTP/2.0": post(length(5), version=b"2.0", body=b"hello" + POISON),
    "HTTP/1.2": post(length(5), version=b"1.2", body=b"hello" + POISON),
    "HTTP/1.10": post(length(5), version=b"1.10", body=b"hello" + POISON),
    "GET with a body": post(length(5), method=b"GET", path=b"/v1/echo", body=b"hello" + POISON),
    "GET with chunks": post(CHUNKED, method=b"GET", path=b"/v1/echo", body=HELLO + POISON),
    "HEAD with a body": post(length(5), method=b"HEAD", path=b"/v1/echo", body=b"hello" + POISON),
    "DELETE with a body": post(length(len(POISON)), method=b"DELETE", body=POISON),
    "GET without a length, with a body": post(method=b"GET", path=b"/v1/echo", body=POISON),
    "POST without a length": post(body=POISON),
    "Connection names the length": post(b"Connection: content-length", length(5), body=b"hello" + POISON),
    "Connection names the coding": post(b"Connection: transfer-encoding", CHUNKED, body=HELLO + POISON),
    "Connection names the host": post(b"Connection: host, close", length(5), body=b"hello" + POISON),
    "Expect with a body at once": post(b"Expect: 100-continue", length(5), body=b"hello" + POISON),
    "Expect without a body": post(b"Expect: 100-continue", length(0), body=POISON),
    "Expect of nonsense": post(b"Expect: 100-continue\r\nExpect: x", length(5), body=b"hello" + POISON),
    "upgrade with a body": post(b"Connection: upgrade", b"Upgrade: h2c", length(5), body=b"hello" + POISON),
    "empty lines first": b"\r\n\r\n" + post(length(5), body=b"hello" + POISON),
    # chunks
    "chunk extension": post(CHUNKED, body=b"5;a=b\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "quoted chunk extension": post(CHUNKED, body=b'5;a="\r\nhello\r\n' + EMPTY_CHUNKS + POISON),
    "chunk extension with a bare LF": post(CHUNKED, body=b"5;a\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk extension with a bare CR": post(CHUNKED, body=b"5;a\rb\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with a blank behind": post(CHUNKED, body=b"5 \r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with a blank in front": post(CHUNKED, body=b" 5\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size of 2 to the 64 plus 5": post(CHUNKED, body=b"10000000000000005\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size of 2 to the 32 plus 5": post(CHUNKED, body=b"100000005\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with 0x": post(CHUNKED, body=b"0x5\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with a plus": post(CHUNKED, body=b"+5\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with an underscore": post(CHUNKED, body=b"0_5\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk size with leading zeros": post(CHUNKED, body=b"000005\r\nhello\r\n" + EMPTY_CHUNKS + POISON),
    "chunk lines end with a bare LF": post(CHUNKED, body=b"5\nhello\n0\n\n" + POISON),
    "chunk data end with two bytes": post(CHUNKED, body=b"5\r\nhelloxx" + EMPTY_CHUNKS + POISON),
    "chunk data end with a bare LF": post(CHUNKED, body=b"5\r\nhello\n" + EMPTY_CHUNKS + POISON),
    "last chunk of two zeros": post(CHUNKED, body=b"5\r\nhello\r\n00\r\n\r\n" + POISON),
    "last chunk with an extension": post(CHUNKED, body=b"5\r\nhello\r\n0;a\r\n\r\n" + POISON),
    "trailer": post(CHUNKED, body=b"5\r\nhello\r\n0\r\nX-T: a\r\n\r\n" + POISON),
    "trailer that frames": post(CHUNKED, body=b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n" + POISON),
    "trailer that names a coding": post(CHUNKED, body=b"5\r\nhello\r\n0\r\n" + CHUNKED + b"\r\n\r\n" + POISON),
    "trailer without a colon": post(CHUNKED, body=b"5\r\nhello\r\n0\r\nX-T\r\n\r\n" + POISON),
    "no empty line after the last chunk": post(CHUNKED, body=b"5\r\nhello\r\n0\r\n" + POISON),
}
