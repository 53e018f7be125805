extension StatusPage {
  /// Asks for `/status` again and again; the last part of the script.
  static let updatesScript = #"""
    // Updates: one request at a time, every two seconds while somebody looks.
    const EVERY_MILLISECONDS = 2000;
    const charts = CHARTS.map((description) => new Chart(description));
    let newest = null;
    let timer = null;
    let lastHeard = null;
    let lastState = null;
    let isAsking = false;

    function show(status) {
      newest = status;
      const state = showHeader(status);
      showTiles(status);
      showCharts();
      showUpstreams(status);
      showRollouts(status);
      showModels(status);
      showErrors(status);
      showAnomalies(status);
      announce(state, `weir is ${state}.`);
    }

    function showCharts() {
      if (!newest) return;
      const range = document.querySelector("input[name=range]:checked").value;
      const since = newest.time - newest.uptime_seconds;
      for (const chart of charts) chart.show(newest.series[range], since);
    }

    /** Tells screen readers of changes of state only, not of every figure. */
    function announce(state, text) {
      if (state === lastState) return;
      lastState = state;
      setText(byId("announcement"), text);
    }

    function showAnswer(isThere, reason) {
      const banner = byId("gone");
      document.body.classList.toggle("is-gone", !isThere);
      banner.hidden = isThere;
      if (isThere) return;
      const since = lastHeard ? `Its last answer was at ${format.clock(lastHeard)}; the figures below are from then.`
        : "It has not answered since this page was opened.";
      setText(banner, `weir does not answer (${reason}). ${since} Trying again every 2 seconds.`);
      const badge = byId("overall");
      badge.dataset.state = "gone";
      setText(badge, "gone");
      document.title = "gone – weir";
      lastState = "gone";
    }

    async function refresh() {
      if (isAsking) return;
      isAsking = true;
      clearTimeout(timer);
      try {
        const reply = await fetch("/status", { cache: "no-store", signal: AbortSignal.timeout(5000) });
        if (!reply.ok) throw new Error("status " + reply.status);
        const status = await reply.json();
        lastHeard = Date.now() / 1000;
        showAnswer(true);
        show(status);
      } catch (error) {
        showAnswer(false, error.name === "TimeoutError" ? "no answer in 5 seconds"
          : error.name === "TypeError" ? "no connection" : error.message);
      } finally {
        isAsking = false;
        schedule();
      }
    }

    const isPaused = () => byId("pause").getAttribute("aria-pressed") === "true";

    function schedule() {
      clearTimeout(timer);
      if (!document.hidden && !isPaused()) timer = setTimeout(refresh, EVERY_MILLISECONDS);
    }

    byId("charts").append(...charts.map((chart) => chart.figure));
    for (const choice of document.querySelectorAll("input[name=range]")) choice.addEventListener("change", showCharts);
    new ResizeObserver(() => charts.forEach((chart) => chart.draw())).observe(byId("charts"));
    byId("more-errors").addEventListener("click", (event) => {
      const shows = event.currentTarget.getAttribute("aria-expanded") === "true";
      event.currentTarget.setAttribute("aria-expanded", String(!shows));
      if (newest) showErrors(newest);
    });
    byId("token-row").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || isPaused()) clearTimeout(timer); else refresh();
    });
    byId("pause").addEventListener("click", () => {
      const pauses = !isPaused();
      byId("pause").setAttribute("aria-pressed", String(pauses));
      if (pauses) clearTimeout(timer); else refresh();
    });
    refresh();

    """#
}
