"""The service level objectives: recording rules for what happened, alerts for how fast an error budget burns.

An objective is kept as a ratio of bad to all over several windows. Alerts follow chapter 5 of Google's Site
Reliability Workbook ("multiwindow, multi-burn-rate alerts"): a long window says that it matters, a short one that it
goes on.
"""

from dataclasses import dataclass

from boards import CLIENTS_FAULT, PRICED_BASELINE, UNCHECKED

WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]
# Fewer requests, streams or tool calls than this in an hour say nothing about a share of them.
FEWEST = 20


@dataclass
class Objective:
    name: str  # of the recorded ratio
    alert: str
    allowed: float  # the error budget: bad of all
    bad: str  # the rate of what is bad, by job; WINDOW stands for the window
    all: str
    count: str  # the recorded number of all in an hour: of a single one that is bad, the share is 100 %
    what: str  # the bad thing, for people
    remedy: str


def _by_job(selector: str) -> str:
    return f"sum by (job) (rate({selector}[WINDOW]))"


ALL_REQUESTS = _by_job("weir_requests_total")
ALL_TOOL_CALLS = _by_job(f'weir_tool_calls_total{{result!~"{UNCHECKED}"}}')

OBJECTIVES = [
    Objective("weir_errors", "WeirErrors", 0.01,
              _by_job(f'weir_errors_total{{error_type!~"{CLIENTS_FAULT}"}}'), ALL_REQUESTS, "job:weir_requests:increase1h",
              "requests ended in an error that was not the client's doing",
              "See 'Errors by upstream' in the dashboard 'weir: upstreams and resilience', then `weir doctor`."),
    Objective("weir_unavailable", "WeirAvailability", 0.005,
              _by_job('weir_requests_total{status=~"5.."}'), ALL_REQUESTS, "job:weir_requests:increase1h",
              "requests were answered with a 5xx",
              "See `/health` of the admin listener and the circuits in 'weir: upstreams and resilience'."),
    Objective("weir_slow_first_token", "WeirFirstToken", 0.05,
              _by_job("weir_time_to_first_token_seconds_count") + " - "
              + _by_job('weir_time_to_first_token_seconds_bucket{le="3.0"}'),
              _by_job("weir_time_to_first_token_seconds_count"), "job:weir_streams:increase1h",
              "streams had no token after 3 s",
              "See 'Latency by upstream'; a rollout back to the incumbent is `weir rollout NAME 0`."),
    Objective("weir_bad_tool_calls", "WeirToolCalls", 0.05,
              _by_job(f'weir_tool_calls_total{{result!~"valid|{UNCHECKED}"}}'), ALL_TOOL_CALLS,
              "job:weir_tool_calls:increase1h", "tool calls named no known tool or had arguments that do not fit",
              "See 'Bad tool calls by provider' in 'weir: rollout comparison'; the log names the schema path of each."),
]

# (alert name's end, severity, [(budget burnt this many times too fast, long window, short window)])
BURNS = [
    ("BurnFast", "page", [(14.4, "1h", "5m"), (6, "6h", "30m")]),
    ("BurnSlow", "ticket", [(3, "1d", "2h"), (1, "3d", "6h")]),
]


def record(name: str, expression: str) -> dict:
    return {"record": name, "expr": expression}


def ratio(objective: Objective, window: str) -> dict:
    """Bad of all; 0 where nothing bad was counted, nothing where there was nothing at all."""
    bad, total = (text.replace("WINDOW", window) for text in (objective.bad, objective.all))
    return record(f"job:{objective.name}:ratio_rate{window}", f"({bad} or 0 * {total}) / ({total} > 0)")


def savings(window: str) -> list:
    cost, baseline = (f"sum by (job, model) (increase({metric}[{window}]))"
                      for metric in ("weir_cost_usd_total", PRICED_BASELINE))
    return [record(f"job_model:weir_saving:ratio_increase{window}", f"1 - {cost} / ({baseline} > 0)")]


def without_price_of(time: str) -> str:
    """The models that a weir served that long ago which did not yet count what has a price: the cost of the time since is
    in no proportion to it."""
    def counted(metric: str) -> str:
        return f"count by (job, model) ({metric} offset {time})"
    return f"{counted('weir_baseline_cost_usd_total')} unless on (job, model) {counted(PRICED_BASELINE)}"


def recording_groups() -> list:
    short = [ratio(objective, window) for objective in OBJECTIVES for window in WINDOWS[:5]]
    long = [ratio(objective, window) for objective in OBJECTIVES for window in WINDOWS[5:]]
    of_an_hour = {each.count: each.all.replace("(rate(", "(increase(").replace("WINDOW", "1h") for each in OBJECTIVES}
    counts = [record(name, total) for name, total in of_an_hour.items()]
    counts.append(record("job:weir_first_token_seconds:p95_5m", "histogram_quantile(0.95, sum by (job, le) "
                         "(rate(weir_time_to_first_token_seconds_bucket[5m])))"))
    return [{"name": "weir-slo-short", "interval": "30s", "rules": counts + short},
            {"name": "weir-slo-long", "interval": "2m", "rules": long + savings("1d") + savings("7d")}]


def alert(name: str, expression: str, severity: str, summary: str, description: str, hold: str = "") -> dict:
    made = {"alert": name, "expr": expression}
    if hold:
        made["for"] = hold
    return made | {"labels": {"severity": severity},
                   "annotations": {"summary": summary, "description": description}}


def came(series: str, by: str) -> str:
    """The series that were counted up in a quarter of an hour; increase() alone does not see a counter's first value."""
    return f"sum by ({by}) (increase({series}[15m]) > 0 or {series} > 0 unless {series} offset 15m)"


def burn_alert(objective: Objective, suffix: str, severity: str, burns: list) -> dict:
    def over(factor: float, window: str) -> str:
        return f"job:{objective.name}:ratio_rate{window} > {factor * objective.allowed:g}"
    terms = [f"({over(factor, long)} and {over(factor, short)})" for factor, long, short in burns]
    expression = f"({' or '.join(terms)}) and on (job) {objective.count} > {FEWEST}"
    return alert(objective.alert + suffix, expression, severity,
                 f"{objective.alert.removeprefix('Weir')}: the error budget of weir burns too fast",
                 "{{ $value | humanizePercentage }} of " + f"{objective.what}; {objective.allowed:.1%} are allowed. "
                 + objective.remedy)


def other_alerts() -> list:
    return [
        alert("WeirDown", 'up{job="weir"} == 0', "page", "weir does not answer Prometheus",
              "{{ $labels.instance }} could not be scraped for two minutes. Look at its log; `/healthz` answers while "
              "the process serves.", "2m"),
        alert("WeirSavingLow", f'job_model:weir_saving:ratio_increase1d{{model=~".*kimi.*"}} < 0.5 unless on (job, model) '
              f"({without_price_of('1d')})", "ticket",
              "Kimi saves less than half of the baseline's cost",
              "{{ $labels.model }} saved {{ $value | humanizePercentage }} over the last day. See 'A million tokens' in "
              "'weir: cost and budgets'.", "1h"),
        alert("WeirCircuitOpen", "max by (job, upstream, model) (weir_circuit_state) > 0", "ticket",
              "weir has stopped asking an upstream",
              "The circuit of {{ $labels.upstream }} for {{ $labels.model }} has not been closed for five minutes: open, or "
              "waiting for a probe. Fallbacks serve its requests where there are any.", "5m"),
        alert("WeirBudgetUsedUp", "min by (job, client) (weir_budget_remaining_usd) <= 0", "ticket",
              "A client's budget is used up",
              "{{ $labels.client }} has spent its tightest budget. Where that is a hard one, its requests get 429 "
              "budget_exceeded until the period is over or the budget is raised (WEIR_BUDGET_USD_DAY)."),
        # A hard budget refuses what may go over it, so that its last cents are seldom spent.
        alert("WeirBudgetRefuses", came('weir_errors_total{error_type="budget_exceeded"}', "job"), "ticket",
              "Requests are refused for a budget",
              "Requests got 429 budget_exceeded in the last quarter of an hour; `weir_rate_limited_total` has whose, by "
              "client and limit. They do until the period is over or the budget is raised."),
        alert("WeirSharedStateDown", "weir_shared_state_up == 0", "ticket",
              "Sidecars count each for itself",
              "{{ $labels.instance }} has not used the shared store for two minutes: limits and budgets are its share of "
              "the last known fleet, rollouts stay as they are. Its log and `/health` say why; `weir doctor` tries.", "2m"),
        alert("WeirReloadFailed", "weir_config_last_reload_successful == 0", "ticket",
              "A configuration was not taken",
              "{{ $labels.instance }} runs its former configuration, and would not start with the new one; `weir check` "
              "lists what is wrong with that."),
        # A ledger that could not be used from the start is not tried to be written, and loses every row.
        alert("WeirLedgerFailing", "sum by (job, instance) (increase(weir_ledger_write_failures_total[15m]) > 0 or "
              "increase(weir_ledger_rows_dropped_total[15m]) > 0 or weir_ledger_degraded > 0)", "ticket",
              "The usage ledger cannot be written",
              "{{ $labels.instance }} holds rows in memory, where there was a ledger when it started, and loses the "
              "others, or cannot let old ones go; `/health` says why. Check WEIR_LEDGER and the disk that it is on."),
        alert("WeirFileFailing", "weir_file_failing > 0", "ticket",
              "What a restart would need cannot be written",
              "{{ $labels.instance }} cannot write {{ $labels.file }}; `/health` says why. Until it can, a restart "
              "forgets what changed since.", "2m"),
        alert("WeirLogLinesDropped", "increase(weir_log_lines_dropped_total[15m]) > 0", "ticket",
              "Log lines were lost",
              "{{ $labels.instance }} wrote more than its log's reader took; read faster or raise WEIR_LOG_LEVEL."),
        alert("WeirAnomaly", came("weir_anomalies_total", "job, kind, client"), "ticket",
              "A client's traffic is not what it usually is",
              "The {{ $labels.kind }} of {{ $labels.client }} departs from its usual; weir's log says from what to what. "
              "A key that leaked, a loop that retries and a new release look like this."),
        alert("WeirAuditLosesEvents", "increase(weir_audit_dropped_total[15m]) > 0", "page",
              "The audit log cannot be written",
              "{{ $labels.instance }} has lost audit events; check the disk that WEIR_AUDIT_LOG is on."),
        alert("WeirWebhookFailing",
              'sum by (job, instance) (increase(weir_webhook_deliveries_total{result=~"failed|dropped"}[15m])) > 0',
              "ticket", "Notices do not reach the webhook",
              "{{ $labels.instance }} gave notices up after several tries; check what WEIR_WEBHOOK_URL names."),
        alert("WeirOverheadHigh", "histogram_quantile(0.99, sum by (job, le) (rate(weir_overhead_seconds_bucket[15m]))) "
              "> 0.05", "ticket", "weir itself is slow",
              "1 % of requests waited over 50 ms in weir before they left for the upstream. See CPU and memory in "
              "'weir: overview'.", "15m"),
    ]


def alert_groups() -> list:
    burns = [burn_alert(objective, *burn) for objective in OBJECTIVES for burn in BURNS]
    return [{"name": "weir-slo-alerts", "rules": burns}, {"name": "weir-alerts", "rules": other_alerts()}]
