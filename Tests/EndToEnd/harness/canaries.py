"""Words planted where nobody may repeat them, and the search for them in everything that weir wrote."""

import base64
import gzip
import urllib.parse
import zlib
from pathlib import Path


class Canaries:
    """Each has a name of its own and a word that no program makes by chance."""

    def __init__(self):
        self.words = {}

    def plant(self, name: str) -> str:
        """A new word for `name`; it holds a character that JSON, URLs and Base64 spell differently."""
        return self.words.setdefault(name, f"cnry/{name}+{len(self.words):03}~zq")

    def spellings(self, name: str) -> dict:
        """How the word may look in what is written."""
        word = self.words[name]
        data = word.encode()
        found = {"plain": data, "escaped solidus": word.replace("/", "\\/").encode(),
                 "unicode escapes": "".join(f"\\u{ord(c):04x}" for c in word).encode(),
                 "HTML": word.replace("+", "&#43;").replace("/", "&#47;").encode(),
                 "percent": urllib.parse.quote(word, safe="").encode(),
                 "all percent": "".join(f"%{byte:02X}" for byte in data).encode(),
                 "hex": data.hex().encode(), "HEX": data.hex().upper().encode(),
                 "UTF-16": word.encode("utf-16-le")}
        # What of its Base64 does not depend on the bytes before and behind it, for each of the three alignments.
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + data)
            found[f"base64, shifted by {shift}"] = whole[(shift * 8 + 5) // 6:len(whole) // 4 * 4 - 4]
        return found

    def found_in(self, data: bytes) -> list:
        """The planted words in these bytes, in any spelling."""
        lower = data.lower()
        found = []
        for name in self.words:
            # One word begins like the other; its own part tells.
            for how, spelt in self.spellings(name).items():
                if spelt in data or (how in ("percent", "unicode escapes") and spelt.lower() in lower):
                    found.append(f"{name} ({how})")
        return found

    def check(self, where: str, data: bytes) -> None:
        found = self.found_in(data)
        assert not found, f"{where} holds {found}: {self._around(data, found)!r}"

    def _around(self, data: bytes, found: list) -> bytes:
        name, _, how = found[0].partition(" (")
        spelt = self.spellings(name)[how.rstrip(")")]
        at = data.lower().find(spelt.lower())
        return data[max(at - 200, 0):at + 100]


def files_below(folder: Path) -> dict:
    """Every byte on the disk below the folder; gzip is undone."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found[str(path.relative_to(folder))] = data
            if data[:2] == b"\x1f\x8b":
                found[f"{path.name} unpacked"] = zlib.decompress(data, 31)
    return found


def whole(reply) -> bytes:
    """All of a reply: its head as sent, its body, unpacked where it is gzip."""
    head = "\r\n".join([reply.start_line, *(f"{name}: {value}" for name, value in reply.headers)])
    body = gzip.decompress(reply.body) if reply.get("content-encoding") == "gzip" else reply.body
    return head.encode("latin-1") + b"\r\n\r\n" + body
