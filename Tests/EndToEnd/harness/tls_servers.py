"""TLS servers that are right or wrong in one thing, and names that only one weir knows."""

import shlex
import socket
import ssl
import subprocess
import threading
import warnings
from pathlib import Path

from .certificates import Authority, Certificate, authority, make_certificate
from .eventually import eventually
from .exact_upstream import ExactUpstream
from .listener import Listener

ONE = ["http/1.1"]


def versions(first: ssl.TLSVersion, last: ssl.TLSVersion) -> ssl.SSLContext:
    context = authority().certificate().server(ONE)
    # Else the library's own policy keeps the old versions out before the client can.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of versions that nobody should offer any more
        context.minimum_version, context.maximum_version = first, last
    return context


def asking_for_a_certificate(mode: ssl.VerifyMode) -> ssl.SSLContext:
    context = authority().certificate().server(ONE)
    context.verify_mode = mode
    context.load_verify_locations(authority().file)
    return context


def showing(subject: str = "IP:127.0.0.1,DNS:localhost", name: str = "weir test server",
            days: tuple = (-1, 30)) -> ssl.SSLContext:
    return authority().certificate(subject, name, days).server(ONE)


def of_strangers(folder: Path) -> dict:
    """Certificates that no authority vouches for which weir trusts."""
    other = folder / "other"
    other.mkdir()
    return {"signed by itself": make_certificate(folder).server(ONE),
            "signed by a stranger": Authority(other).certificate().server(ONE)}


class Odd(Listener):
    """Accepts connections and hands them, with what came first, to a function."""

    def __init__(self, serve):
        self.serve = serve
        self.heard = []
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}/api/v1"

    def _serve(self, connected: socket.socket, number: int) -> None:
        connected.settimeout(30)
        try:
            self.heard.append(connected.recv(65536))
            self.serve(connected)
        except OSError:
            pass
        connected.close()


def reset(connected: socket.socket) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def never(connected: socket.socket) -> None:
    while connected.recv(65536):
        pass


ODD = {
    "a plain HTTP server": lambda it: it.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "garbage": lambda it: it.sendall(bytes(range(256)) * 4),
    "an SSH server": lambda it: it.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "an alert": lambda it: it.sendall(b"\x15\x03\x03\0\x02\x02\x28"),
    "half a record": lambda it: it.sendall(b"\x16\x03\x03\x00\x7a\x02\0\0"),
    "a huge record": lambda it: it.sendall(b"\x16\x03\x03\xff\xff" + b"\2" * 70_000),
    "an end": lambda it: None,
    "a reset": reset,
}


class OpensslServer:
    """`openssl s_server`, which can do what Python's TLS cannot; `write` sends bytes, or an order such as "K"."""

    def __init__(self, certificate: Certificate, *arguments: str):
        self.child = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.certificate, "-key", certificate.key,
             *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = b""
        threading.Thread(target=self._read, daemon=True).start()
        eventually(lambda: b"ACCEPT 127.0.0.1:" in self.output and self.output.endswith(b"\n"), "s_server listens")
        self.port = int(self.output.split(b"ACCEPT 127.0.0.1:")[1].split()[0])
        self.url = f"https://127.0.0.1:{self.port}/api/v1"

    def _read(self) -> None:
        while data := self.child.stdout.read1(65536):
            self.output += data

    def await_output(self, text: bytes) -> None:
        eventually(lambda: text in self.output, f"s_server prints {text}")

    def write(self, data: bytes) -> None:
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def knowing(binary: Path, folder: Path, hosts: dict) -> Path:
    """A command in weir's place for which these names have these addresses; needs root and mount namespaces."""
    table = folder / "hosts"
    table.write_text("127.0.0.1 localhost\n" + "".join(
        f"{address} {name}\n" for name, addresses in hosts.items() for address in addresses))
    script = folder / "weir-with-hosts"
    inner = f"mount --make-rprivate / && mount --bind {shlex.quote(str(table))} /etc/hosts && exec \"$@\""
    script.write_text(f"#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} sh {shlex.quote(str(binary))} \"$@\"\n")
    script.chmod(0o755)
    return script


def names_are_to_be_had() -> bool:
    try:
        return subprocess.run(["unshare", "-m", "mount", "--make-rprivate", "/"], capture_output=True).returncode == 0
    except OSError:
        return False


class Servers:
    """Upstreams behind these contexts, by name, and a configuration in which each has a model `acme/NAME`."""

    def __init__(self, contexts: dict, odd: dict):
        self.upstreams = {name: ExactUpstream(tls=context) for name, context in contexts.items()}
        self.upstreams |= {name: Odd(serve) for name, serve in odd.items()}

    def __getitem__(self, name: str):
        return self.upstreams[name]

    @staticmethod
    def model(name: str) -> str:
        return "acme/" + name.replace(" ", "-").lower()

    def configuration(self, hosts: dict) -> str:
        """`hosts` names the upstreams' hosts where those are not 127.0.0.1."""
        addresses = {name: upstream.url.replace("127.0.0.1", hosts.get(name, "127.0.0.1"))
                     for name, upstream in self.upstreams.items()}
        ids = {name: f"u{number}" for number, name in enumerate(self.upstreams)}
        lines = ["upstreams:"] + [f"  {ids[name]}: {{url: \"{url}\"}}" for name, url in addresses.items()]
        lines += ["models:", "  catalog:"]
        lines += [f"    - {{id: {self.model(name)}, upstreams: [{ids[name]}]}}" for name in addresses]
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        for each in self.upstreams.values():
            each.close()
