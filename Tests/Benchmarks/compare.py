#!/usr/bin/env python3
"""What a request costs in weir beside nginx: CPU time per proxied request and per streamed event.

    python3 Tests/Benchmarks/compare.py --weir PATH [--scenarios small,big,stream] [--rounds 3] [--seconds 4]
                                        [--connections 1,32] [--json FILE] [--bound small=3]

Both proxies stand before the same upstream, an nginx with a fixed reply (a Python event source in the
scenario `stream`), and are loaded in turns, a round each, so that other work on the machine burdens both.
CPU is user and system time of the process and its children, from /proc; each figure is the median of the
rounds; the ratio is to nginx in the same run. Cache and ledger are off: nginx has neither (cache_cost.py
tells what the cache costs and saves). `--bound` makes the program fail when a scenario's ratio is above it at any number of connections.
Needs nginx and wrk on the PATH.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
HERE = Path(__file__).resolve().parent

REPLY = json.dumps({
    "id": "gen-1", "object": "chat.completion", "created": 1700000000, "model": "moonshotai/kimi-k2",
    "provider": "bench", "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": "A reply of moderate length. " * 6}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 30, "total_tokens": 50, "cost": 0.0001}})

# Bytes of padding in the prompt: a request of about 1 kB, and one of 600 kB (a 128,000-token conversation).
PADDING = {"small": 800, "big": 600_000}

NGINX = """
%(user)s worker_processes 1; daemon off; pid %(folder)s/%(name)s.pid; error_log %(folder)s/%(name)s.err;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 100000000; client_body_buffer_size 4m; client_max_body_size 100m;
  client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
  %(servers)s
}
"""

UPSTREAM = """
server { listen 127.0.0.1:%(port)d backlog=4096; location / { default_type application/json; return 200 '%(reply)s'; } }
"""

PROXY = """
upstream fixed { server 127.0.0.1:%(upstream)d; keepalive 512; keepalive_requests 100000000; }
upstream events { server 127.0.0.1:%(events)d; keepalive 512; }
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-or-v1-x";
server { listen 127.0.0.1:%(plain)d backlog=4096; location / { proxy_pass http://fixed; } }
server { listen 127.0.0.1:%(stream)d backlog=4096; location / { proxy_pass http://events; proxy_buffering off; } }
"""

# wrk calls request() for each request it sends.
SCRIPT = """
local count = 0
local salt = tostring(os.time()) .. tostring(math.random(1, 1000000000))
local head = '{"model":"kimi-k2","messages":[{"role":"system","content":"You are a helpful assistant. '
  .. string.rep("x", %(padding)d) .. '"},{"role":"user","content":"Hello '
local tail = '"}],"temperature":0.6,"max_tokens":100}'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-app"
request = function()
  count = count + 1
  return wrk.format(nil, nil, nil, head .. salt .. count .. tail)
end
"""


@dataclass
class Measurement:
    """One round of one proxy."""

    cpu_us: float  # of the proxy, per request or per event
    per_second: float
    p50_us: float
    p99_us: float
    resident_mb: float
    failures: int


@dataclass
class Proxy:
    name: str
    port: int
    pid: int


class Bench:
    """The processes of one run, in one temporary folder; all are ended with it."""

    def __init__(self, weir: Path):
        self.weir = weir
        self.folder = Path(tempfile.mkdtemp(prefix="weir-bench-"))
        self.processes: list = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGTERM)
        for each in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.wait(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, environment=None) -> subprocess.Popen:
        with open(self.folder / f"{len(self.processes)}.log", "wb") as log:
            started = subprocess.Popen([str(part) for part in command], cwd=self.folder, stdout=log, stderr=log,
                                       env=environment, start_new_session=True)
        self.processes.append(started)
        return started

    def nginx(self, name: str, servers: str) -> subprocess.Popen:
        user = "user root;" if os.geteuid() == 0 else ""
        path = self.folder / f"{name}.conf"
        path.write_text(NGINX % {"user": user, "folder": self.folder, "name": name, "servers": servers})
        return self.start(["nginx", "-c", path])

    def weir_before(self, port: int, name: str) -> Proxy:
        """A weir whose upstream listens on `port`."""
        home = self.folder / name
        home.mkdir()
        bare = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
        started = self.start([self.weir, "serve"], bare | {
            "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_LEDGER": "off", "WEIR_CACHE_TTL": "0",
            "WEIR_UPSTREAM_URL": f"http://127.0.0.1:{port}/v1", "OPENROUTER_API_KEY": "sk-or-v1-x",
            "WEIR_PORT_FILE": str(home / "ports.json"), "WEIR_LOG_LEVEL": "warning"})
        traffic = await_ports(home / "ports.json", started)
        return Proxy("weir", traffic, started.pid)


def await_ports(path: Path, process: subprocess.Popen) -> int:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(path.read_text())["traffic"]
        time.sleep(0.02)
    sys.exit("compare: weir did not start")


def await_port(port: int) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        time.sleep(0.02)
    sys.exit(f"compare: nothing listens on port {port}")


def free_ports(count: int) -> list:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def family(pid: int) -> list:
    """The process and its descendants."""
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{found[-1]}/task"):
                todo += [int(child) for child in Path(f"/proc/{found[-1]}/task/{task}/children").read_text().split()]
    return found


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def resident_mb(pid: int) -> float:
    kilobytes = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            if found := re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{each}/status").read_text()):
                kilobytes += int(found.group(1))
    return kilobytes / 1024


def load(proxy: Proxy, script: Path, connections: int, seconds: int) -> Measurement:
    """One round of requests by wrk."""
    before = cpu_seconds(proxy.pid)
    said = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script),
         f"http://127.0.0.1:{proxy.port}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(proxy.pid) - before
    requests = int(re.search(r"(\d+) requests in", said).group(1))
    if requests == 0:
        sys.exit(f"compare: {proxy.name} answered nothing\n{said}")
    units = {"us": 1, "ms": 1_000, "s": 1_000_000}
    latency = {quantile: float(value) * units[unit]
               for quantile, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failures = (int(bad.group(1)) if bad else 0) + (sum(map(int, broken.groups())) if broken else 0)
    return Measurement(used / requests * 1e6, requests / seconds, latency.get("50", 0), latency.get("99", 0),
                       resident_mb(proxy.pid), failures)


def stream(proxy: Proxy, count: int, seconds: int) -> Measurement:
    """One round of `count` open streams."""
    command = [sys.executable, HERE / "event_streams.py", "read", str(proxy.port), str(count), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()  # all streams are open
        before = cpu_seconds(proxy.pid)
        reader.stdin.write("go\n")
        reader.stdin.flush()
        events, broken = map(int, reader.stdout.readline().split())
        used = cpu_seconds(proxy.pid) - before
        resident = resident_mb(proxy.pid)
    if events == 0:
        sys.exit(f"compare: {proxy.name} relayed nothing")
    return Measurement(used / events * 1e6, events / seconds, 0, 0, resident, broken)


def run(arguments) -> list:
    """All scenarios; rows of (scenario, connections, proxy, figures)."""
    rows = []

    def take(scenario: str, connections: int, proxies: list, measure) -> None:
        taken: dict = {each.name: [] for each in proxies}
        for _ in range(arguments.rounds):
            for each in proxies:
                taken[each.name].append(asdict(measure(each)))
        middle = {name: {key: statistics.median(one[key] for one in each) for key in each[0]}
                  for name, each in taken.items()}
        for name, figures in middle.items():
            figures["ratio"] = figures["cpu_us"] / middle["nginx"]["cpu_us"] if middle["nginx"]["cpu_us"] else None
            rows.append({"scenario": scenario, "connections": connections, "proxy": name} | figures)

    upstream, events, plain, unbuffered = free_ports(4)
    with Bench(arguments.weir.resolve()) as bench:
        bench.nginx("upstream", UPSTREAM % {"port": upstream, "reply": REPLY})
        bench.start([sys.executable, HERE / "event_streams.py", "serve", events])
        nginx = bench.nginx("proxy", PROXY % {
            "upstream": upstream, "events": events, "plain": plain, "stream": unbuffered})
        for port in (upstream, events, plain):
            await_port(port)
        for scenario in [each for each in arguments.scenarios if each in PADDING]:
            if not any(each["scenario"] in PADDING for each in rows):
                proxies = [Proxy("nginx", plain, nginx.pid), bench.weir_before(upstream, "before-fixed")]
            script = bench.folder / f"{scenario}.lua"
            script.write_text(SCRIPT % {"padding": PADDING[scenario]})
            for connections in arguments.connections:
                for each in proxies:
                    load(each, script, connections, 1)  # warm
                take(scenario, connections, proxies, lambda each: load(each, script, connections, arguments.seconds))
        if "stream" in arguments.scenarios:
            proxies = [Proxy("nginx", unbuffered, nginx.pid), bench.weir_before(events, "before-events")]
            take("stream", arguments.streams, proxies, lambda each: stream(each, arguments.streams, arguments.seconds))
    return rows


def table(rows: list) -> str:
    columns = ["scenario", "connections", "proxy", "ratio", "cpu_us", "per_second", "p50_us", "p99_us",
               "resident_mb", "failures"]
    lines = ["  ".join(f"{column:>11}" for column in columns)]
    for row in rows:
        cells = [f"{row[column]:.2f}" if isinstance(row[column], float) else str(row[column]) for column in columns]
        lines.append("  ".join(f"{cell:>11}" for cell in cells))
    return "\n".join(lines)


def over_bounds(rows: list, bounds: dict) -> list:
    return [f"{row['scenario']} at {row['connections']} connections: {row['ratio']:.2f} times nginx's CPU"
            for row in rows if row["scenario"] in bounds and row["proxy"] == "weir"
            and (row["ratio"] is None or row["ratio"] > bounds[row["scenario"]])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", type=Path, required=True, help="the executable, a release build")
    parser.add_argument("--scenarios", type=lambda text: text.split(","), default=["small", "big", "stream"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=lambda text: [int(each) for each in text.split(",")], default=[1, 32])
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--json", type=Path, help="where the figures go; without it they follow the table")
    parser.add_argument("--bound", action="append", default=[], metavar="SCENARIO=RATIO")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # Debian's place for nginx
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            parser.error(f"{tool} is not on the PATH")
    if unknown := set(arguments.scenarios) - {*PADDING, "stream"}:
        parser.error(f"unknown scenarios: {', '.join(sorted(unknown))}")
    if not os.access(arguments.weir, os.X_OK):
        parser.error(f"{arguments.weir} is not an executable file")
    bounds = {name: float(ratio) for name, _, ratio in (each.partition("=") for each in arguments.bound)}
    rows = run(arguments)
    print(table(rows))
    text = json.dumps(rows, indent=1)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    else:
        print(text)
    broken = [f"{row['scenario']}: {row['proxy']} failed {row['failures']:.0f} requests"
              for row in rows if row["failures"]]
    wrong = broken + over_bounds(rows, bounds)
    for each in wrong:
        print(f"compare: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
