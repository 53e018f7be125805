#!/usr/bin/env python3
"""What clients notice while an upstream fails: faults on a fifth of its calls, its process killed and started again.

    python3 Tests/Benchmarks/chaos.py --weir PATH [--seconds 120] [--rate 200] [--seed 1] [--kill-every 15]
                                      [--memory 32] [--json FILE]

One weir stands before two simulators. The first serves the model that is asked for, and fails; the second serves the
fallback model, and is healthy. Requests come at a steady rate, whether or not earlier ones are answered, half of them
streams, a tenth on a new connection. Two in a hundred ask for a model whose stream breaks after its first content:
nobody can mend that, so they count only for how honestly they break.

The program fails (exit 1) when

- 0.1 % or more of the other requests end otherwise than with the whole reply they are due,
- a reply ends early and does not say so (neither an error event nor a broken connection, or an end mark after one),
- a request is open longer than the time-out it was given, with some seconds for the machine,
- memory, once all is quiet, is more than `--memory` MB above where it was before the faults,
- a request is not in the ledger exactly once (left out, and said so, in a build without a ledger).

Needs nothing but the executable; `weir simulate` is used unless --simulator names another command.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ASKED, FALLBACK, LATE = "acme/asked-for", "acme/steady", "acme/breaks-late"
TIMEOUT_TOTAL = 20  # seconds, of weir
GRACE = 10  # seconds on top, for a machine with other things to do
WARM_UP = 3  # seconds without faults, before memory is read for the first time
PATIENCE = 60  # seconds for the last requests to end, and for processes to start and stop

# All of these happen before the client has anything of its reply; together they meet a fifth of the calls.
EARLY_FAULTS = {
    "status=500": 3, "status=502": 2, "status=503": 2, "status=529": 1, "status=408": 1, "status=429": 1, "reset=1": 3,
    "cut=0": 2, "cut=10": 1, "error-event=0": 2, "garbage=1": 1, "delay=30000": 0.5, "stall=0": 0.5}
LATE_FAULTS = {"cut=700": 10, "cut-rst=650": 10, "error-event=2": 10, "no-done=1": 10}

CONFIGURATION = """
upstreams:
  steady: {url: "%(steady)s", api_key: sk-steady}
models:
  catalog:
    - {id: %(asked)s, fallbacks: [%(fallback)s]}
    - {id: %(fallback)s, upstreams: [steady]}
    - {id: %(late)s}
resilience:
  circuit: {open_time: 2}
"""


# -- processes -------------------------------------------------------------------------------------------------

class Stage:
    """The processes of one run, in a temporary folder that stays where the run found something."""

    def __init__(self, weir: Path, simulator: list):
        self.keeps_folder = True
        self.weir_path, self.simulator = weir, simulator
        self.folder = Path(tempfile.mkdtemp(prefix="weir-chaos-"))
        self.processes: list = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.processes:
            if each.poll() is None:
                each.kill()
            each.wait()
        if not self.keeps_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, name: str, environment=None) -> subprocess.Popen:
        bare = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
        with open(self.folder / f"{name}.log", "ab") as log:
            started = subprocess.Popen([str(part) for part in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, env=bare | (environment or {}), start_new_session=True)
        self.processes.append(started)
        return started

    def simulate(self, port: int, name: str) -> subprocess.Popen:
        started = self.start([*self.simulator, "--listen", f"127.0.0.1:{port}"], name)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and started.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return started
            time.sleep(0.02)
        sys.exit(f"chaos: {name} did not start; see {self.folder}/{name}.log")

    def serve(self, upstream: int, steady: int) -> tuple:
        (self.folder / "weir.yaml").write_text(CONFIGURATION % {
            "steady": f"http://127.0.0.1:{steady}/api/v1", "asked": ASKED, "fallback": FALLBACK, "late": LATE})
        started = self.start([self.weir_path, "serve"], "weir", {
            "WEIR_CONFIG": "weir.yaml", "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0",
            "WEIR_PORT_FILE": "ports.json", "WEIR_UPSTREAM_URL": f"http://127.0.0.1:{upstream}/api/v1",
            "OPENROUTER_API_KEY": "sk-chaos", "WEIR_LEDGER": "weir.db", "WEIR_CACHE_TTL": "0",
            "WEIR_LOG_LEVEL": "warning", "WEIR_TIMEOUT_FIRST_BYTE": "3", "WEIR_TIMEOUT_IDLE": "3",
            "WEIR_TIMEOUT_TOTAL": str(TIMEOUT_TOTAL)})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and started.poll() is None:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                ports = json.loads((self.folder / "ports.json").read_text())
                return started, ports["traffic"], ports["admin"]
            time.sleep(0.02)
        sys.exit(f"chaos: weir did not start; see {self.folder}/weir.log")


def free_ports(count: int) -> list:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def set_faults(port: int) -> None:
    parts = [f"{fault}[{ASKED}]@{share}%" for fault, share in EARLY_FAULTS.items()]
    parts += [f"{fault}[{LATE}]@{share}%" for fault, share in LATE_FAULTS.items()]
    urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{port}/_sim/faults", ";".join(parts).encode()), timeout=10).close()


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def metrics(admin: int) -> dict:
    """The counters of retries and fallbacks, by their labels."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=10).read().decode()
    found = {}
    for line in text.splitlines():
        if line.startswith(("weir_retries_total{", "weir_fallbacks_total{", "weir_errors_total{")):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


# -- requests --------------------------------------------------------------------------------------------------

@dataclass
class Outcome:
    request_id: str
    model: str
    stream: bool
    verdict: str  # whole, failed, broken (and said so), silent (and did not), hung
    detail: str = ""
    seconds: float = 0
    attempts: int = 0


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass
class Crowd:
    """Sends requests at their times over connections that are used again."""

    port: int
    seed: int
    idle: list = field(default_factory=list)
    outcomes: list = field(default_factory=list)
    running: set = field(default_factory=set)

    async def keep_sending(self, rate: float, seconds: float, prefix: str) -> None:
        choose = random.Random(f"{self.seed}{prefix}")
        began, number = time.monotonic(), 0
        while number < rate * seconds:
            wait = began + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            draw = choose.random()
            model = LATE if draw < 0.02 else ASKED
            stream = model == LATE or choose.random() < 0.5
            is_fresh = choose.random() < 0.1
            task = asyncio.ensure_future(self._send(f"chaos-{prefix}-{number}", model, stream, is_fresh))
            self.running.add(task)
            task.add_done_callback(self.running.discard)
            number += 1

    async def finish(self) -> None:
        if self.running:
            await asyncio.wait(set(self.running), timeout=PATIENCE)
        for task in set(self.running):
            task.cancel()

    async def _send(self, request_id: str, model: str, stream: bool, is_fresh: bool) -> None:
        began = time.monotonic()
        outcome = Outcome(request_id, model, stream, "failed")
        try:
            async with asyncio.timeout(TIMEOUT_TOTAL + GRACE):
                await self._exchange(outcome, is_fresh)
        except TimeoutError:
            outcome.verdict = "hung"
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
            outcome.detail = outcome.detail or repr(error)
        outcome.seconds = time.monotonic() - began
        self.outcomes.append(outcome)

    async def _exchange(self, outcome: Outcome, is_fresh: bool) -> None:
        body = json.dumps({"model": outcome.model, "stream": outcome.stream,
                           "messages": [{"role": "user", "content": outcome.request_id}]}).encode()
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"
                f"x-request-id: {outcome.request_id}\r\n"
                # So that what breaks late has reached the client before it does.
                f"x-sim-gap-ms: {20 if outcome.model == LATE else 0}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        if self.idle and not is_fresh:
            connection = self.idle.pop()
        else:
            connection = Connection(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20))
        try:
            connection.writer.write(head + body)
            status, fields, content, is_whole = await read_reply(connection.reader)
        except BaseException:
            connection.writer.close()
            raise
        if is_whole and fields.get("connection", "").lower() != "close":
            self.idle.append(connection)
        else:
            connection.writer.close()
        outcome.attempts = int(fields.get("x-weir-attempts", 0))
        judge(outcome, status, content, is_whole)


async def read_reply(reader: asyncio.StreamReader) -> tuple:
    """Status, header fields, content, and whether the framing says that this was all."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    content = b""
    try:
        if fields.get("transfer-encoding") == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                content += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readexactly(2)
        else:
            content = await reader.readexactly(int(fields.get("content-length", 0)))
    except asyncio.IncompleteReadError as error:
        return status, fields, content + error.partial, False
    except OSError:
        return status, fields, content, False
    return status, fields, content, True


def judge(outcome: Outcome, status: int, content: bytes, is_whole: bool) -> None:
    """What came, against what was due: this very request's words, to their end."""
    expected = f"You said: {outcome.request_id}"
    if status != 200:
        outcome.detail = f"{status} {content[:160].decode(errors='replace')}"
        return
    if not outcome.stream:
        text = None
        if is_whole:
            with contextlib.suppress(ValueError, LookupError, TypeError):
                text = json.loads(content)["choices"][0]["message"]["content"]
        outcome.verdict = "whole" if text == expected else "failed" if is_error(content) else \
            "broken" if not is_whole else "silent"
    else:
        text, has_error, is_done = read_events(content)
        if is_done and is_whole and not has_error and text == expected:
            outcome.verdict = "whole"
        elif not is_done and (has_error or not is_whole):
            outcome.verdict = "broken"
        else:
            outcome.verdict = "silent"
    if outcome.verdict != "whole":
        outcome.detail = content[-160:].decode(errors="replace")


def is_error(content: bytes) -> bool:
    with contextlib.suppress(ValueError, AttributeError):
        return "error" in json.loads(content)
    return False


def read_events(content: bytes) -> tuple:
    """The text of a chat stream, whether an error event came, whether its end mark did."""
    text, has_error, is_done = "", False, False
    for line in content.decode(errors="replace").splitlines():
        data = line.removeprefix("data: ")
        if data == line:
            continue
        if data == "[DONE]":
            is_done = True
            continue
        with contextlib.suppress(ValueError, LookupError, AttributeError):
            event = json.loads(data)
            has_error = has_error or "error" in event
            for choice in event["choices"]:
                text += choice.get("delta", {}).get("content") or ""
    return text, has_error, is_done


# -- the run ---------------------------------------------------------------------------------------------------

async def keep_killing(stage: Stage, port: int, victim: subprocess.Popen, every: float, end: float) -> int:
    """Kills the first simulator, leaves it dead for a second, starts it again on its port with its faults."""
    kills = 0
    while time.monotonic() + every < end:
        await asyncio.sleep(every)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        kills += 1
        await asyncio.sleep(1)
        victim = await asyncio.to_thread(stage.simulate, port, "failing")
        await asyncio.to_thread(set_faults, port)
    return kills


async def run(options, stage: Stage) -> dict:
    failing_port, steady_port = free_ports(2)
    victim = stage.simulate(failing_port, "failing")
    stage.simulate(steady_port, "steady")
    weir, traffic, admin = stage.serve(failing_port, steady_port)
    crowd = Crowd(traffic, options.seed)
    await crowd.keep_sending(options.rate, WARM_UP, "warm")
    await crowd.finish()
    memory = {"start": resident_mb(weir.pid)}
    await asyncio.to_thread(set_faults, failing_port)
    began = time.monotonic()
    killing = asyncio.ensure_future(
        keep_killing(stage, failing_port, victim, options.kill_every, began + options.seconds))
    sending = asyncio.ensure_future(crowd.keep_sending(options.rate, options.seconds, "run"))
    memory["peak"] = memory["start"]
    while not sending.done():
        await asyncio.wait([sending], timeout=0.5)
        memory["peak"] = max(memory["peak"], resident_mb(weir.pid))
    sending.result()
    kills = await killing
    await crowd.finish()
    for each in crowd.idle:
        each.writer.close()
    await asyncio.sleep(2)
    memory["end"] = resident_mb(weir.pid)
    counted = await asyncio.to_thread(metrics, admin)
    weir.send_signal(signal.SIGTERM)
    exit_status = await asyncio.to_thread(weir.wait, PATIENCE)
    return report(crowd.outcomes, kills, memory, counted, exit_status, ledger(stage.folder, crowd.outcomes))


def ledger(folder: Path, outcomes: list) -> dict:
    """How often each request is in the ledger; None in a build without one."""
    path = folder / "weir.db"
    if not path.exists():
        return {"rows": None}
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = Counter(dict(database.execute("SELECT id, COUNT(*) FROM requests GROUP BY id")))
        tries = dict(database.execute("SELECT id, COUNT(*) FROM attempts GROUP BY id"))
        told = dict(database.execute("SELECT id, attempts FROM requests"))
    asked = {each.request_id for each in outcomes}
    return {"rows": sum(rows.values()), "missing": sum(rows[each] == 0 for each in asked),
            "double": sum(count > 1 for count in rows.values()), "foreign": len(set(rows) - asked),
            "attempts_differ": sum(tries.get(each, 0) != count for each, count in told.items())}


def report(outcomes: list, kills: int, memory: dict, counted: dict, exit_status: int, rows: dict) -> dict:
    mendable = [each for each in outcomes if each.model != LATE]
    late = [each for each in outcomes if each.model == LATE]
    visible = [each for each in mendable if each.verdict != "whole"]
    seconds = sorted(each.seconds for each in mendable) or [0]
    return {
        "requests": len(outcomes), "kills": kills, "exit_status": exit_status,
        "verdicts": dict(Counter(each.verdict for each in mendable)),
        "verdicts_late": dict(Counter(each.verdict for each in late)),
        "visible_error_rate": len(visible) / max(1, len(mendable)),
        "attempts_per_request": sum(each.attempts for each in mendable) / max(1, len(mendable)),
        "p50_ms": seconds[len(seconds) // 2] * 1000, "p99_ms": seconds[len(seconds) * 99 // 100] * 1000,
        "longest_s": max(each.seconds for each in outcomes),
        "memory_mb": {name: round(value, 1) for name, value in memory.items()},
        "ledger": rows, "metrics": counted,
        "examples": [f"{each.request_id} {'stream' if each.stream else 'plain'} {each.verdict}: {each.detail}"
                     for each in outcomes if each.verdict in ("silent", "hung") or each in visible][:20]}


def failures(found: dict, more_memory: float) -> list:
    verdicts = Counter(found["verdicts"]) + Counter(found["verdicts_late"])
    rows = found["ledger"]
    return [text for text, is_so in [
        ("clients saw errors", found["visible_error_rate"] >= 0.001),
        ("replies were cut without an error", verdicts["silent"] > 0),
        ("requests hung", verdicts["hung"] > 0),
        ("memory did not return", found["memory_mb"]["end"] > found["memory_mb"]["start"] + more_memory),
        ("weir did not end cleanly", found["exit_status"] != 0),
        ("the ledger is not exact", rows["rows"] is not None and any(
            rows[key] for key in ("missing", "double", "foreign", "attempts_differ"))),
    ] if is_so]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", required=True, type=Path)
    parser.add_argument("--simulator", help="a command that takes --listen (default: WEIR simulate)")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill-every", type=float, default=15)
    parser.add_argument("--memory", type=float, default=32, help="MB that may stay above the start")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    weir = options.weir.resolve()
    simulator = shlex.split(options.simulator) if options.simulator else [weir, "simulate"]
    with Stage(weir, simulator) as stage:
        found = asyncio.run(run(options, stage))
        found["failures"] = failures(found, options.memory)
        found["folder"] = str(stage.folder)
        stage.keeps_folder = bool(found["failures"])
    text = json.dumps(found, indent=2)
    print(text)
    if found["ledger"]["rows"] is None:
        print("chaos: this build writes no ledger; not checked")
    if options.json:
        options.json.write_text(text + "\n")
    print("chaos: " + (", ".join(found["failures"]) or "passed"))
    return 1 if found["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
