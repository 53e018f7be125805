"""What is measured. Each scenario yields rows: a dictionary with scenario, load, proxy, measure, value, unit, ratio (to
nginx in the same rounds), spread, failures; `target` and `stretch` are those of the project."""

import contextlib
import os
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from . import loads
from .loads import FRESH, SAME
from .processes import Bench, PROXY, Proxy, REPLY, UPSTREAM, await_port, free_ports

# Bytes of padding in the prompt: a request of about 1 kB, and one of 600 kB (a 128,000-token conversation).
SMALL, BIG = 800, 600_000

# A measure that has no target: what more connections do to nginx's own cost is the machine's doing.
BESIDE = "CPU beside nginx's"

# For its own sake: what it costs is another row.
OPENED = "connections to the upstream"

# How much of nginx's cost (or, where the unit says so, of what) a scenario may take.
TARGETS = {
    "small": (2.2, 1.8), "latency": (2.0, 1.3), "hit": (1.2, 0.8), "stream": (2.0, 1.0), "big": (2.0, 1.3),
    "idle": (24, 12), "tls": (1.5, 1.0), "growth": (1.3, 1.1), "resident": (30, 15), "ready": (100, 30),
    "binary": (40, 20),
}


@dataclass
class Plan:
    """What the command line asks for."""

    rounds: int
    seconds: int
    streams: int
    idle: int
    soak: float
    peers: list


class Scenarios:
    """The scenarios on the processes of one bench; each starts the weir that it needs."""

    def __init__(self, bench: Bench, plan: Plan):
        self.bench, self.plan = bench, plan
        self.upstream, self.tls_upstream, self.events, self.quiet = free_ports(4)
        self.plain, self.kept, self.unbuffered, self.secure = free_ports(4)
        self.certificate = bench.certificate()
        bench.nginx("upstream", UPSTREAM % {
            "plain": self.upstream, "tls": self.tls_upstream, "reply": REPLY, "folder": bench.folder})
        source = loads.STREAMS
        bench.start([sys.executable, source, "serve", self.events])
        bench.start([sys.executable, source, "idle", self.quiet])
        self.nginx = bench.nginx("proxy", PROXY % {
            "upstream": self.upstream, "upstream_tls": self.tls_upstream, "events": self.events, "plain": self.plain,
            "cache": self.kept, "stream": self.unbuffered, "tls": self.secure})
        for port in (self.upstream, self.events, self.quiet, self.plain):
            await_port(port)

    def yardstick(self, port: int) -> Proxy:
        return Proxy("nginx", port, self.nginx.pid)

    @contextlib.contextmanager
    def weir(self, port: int, scheme: str = "http", **settings):
        """A weir of the scenario's own, ended with it."""
        started = self.bench.weir_before(f"{scheme}://localhost:{port}/v1" if scheme == "https"
                                         else f"http://127.0.0.1:{port}/v1", **settings)
        try:
            yield started
        finally:
            self.bench.end(next(each for each in self.bench.processes if each.pid == started.pid))

    @contextlib.contextmanager
    def single(self, port: int, scheme: str = "http", **settings):
        """A weir with one event loop, as nginx and Envoy have one worker here; else as `weir`."""
        with self.weir(port, scheme, WEIR_EVENT_LOOPS="1", **settings) as started:
            yield replace(started, name="weir, one loop")

    @contextlib.contextmanager
    def peers(self, port: int, names: list, certificate: Path | None = None):
        started = [self.bench.peer(name, port, certificate) for name in names]
        try:
            yield started
        finally:
            for proxy in started:
                self.bench.end(next(each for each in self.bench.processes if each.pid == proxy.pid))

    # MARK: Requests

    def _requests(self, scenario: str, proxies: list, padding: int, mark: str, connections: int):
        script = loads.script(self.bench, scenario, padding, mark)
        for each in proxies:
            loads.requests(each, script, connections, 1)  # warm
        taken = loads.rounds(proxies, self.plan.rounds,
                             lambda each: loads.requests(each, script, connections, self.plan.seconds))
        return cost_rows(scenario, f"{connections} connections", "CPU µs a request", taken)

    def small(self):
        """1 kB, proxied; the cache off, all else at its default."""
        with (self.weir(self.upstream, WEIR_CACHE_TTL="0") as weir, self.single(self.upstream, WEIR_CACHE_TTL="0") as single,
              self.peers(self.upstream, self.plan.peers) as peers):
            yield from self._requests("small", [self.yardstick(self.plain), weir, single, *peers], SMALL, FRESH, 32)

    def default(self):
        """1 kB, proxied, the cache on as well: every request a miss."""
        with self.weir(self.upstream) as weir:
            yield from self._requests("default", [self.yardstick(self.plain), weir], SMALL, FRESH, 32)

    def latency(self):
        """What a proxy adds to the median latency at one connection."""
        direct = Proxy("direct", self.upstream, self.nginx.pid)
        with self.weir(self.upstream, WEIR_CACHE_TTL="0") as weir, self.peers(
                self.upstream, [each for each in self.plan.peers if each != "litellm"]) as peers:
            proxies = [direct, self.yardstick(self.plain), weir, *peers]
            script = loads.script(self.bench, "latency", SMALL, FRESH)
            for each in proxies:
                loads.requests(each, script, 1, 1)
            taken = loads.rounds(proxies, self.plan.rounds,
                                 lambda each: loads.requests(each, script, 1, self.plan.seconds))
        added = {name: [one.p50_us - base.p50_us for one, base in zip(each, taken["direct"])]
                 for name, each in taken.items() if name != "direct"}
        for name, values in added.items():
            yield row("latency", "1 connection", name, "added median latency", values, "µs",
                      statistics.median(added["nginx"]), sum(one.failures for one in taken[name]))

    def hit(self):
        """The same 1 kB request again and again, answered from the cache."""
        with self.weir(self.upstream) as weir:
            yield from self._requests("hit", [self.yardstick(self.kept), weir], SMALL, SAME, 32)
            if loads.samples(weir, "weir_cache_requests_total", 'result="hit"') == 0:
                sys.exit("compare: the scenario `hit` had no hit")

    def big(self):
        """600 kB, the model rewritten."""
        names = [each for each in self.plan.peers if each != "litellm"]
        with (self.weir(self.upstream, WEIR_CACHE_TTL="0") as weir, self.single(self.upstream, WEIR_CACHE_TTL="0") as single,
              self.peers(self.upstream, names) as peers):
            yield from self._requests("big", [self.yardstick(self.plain), weir, single, *peers], BIG, FRESH, 8)

    def tls(self):
        """Over TLS to an upstream that speaks HTTP/2; nginx's own way there is HTTP/1.1, the others' is HTTP/2."""
        settings = {"WEIR_CACHE_TTL": "0", "WEIR_CA_FILE": str(self.certificate)}
        names = [each for each in self.plan.peers if each != "litellm"]
        for connections in (32, 256):
            with (self.weir(self.tls_upstream, "https", **settings) as weir,
                  self.single(self.tls_upstream, "https", **settings) as single,
                  self.peers(self.tls_upstream, names, self.certificate) as peers):
                yield from self._requests(
                    "tls", [self.yardstick(self.secure), weir, single, *peers], SMALL, FRESH, connections)
                opened = loads.samples(weir, "weir_upstream_connections_total", 'reused="false"')
                yield row("tls", f"{connections} connections", "weir", OPENED, [opened], "", None)

    # MARK: Streams

    def stream(self):
        """An event each 20 ms on each of many streams."""
        with self.weir(self.events) as weir, self.peers(
                self.events, [each for each in self.plan.peers if each != "litellm"]) as peers:
            taken = loads.rounds([self.yardstick(self.unbuffered), weir, *peers], self.plan.rounds,
                                 lambda each: loads.streams(each, self.plan.streams, self.plan.seconds))
            yield from cost_rows("stream", f"{self.plan.streams} streams", "CPU µs an event", taken)

    def idle(self):
        """Resident memory of each open stream that says nothing."""
        bounds = {"WEIR_MAX_CONNECTIONS": str(self.plan.idle + 100), "WEIR_MAX_IN_FLIGHT": str(self.plan.idle + 100)}
        with self.weir(self.quiet, **bounds) as weir:
            kilobytes = loads.idle_streams(weir, self.plan.idle) / 1024
        yield row("idle", f"{self.plan.idle} streams", "weir", "resident memory a stream", [kilobytes], "KB", None)

    # MARK: At rest

    def rest(self):
        """Before the first request: memory, time until /readyz, size of the executable."""
        ready, resident = [], []
        for _ in range(self.plan.rounds):
            began = time.monotonic()
            with self.weir(self.upstream) as weir:
                ready.append((time.monotonic() - began) * 1000)
                time.sleep(2)
                resident.append(loads.resident_mb(weir.pid))
        yield row("resident", "at rest", "weir", "resident memory", resident, "MB", None)
        yield row("ready", "start", "weir", "from exec until both listeners are open", ready, "ms", None)
        size = os.path.getsize(self.bench.weir) / 1e6
        yield row("binary", "", "weir", "size of the executable", [size], "MB", None)

    # MARK: Growth

    def growth(self):
        """CPU a request as connections, kept entries and users grow; the ratio is to the first load. With connections
        each proxy's caches hold less of what a request needs, so nginx and peers are measured beside weir."""
        with self.weir(self.upstream, WEIR_CACHE_TTL="0") as weir, self.peers(
                self.upstream, [each for each in self.plan.peers if each != "litellm"]) as peers:
            yield from self._grows_beside([1, 8, 64, 512], [self.yardstick(self.plain), weir, *peers])
        with self.weir(self.upstream, WEIR_CACHE_MAX_BYTES=str(1 << 30)) as weir:
            yield from self._grows("cache entries", [10, 1_000, 100_000], lambda count: self._filled(
                weir, count, f'(count % {count}) .. "entry"'))
        limits = self.bench.folder / "limits.yaml"
        limits.write_text("limits:\n  rates:\n    - {name: u, requests_per_minute: 100000000, per: [user]}\n")
        with self.weir(self.upstream, WEIR_CACHE_TTL="0", WEIR_CONFIG=str(limits)) as weir:
            yield from self._grows("users with a limit", [10, 1_000, 100_000], lambda count: self._filled(
                weir, count, f'"\\"}}],\\"user\\":\\"u" .. (count % {count}) .. "\\",\\"x\\":[{{\\"y\\":\\""'))

    def _grows_beside(self, counts: list, proxies: list):
        script = loads.script(self.bench, "growth", SMALL, FRESH)
        first: dict = {}
        for count in counts:
            load = f"{count} connections"
            for each in proxies:
                loads.requests(each, script, count, 1)  # warm
            taken = loads.rounds(proxies, self.plan.rounds,
                                 lambda each, count=count: loads.requests(each, script, count, self.plan.seconds))
            cost = {name: [one.cpu_us for one in each] for name, each in taken.items()}
            beside = {name: [one / base for one, base in zip(each, cost["nginx"])] for name, each in cost.items()}
            for name, each in taken.items():
                base = first.setdefault(name, statistics.median(cost[name]))
                yield row("growth", load, name, "CPU µs a request", cost[name], "µs", base,
                          sum(one.failures for one in each))
                if name != "nginx":
                    yield row("growth", load, name, BESIDE, beside[name], "×", None)

    def _filled(self, weir: Proxy, count: int, mark: str):
        script = loads.script(self.bench, f"growth-{count}", SMALL, mark)
        # Long enough for every entry to be there.
        loads.requests(weir, script, 32, max(1, count // 8_000))
        return loads.requests(weir, script, 32, self.plan.seconds)

    @staticmethod
    def _grows(what: str, counts: list, measure):
        first = None
        for count in counts:
            taken = measure(count)
            first = first or taken.cpu_us
            yield row("growth", f"{count} {what}", "weir", "CPU µs a request", [taken.cpu_us], "µs", first,
                      taken.failures)

    # MARK: Soak

    def soak(self):
        """Mixed requests for a while: what memory does after the first minute."""
        fresh, same = (loads.script(self.bench, f"soak-{mark == SAME}", SMALL, mark) for mark in (FRESH, SAME))
        big = loads.script(self.bench, "soak-big", BIG, FRESH)
        with self.weir(self.upstream) as weir:
            ends, sizes, failures = time.monotonic() + self.plan.soak, [], 0
            while time.monotonic() < ends:
                for script, connections in ((fresh, 32), (same, 32), (big, 4), (fresh, 256)):
                    failures += loads.requests(weir, script, connections, 3).failures
                sizes.append((time.monotonic(), loads.resident_mb(weir.pid)))
        settled = [size for at, size in sizes if at > sizes[0][0] + 60] or [size for _, size in sizes]
        yield row("soak", f"{self.plan.soak:.0f} seconds", "weir", "resident memory a minute in", [settled[0]], "MB", None,
                  failures)
        yield row("soak", f"{self.plan.soak:.0f} seconds", "weir", "resident memory at the end", [settled[-1]], "MB",
                  settled[0], failures)


ALL = ["small", "default", "latency", "hit", "stream", "big", "idle", "rest", "tls", "growth", "soak"]


def row(scenario: str, load: str, proxy: str, measure: str, values: list, unit: str, base, failures: float = 0) -> dict:
    middle = statistics.median(values)
    has_target = proxy == "weir" and measure not in (BESIDE, OPENED)
    target, stretch = TARGETS.get(scenario, (None, None)) if has_target else (None, None)
    return {"scenario": scenario, "load": load, "proxy": proxy, "measure": measure, "value": middle, "unit": unit,
            "ratio": middle / base if base and base > 0 else None, "spread": loads.spread(values), "target": target,
            "stretch": stretch, "failures": failures}


def cost_rows(scenario: str, load: str, measure: str, taken: dict):
    base = statistics.median(one.cpu_us for one in taken["nginx"])
    for name, each in taken.items():
        made = row(scenario, load, name, measure, [one.cpu_us for one in each], "µs", base,
                   sum(one.failures for one in each))
        made |= {key: statistics.median(getattr(one, key) for one in each)
                 for key in ("per_second", "p50_us", "p99_us", "resident_mb")}
        yield made
