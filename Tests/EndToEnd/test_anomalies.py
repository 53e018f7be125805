"""Traffic that is not what it usually is, and the webhook that is told of it."""

import hashlib
import hmac
import json
import threading
import time

import pytest

from harness.eventually import eventually
from harness.limits import CHAT, JSON, of
from harness.requests import chat
from harness.upstream import ScriptedUpstream, reply
from harness.wire import Wire, message

SECRET = "webhook-secret-of-the-test"
PROMPT = "zebra-prompt-of-the-user"
# Six seconds to learn make an interval of 0.6 s.
SETTINGS = {"WEIR_CLIENT_KEYS": "app:key-app,calm:key-calm", "WEIR_ANOMALY_LEARN_MINUTES": "0.1",
            "WEIR_AUDIT_LOG": "audit.log"}


def usual_traffic(weir, seconds: float = 8) -> None:
    """A request every now and then of both clients, for longer than it takes to learn."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for client in ("app", "calm"):
            assert weir.post(CHAT, chat(PROMPT), [of(client)]).status == 200
        time.sleep(0.2)


def burst(weir, client: str, is_over) -> None:
    """As many requests as one connection takes, until it is noticed. The upstream has nothing to do with them."""
    end = time.monotonic() + 20
    with Wire(weir.port) as wire:
        while time.monotonic() < end and not is_over():
            for _ in range(50):
                wire.send(message("POST", CHAT, [JSON, of(client)], b"{}"))
                assert wire.read_reply("POST").status == 400


def anomalies(weir, **labels) -> float:
    return weir.scrape().sum("weir_anomalies_total", **labels)


def hook(*answers):
    """A receiver that gives these answers in turn, the last one for ever; None closes the connection."""
    received = []

    def answer(wire, request):
        received.append(request)
        status = answers[min(len(received), len(answers)) - 1]
        if status is None:
            wire.close()
            return None
        return reply(b"", f"{status} X", [("Location", "http://127.0.0.1:1/elsewhere")] if status == 302 else [])

    return ScriptedUpstream(answer)


def check_signature(request) -> dict:
    """What a receiver does."""
    t, v1 = (part.split("=", 1)[1] for part in request.get("x-weir-signature").split(","))
    expected = hmac.new(SECRET.encode(), t.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, v1)
    assert abs(time.time() - int(t)) < 60
    return json.loads(request.body)


class TestAnomalies:
    def test_a_burst_is_told_of_everywhere_and_only_for_the_client_that_it_is(self, weir_with):
        with hook(200) as receiver:
            weir = weir_with({"WEIR_WEBHOOK_URL": receiver.url + "?token=hook-token", "WEIR_WEBHOOK_SECRET": SECRET})
            usual_traffic(weir)
            assert anomalies(weir) == 0
            burst(weir, "app", lambda: anomalies(weir, kind="request_rate", client="app") == 1)
            assert anomalies(weir, kind="request_rate", client="app") == 1
            assert anomalies(weir, client="calm") == 0

            [line] = eventually(lambda: [line for line in weir.log() if line["message"] == "anomaly"
                                         and line["kind"] == "request_rate"], "a log line")
            assert line["level"] == "warning" and line["client"] == "app"
            assert float(line["value"]) > 4 * float(line["expected"])
            status = json.loads(weir.admin("/status").body)["anomalies"]
            assert [each for each in status if each["kind"] == "request_rate"][0]["client"] == "app"
            eventually(lambda: '"event":"anomaly"' in (weir.folder / "audit.log").read_text(), "an audit line")

            request = eventually(lambda: [each for each in receiver.requests if b"request_rate" in each.body], "a notice")[0]
            notice = check_signature(request)
            assert request.get("x-weir-delivery") == notice["id"]
            assert (notice["type"], notice["kind"], notice["client"]) == ("anomaly", "request_rate", "app")
            assert notice["value"] > 4 * notice["expected"]
            assert PROMPT.encode() not in request.body
            for secret in (SECRET, "hook-token"):
                assert secret not in weir.log_text()
                assert secret not in (weir.folder / "audit.log").read_text()

    def test_nothing_is_watched_where_nobody_wants_it(self, weir_with):
        weir = weir_with({"WEIR_ANOMALIES": "false"})
        assert weir.post(CHAT, chat("x"), [of("app")]).status == 200
        assert weir.scrape().samples("weir_anomalies_total") == []
        assert json.loads(weir.admin("/status").body)["anomalies"] == []


class TestTheWebhook:
    """A hard budget makes one notice at once."""

    BUDGET = {"WEIR_BUDGET_USD_DAY": "0.0000001", "WEIR_WEBHOOK_SECRET": SECRET}

    def exhaust(self, weir) -> None:
        assert weir.post(CHAT, chat(PROMPT, max_tokens=5), [of("app")]).status == 429

    def deliveries(self, weir, result) -> float:
        return weir.scrape().sum("weir_webhook_deliveries_total", result=result)

    def test_is_tried_again_until_it_takes_the_notice_each_time_signed_anew(self, weir_with):
        with hook(None, 500, 200) as receiver:
            weir = weir_with(self.BUDGET | {"WEIR_WEBHOOK_URL": receiver.url})
            self.exhaust(weir)
            eventually(lambda: self.deliveries(weir, "delivered") == 1, "the delivery", 20)
            assert self.deliveries(weir, "retried") == 2
            notices = [check_signature(request) for request in receiver.requests]
            assert len(notices) == 3 and len({notice["id"] for notice in notices}) == 1
            assert (notices[0]["type"], notices[0]["budget"], notices[0]["client"]) == (
                "budget_used_up", "usd_day", "app")
            assert len({request.get("x-weir-signature") for request in receiver.requests}) > 1

    def test_that_is_slow_keeps_nobody_waiting(self, weir_with):
        release = threading.Event()

        def answer(wire, request):
            release.wait(30)
            return reply(b"")

        with ScriptedUpstream(answer) as receiver:
            weir = weir_with(self.BUDGET | {"WEIR_WEBHOOK_URL": receiver.url})
            self.exhaust(weir)
            eventually(lambda: receiver.requests, "the notice")
            for _ in range(20):
                self.exhaust(weir)
            release.set()
            eventually(lambda: self.deliveries(weir, "delivered") == 1, "the delivery", 10)
            # Once a day.
            assert len(receiver.requests) == 1

    @pytest.mark.parametrize("status", [302, 404, 503])
    def test_only_2xx_is_a_delivery_and_no_redirect_is_followed(self, weir_with, status):
        with hook(status) as receiver:
            weir = weir_with(self.BUDGET | {"WEIR_WEBHOOK_URL": receiver.url})
            self.exhaust(weir)
            eventually(lambda: self.deliveries(weir, "retried") >= 1, "a try that failed")
            assert self.deliveries(weir, "delivered") == 0
            eventually(lambda: f"it answered {status}" in weir.log_text(), "the reason")

    def test_is_unsigned_without_a_secret_and_check_says_so(self, weir_with):
        with hook(204) as receiver:
            weir = weir_with(self.BUDGET | {"WEIR_WEBHOOK_URL": receiver.url, "WEIR_WEBHOOK_SECRET": None})
            self.exhaust(weir)
            [request] = eventually(lambda: receiver.requests, "the notice")
            assert request.all("x-weir-signature") == []
            eventually(lambda: "WEIR_WEBHOOK_SECRET" in weir.log_text(), "the warning")

    def test_that_does_not_exist_does_not_keep_weir_from_ending(self, weir_with):
        weir = weir_with(self.BUDGET | {"WEIR_WEBHOOK_URL": "http://127.0.0.1:1/nobody"})
        self.exhaust(weir)
        eventually(lambda: self.deliveries(weir, "retried") >= 1, "a try that failed")
