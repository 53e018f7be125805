#!/usr/bin/env python3
"""Instructions that weir executes for a small chat request, counted by valgrind: the count repeats from run to run, and
from machine to machine within a few percent, where CPU time does not.

    python3 Tests/Benchmarks/instructions.py --weir PATH [--scenarios bare,tls,default] [--requests 100] [--json FILE]
                                             [--bound bare=250000]

Each scenario runs twice under `valgrind --tool=callgrind`, with N and with 2N requests one after the other on one
connection; the difference is what N requests cost in the whole process, ledger and log included. `bare` is a weir
without cache and ledger, `tls` the same before an upstream with TLS and HTTP/2, `default` one as it comes, of which every
request is new to the cache. The upstream is an nginx with a fixed reply. The kernel's instructions are not counted, and valgrind hides the processor's SHA
instructions, so that a cache key counts for more than it costs. `--bound` makes the program fail when a scenario needs
more.
Needs nginx, valgrind and binutils on the PATH. Status 69 means that valgrind cannot run the executable.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from comparison.processes import REPLY, Bench, await_port, free_ports

UPSTREAM = """
server {
  listen 127.0.0.1:%(plain)d; listen 127.0.0.1:%(tls)d ssl http2; keepalive_requests 1000000;
  ssl_certificate %(folder)s/tls.crt; ssl_certificate_key %(folder)s/tls.key;
  location / { default_type application/json; return 200 '%(reply)s'; }
}
"""

BARE = {"WEIR_LEDGER": "off", "WEIR_CACHE_TTL": "0"}
SCENARIOS = {"bare": BARE, "tls": BARE, "default": {}}
WARM = 100
UNABLE = 69  # EX_UNAVAILABLE of sysexits.h


class CannotRun(Exception):
    """valgrind and this executable do not get on."""


def request(number: int) -> bytes:
    body = json.dumps({
        "model": "kimi-k2", "temperature": 0.6, "max_tokens": 100,
        "messages": [{"role": "system", "content": "You are a helpful assistant. " + "x" * 800},
                     {"role": "user", "content": f"Hello {number}"}]}).encode()
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer sk-app\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def received(connection: socket.socket) -> bytes:
    return connection.recv(65536) or sys.exit("instructions: weir closed the connection")


def ask(port: int, count: int) -> None:
    """Sends so many requests, each when the one before is answered."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        for number in range(count):
            connection.sendall(request(number))
            reply = b""
            while b"\r\n\r\n" not in reply:
                reply += received(connection)
            head, _, body = reply.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                sys.exit(f"instructions: weir answered {head[:200]}")
            length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
            while len(body) < length:
                body += received(connection)


def counted(bench: Bench, weir: Path, name: str, settings: dict, requests: int) -> int:
    """The instructions of a whole run, from start to end."""
    home = bench.folder / name
    home.mkdir()
    ports = home / "ports.json"
    bare = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    log = home / "log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", weir, "serve"], cwd=home, stdout=output,
            stderr=output, env=bare | {
                "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_PORT_FILE": str(ports),
                "OPENROUTER_API_KEY": "sk-or-v1-x"} | settings)
    try:
        end = time.monotonic() + 60
        traffic = None
        while traffic is None and time.monotonic() < end:
            if process.poll() is not None:
                raise CannotRun(log.read_text(errors="replace")[-2000:])
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                traffic = json.loads(ports.read_text())["traffic"]
            time.sleep(0.05)
        if traffic is None:
            raise CannotRun("weir was not ready after a minute")
        ask(traffic, requests)
        process.terminate()
        process.wait(60)
    finally:
        process.kill()
        process.wait()
    found = re.search(r"Collected : (\d+)", log.read_text(errors="replace"))
    if not found:
        raise CannotRun(log.read_text(errors="replace")[-2000:])
    return int(found.group(1))


def run(arguments) -> dict:
    """Instructions a request, by scenario."""
    figures = {}
    plain_port, tls_port = free_ports(2)
    with Bench(arguments.weir.resolve()) as bench:
        # valgrind 3.19 stumbles over the debug information that Swift writes, and takes long to read the names.
        plain = bench.folder / "weir"
        subprocess.run(["strip", "-o", plain, arguments.weir], check=True)
        trusted = {"WEIR_CA_FILE": str(bench.certificate())}
        bench.nginx("upstream", UPSTREAM % {
            "plain": plain_port, "tls": tls_port, "reply": REPLY, "folder": bench.folder})
        await_port(plain_port)
        for scenario in arguments.scenarios:
            url = f"https://localhost:{tls_port}/v1" if scenario == "tls" else f"http://127.0.0.1:{plain_port}/v1"
            settings = SCENARIOS[scenario] | trusted | {"WEIR_UPSTREAM_URL": url}
            one, two = (
                counted(bench, plain, f"{scenario}-{times}", settings, WARM + times * arguments.requests)
                for times in (1, 2))
            figures[scenario] = round((two - one) / arguments.requests)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", type=Path, required=True, help="the executable, a release build")
    parser.add_argument("--scenarios", type=lambda text: text.split(","), default=list(SCENARIOS))
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    parser.add_argument("--bound", action="append", default=[], metavar="SCENARIO=INSTRUCTIONS")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # Debian's place for nginx
    for tool in ("nginx", "valgrind", "strip"):
        if not shutil.which(tool):
            parser.error(f"{tool} is not on the PATH")
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"unknown scenarios: {', '.join(sorted(unknown))}")
    bounds = {name: int(most) for name, _, most in (each.partition("=") for each in arguments.bound)}
    try:
        figures = run(arguments)
    except CannotRun as problem:
        print(f"instructions: valgrind cannot run {arguments.weir}:\n{problem}", file=sys.stderr)
        return UNABLE
    for scenario, figure in figures.items():
        print(f"{scenario:>8} {figure:>9,} instructions a request")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures) + "\n")
    over = [f"{name}: {figures[name]:,} instructions a request, {most:,} are allowed"
            for name, most in bounds.items() if name in figures and figures[name] > most]
    for each in over:
        print(f"instructions: {each}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
