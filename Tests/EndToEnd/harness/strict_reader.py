"""A strict reader of HTTP/1.1 requests (RFC 9112), to compare with.

It takes what the standard's grammar has, and of what the standard leaves to a server only a lone LF as a line's end,
folded values and more than one space in the first line.
"""

import re

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class NoRequest(Exception):
    """The bytes are not a whole request."""


class StrictReader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def _line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise NoRequest
        line, self.at = self.data[self.at:end].removesuffix(b"\r"), end + 1
        if b"\r" in line or b"\0" in line:
            raise NoRequest
        return line

    def _fields(self) -> list:
        fields = []
        while line := self._line():
            if line[:1] in b" \t":
                if not fields:
                    raise NoRequest
                fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip(b" \t"))
                continue
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.fullmatch(name):
                raise NoRequest
            fields.append((name.lower(), value.strip(b" \t")))
        return [(name, value.strip(b" \t")) for name, value in fields]

    def _take(self, count: int) -> bytes:
        if len(self.data) - self.at < count:
            raise NoRequest
        self.at += count
        return self.data[self.at - count:self.at]

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = self._line().split(b";")[0].strip(b" \t")
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
                raise NoRequest
            if int(size, 16) == 0:
                self._fields()
                return body
            body += self._take(int(size, 16))
            if self._line():
                raise NoRequest

    def request(self) -> tuple:
        """The next request as (method, target, body), and whether another may follow."""
        while self.data[self.at:self.at + 2] == b"\r\n" or self.data[self.at:self.at + 1] == b"\n":
            self._line()
        words = [word for word in self._line().split(b" ") if word]
        if len(words) != 3 or not TOKEN.fullmatch(words[0]) or words[2] not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise NoRequest
        fields = self._fields()
        values = {name: [value for other, value in fields if other == name] for name, _ in fields}
        lengths, codings = values.get(b"content-length", []), values.get(b"transfer-encoding", [])
        if len(lengths) + len(codings) > 1 or any(coding.lower() != b"chunked" for coding in codings):
            raise NoRequest
        hosts = len(values.get(b"host", []))
        if hosts > 1 or words[2] == b"HTTP/1.1" and not hosts or words[2] == b"HTTP/1.0" and codings:
            raise NoRequest
        body = b""
        if codings:
            body = self._chunks()
        elif lengths:
            if not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
                raise NoRequest
            body = self._take(int(lengths[0]))
        options = [option.strip().lower() for value in values.get(b"connection", []) for option in value.split(b",")]
        goes_on = b"close" not in options and (words[2] == b"HTTP/1.1" or b"keep-alive" in options)
        return (words[0].decode(), words[1].decode("latin-1"), body), goes_on


def strictly_read(data: bytes) -> list:
    """The whole requests in these bytes, up to the first that is not one."""
    reader, found, goes_on = StrictReader(data), [], True
    try:
        while goes_on:
            request, goes_on = reader.request()
            found.append(request)
    except NoRequest:
        pass
    return found
