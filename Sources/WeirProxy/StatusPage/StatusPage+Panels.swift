extension StatusPage {
  /// Header, tiles and tables.
  static let panelsScript = #"""
    // Panels: each is told the newest `/status` and changes only what differs.
    function showHeader(status) {
      const state = status.draining ? "draining" : status.health.status;
      const badge = byId("overall");
      badge.dataset.state = state;
      setText(badge, state);
      setText(byId("version"), status.version);
      setText(byId("facts"), `to ${status.upstream}, up ${format.duration(status.uptime_seconds)}`);
      document.title = (state === "healthy" ? "" : state + " – ") + "weir";
      return state;
    }

    function showTiles(status) {
      const { last_minute: minute, last_10_minutes: ten, today } = status;
      const errors = ten.failed + ten.refused;
      const tiles = [
        ["Requests a second", format.rate(status.requests_per_second), `${format.count(status.in_flight)} in flight`],
        ["Latency p50", format.milliseconds(minute.p50_ms), `p95 ${format.milliseconds(minute.p95_ms)}`],
        ["First token p50", format.milliseconds(minute.first_token_p50_ms),
          `p95 ${format.milliseconds(minute.first_token_p95_ms)}`],
        ["Errors, 10 minutes", format.share(errors, ten.requests),
          `${format.count(ten.failed)} failed, ${format.count(ten.refused)} refused`],
        ["Cost today", format.dollars(today.cost_usd), `${format.short(today.requests)} requests`],
        ["Saved today", format.dollars(today.saved_usd), today.baseline_cost_usd > 0
          ? `${format.share(today.saved_usd, today.baseline_cost_usd)} of the baseline` : "no baseline known"],
        ["Cache hits today", format.share(today.cache_hits, today.cache_lookups),
          `${format.short(today.cache_hits)} of ${format.short(today.cache_lookups)}`],
        ["Tokens today", format.short(today.input_tokens + today.output_tokens),
          `${format.short(today.input_tokens)} in, ${format.short(today.output_tokens)} out`],
      ];
      const list = byId("tiles");
      tiles.forEach(([name, value, detail], index) => {
        if (!list.children[index]) {
          list.append(element("div", {}, element("dt"), element("dd", {}, element("span"), element("small"))));
        }
        const tile = list.children[index];
        setText(tile.querySelector("dt"), name);
        setText(tile.querySelector("dd span"), value);
        setText(tile.querySelector("small"), detail);
      });
    }

    /**
     * Fills a table. A column is `{ name, text(row), number?, mark?(row) }`; the first one heads its row. The roles are
     * there because a narrow screen shows rows as blocks, which takes the tables' own from them.
     */
    function showTable(id, columns, rows, emptyText) {
      const shown = JSON.stringify(rows.map((row) => columns.map((column) => [column.text(row), column.mark?.(row)])));
      const table = byId(id);
      if (table.dataset.shown === shown) return;
      table.dataset.shown = shown;
      const head = columns.map((column) => element("th", {
        role: "columnheader", scope: "col", class: column.number ? "number" : "" }, column.name));
      const body = rows.map((row) => element("tr", { role: "row" }, ...columns.map((column, index) => {
        const cell = index === 0 ? element("th", { role: "rowheader", scope: "row" })
          : element("td", { role: "cell", "data-label": column.name, class: column.number ? "number" : "" });
        const mark = column.mark?.(row);
        cell.append(element("span", mark ? { "data-mark": mark } : {}, column.text(row)));
        return cell;
      })));
      if (!rows.length) {
        body.push(element("tr", { role: "row" },
          element("td", { role: "cell", colspan: columns.length, class: "empty quiet" }, emptyText)));
      }
      table.replaceChildren(
        element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
        element("tbody", { role: "rowgroup" }, ...body));
    }

    const HEALTH_MARKS = { healthy: "good", degraded: "warn", unhealthy: "bad" };
    const CIRCUIT_MARKS = { closed: "good", "half-open": "warn", half_open: "warn", open: "bad" };

    function showUpstreams(status) {
      showTable("upstreams", [
        { name: "Upstream", text: (row) => row.name },
        { name: "Health", text: (row) => row.status, mark: (row) => HEALTH_MARKS[row.status] },
        { name: "Circuit", text: (row) => row.circuit, mark: (row) => CIRCUIT_MARKS[row.circuit] },
        { name: "Response time", text: (row) => format.milliseconds(row.response_time_ms), number: true },
        { name: "Last success", text: (row) => row.last_success
          ? format.moment(Date.parse(row.last_success) / 1000) : "none yet", number: true },
      ], status.health.upstreams, "No upstream is configured.");
    }

    function showModels(status) {
      const totals = (write) => (row) => write(row.totals);
      const errors = (of) => of.failed + of.refused;
      const rows = [...status.models].sort((a, b) => b.totals.requests - a.totals.requests);
      showTable("models", [
        { name: "Model", text: (row) => row.name === "none" ? "no model" : row.name },
        { name: "Requests", text: totals((of) => format.count(of.requests)), number: true },
        { name: "Errors", text: totals((of) => format.share(errors(of), of.requests)), number: true },
        { name: "p50", text: totals((of) => format.milliseconds(of.p50_ms)), number: true },
        { name: "p95", text: totals((of) => format.milliseconds(of.p95_ms)), number: true },
        { name: "First token p50", text: totals((of) => format.milliseconds(of.first_token_p50_ms)), number: true },
        { name: "Tokens", text: totals((of) => format.short(of.input_tokens + of.output_tokens)), number: true },
        { name: "Cost", text: totals((of) => format.dollars(of.cost_usd)), number: true },
        { name: "Saved", text: totals((of) => format.dollars(of.saved_usd)), number: true },
      ], rows, "No request yet today.");
    }

    const FEW_ERRORS = 10;

    function showErrors(status) {
      const button = byId("more-errors");
      const showsAll = button.getAttribute("aria-expanded") === "true";
      button.hidden = status.errors.length <= FEW_ERRORS;
      setText(button, showsAll ? `Show the last ${FEW_ERRORS}` : `Show all ${status.errors.length}`);
      showTable("errors", [
        { name: "Time", text: (row) => format.moment(row.time) },
        { name: "Error", text: (row) => row.code, mark: () => "bad" },
        { name: "Status", text: (row) => row.status ? String(row.status) : "none", number: true },
        { name: "Model", text: (row) => row.model === "none" ? "no model" : row.model },
        { name: "Upstream", text: (row) => row.upstream ?? "none" },
        { name: "Request id", text: (row) => row.request_id },
      ], showsAll ? status.errors : status.errors.slice(0, FEW_ERRORS), "No errors since weir started.");
    }

    const ANOMALY_KINDS = { request_rate: "requests a minute", tokens_per_request: "tokens a request",
      cost_rate: "cost a minute", error_rate: "share of errors" };

    function showAnomalies(status) {
      byId("anomalies-section").hidden = !status.anomalies.length;
      const amount = (kind, value) => kind === "cost_rate" ? format.dollars(value)
        : kind === "error_rate" ? format.share(value, 1) : format.short(value);
      showTable("anomalies", [
        { name: "Time", text: (row) => format.moment(row.time) },
        { name: "Client", text: (row) => row.client },
        { name: "What", text: (row) => ANOMALY_KINDS[row.kind] ?? row.kind, mark: () => "warn" },
        { name: "Is", text: (row) => amount(row.kind, row.value), number: true },
        { name: "Usually", text: (row) => amount(row.kind, row.expected), number: true },
      ], status.anomalies, "None since weir started.");
    }

    """#
}
