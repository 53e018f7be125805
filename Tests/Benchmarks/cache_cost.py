#!/usr/bin/env python3
"""What a hit costs beside a miss: CPU time of the weir process per request.

    python3 Tests/Benchmarks/cache_cost.py --weir PATH [--scenarios small,large,stream] [--rounds 3] [--requests 2000]
                                           [--json FILE] [--bound stream=10]

The upstream is `weir simulate` in a process of its own, whose time is not counted. Misses and hits take turns, a round
each, so that other work on the machine burdens both; a miss is the same request with a fresh number in it. Clients take
gzip, as those of OpenAI and Anthropic do, so that what is held compressed is sent as it is. CPU is user and system time
of all threads, from /proc/PID/task/*/schedstat; each figure is the median of the rounds. `--bound` makes the program
fail when a miss costs less than so many hits.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CONNECTIONS = 8

# Words of the reply, and whether it is a stream of as many events.
SCENARIOS = {"small": (30, False), "large": (5_000, False), "stream": (300, True)}


def started(command: list, folder: Path, name: str, environment: dict, address) -> tuple:
    """A process, and what `address(its output)` finds once it listens."""
    output = folder / f"{name}.log"
    with open(output, "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    for _ in range(1000):
        for line in output.read_text().splitlines():
            if '"listening"' in line and line.endswith("}"):
                return process, address(json.loads(line))
        if process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    sys.exit(f"{name} did not start:\n{output.read_text()}")


def cpu_seconds(pid: int) -> float:
    """What all threads have run; none of weir's ends while it serves."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def request(scenario: str, number) -> bytes:
    """A chat request; requests with the same number are identical."""
    words, stream = SCENARIOS[scenario]
    body = json.dumps({"model": "moonshotai/kimi-k2", "stream": stream, "seed": number, "messages": [
        {"role": "system", "content": "You are terse. " * 40}, {"role": "user", "content": f"Speak. ({scenario})"}]}).encode()
    return (b"POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            b"Accept-Encoding: gzip, deflate\r\nx-sim-tokens: %d\r\nContent-Length: %d\r\n\r\n" % (words, len(body))) + body


def read_reply(connection: socket.socket) -> bytes:
    """The head of the next reply, whose body is read and dropped."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += received(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length: " in lower:
        missing = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]) - len(rest)
        while missing > 0:
            missing -= len(received(connection))
    else:
        while not rest.endswith(b"0\r\n\r\n"):
            rest = rest[-16:] + received(connection)
    return head


def received(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 20)
    if not data:
        sys.exit("weir closed a connection amid a reply")
    return data


def load(port: int, messages: list, expected: bytes) -> None:
    """Sends these requests over some connections, and fails where the cache did something else than expected."""
    wrong = []

    def run(share: list) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for message in share:
                connection.sendall(message)
                head = read_reply(connection)
                if b" 200 " not in head[:20] or b"x-weir-cache: " + expected not in head:
                    wrong.append(head)
                    return
    threads = [threading.Thread(target=run, args=(messages[number::CONNECTIONS],)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        sys.exit(f"no {expected.decode()}:\n{wrong[0].decode()}")


def measured(pid: int, port: int, messages: list, expected: bytes) -> float:
    """CPU microseconds for each of these requests."""
    before = cpu_seconds(pid)
    load(port, messages, expected)
    return (cpu_seconds(pid) - before) / len(messages) * 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--weir", type=Path, required=True)
    options.add_argument("--scenarios", default=",".join(SCENARIOS))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--json", type=Path)
    options.add_argument("--bound", action="append", default=[], metavar="SCENARIO=RATIO")
    chosen = options.parse_args()
    bounds = {name: float(ratio) for name, ratio in (bound.split("=") for bound in chosen.bound)}
    if not chosen.weir.is_file():
        sys.exit(f"{chosen.weir} is no file; build weir first: swift build -c release --product weir")
    binary, bare, rows = str(chosen.weir.resolve()), {"PATH": os.environ["PATH"]}, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        upstream, url = started([binary, "simulate", "--listen", "127.0.0.1:0"], folder, "upstream", bare,
                                lambda line: line["url"])
        weir, port = started(
            [binary, "serve"], folder, "weir",
            bare | {"WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_UPSTREAM_URL": url,
                    "OPENROUTER_API_KEY": "sk-bench", "WEIR_LEDGER": "off", "WEIR_LOG_LEVEL": "notice"},
            lambda line: int(line["traffic"].split(":")[1]))
        try:
            fresh = 0
            for scenario in chosen.scenarios.split(","):
                costs = {b"miss": [], b"hit": []}
                load(port, [request(scenario, "kept")], b"miss")
                for _ in range(chosen.rounds):
                    count = chosen.requests // (4 if scenario != "small" else 1)
                    misses = [request(scenario, fresh + number) for number in range(count)]
                    fresh += count
                    costs[b"miss"].append(measured(weir.pid, port, misses, b"miss"))
                    costs[b"hit"].append(measured(weir.pid, port, [request(scenario, "kept")] * chosen.requests, b"hit"))
                miss, hit = (statistics.median(costs[kind]) for kind in (b"miss", b"hit"))
                rows.append({"scenario": scenario, "miss_us": miss, "hit_us": hit, "ratio": miss / hit})
                print(f"{scenario:8} miss {miss:8.1f} µs   hit {hit:7.1f} µs   {miss / hit:5.1f} times", flush=True)
        finally:
            for process in (weir, upstream):
                process.kill()
                process.wait()
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))
    missed = [row for row in rows if row["ratio"] < bounds.get(row["scenario"], 0)]
    for row in missed:
        print(f"{row['scenario']}: a miss costs {row['ratio']:.1f} hits, less than {bounds[row['scenario']]}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
