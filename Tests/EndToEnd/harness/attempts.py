"""What tests of retries, fallbacks and circuits share: faults set and taken back, and who was asked for what."""

import json
from pathlib import Path

from .metrics import Scrape
from .simulator import Simulator, mark
from .usual_requests import usual
from .weir import Weir
from .wire import Reply

CHAT = "chat/completions"
KIMI = "moonshotai/kimi-k2"
FALLBACK = "openai/gpt-4-turbo"

# No budget of an earlier test decides what a later one sees; retries come at once. Circuits are off in all tests
# that do not ask for them.
UNHINDERED = "resilience:\n  retry_share: 1\n  retry_floor: 1000\n  retry: {first_delay: 0.01}\n"
WITH_CIRCUITS = {"WEIR_CIRCUIT_BREAKER": None}
WITH_FALLBACK = {"KIMI_FALLBACK_MODEL": FALLBACK}


def fail(simulator: Simulator, specification: str) -> None:
    """Sets the faults of all requests from now on."""
    reply = simulator.ask("POST", "/_sim/faults", body=specification.encode())
    assert reply.status == 200, reply.body


def heal(simulator: Simulator) -> None:
    assert simulator.ask("DELETE", "/_sim/faults").status == 200


def calls(simulator: Simulator, marked: tuple, last: int = 200) -> list:
    """The requests that carry the mark, oldest first."""
    return [each for each in simulator.requests(last) if each.get(marked[0]) == marked[1]]


def models_asked(simulator: Simulator, marked: tuple) -> list:
    return [json.loads(each.body)["model"] for each in calls(simulator, marked)]


def asked(weir: Weir, simulator: Simulator, model: str = KIMI, endpoint: str = CHAT, stream: bool = False,
          headers=(), **members) -> tuple:
    """The reply to the usual request, and the models that the simulator was asked for on its way."""
    marked = mark()
    reply = weir.post(f"/v1/{endpoint}", usual(endpoint, stream=stream, **({"model": model} | members)),
                      [marked, *headers])
    return reply, models_asked(simulator, marked)


def configured(binary, folder: Path, upstream: str, text: str, environment=None) -> Weir:
    """A weir with this YAML file."""
    (folder / "weir.yaml").write_text(text)
    return Weir(binary, folder, upstream, {"WEIR_CONFIG": "weir.yaml"} | (environment or {}))


# What a request's attempts are counted in, error or none.
COUNTED = ["weir_requests_total", "weir_errors_total", "weir_retries_total", "weir_fallbacks_total",
           "weir_upstream_requests_total"]
LINES = tuple(f"{start}{name}{end}" for name in COUNTED for start, end in (("", "{"), ("# TYPE ", " ")))


def scrape_attempts(weir: Weir) -> Scrape:
    """A scrape of these counters alone, since reading all of them takes longer than the request itself."""
    text = weir.admin("/metrics").body.decode()
    return Scrape("".join(line for line in text.splitlines(keepends=True) if line.startswith(LINES)))


def content(reply: Reply) -> str:
    """What the model said in a plain chat reply."""
    assert reply.status == 200 and reply.is_complete, (reply.start_line, reply.body)
    return reply.json()["choices"][0]["message"]["content"]
