#!/usr/bin/env python3
"""What the cache's second tier costs: latency and CPU time of a miss without a store, a miss with one, and a hit there.

    python3 Tests/Benchmarks/fleet_cache_cost.py --weir PATH [--scenarios small,large,stream] [--requests 1000]

Three sidecars before one simulator: one alone, two with a redis-server on this machine. Each request goes alone over
one connection: as a miss to the one alone, as a miss to the second, and then, when it is in the store, to the third,
whose memory has not got it. The kinds take turns, so that other work on the machine burdens all. CPU is of the weir
process that answers, its store's thread included; the replies' way into the store is a miss's.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cache_cost import SCENARIOS, cpu_seconds, read_reply, request, started

BATCH = 50


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sidecar:
    def __init__(self, binary: str, folder: Path, name: str, url: str, store: str):
        settings = {"PATH": os.environ["PATH"], "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0",
                    "WEIR_UPSTREAM_URL": url, "OPENROUTER_API_KEY": "sk-bench", "WEIR_LEDGER": "off",
                    "WEIR_LOG_LEVEL": "notice"} | (
                        {"WEIR_REDIS_URL": store, "WEIR_REDIS_DEADLINE_MS": "1000"} if store else {})
        self.process, port = started([binary, "serve"], folder, name, settings,
                                     lambda line: int(line["traffic"].split(":")[1]))
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.latencies, self.cpu, self.count = [], 0.0, 0

    def ask(self, messages: list, expected: bytes, counts: bool = True) -> None:
        before = cpu_seconds(self.process.pid)
        for message in messages:
            begun = time.perf_counter()
            self.connection.sendall(message)
            head = read_reply(self.connection)
            if counts:
                self.latencies.append(time.perf_counter() - begun)
                if b"x-weir-cache: " + expected not in head:
                    sys.exit(f"no {expected.decode()}:\n{head.decode()}")
        # What is done after the reply is a request's too.
        time.sleep(0.2)
        if counts:
            self.cpu += cpu_seconds(self.process.pid) - before
            self.count += len(messages)

    def figures(self) -> str:
        quantiles = statistics.quantiles(self.latencies, n=100)
        return f"{quantiles[49] * 1e6:7.0f} {quantiles[98] * 1e6:7.0f} µs, CPU {self.cpu / self.count * 1e6:5.0f} µs"


def measure(binary: str, scenario: str, requests: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, port, running = Path(name), free_port(), []
        redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
                                 cwd=folder, stdout=subprocess.DEVNULL)
        running.append(redis)
        try:
            upstream, url = started([binary, "simulate", "--listen", "127.0.0.1:0"], folder, "upstream",
                                    {"PATH": os.environ["PATH"]}, lambda line: line["url"])
            running.append(upstream)
            store = f"redis://127.0.0.1:{port}"
            alone, writer, reader = (Sidecar(binary, folder, *each) for each in (
                ("alone", url, ""), ("writer", url, store), ("reader", url, store)))
            running += [each.process for each in (alone, writer, reader)]
            time.sleep(2)
            for each in (alone, writer, reader):
                each.ask([request(scenario, f"{id(each)} {number}") for number in range(30)], b"", counts=False)
            for first in range(0, requests, BATCH):
                messages = [request(scenario, first + number) for number in range(BATCH)]
                alone.ask(messages, b"miss")
                writer.ask(messages, b"miss")
                reader.ask(messages, b"hit")
            print(f"{scenario}: half, 99 of 100 within\n  miss, no store   {alone.figures()}\n"
                  f"  miss, a store    {writer.figures()}\n  hit in the store {reader.figures()}", flush=True)
        finally:
            for process in running:
                process.kill()
                process.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--weir", type=Path, required=True)
    options.add_argument("--scenarios", default=",".join(SCENARIOS))
    options.add_argument("--requests", type=int, default=1000)
    chosen = options.parse_args()
    for scenario in chosen.scenarios.split(","):
        measure(str(chosen.weir.resolve()), scenario, chosen.requests)


if __name__ == "__main__":
    main()
