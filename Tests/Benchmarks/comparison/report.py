"""The rows of a run as a table for people, as Markdown, and as a picture."""

from html import escape


def cells(row: dict) -> list:
    ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
    target = "" if row["target"] is None else f"{row['target']:g} / {row['stretch']:g}"
    return [row["scenario"], row["load"], row["proxy"], row["measure"], f"{row['value']:.1f} {row['unit']}".strip(), ratio,
            target, f"± {row['spread'] * 100:.0f} %", f"{row['failures']:.0f}"]


HEADINGS = ["scenario", "load", "proxy", "measure", "median", "ratio", "target", "spread", "failed"]


def table(rows: list) -> str:
    lines = [HEADINGS] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown(rows: list) -> str:
    lines = [HEADINGS, ["---"] * len(HEADINGS)] + [cells(row) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def over_target(row: dict) -> bool:
    """Whether the row misses its target: a bound of the ratio where it has one, else of the value."""
    if row["target"] is None:
        return False
    if row["ratio"] is None and row["unit"] == "µs":
        return False  # nginx's own figure drowned in noise
    return (row["value"] if row["ratio"] is None else row["ratio"]) > row["target"]


COLOURS = {"nginx": "#7a7a7a", "weir": "#1f6feb", "weir, one loop": "#79b0ff",
           "envoy": "#c2410c", "haproxy": "#15803d", "litellm": "#7e22ce"}


def picture(rows: list) -> str:
    """Cost beside nginx's as bars, and weir's cost against its load as a line: an SVG document."""
    bars = [row for row in rows if row["unit"] == "µs" and row["ratio"] is not None and row["scenario"] != "growth"]
    lines = [row for row in rows if row["scenario"] == "growth" and row["proxy"] == "weir" and row["unit"] == "µs"
             and row["load"].endswith(" connections")]
    height = 60 + 22 * len(bars) + (260 if lines else 0)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="820" height="{height}" font-family="sans-serif" font-size="13">',
             f'<rect width="820" height="{height}" fill="white"/>',
             '<text x="20" y="26" font-size="16">Cost as a multiple of nginx, same run</text>']
    longest = max((min(row["ratio"], 8) for row in bars), default=1)
    for index, row in enumerate(bars):
        y = 44 + 22 * index
        width = 430 * min(row["ratio"], 8) / longest
        parts.append(f'<text x="20" y="{y + 13}">{escape(row["scenario"])}, {escape(row["load"])}: {escape(row["proxy"])}</text>')
        parts.append(f'<rect x="270" y="{y}" width="{width:.0f}" height="16" fill="{COLOURS.get(row["proxy"], "#333")}"/>')
        parts.append(f'<text x="{276 + width:.0f}" y="{y + 13}">{row["ratio"]:.2f}</text>')
    if lines:
        parts += _curve(lines, 60 + 22 * len(bars))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _curve(rows: list, top: float) -> list:
    highest = max(row["value"] for row in rows)
    points = [(90 + 200 * index, top + 200 - 150 * row["value"] / highest) for index, row in enumerate(rows)]
    parts = [f'<text x="20" y="{top + 16}" font-size="16">weir: CPU µs a request by connections</text>',
             '<polyline fill="none" stroke="#1f6feb" stroke-width="2" points="'
             + " ".join(f"{x},{y:.0f}" for x, y in points) + '"/>']
    for (x, y), row in zip(points, rows):
        parts.append(f'<circle cx="{x}" cy="{y:.0f}" r="4" fill="#1f6feb"/>')
        parts.append(f'<text x="{x - 12}" y="{y - 10:.0f}">{row["value"]:.0f}</text>')
        parts.append(f'<text x="{x - 12}" y="{top + 224}">{escape(row["load"].split()[0])}</text>')
    return parts
