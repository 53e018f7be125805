#!/usr/bin/env python3
"""Draws the upper part of a board from a Prometheus's data, as an SVG in Grafana's grid, where no Grafana is at hand.

    python3 dashboards/source/picture.py BOARD.json http://127.0.0.1:9090 OUT.svg [--minutes 5] [--ago 0] [--rows 31]

The queries are the board's own, with every variable open and a rate interval of 30 s; the picture ends so many minutes ago.
"""

import argparse
import json
import math
import re
import time
import urllib.parse
import urllib.request
from html import escape
from pathlib import Path

CELL_WIDTH, CELL_HEIGHT, GAP = 46, 24, 6
COLOURS = ["#1f60c4", "#e0752d", "#37872d", "#8f3bb8", "#c4162a", "#0b8a8f", "#b08900", "#555555"]
MOST_SERIES = 6


def ask(server: str, path: str, **parameters) -> list:
    address = f"{server}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(address, timeout=20) as reply:
        return json.load(reply)["data"]["result"]


def filled_in(expression: str, minutes: int) -> str:
    for name, value in (("$__rate_interval", "30s"), ("$__range", f"{minutes}m")):
        expression = expression.replace(name, value)
    return re.sub(r"\$\w+", ".*", expression)


def spoken(value: float, unit: str) -> str:
    """A value with its unit, in three digits."""
    if math.isnan(value):
        return "–"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value:.3g} s" if value >= 1 else f"{value * 1000:.3g} ms"
    if unit == "bytes":
        return f"{value / 1e6:.3g} MB"
    return f"{value:.3g}" + {"reqps": "/s", "ops": "/s", "wps": "/s"}.get(unit, "")


def legend(pattern: str, labels: dict) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found.group(1), ""), pattern)


def text(x: float, y: float, words: str, **style) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{escape(words)}</text>'


def lines_of(panel: dict, server: str, start: float, end: float, minutes: int) -> list:
    """(name, [(time, value)]) of the panel's largest series."""
    found = []
    for target in panel["targets"]:
        for series in ask(server, "query_range", query=filled_in(target["expr"], minutes), start=start, end=end, step=5):
            points = [(moment, float(value)) for moment, value in series["values"] if not math.isnan(float(value))]
            if points:
                found.append((legend(target["legendFormat"], series["metric"]), points))
    return sorted(found, key=lambda each: -max(value for _, value in each[1]))[:MOST_SERIES]


def chart(panel: dict, box: tuple, lines: list, start: float, end: float) -> list:
    x, y, width, height = box
    unit = panel["fieldConfig"]["defaults"].get("unit", "")
    left, top, right, bottom = x + 52, y + 30, x + width - 10, y + height - 34
    most = max((value for _, points in lines for _, value in points), default=0) or 1
    made = [text(x + 10, y + 19, panel["title"], font_weight="bold")]
    for share in (0, 0.5, 1):
        level = bottom - share * (bottom - top)
        made.append(f'<path d="M{left} {level:.0f}H{right}" stroke="#ddd"/>')
        made.append(text(left - 5, level + 4, spoken(most * share, unit), text_anchor="end", font_size=10, fill="#666"))
    place = x + 10
    for colour, (name, points) in zip(COLOURS, lines):
        at = [f"{left + (moment - start) / (end - start) * (right - left):.1f} {bottom - value / most * (bottom - top):.1f}"
              for moment, value in points]
        made.append(f'<path d="M{"L".join(at)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if place + 14 + 6 * len(name) < x + width:
            made.append(f'<rect x="{place:.0f}" y="{y + height - 20}" width="9" height="3" fill="{colour}"/>')
            made.append(text(place + 12, y + height - 14, name, font_size=10))
            place += 22 + 5.6 * len(name)
    return made


def stat(panel: dict, box: tuple, server: str, end: float, minutes: int) -> list:
    x, y, width, height = box
    found = ask(server, "query", query=filled_in(panel["targets"][0]["expr"], minutes), time=end)
    value = float(found[0]["value"][1]) if found else math.nan
    unit = panel["fieldConfig"]["defaults"].get("unit", "")
    return [text(x + 10, y + 19, panel["title"], font_weight="bold"),
            text(x + width / 2, y + height * 0.68, spoken(value, unit), font_size=26, text_anchor="middle", fill="#1f60c4")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("board", type=Path)
    parser.add_argument("server")
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--ago", type=float, default=0)
    parser.add_argument("--rows", type=int, default=31)
    chosen = parser.parse_args()
    board = json.loads(chosen.board.read_text())
    end = time.time() - chosen.ago * 60
    start = end - chosen.minutes * 60
    panels = [each for each in board["panels"] if each["gridPos"]["y"] + each["gridPos"]["h"] <= chosen.rows]
    height = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels) * CELL_HEIGHT + 40
    width = 24 * CELL_WIDTH + GAP
    made = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>',
            text(10, 25, board["title"], font_size=17, font_weight="bold")]
    for panel in panels:
        grid = panel["gridPos"]
        box = (grid["x"] * CELL_WIDTH + GAP, grid["y"] * CELL_HEIGHT + 36, grid["w"] * CELL_WIDTH - GAP,
               grid["h"] * CELL_HEIGHT - GAP)
        if panel["type"] == "row":
            made.append(text(box[0] + 4, box[1] + 15, panel["title"], fill="#444"))
            continue
        made.append('<rect x="{}" y="{}" width="{}" height="{}" fill="#fff" stroke="#ddd" rx="3"/>'.format(*box))
        if panel["type"] == "stat":
            made += stat(panel, box, chosen.server, end, chosen.minutes)
        else:
            made += chart(panel, box, lines_of(panel, chosen.server, start, end, chosen.minutes), start, end)
    chosen.out.write_text("\n".join([*made, "</svg>"]) + "\n")


if __name__ == "__main__":
    main()
