extension StatusPage {
  /// Line charts in SVG, read by pointer or arrow keys.
  static let chartsScript = #"""
    // Charts: each is a figure with an SVG of one unit a pixel, drawn again at every update and when its width changes.
    const CHART_HEIGHT = 144, CHART_LEFT = 62, CHART_RIGHT = 8, CHART_TOP = 8, CHART_BOTTOM = 20;

    const CHARTS = [
      { id: "requests", title: "Requests a second", format: format.rate, lines: [
        { key: "requests_per_second", name: "all", style: "a", filled: true },
        { key: "errors_per_second", name: "errors", style: "b" }] },
      { id: "latency", title: "Latency", format: format.milliseconds, lines: [
        { key: "p50_ms", name: "p50", style: "a" },
        { key: "p95_ms", name: "p95", style: "b" },
        { key: "first_token_p50_ms", name: "first token p50", style: "c" }] },
      { id: "money", title: "Cost and saving", format: format.dollars, lines: [
        { key: "cost_usd", name: "cost", style: "a", filled: true },
        { key: "saved_usd", name: "saved", style: "b" }] },
    ];

    class Chart {
      constructor(description) {
        this.description = description;
        this.plot = drawn("svg", { class: "plot", role: "img", tabindex: "0", id: "chart-" + description.id });
        this.readout = element("output", { class: "readout", for: "chart-" + description.id });
        const keys = description.lines.map((line) => element("span", { class: "key" },
          drawn("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" },
            drawn("path", { class: line.style, d: "M0 5H26" })), line.name));
        this.figure = element("figure", {},
          element("figcaption", {}, element("strong", {}, description.title), ...keys), this.plot, this.readout);
        this.chosen = null;
        this.plot.addEventListener("pointermove", (event) => this.choose(this.indexAt(event)));
        this.plot.addEventListener("pointerdown", (event) => this.choose(this.indexAt(event)));
        this.plot.addEventListener("pointerleave", () => this.choose(null));
        this.plot.addEventListener("blur", () => this.choose(null));
        this.plot.addEventListener("keydown", (event) => this.step(event));
      }

      /** `series` is one of `/status`; points from before `since` (seconds) were not seen and are left out. */
      show(series, since) {
        this.series = series;
        const count = series[this.description.lines[0].key].length;
        const start = series.end - count * series.step_seconds;
        this.times = Array.from({ length: count }, (_, index) => start + index * series.step_seconds);
        this.values = this.description.lines.map((line) => series[line.key].map((value, index) =>
          this.times[index] + series.step_seconds > since && isNumber(value) ? value : null));
        this.draw();
      }

      x(index) {
        const width = this.width - CHART_LEFT - CHART_RIGHT;
        return CHART_LEFT + width * index / Math.max(1, this.times.length - 1);
      }

      y(value) {
        const height = CHART_HEIGHT - CHART_TOP - CHART_BOTTOM;
        return CHART_TOP + height * (1 - (value - this.low) / (this.high - this.low));
      }

      draw() {
        if (!this.times) return;
        this.width = Math.max(160, this.plot.getBoundingClientRect().width);
        const known = this.values.flat().filter(isNumber);
        this.high = roundedUp(Math.max(0, ...known)) || 1;
        this.low = -roundedUp(Math.max(0, ...known.map((value) => -value)));
        this.plot.setAttribute("viewBox", `0 0 ${this.width} ${CHART_HEIGHT}`);
        this.plot.setAttribute("aria-label", this.summary(known));
        this.plot.replaceChildren(...this.axes(), ...this.paths(), ...this.cursor());
        if (this.chosen === null) setText(this.readout, known.length ? "" : "Nothing to show yet.");
      }

      axes() {
        const made = [];
        const levels = this.low < 0 ? [this.low, 0, this.high] : [0, this.high / 2, this.high];
        for (const level of levels) {
          const y = this.y(level);
          made.push(drawn("line", { class: "grid", x1: CHART_LEFT, x2: this.width - CHART_RIGHT, y1: y, y2: y }));
          made.push(drawn("text", { x: CHART_LEFT - 6, y: y + 4, "text-anchor": "end" },
            this.description.format(level)));
        }
        const last = this.times.length - 1;
        for (const [index, anchor] of [[0, "start"], [Math.round(last / 2), "middle"], [last, "end"]]) {
          const text = format.clock(this.times[index]);
          made.push(drawn("text", { x: this.x(index), y: CHART_HEIGHT - 5, "text-anchor": anchor },
            this.series.step_seconds >= 60 ? text.slice(0, 5) : text));
        }
        return made;
      }

      paths() {
        const made = [];
        this.description.lines.forEach((line, number) => {
          const runs = runsOf(this.values[number]);
          if (line.filled) {
            for (const run of runs) {
              const base = this.y(Math.max(0, this.low));
              const points = run.map(([index, value]) => `L${this.x(index)} ${this.y(value)}`).join("");
              const [first, last] = [this.x(run[0][0]), this.x(run[run.length - 1][0])];
              made.push(drawn("path", { class: "fill", d: `M${first} ${base}${points}L${last} ${base}Z` }));
            }
          }
          // A value without neighbours would be a line of no length.
          const d = runs.map((run) => run.map(([index, value], place) =>
            `${place ? "L" : "M"}${this.x(index)} ${this.y(value)}`).join("") + (run.length > 1 ? "" : "m-4 0h6")).join("");
          made.push(drawn("path", { class: line.style, d }));
        });
        return made;
      }

      cursor() {
        if (this.chosen === null) return [];
        const x = this.x(this.chosen);
        return [drawn("line", { class: "cursor", x1: x, x2: x, y1: CHART_TOP, y2: CHART_HEIGHT - CHART_BOTTOM })];
      }

      summary(known) {
        const { title, lines, format: write } = this.description;
        if (!known.length) return `${title}: nothing to show yet.`;
        const parts = lines.map((line, number) => {
          const values = this.values[number].filter(isNumber);
          if (!values.length) return `${line.name}: none`;
          return `${line.name}: last ${write(values[values.length - 1])}, highest ${write(Math.max(...values))}`;
        });
        return `${title}. ${parts.join("; ")}. Arrow keys read single values.`;
      }

      indexAt(event) {
        if (!this.times) return null;
        const box = this.plot.getBoundingClientRect();
        const share = (event.clientX - box.left - CHART_LEFT) / (box.width - CHART_LEFT - CHART_RIGHT);
        return Math.min(this.times.length - 1, Math.max(0, Math.round(share * (this.times.length - 1))));
      }

      step(event) {
        if (!this.times) return;
        const last = this.times.length - 1;
        const from = this.chosen ?? last + 1;
        const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        this.choose(Math.min(last, Math.max(0, to)));
      }

      choose(index) {
        this.chosen = index;
        if (index !== null) {
          const parts = this.description.lines.map((line, number) =>
            `${line.name} ${this.description.format(this.values[number][index])}`);
          setText(this.readout, `${format.moment(this.times[index])}: ${parts.join(", ")}`);
        }
        this.draw();
      }
    }

    /** The next 1, 2 or 5 times a power of ten: an axis that does not jump at every update. */
    function roundedUp(value) {
      if (!(value > 0)) return 0;
      const power = 10 ** Math.floor(Math.log10(value));
      return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999) ?? value;
    }

    /** Runs of `[index, value]` without a gap. */
    function runsOf(values) {
      const runs = [];
      values.forEach((value, index) => {
        if (value === null) return;
        const isNext = index > 0 && values[index - 1] !== null;
        if (!isNext) runs.push([]);
        runs[runs.length - 1].push([index, value]);
      });
      return runs;
    }

    """#
}
