"""Numbers beyond reason, wherever a request, a reply or its headers have one: nothing that counts, multiplies or waits
ends the process, and no book has a number that cannot be."""

import math
import random

import pytest

from harness.eventually import eventually
from harness.ledger import FILE, Ledger
from harness.limits import keyed, of
from harness.upstream import ScriptedUpstream, reply as scripted

NUMBERS = [
    "0", "-0", "1", "-1", "0.5", "1e308", "-1e308", "5e-324", "1e19", "2147483648", "4611686018427387904",
    "999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
    "1" + "0" * 400, "0." + "0" * 400 + "1", "null", "true", '"9223372036854775807"', "[]", "{}",
]
BOUNDS = [
    "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "temperature", "top_p", "top_k",
    "logprobs", "seed", "dimensions", "timeout", "user", "stream_options", "metadata",
]
PROMPTS = {
    "chat/completions": '"messages": [{"role": "user", "content": "hello"}]',
    "completions": '"prompt": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]',
    "responses": '"input": "hello"',
    "messages": '"messages": [{"role": "user", "content": "hello"}]',
    "embeddings": '"input": ["a", "b"]',
}
USAGE = [
    "prompt_tokens", "completion_tokens", "total_tokens", "cost", "input_tokens", "output_tokens",
    "cache_read_input_tokens", "cache_creation_input_tokens",
]
WAITS = ["Retry-After", "Retry-After-Ms", "X-RateLimit-Reset", "X-RateLimit-Remaining", "Age", "Date"]

# With all that calculates: limits, budgets, rules of parameters, routes by length, rollouts.
RULES = """
limits:
  rates:
    - {name: each, tokens_per_minute: 1000000000000, per: [user, model]}
budgets:
  - {name: month, period: month, tokens: 1000000000000000, total: true}
models:
  catalog:
    - id: acme/m
      prices: {input: 1000000, output: 1000000}
      context_window: 1000000000
      parameters:
        - {scale: temperature, by: 1000000000}
        - {scale: max_tokens, by: 1000000000}
        - {clamp: top_p, min: -1000000000, max: 1000000000}
  routes:
    by_length: true
screening:
  tokens:
    - {max_output_tokens: 1000000000, over: cap, absent: cap}
"""
SETTINGS = {
    "WEIR_LEDGER": FILE, "WEIR_RATE_LIMIT_TPM": "1000000000000", "WEIR_BUDGET_USD_DAY": "1000000000",
    "WEIR_RETRIES": "0", "WEIR_CIRCUIT_BREAKER": "false", "KIMI_FALLBACK_MODEL": "off", "KIMI_ROLLOUT_PERCENTAGE": "50",
}


def members(chance: random.Random, names: list, count: int) -> str:
    return ", ".join(f'"{name}": {chance.choice(NUMBERS)}' for name in chance.sample(names, count))


def tool(chance: random.Random, endpoint: str) -> str:
    bounds = members(chance, ["multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], 3)
    schema = f'{{"type": "object", "properties": {{"n": {{"type": "number", {bounds}}}}}}}'
    return {
        "messages": f'{{"name": "f", "input_schema": {schema}}}',
        "responses": f'{{"type": "function", "name": "f", "parameters": {schema}}}',
    }.get(endpoint, f'{{"type": "function", "function": {{"name": "f", "parameters": {schema}}}}}')


def request(chance: random.Random, endpoint: str) -> bytes:
    model = chance.choice(["acme/m", "kimi-k2", "gpt-4", "auto"])
    tools = f'"tools": [{tool(chance, endpoint)}]'
    return f'{{"model": "{model}", {PROMPTS[endpoint]}, {tools}, {members(chance, BOUNDS, 4)}}}'.encode()


def answer(chance: random.Random) -> bytes:
    """A completion, or an error that asks to wait."""
    headers = [("Content-Type", "application/json")]
    headers += [(name, chance.choice(NUMBERS).strip('"')) for name in chance.sample(WAITS, 2)]
    if chance.random() < 0.2:
        return scripted(b'{"error": {"message": "later", "code": 429}}', "429 Too Many Requests", headers)
    arguments = f'{{"n": {chance.choice(NUMBERS)}}}'.replace('"', '\\"')
    call = f'{{"index": {chance.choice(NUMBERS)}, "id": "c", "type": "function", ' \
           f'"function": {{"name": "f", "arguments": "{arguments}"}}}}'
    text = f'{{"id": "gen", "created": {chance.choice(NUMBERS)}, "choices": [{{"index": {chance.choice(NUMBERS)}, ' \
           f'"finish_reason": "tool_calls", ' \
           f'"message": {{"role": "assistant", "content": "x", "tool_calls": [{call}]}}}}], ' \
           f'"usage": {{{members(chance, USAGE, 5)}, ' \
           f'"completion_tokens_details": {{"reasoning_tokens": {chance.choice(NUMBERS)}}}}}}}'
    return scripted(text.encode(), headers=headers)


@pytest.fixture
def counting(binary, tmp_path):
    chance = random.Random(20261122)
    with ScriptedUpstream(lambda wire, request: answer(chance)) as upstream:
        weir = keyed(binary, tmp_path, upstream.url, ["app"], RULES, SETTINGS)
        weir.ledger = Ledger(weir.folder)
        yield weir
        weir.stop()


def test_no_number_of_a_request_or_a_reply_ends_the_process(counting):
    chance = random.Random(1122)
    asked, served = 0, 0
    for _ in range(120):
        for endpoint in PROMPTS:
            body = request(chance, endpoint)
            reply = counting.post(f"/v1/{endpoint}", body, [of("app")])
            asked += 1
            served += reply.status == 200
            assert reply.status in (200, 400, 413, 429, 502, 503), (body, reply.body)
    # Not all were refused before anything was counted.
    assert served > asked / 4

    def written() -> bool:
        return counting.ledger.one("SELECT count(*) FROM requests") == asked
    eventually(written, "a row of each request", seconds=15)
    below = " OR ".join(f"{column} < 0" for column in ("cost_usd", "input_tokens", "output_tokens", "duration_us"))
    assert counting.ledger.one(f"SELECT count(*) FROM requests WHERE {below}") == 0
    page = counting.scrape()
    assert page.sum("weir_requests_total") == asked
    for name in ("weir_tokens_total", "weir_cost_usd_total", "weir_tool_calls_total", "weir_request_tokens_sum"):
        assert math.isfinite(page.sum(name)) and page.sum(name) >= 0, name
