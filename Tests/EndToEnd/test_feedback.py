"""`POST /weir/feedback`: what users think of replies, for the model and the variant that made them."""

import json
import threading
import uuid

import openai
import pytest

from harness.attempts import KIMI
from harness.eventually import eventually
from harness.ledger import FILE, Ledger, report
from harness.requests import chat
from harness.usual_requests import usual
from harness.weir import Weir

KEPT = {"WEIR_LEDGER": FILE}
ROUTE = "/weir/feedback"
ROLLED_OUT = KEPT | {"KIMI_ROLLOUT_PERCENTAGE": "50", "KIMI_ROLLOUT_FROM": "openai/gpt-4-turbo"}


@pytest.fixture(scope="module")
def kept(binary, simulator, tmp_path_factory):
    """One weir with a ledger and a rollout."""
    running = Weir(binary, tmp_path_factory.mktemp("kept"), simulator.url, ROLLED_OUT)
    running.ledger = Ledger(running.folder)
    yield running
    running.stop()


@pytest.fixture
def client(kept):
    with openai.OpenAI(base_url=kept.url, api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


def vote(weir: Weir, identity: str, rating: str = "up", **members):
    return weir.post(ROUTE, {"id": identity, "rating": rating} | members)


def answered(weir: Weir, endpoint: str = "chat/completions", **members) -> str:
    """The id of a new reply whose request is over: its last byte leaves a moment before."""
    name = f"req-{uuid.uuid4().hex}"
    reply = weir.post(f"/v1/{endpoint}", usual(endpoint, **members), [("x-request-id", name)])
    assert reply.status == 200
    weir.access_line(name)
    return reply.json()["id"]


def check_refusal(reply, status: int, param=None, code: str = "invalid_request") -> dict:
    assert reply.status == status, (reply.start_line, reply.body)
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param), error
    assert reply.get("x-request-id") in error["message"]
    return error


# -- votes ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True])
def test_a_vote_by_the_clients_own_id_counts_for_model_and_variant(kept, client, stream):
    completion = client.chat.completions.create(
        **chat("is this good?"), stream=stream, extra_headers={"x-weir-user": "person-1"})
    identity = [chunk.id for chunk in completion][-1] if stream else completion.id
    eventually(lambda: kept.ledger.query("SELECT 1 FROM requests WHERE generation_id = ?", identity), "it is over")
    before = kept.scrape()
    reply = vote(kept, identity, "up", score=0.8, comment="tidy")
    assert reply.status == 200, reply.body
    told = reply.json()
    assert told["id"] == identity and told["rating"] == "up" and told["replaced"] is False
    assert told["variant"] in ("kimi", "incumbent")
    assert (told["model"] == KIMI) == (told["variant"] == "kimi")
    labels = {"model": told["model"], "variant": told["variant"], "rating": "up"}
    assert kept.scrape().sum("weir_feedback_total", **labels) == before.sum("weir_feedback_total", **labels) + 1
    (row,) = kept.ledger.query(
        """SELECT rating, score, comment FROM feedback JOIN requests USING (time_ms, id, sequence)
           WHERE generation_id = ?""", identity)
    assert row == {"rating": "up", "score": 0.8, "comment": "tidy"}


@pytest.mark.parametrize("endpoint", ["chat/completions", "completions", "responses", "messages"])
def test_replies_of_every_text_api_can_be_voted_for(kept, endpoint):
    assert vote(kept, answered(kept, endpoint)).json()["model"] == KIMI


def test_a_vote_may_name_the_request(kept):
    own = kept.post("/v1/chat/completions", usual("chat/completions"), [("x-request-id", "my-own-request-id")])
    made = kept.post("/v1/chat/completions", usual("chat/completions"))
    for reply in (own, made):
        identity = reply.get("x-request-id")
        kept.ledger.row(identity)
        assert vote(kept, identity, "down").json()["replaced"] is False


def test_a_second_vote_replaces_the_first(kept):
    identity = answered(kept)
    before = kept.scrape()
    assert vote(kept, identity, "up").json()["replaced"] is False
    assert vote(kept, identity, "down").json()["replaced"] is True
    assert vote(kept, identity, "down").json()["replaced"] is True
    after = kept.scrape()
    for rating in ("up", "down"):
        grown = after.sum("weir_feedback_total", rating=rating) - before.sum("weir_feedback_total", rating=rating)
        assert grown == 1, "the same vote again is not counted"
    rows = kept.ledger.query("""SELECT rating FROM feedback JOIN requests USING (time_ms, id, sequence)
                                WHERE generation_id = ?""", identity)
    assert rows == [{"rating": "down"}]


def test_votes_show_in_the_report(kept, binary):
    told = report(binary, kept.ledger.path, "--since", "1h", "--by", "model")["total"]
    ups, downs = (kept.ledger.one("SELECT count(*) FROM feedback WHERE rating = ?", way) for way in ("up", "down"))
    assert ups and downs
    assert (told["thumbs_up"], told["thumbs_down"]) == (ups, downs)


def test_a_vote_right_after_the_reply_finds_it(kept):
    with kept.wire() as wire:
        for number in range(30):
            body = json.dumps(usual("chat/completions", text=f"number {number}")).encode()
            reply = wire.request("POST", "/v1/chat/completions", [("Content-Type", "application/json")], body)
            body = json.dumps({"id": reply.json()["id"], "rating": "up"}).encode()
            assert wire.request("POST", ROUTE, [], body).status == 200


def test_votes_at_the_same_time_all_count(kept):
    identities = [answered(kept, text=f"crowd {number}") for number in range(24)]
    statuses = []
    threads = [threading.Thread(target=lambda name=name: statuses.append(vote(kept, name).status))
               for name in identities]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 24


def test_a_vote_is_no_request_of_its_own(kept, simulator):
    before, asked = len(kept.ledger.rows()), simulator.stats()["requests"]
    identity = answered(kept)
    assert vote(kept, identity).status == 200
    assert vote(kept, "unknown").status == 404
    assert len(kept.ledger.rows()) == before + 1
    assert simulator.stats()["requests"] == asked + 1


# -- what is refused ------------------------------------------------------------------------------------------

def test_an_id_that_nobody_had_is_not_found(kept):
    assert "usage ledger" in check_refusal(vote(kept, "gen-never"), 404, "id")["message"]


@pytest.mark.parametrize("body, param", [
    ({"rating": "up"}, "id"), ({"id": "", "rating": "up"}, "id"), ({"id": 7, "rating": "up"}, "id"),
    ({"id": None, "rating": "up"}, "id"), ({"id": "x" * 513, "rating": "up"}, "id"),
    ({"id": "a"}, "rating"), ({"id": "a", "rating": "UP"}, "rating"), ({"id": "a", "rating": True}, "rating"),
    ({"id": "a", "rating": "up", "score": "0.8"}, "score"), ({"id": "a", "rating": "up", "score": [1]}, "score"),
    ({"id": "a", "rating": "up", "comment": {"text": "x"}}, "comment"),
])
def test_what_is_wrong_is_named(kept, body, param):
    check_refusal(kept.post(ROUTE, body), 400, param)


@pytest.mark.parametrize("body, code", [
    (b"", "invalid_json"), (b"{", "invalid_json"), (b"[]", "invalid_request"), (b'"up"', "invalid_request"),
    (b'{"id":"a","rating":"up","rating":"down"}', "duplicate_key"), (b'{"id":"\xff","rating":"up"}', "invalid_json"),
    (b'{"id":"a","rating":"up","score":1e999}', "invalid_json"),
])
def test_what_is_no_feedback_is_refused(kept, body, code):
    reply = kept.post(ROUTE, body)
    assert reply.status == 400 and reply.json()["error"]["code"] in (code, "invalid_request"), reply.body


def test_a_novel_is_refused(kept):
    check_refusal(vote(kept, "a", comment="x" * 70_000), 413, code="body_too_large")


def test_long_comments_and_strange_letters_are_taken(kept):
    identity = answered(kept)
    assert vote(kept, identity, comment="größer 😀 \" \\ \n" * 500, score=-1.5e3).status == 200
    (row,) = kept.ledger.query("""SELECT score, comment FROM feedback JOIN requests USING (time_ms, id, sequence)
                                  WHERE generation_id = ?""", identity)
    assert row["score"] == -1500 and row["comment"].startswith('größer 😀 " \\ \n')
    assert 4000 < len(row["comment"].encode()) <= 4096


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_feedback_is_given_by_post(kept, method):
    reply = kept.ask(method, ROUTE)
    assert reply.status == 405 and reply.get("allow") == "POST"


@pytest.mark.parametrize("path", ["/weir/feedback/", "/weir", "/weir/other", "/WEIR/feedback"])
def test_only_the_one_path_takes_feedback(kept, path):
    assert kept.post(path, {"id": "a", "rating": "up"}).status == 404


def test_only_clients_with_a_key_may_vote(weir_with):
    weir = weir_with(KEPT | {"WEIR_CLIENT_KEYS": "app:key-of-app"})
    key = ("Authorization", "Bearer key-of-app")
    reply = weir.post("/v1/chat/completions", usual("chat/completions"), [key])
    Ledger(weir.folder).row(reply.get("x-request-id"))
    body = {"id": reply.json()["id"], "rating": "up"}
    assert weir.post(ROUTE, body).status == 401
    assert weir.post(ROUTE, body, [key]).status == 200


def test_a_rate_limit_leaves_votes_alone(weir_with):
    weir = weir_with(KEPT | {"WEIR_RATE_LIMIT_RPM": "1"})
    identity = answered(weir)
    assert weir.post("/v1/chat/completions", usual("chat/completions")).status == 429
    assert [vote(weir, identity).status for _ in range(5)] == [200] * 5


def test_without_a_ledger_feedback_says_so(weir_with):
    weir = weir_with({"WEIR_LEDGER": "off"})
    reply = vote(weir, "a")
    assert "WEIR_LEDGER" in check_refusal(reply, 503)["message"]
    assert reply.get("retry-after") == "5" and reply.get("x-should-retry") == "false"


def test_with_an_unusable_ledger_feedback_says_so(weir_with, tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    weir = weir_with({"WEIR_LEDGER": str(tmp_path / FILE)})
    reply = vote(weir, "a")
    assert "usage ledger" in check_refusal(reply, 503, code="overloaded")["message"]
    assert str(tmp_path) not in reply.body.decode(), "a client need not know where files are"


def test_comments_reach_no_log(kept):
    identity = answered(kept)
    assert vote(kept, identity, comment="unspeakable").status == 200
    assert "unspeakable" not in kept.log_text()
