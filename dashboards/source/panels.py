"""The parts of a Grafana dashboard: panels on a grid of 24 columns, variables, the document around them.

A query writes its selectors as `{own}` or `{own,model="x"}`: `own` becomes the matchers of the chosen jobs and instances.
"""

OWN = 'job=~"$job",instance=~"$instance"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WINDOW = "[$__rate_interval]"


def query(text: str, legend: str = "") -> dict:
    """One line of a panel; `legend` may name labels as `{{model}}`."""
    return {"expr": text.replace("{own", "{" + OWN), "legendFormat": legend or "__auto"}


def quantiles(metric: str, by: str = "", shares=(0.5, 0.95, 0.99), matchers: str = "") -> list:
    """Quantiles of a histogram, one line each, by a label if one is named."""
    labels = "le" + (f", {by}" if by else "")
    suffix = f" {{{{{by}}}}}" if by else ""
    selector = "{" + OWN + matchers + "}"
    return [query(f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{selector}{WINDOW})))",
                  f"p{share * 100:g}{suffix}") for share in shares]


def _panel(kind: str, title: str, queries, width: int, height: int, unit: str, description: str, **more) -> dict:
    targets = [{"refId": chr(ord("A") + index), "datasource": DATASOURCE, "editorMode": "code", "range": True, **each}
               for index, each in enumerate(queries if isinstance(queries, list) else [queries])]
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "targets": targets,
            "gridPos": {"w": width, "h": height}, "fieldConfig": {"defaults": {"unit": unit}, "overrides": []}, **more}


def stat(title: str, queries, unit: str = "short", description: str = "", good_above=None, bad_above=None) -> dict:
    """The number of now; green above `good_above` (else red), or red above `bad_above` (else green).

    Not Grafana's `lastNotNull`: a share of nothing is no number, and in quiet hours that of the last busy moment would
    stand there as if it were of now.
    """
    panel = _panel("stat", title, queries, 4, 4, unit, description, options={
        "reduceOptions": {"calcs": ["last"]}, "colorMode": "value", "graphMode": "area"})
    panel["fieldConfig"]["defaults"]["mappings"] = [{"type": "special", "options": {
        "match": "null+nan", "result": {"text": "–", "color": "text", "index": 0}}}]
    steps = [{"color": "text", "value": None}]
    if good_above is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": good_above}]
    if bad_above is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": bad_above}]
    panel["fieldConfig"]["defaults"]["thresholds"] = {"mode": "absolute", "steps": steps}
    return panel


def graph(title: str, queries, unit: str = "short", description: str = "", width: int = 8, stacked: bool = False) -> dict:
    """Lines over time."""
    panel = _panel("timeseries", title, queries, width, 8, unit, description, options={
        "legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}})
    custom = {"lineWidth": 2, "fillOpacity": 25 if stacked else 5, "showPoints": "never"}
    if stacked:
        custom["stacking"] = {"mode": "normal"}
    panel["fieldConfig"]["defaults"] |= {"custom": custom, "min": 0}
    return panel


def bars(title: str, queries, unit: str = "short", description: str = "", width: int = 8) -> dict:
    """The latest values, one bar each."""
    panel = _panel("bargauge", title, queries, width, 8, unit, description, options={
        "reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"})
    for target in panel["targets"]:
        target |= {"instant": True, "range": False}
    panel["fieldConfig"]["defaults"]["min"] = 0
    return panel


def states(title: str, queries, names: dict, description: str = "", width: int = 24) -> dict:
    """A row over time for each series, coloured by value; `names` is value to (text, colour)."""
    panel = _panel("state-timeline", title, queries, width, 8, "short", description, options={"showValue": "auto"})
    panel["fieldConfig"]["defaults"]["mappings"] = [{"type": "value", "options": {
        str(value): {"text": text, "color": color, "index": value} for value, (text, color) in names.items()}}]
    return panel


def _variable(name: str, source: str, label: str) -> dict:
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "multi": True, "includeAll": True,
            "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "refresh": 2, "sort": 1,
            "query": {"query": source, "refId": name}, "definition": source}


def board(uid: str, title: str, description: str, rows: list, variables: dict) -> dict:
    """The document. `rows` is (title, panels); `variables` is name to what Grafana asks for its values."""
    panels, top = [], 0
    for name, members in rows:
        panels.append({"type": "row", "title": name, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})
        left, top = 0, top + 1
        height = 0
        for panel in members:
            if left + panel["gridPos"]["w"] > 24:
                left, top = 0, top + height
            panel["gridPos"] |= {"x": left, "y": top}
            left, height = left + panel["gridPos"]["w"], panel["gridPos"]["h"]
            panels.append(panel)
        top += height
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    datasource = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return {"uid": uid, "title": title, "description": description, "tags": ["weir"], "schemaVersion": 39,
            "version": 1, "editable": True, "graphTooltip": 1, "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"}, "timezone": "browser",
            "links": [{"type": "dashboards", "title": "weir", "tags": ["weir"], "asDropdown": True,
                       "includeVars": True, "keepTime": True}],
            "templating": {"list": [datasource, *[_variable(name, source, name.capitalize())
                                                  for name, source in variables.items()]]},
            "panels": panels}
