"""The shipped rules with all times shortened by one factor, so that a test can see an alert come and go.

What changes: `interval`, `for`, and windows and offsets in expressions (`[5m]` becomes `[3s]` at a factor of 100). What
stays: expressions otherwise, thresholds, labels, texts, and the names of recorded series, which say the shipped windows.
"""

import re
from pathlib import Path

import yaml

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
TIME = re.compile(r"(\[|\boffset )(\w+)")
# More often than this, evaluating the rules would be the load of a small machine.
SHORTEST_INTERVAL = 0.3


def seconds(duration: str) -> float:
    """`1h30m` in seconds."""
    parts = re.findall(r"(\d+)(ms|s|m|h|d)", duration)
    assert "".join(number + unit for number, unit in parts) == duration, duration
    return sum(int(number) * SECONDS[unit] for number, unit in parts)


def shortened(duration: str, factor: float, least: float = 0.001) -> str:
    return f"{round(max(seconds(duration) / factor, least) * 1000)}ms"


def hurried(rules: dict, factor: float) -> dict:
    """A rule file's content at this many times the speed."""
    def rule(shipped: dict) -> dict:
        made = shipped | {"expr": TIME.sub(lambda each: each[1] + shortened(each[2], factor), shipped["expr"])}
        if "for" in shipped:
            made["for"] = shortened(shipped["for"], factor)
        return made
    return {"groups": [
        group | {"interval": shortened(group.get("interval", "30s"), factor, SHORTEST_INTERVAL),
                 "rules": [rule(each) for each in group["rules"]]} for group in rules["groups"]]}


def write_hurried(paths, folder: Path, factor: float) -> list:
    """Copies of the rule files at this many times the speed."""
    made = []
    for path in paths:
        made.append(folder / path.name)
        made[-1].write_text(yaml.safe_dump(hurried(yaml.safe_load(path.read_text()), factor), width=1000))
    return made
