#!/usr/bin/env python3
"""Writes dashboards/grafana and dashboards/prometheus from the descriptions beside this file.

`python3 dashboards/source/make.py` writes; with `--check` it only says whether a file is not up to date (exit 1).
"""

import json
import sys
from pathlib import Path

from boards import BOARDS
from slos import alert_groups, recording_groups

TARGET = Path(__file__).resolve().parent.parent


def _yaml(value, indent: int = 0) -> str:
    """Rules as YAML: block style, strings in the double quotes that JSON and YAML share."""
    space = "  " * indent
    if isinstance(value, dict):
        lines = []
        for key, member in value.items():
            nested = isinstance(member, (dict, list))
            lines.append(f"{space}{key}:" + ("\n" + _yaml(member, indent + 1) if nested
                                             else " " + json.dumps(member, ensure_ascii=False)))
        return "\n".join(lines)
    return "\n".join(f"{space}- " + _yaml(member, indent + 1).lstrip() for member in value)


def files() -> dict:
    """Path to content, of everything that is made."""
    made = {TARGET / "grafana" / f"weir-{name}.json": json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
            for name, make in BOARDS.items()}
    note = "# Made by dashboards/source/make.py; change it there.\n"
    for name, groups in (("recording", recording_groups()), ("alerts", alert_groups())):
        made[TARGET / "prometheus" / f"weir-{name}.rules.yml"] = note + _yaml({"groups": groups}) + "\n"
    return made


def main() -> int:
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(TARGET.parent)} is not what dashboards/source/make.py makes", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(files()[path])
        print(path.relative_to(TARGET.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
