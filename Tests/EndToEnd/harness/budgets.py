"""What requests cost, what budgets have left, and weirs that end without a chance to tidy up."""

import calendar
import time
from pathlib import Path

from .limits import keyed
from .weir import Weir
from .wire import Reply

MODEL = "openai/gpt-4-turbo"
USD_PER_INPUT_TOKEN, USD_PER_OUTPUT_TOKEN = 10e-6, 30e-6


def cost(reply: Reply) -> float:
    """What the upstream says that the reply cost."""
    assert reply.status == 200, (reply.start_line, reply.body)
    return reply.json()["usage"]["cost"]


def remaining(weir: Weir, client: str):
    """What is left of the client's tightest budget in US dollars; None where weir does not say."""
    samples = weir.scrape().samples("weir_budget_remaining_usd", client=client)
    return samples[0].value if samples else None


def seconds_to_end(period: str, now: float) -> float:
    """Until the UTC day or month is over."""
    if period == "day":
        return 86_400 - now % 86_400
    today = time.gmtime(now)
    year, month = (today.tm_year, today.tm_mon + 1) if today.tm_mon < 12 else (today.tm_year + 1, 1)
    return calendar.timegm((year, month, 1, 0, 0, 0)) - now


def check_over_budget(reply: Reply, budget: str, period: str = "day") -> None:
    """A refusal until the period's end, with the advice to let it be."""
    assert reply.status == 429, (reply.start_line, reply.body)
    error = reply.json()["error"]
    assert error["code"] == "budget_exceeded" and f"`{budget}`" in error["message"]
    assert reply.get("x-request-id") in error["message"]
    assert reply.get("x-should-retry") == "false"
    expected = seconds_to_end(period, time.time())
    # Midnight may pass between the refusal and this line.
    assert abs(int(reply.get("retry-after")) - expected) < 30 or expected > 86_300


class Restarted:
    """A weir that is ended and started again in the same folder, its spending in a file there."""

    def __init__(self, binary, folder: Path, upstream: str, clients: list, text: str, environment=None):
        self.make = lambda: keyed(binary, folder, upstream, clients, text, environment)
        self.folder = folder
        self.weir = self.make()

    def kill(self) -> None:
        """SIGKILL, and a new process."""
        self.weir.process.kill()
        self.begin()

    def restart(self) -> None:
        """SIGTERM, and a new process."""
        self.weir.stop()
        self.begin()

    def begin(self) -> None:
        """A new process, after the last has ended."""
        (self.folder / "ports.json").unlink()
        self.weir = self.make()

    def stop(self) -> None:
        self.weir.stop()
