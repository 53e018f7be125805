"""One round of load on one proxy."""

import contextlib
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .machine import cpu_seconds, resident_mb
from .processes import Bench, Proxy

# wrk calls request() for each request it sends. `fresh` decides whether each has a body of its own, `users` over how
# many users and cache entries they are spread.
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
  local mark = %(mark)s
  return wrk.format(nil, nil, nil, head .. mark .. tail)
end
"""

# What differs between two requests, as an expression of the script.
FRESH = "salt .. count"
SAME = '"again"'


@dataclass
class Measurement:
    """One round of one proxy."""

    cpu_us: float  # of the proxy, per request or per event
    per_second: float
    p50_us: float
    p99_us: float
    resident_mb: float
    failures: int


def script(bench: Bench, name: str, padding: int, mark: str) -> Path:
    """A load for wrk; `padding` in bytes."""
    path = bench.folder / f"{name}.lua"
    path.write_text(SCRIPT % {"padding": padding, "mark": mark})
    return path


def requests(proxy: Proxy, script: Path, connections: int, seconds: int) -> Measurement:
    """Requests one after the other over so many connections, by wrk."""
    before = cpu_seconds(proxy.pid)
    said = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "20", "--latency", "-s", str(script),
         f"http://127.0.0.1:{proxy.port}/v1/chat/completions"], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(proxy.pid) - before
    count = int(re.search(r"(\d+) requests in", said).group(1))
    if count == 0:
        sys.exit(f"compare: {proxy.name} answered nothing\n{said}")
    units = {"us": 1, "ms": 1_000, "s": 1_000_000}
    latency = {quantile: float(value) * units[unit]
               for quantile, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)}
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failures = (int(bad.group(1)) if bad else 0) + (sum(map(int, broken.groups())) if broken else 0)
    return Measurement(used / count * 1e6, count / seconds, latency.get("50", 0), latency.get("99", 0),
                       resident_mb(proxy.pid), failures)


STREAMS = Path(__file__).with_name("event_streams.py")


def streams(proxy: Proxy, count: int, seconds: int) -> Measurement:
    """`count` open streams, an event each 20 ms."""
    with open_streams(proxy, count, seconds) as reader:
        before = cpu_seconds(proxy.pid)
        reader.stdin.write("go\n")
        reader.stdin.flush()
        events, broken = map(int, reader.stdout.readline().split())
        used = cpu_seconds(proxy.pid) - before
        resident = resident_mb(proxy.pid)
    if events == 0:
        sys.exit(f"compare: {proxy.name} relayed nothing")
    return Measurement(used / events * 1e6, events / seconds, 0, 0, resident, broken)


def idle_streams(proxy: Proxy, count: int) -> float:
    """Resident bytes of the proxy for each of `count` open streams that say nothing."""
    before = resident_mb(proxy.pid)
    with open_streams(proxy, count, 1) as reader:
        time.sleep(2)
        held = resident_mb(proxy.pid)
        reader.stdin.write("go\n")
        reader.stdin.flush()
        _, broken = map(int, reader.stdout.readline().split())
    if broken:
        sys.exit(f"compare: {proxy.name} lost {broken} of {count} idle streams")
    return (held - before) * 1024 * 1024 / count


@contextlib.contextmanager
def open_streams(proxy: Proxy, count: int, seconds: float):
    command = [sys.executable, STREAMS, "read", str(proxy.port), str(count), str(int(seconds))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()  # all streams are open
        yield reader


def samples(proxy: Proxy, family: str, label: str = "") -> float:
    """The sum of a family's samples on weir's /metrics, those with the label only where one is given."""
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy.admin}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if re.match(rf"{family}[ {{]", line) and label in line)


def rounds(proxies: list, count: int, measure) -> dict:
    """The rounds of each proxy by its name, taken in turns so that other work on the machine burdens all."""
    taken: dict = {each.name: [] for each in proxies}
    for _ in range(count):
        for each in proxies:
            taken[each.name].append(measure(each))
    return taken


def spread(values: list) -> float:
    """Half the distance between the smallest and the largest value, as a share of the median."""
    middle = statistics.median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


