"""A little of everything that weir counts: models, streams, tools, cache hits, failures, limits, votes."""

from .requests import chat, function, user

APP, CRAWLER = "key-of-app", "key-of-crawler"

# What makes each of weir's features count something; a bound that the crawler of a round goes over, and the app not.
SETTINGS = {
    "WEIR_CLIENT_KEYS": f"app:{APP},crawler:{CRAWLER}", "WEIR_RATE_LIMIT_RPM": "300", "WEIR_BUDGET_USD_DAY": "1000",
    "WEIR_CACHE_TTL": "300", "WEIR_CACHE_MAX_BYTES": "65536", "WEIR_RETRIES": "2", "WEIR_CIRCUIT_BREAKER": "true",
    "WEIR_LEDGER": "weir.db", "KIMI_ROLLOUT_PERCENTAGE": "50", "KIMI_ROLLOUT_FROM": "openai/gpt-4-turbo",
    "KIMI_FALLBACK_MODEL": "openai/gpt-4-turbo"}

CITY = function("get_weather", city={"type": "string"})
# The simulator fills schemas in without a look at patterns, so its arguments do not fit this one.
PATTERN = function("get_time", zone={"type": "string", "pattern": "^[A-Z]{3}/[0-9]{7}$"})


def round_of_load(weir, number: int) -> None:
    """One round; two of them make every counter that it touches rise between two scrapes."""
    def post(body, headers=(), key=APP, target="/v1/chat/completions"):
        return weir.post(target, body, [("Authorization", f"Bearer {key}"), *headers])

    for person in range(12):
        who = [("x-weir-user", f"person-{person}")]
        text = f"round {number}, person {person}"
        for stream in (False, True):
            answer = post(chat(text, stream=stream), who)
            assert answer.status == 200, answer.body
            rating = "up" if person % 3 else "down"
            post({"id": answer.get("x-request-id"), "rating": rating}, who, target="/weir/feedback")
            post(chat(text, stream=stream, tools=[CITY], tool_choice="required"), who)
            post(chat(text, stream=stream, tools=[PATTERN], tool_choice="required"), who)
        post(chat(text, model="kimi-k2", temperature=0), who)
        post(chat(text, model="kimi-k2", temperature=0), who)
    post({"model": "kimi-k2", "max_tokens": 5, "messages": user("hello")}, target="/v1/messages")
    for _ in range(3):
        post(chat(f"round {number}"), [("x-sim-fault", "status=503[moonshotai/*]"), ("x-weir-user", "person-1")])
        post(chat(f"round {number}", model="kimi-k2"), [("x-sim-fault", "status=503")])
        post(chat(f"round {number}", model="kimi-k2"), [("x-sim-fault", "status=503[moonshotai/*]")])
        post(b"{")
    # More than a client may ask in a minute, in the first round at the latest.
    with weir.wire() as wire:
        for _ in range(320):
            wire.request("GET", "/v1/key", [("Authorization", f"Bearer {CRAWLER}")])
    with weir.wire() as wire:
        wire.send(b"GET /v1/anything HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + APP.encode()
                  + b"\r\nx-sim-fault: delay=20000\r\n\r\n")
