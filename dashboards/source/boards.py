"""The four dashboards. Metric names and labels are those of weir's reference; nothing else is asked for."""

from panels import bars, board, graph, quantiles, query, stat, states

# Requests that the client has to mend or to send more slowly: they say nothing about weir or its upstreams.
CLIENTS_FAULT = "|".join([
    "invalid_json", "invalid_request", "duplicate_key", "body_too_large", "unsupported_encoding", "headers_too_large",
    "unauthorized", "model_not_allowed", "tool_not_allowed", "content_blocked", "token_limit_exceeded",
    "rate_limit_exceeded", "budget_exceeded", "upstream_400", "upstream_404", "upstream_405", "upstream_413",
    "upstream_415", "upstream_422"])
# Tool calls that nobody could check are neither good nor bad.
UNCHECKED = "schema_unusable|unchecked"

OF_ALL = {"job": "label_values(weir_build_info, job)",
          "instance": 'label_values(weir_build_info{job=~"$job"}, instance)'}
OF_MODELS = OF_ALL | {"model": 'label_values(weir_requests_total{job=~"$job",instance=~"$instance"}, model)'}
OF_ROLLOUTS = OF_ALL | {"rollout": 'label_values(weir_rollout_percent{job=~"$job",instance=~"$instance"}, rollout)'}


def rate(metric: str, by: str = "", matchers: str = "", window: str = "[$__rate_interval]", function: str = "rate") -> str:
    """The sum of a counter's rates, by labels if any are named."""
    selector = "{own" + matchers + "}"
    return f"sum{f' by ({by}) ' if by else ''}({function}({metric}{selector}{window}))"


# What a request whose own cost nobody knows would have cost elsewhere is no saving.
PRICED_BASELINE = "weir_priced_baseline_cost_usd_total"

OF_MODEL = ',model=~"$model"'
RANGE = "[$__range]"
SERVED = ',rollout=~"$rollout",variant!="none"'
VARIANT = ',variant!="none"'


def overview() -> dict:
    errors = rate("weir_errors_total", matchers=f',error_type!~"{CLIENTS_FAULT}"')
    requests = rate("weir_requests_total")
    asked = rate("weir_requests_total", window=RANGE)
    broken = rate("weir_requests_total", matchers=',status=~"5.."', window=RANGE)
    good_tools = rate("weir_tool_calls_total", matchers=',result="valid"')
    checked_tools = rate("weir_tool_calls_total", matchers=f',result!~"{UNCHECKED}"')
    return board("weir-overview", "weir: overview", "What is asked, how it is answered, how fast, at what cost.", [
        ("Now", [
            stat("Requests", query(requests), "reqps"),
            stat("Errors", query(f"({errors} or vector(0)) / {requests}"), "percentunit",
                 "Errors that are not the client's doing, of all requests. Objective: under 1 %.", bad_above=0.01),
            stat("Availability", query(f"1 - ({broken} or vector(0)) / {asked}"), "percentunit",
                 "Requests not answered with a 5xx, over the time shown. Objective: 99.5 %.", good_above=0.995),
            stat("First token p95", quantiles("weir_time_to_first_token_seconds", shares=(0.95,)), "s",
                 "Of streams. Objective: under 3 s.", bad_above=3),
            stat("Saving", query(f"1 - {rate('weir_cost_usd_total', window=RANGE, function='increase')}"
                                 f" / {rate(PRICED_BASELINE, window=RANGE, function='increase')}"),
                 "percentunit", "Of what the baseline model would have cost, over the time shown; of requests whose own "
                 "cost is known.", good_above=0.5),
            stat("Tool calls that work", query(f"{good_tools} / {checked_tools}"), "percentunit",
                 "Calls of a known tool whose arguments fit its schema. Objective: over 95 %.", good_above=0.95),
        ]),
        ("Traffic", [
            graph("Requests by status", query(rate("weir_requests_total", "status"), "{{status}}"), "reqps", stacked=True),
            graph("Requests by model", query(rate("weir_requests_total", "model", OF_MODEL), "{{model}}"), "reqps",
                  stacked=True),
            graph("Requests by API", query(rate("weir_requests_total", "endpoint"), "{{endpoint}}"), "reqps",
                  stacked=True),
            graph("In flight and connections", [
                query("sum(weir_in_flight_requests{own})", "requests in flight"),
                query("sum(weir_open_connections{own})", "open connections")]),
            graph("Tokens by kind", query(rate("weir_tokens_total", "type", OF_MODEL), "{{type}}"), "short",
                  "A second. Cached tokens are part of input, reasoning is part of output."),
            graph("Clients that left", query(rate("weir_client_disconnects_total", "phase"), "{{phase}}"), "reqps"),
        ]),
        ("Speed", [
            graph("Latency", quantiles("weir_request_duration_seconds", matchers=OF_MODEL), "s",
                  "From a request's head to the last byte of its reply."),
            graph("Time to first token", quantiles("weir_time_to_first_token_seconds", matchers=OF_MODEL), "s"),
            graph("Time per output token", quantiles(
                "weir_time_per_output_token_seconds", matchers=OF_MODEL), "s"),
            graph("weir's own overhead", quantiles("weir_overhead_seconds"), "s", width=12),
            graph("Latency p95 by model", quantiles(
                "weir_request_duration_seconds", "model", (0.95,), OF_MODEL), "s", width=12),
        ]),
        ("Quality", [
            graph("Errors by type", query(rate("weir_errors_total", "error_type"), "{{error_type}}"), "reqps"),
            graph("Tool calls by result", query(rate("weir_tool_calls_total", "result"), "{{result}}"), "ops",
                  stacked=True),
            graph("Anomalies by kind", query(rate("weir_anomalies_total", "kind"), "{{kind}}"), "ops"),
        ]),
        ("Cache", [
            graph("Requests by what the cache said", query(
                rate("weir_cache_requests_total", "result"), "{{result}}"), "reqps", stacked=True),
            graph("Cache size", query("sum(weir_cache_bytes{own})", "bytes"), "bytes"),
            graph("Entries and evictions", [
                query("sum(weir_cache_entries{own})", "entries"),
                query(rate("weir_cache_evictions_total", "reason", window=RANGE, function="increase"),
                      "evicted: {{reason}}")]),
        ]),
        ("The process", [
            graph("Memory", query("process_resident_memory_bytes{own}", "{{instance}}"), "bytes", width=6),
            graph("CPU", query("rate(process_cpu_seconds_total{own}[$__rate_interval])", "{{instance}}"),
                  "percentunit", width=6),
            graph("Ledger rows", [query(rate("weir_ledger_rows_total"), "written"),
                                  query(rate("weir_ledger_write_failures_total"), "failed")], "wps", width=6),
            graph("Open files", [query("process_open_fds{own}", "{{instance}}"),
                                 query("process_max_fds{own}", "{{instance}} may")], width=6),
            stat("Version", query("count by (version) (weir_build_info{own})", "{{version}}")),
            stat("Since last reload", query("time() - max(weir_config_last_reload_timestamp_seconds{own})"), "s"),
            stat("Reloads", query("sum(weir_config_reloads_total{own})")),
            stat("Failed reloads", query("sum(weir_config_reload_failures_total{own})"), bad_above=1),
        ]),
    ], OF_MODELS)


def rollouts() -> dict:
    # Cost is kept by variant and not by rollout: what it is divided by must be, too, whichever rollout is chosen.
    requests = rate("weir_requests_total", "variant", VARIANT, RANGE, "increase")
    cost = rate("weir_cost_usd_total", "variant", VARIANT, RANGE, "increase")
    baseline = rate(PRICED_BASELINE, "variant", VARIANT, RANGE, "increase")
    votes = rate("weir_feedback_total", "variant", VARIANT, RANGE, "increase")
    ups = rate("weir_feedback_total", "variant", VARIANT + ',rating="up"', RANGE, "increase")
    good_tools = rate("weir_tool_calls_total", "variant", VARIANT + ',result="valid"', RANGE, "increase")
    tools = rate("weir_tool_calls_total", "variant", VARIANT + f',result!~"{UNCHECKED}"', RANGE, "increase")
    failing = rate("weir_requests_total", "variant", SERVED + ',status=~"[45].."')
    return board("weir-rollouts", "weir: rollout comparison", "Each variant beside the incumbent. The chosen rollout narrows "
                 "'Who goes where' and 'Error share'; all else is kept by variant, over all rollouts that have one of that "
                 "name.", [
        ("Who goes where", [
            graph("Share of users moved", query(
                'max by (rollout) (weir_rollout_percent{own,rollout=~"$rollout"})', "{{rollout}}"), "percent"),
            graph("Requests by variant", query(rate("weir_requests_total", "variant", SERVED), "{{variant}}"), "reqps",
                  stacked=True),
            graph("Assignments", query(rate("weir_rollout_assignments_total", "variant, sticky", ',rollout=~"$rollout"'),
                                       "{{variant}} sticky={{sticky}}"), "reqps",
                  "Those that are not sticky had no user to stick to."),
        ]),
        ("As fast?", [
            graph("Latency p50 and p95", quantiles(
                "weir_request_duration_seconds", "variant", (0.5, 0.95), VARIANT), "s"),
            graph("Time to first token p50 and p95", quantiles(
                "weir_time_to_first_token_seconds", "variant", (0.5, 0.95), VARIANT), "s"),
            graph("Time per output token p50 and p95", quantiles(
                "weir_time_per_output_token_seconds", "variant", (0.5, 0.95), VARIANT), "s"),
        ]),
        ("As good?", [
            graph("Error share", query(
                f"({failing} or 0 * {rate('weir_requests_total', 'variant', SERVED)})"
                f" / {rate('weir_requests_total', 'variant', SERVED)}", "{{variant}}"), "percentunit",
                "Requests answered with a 4xx or 5xx."),
            bars("Tool calls that work", query(f"{good_tools} / {tools}", "{{variant}}"), "percentunit",
                 "Over the time shown."),
            bars("Satisfied users", query(f"({ups} or 0 * {votes}) / {votes}", "{{variant}}"), "percentunit",
                 "Thumbs up of all votes, over the time shown."),
            graph("Tool calls by result", query(rate("weir_tool_calls_total", "variant, result", VARIANT),
                                                "{{variant}} {{result}}"), "ops", width=12),
            graph("Bad tool calls by provider", query(
                rate("weir_tool_calls_total", "variant, provider", VARIANT + f',result!~"valid|{UNCHECKED}"'),
                "{{variant}} {{provider}}"), "ops", "Vendors of the same model differ.", width=12),
        ]),
        ("How much cheaper?", [
            bars("Cost of a request", query(f"{cost} / {requests}", "{{variant}}"), "currencyUSD",
                 "Over all rollouts, whichever is chosen."),
            bars("Saving", query(f"1 - {cost} / {baseline}", "{{variant}}"), "percentunit",
                 "Of what the baseline model would have cost; of requests whose own cost is known."),
            graph("Output tokens by variant", query(
                rate("weir_tokens_total", "variant", VARIANT + ',type="output"'), "{{variant}}"), "short"),
        ]),
    ], OF_ROLLOUTS)


def cost() -> dict:
    spent = rate("weir_cost_usd_total", window=RANGE, function="increase")
    baseline = rate(PRICED_BASELINE, window=RANGE, function="increase")
    tokens = rate("weir_tokens_total", "model", OF_MODEL + ',type=~"input|output"', RANGE, "increase")
    cached = rate("weir_tokens_total", "model", OF_MODEL + ',type="cached"')
    sent = rate("weir_tokens_total", "model", OF_MODEL + ',type="input"')
    hits = rate("weir_cache_requests_total", matchers=',result=~"hit|coalesced"', window=RANGE)
    lookups = rate("weir_cache_requests_total", window=RANGE)
    return board("weir-cost", "weir: cost and budgets", "What is spent, by whom, and what would have been.", [
        ("Over the time shown", [
            stat("Spent", query(spent), "currencyUSD"),
            stat("Baseline", query(baseline), "currencyUSD", "What the baseline model would have cost; of requests whose "
                 "own cost is known."),
            stat("Saved", query(f"{baseline} - {spent}"), "currencyUSD"),
            stat("Saving", query(f"1 - {spent} / {baseline}"), "percentunit", good_above=0.5),
            stat("A month at this pace", query(f"{rate('weir_cost_usd_total', window='[$__range]')} * 2592000"),
                 "currencyUSD", "30 days."),
            stat("Served by the cache", query(f"({hits} or vector(0)) / {lookups}"), "percentunit"),
        ]),
        ("Where it goes", [
            graph("Dollars an hour by model", query(
                rate("weir_cost_usd_total", "model", OF_MODEL) + " * 3600", "{{model}}"), "currencyUSD", stacked=True),
            graph("Dollars an hour by client", query(
                rate("weir_cost_usd_total", "client", OF_MODEL) + " * 3600", "{{client}}"), "currencyUSD", stacked=True),
            graph("Cost and baseline, dollars an hour", [
                query(rate("weir_cost_usd_total") + " * 3600", "cost"),
                query(rate(PRICED_BASELINE) + " * 3600", "baseline"),
                query(f"({rate('weir_baseline_cost_usd_total')} - {rate(PRICED_BASELINE)}) * 3600",
                      "baseline, own cost not known")], "currencyUSD"),
            bars("A million tokens", query(
                f"1000000 * {rate('weir_cost_usd_total', 'model', OF_MODEL, RANGE, 'increase')} / {tokens}",
                "{{model}}"), "currencyUSD", "Dollars paid, input and output together, over the time shown."),
            graph("Tokens by model", query(
                rate("weir_tokens_total", "model", OF_MODEL + ',type=~"input|output"'), "{{model}}"), stacked=True),
            graph("Input read from providers' caches", query(
                f"({cached} or 0 * {sent}) / {sent}", "{{model}}"), "percentunit"),
            graph("Tokens of a request", quantiles("weir_request_tokens", matchers=OF_MODEL), width=12),
            graph("Tokens of a completion", quantiles("weir_completion_tokens", matchers=OF_MODEL), width=12),
        ]),
        ("Limits", [
            graph("Budget that remains", query("min by (client) (weir_budget_remaining_usd{own})", "{{client}}"),
                  "currencyUSD", width=12),
            graph("Requests over a limit", query(
                rate("weir_rate_limited_total", "limit, client"), "{{client}}: {{limit}}"), "reqps", width=12),
        ]),
    ], OF_MODELS)


def upstreams() -> dict:
    reused = rate("weir_upstream_connections_total", "upstream", ',reused="true"')
    circuits = {0: ("closed", "green"), 1: ("half-open", "yellow"), 2: ("open", "red")}
    failing = rate("weir_upstream_requests_total", "upstream", ',status=~"5..|429|none"')
    asked = rate("weir_upstream_requests_total", "upstream")
    return board("weir-upstreams", "weir: upstreams and resilience", "What upstreams answer, and what weir does about it.", [
        ("Upstreams", [
            graph("Attempts by upstream and status", query(
                rate("weir_upstream_requests_total", "upstream, status"), "{{upstream}} {{status}}"), "reqps",
                "Status none: no reply came."),
            graph("Attempts that failed", query(f"({failing} or 0 * {asked}) / {asked}", "{{upstream}}"), "percentunit",
                  "5xx, 429 and no reply, of all attempts."),
            graph("Latency by upstream", quantiles("weir_upstream_duration_seconds", "upstream", (0.5, 0.95)), "s"),
            graph("Connections reused", query(
                f"({reused} or 0 * {rate('weir_upstream_connections_total', 'upstream')})"
                f" / {rate('weir_upstream_connections_total', 'upstream')}", "{{upstream}}"), "percentunit", width=12),
            graph("Errors by upstream", query(rate("weir_errors_total", "upstream, error_type"),
                                              "{{upstream}} {{error_type}}"), "reqps", width=12),
        ]),
        ("Resilience", [
            states("Circuits", query("max by (upstream, model) (weir_circuit_state{own})", "{{upstream}} {{model}}"),
                   circuits),
            graph("Retries", query(rate("weir_retries_total", "model, reason"), "{{model}}: {{reason}}"), "reqps"),
            graph("Fallbacks", query(rate("weir_fallbacks_total", "from, to, reason"),
                                     "{{from}} to {{to}}: {{reason}}"), "reqps"),
            graph("Attempts a request", query(
                f"{rate('weir_upstream_requests_total')} / {rate('weir_requests_total')}", "attempts"),
                description="Above 1: retries and fallbacks. Below 1: the cache and refusals."),
        ]),
        ("Shared state", [
            states("Shared store", query("weir_shared_state_up{own}", "{{instance}}"),
                   {0: ("away", "red"), 1: ("used", "green")}),
            graph("Calls of the store, 95 % within", quantiles(
                "weir_shared_state_duration_seconds", "operation", (0.95,)), "s"),
            graph("Local state decided instead", query(
                rate("weir_shared_state_fallbacks_total", "operation, reason"), "{{operation}}: {{reason}}"), "ops",
                "Down: the store is away. Late: over the deadline. The others are errors."),
            graph("Sidecars", query("weir_shared_state_sidecars{own}", "{{instance}}"),
                  description="As each knows it; they should agree."),
        ]),
        ("Load", [
            graph("In flight", query("weir_in_flight_requests{own}", "{{instance}}"), width=6),
            graph("Connections", query("weir_open_connections{own}", "{{instance}}"), width=6),
            graph("Bodies held in memory", query("weir_buffered_bytes{own}", "{{instance}}"), "bytes", width=6),
            graph("Log lines dropped", query("rate(weir_log_lines_dropped_total{own}[$__rate_interval])",
                                             "{{instance}}"), width=6),
        ]),
    ], OF_ALL)


BOARDS = {"overview": overview, "rollouts": rollouts, "cost": cost, "upstreams": upstreams}
