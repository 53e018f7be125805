"""The usage ledger: what is in it agrees with what happened, and nothing that happens to the file stops a request."""

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import threading
import time
import uuid
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from harness.attempts import FALLBACK, KIMI
from harness.eventually import eventually
from harness.ledger import FILE, Ledger, condition, report
from harness.requests import function
from harness.simulator import Simulator
from harness.usual_requests import ENDPOINTS, STREAMING, usual
from harness.weir import Weir
from harness.wire import ConnectionEnded, message

KEPT = {"WEIR_LEDGER": FILE}
# No budget of earlier retries decides what becomes of a request.
RETRYING = "resilience:\n  retry_share: 1\n  retry_floor: 100000\n  retry: {first_delay: 0.01}\n"
JSON = ("Content-Type", "application/json")


@pytest.fixture(scope="module")
def kept(binary, simulator, tmp_path_factory):
    """One weir with a ledger, for tests that only look at rows of their own."""
    running = Weir(binary, tmp_path_factory.mktemp("kept"), simulator.url, KEPT)
    running.ledger = Ledger(running.folder)
    yield running
    running.stop()


def named(name: str = "") -> tuple:
    """The header that gives a request an id of the test's own."""
    return ("x-request-id", name or f"req-{uuid.uuid4().hex}")


def chat(weir: Weir, *headers, **members):
    return weir.post("/v1/chat/completions", usual("chat/completions", **members), headers)


# -- what a row says ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", STREAMING)
def test_a_row_says_who_asked_for_what_and_what_came_of_it(kept, endpoint, stream):
    name = named()
    body = usual(endpoint, text="one two three", stream=stream, model="kimi-k2")
    if endpoint == "chat/completions" and stream:
        body["stream_options"] = {"include_usage": True}
    reply = kept.post(f"/v1/{endpoint}", body, [name, ("x-weir-user", "anna")])
    assert reply.status == 200
    row = kept.ledger.row(name[1])
    assert (row["endpoint"], row["client"], row["user"]) == (endpoint, "anonymous", "anna")
    assert (row["asked_model"], row["model"]) == ("kimi-k2", KIMI)
    assert (row["status"], row["error_code"], row["ending"]) == (200, None, "complete")
    assert (row["stream"], row["attempts"], row["cache"]) == (int(stream), 1, "bypass")
    assert row["usage_state"] == "reported" and row["input_tokens"] > 0 and row["output_tokens"] > 0
    assert row["cost_source"] == "upstream" and 0 < row["cost_usd"] < row["baseline_usd"]
    assert row["provider"] == "Simulated" or endpoint in ("messages", "responses")
    assert row["generation_id"] and row["generation_id"].encode() in reply.body
    assert row["finish_reason"]
    assert row["duration_us"] >= row["upstream_us"] > 0 and row["own_us"] > 0
    assert (row["first_token_us"] is not None) == stream
    assert row["bytes_in"] == len(json.dumps(body)) and row["bytes_out"] >= len(reply.body)
    assert abs(row["time_ms"] / 1000 - time.time()) < 30
    (attempt,) = kept.ledger.query("SELECT * FROM attempts WHERE id = ?", name[1])
    assert (attempt["n"], attempt["upstream"], attempt["model"], attempt["status"], attempt["failure"]) == (
        1, "127.0.0.1", KIMI, 200, None)


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_are_in_the_row_by_how_well_they_were_made(kept, stream):
    name = named()
    # The simulator fills schemas in without a look at patterns, so its arguments do not fit the second.
    tools = [function("get_weather", city={"type": "string"}),
             function("get_time", zone={"type": "string", "pattern": "^[A-Z]{3}/[0-9]{7}$"})]
    assert chat(kept, name, text="call get_weather call get_time call get_weather", tools=tools, stream=stream
                ).status == 200
    row = kept.ledger.row(name[1])
    assert (row["tool_calls_valid"], row["tool_calls_schema_mismatch"]) == (2, 1)
    assert (row["tool_calls_invalid_json"], row["tool_calls_unknown_tool"]) == (0, 0)


def test_a_refusal_has_a_row_that_cost_nothing(kept):
    name = named()
    assert kept.post("/v1/chat/completions", b"{", [name]).status == 400
    row = kept.ledger.row(name[1])
    assert (row["status"], row["error_code"], row["attempts"]) == (400, "invalid_json", 0)
    assert (row["cost_usd"], row["usage_state"], row["input_tokens"]) == (0, "unknown", None)
    assert not kept.ledger.query("SELECT * FROM attempts WHERE id = ?", name[1])


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_in_a_reply_of_status_200_is_one_in_all_books(weir_with, binary, stream):
    weir = weir_with(KEPT)
    name = named()
    assert chat(weir, name, ("x-sim-fault", "error-event=2"), stream=stream).status == 200
    ledger = Ledger(weir.folder)
    row = ledger.row(name[1])
    assert (row["status"], row["error_code"]) == (200, "upstream_error_in_reply")
    assert weir.access_line(name[1])["error"] == "upstream_error_in_reply"
    assert weir.errors_counted("upstream_error_in_reply") == 1
    assert weir.admin("/status").json()["today"]["failed"] == 1
    assert report(binary, ledger.path)["total"]["errors"] == 1


def test_what_weir_does_not_read_has_a_row_too(kept):
    name = named()
    assert kept.ask("GET", "/v1/echo", [name]).status == 200
    row = kept.ledger.row(name[1])
    assert (row["endpoint"], row["status"], row["model"], row["cache"]) == ("other", 200, None, None)


def test_an_error_of_the_upstream_has_no_made_up_cost(kept):
    name = named()
    assert chat(kept, name, ("x-sim-fault", "status=500")).status == 500
    row = kept.ledger.row(name[1])
    assert (row["status"], row["error_code"], row["cost_usd"], row["usage_state"]) == (500, None, None, "unknown")


def test_a_stream_without_usage_is_estimated_and_says_so(kept):
    name = named()
    assert chat(kept, name, ("x-sim-fault", "no-usage=1"), ("x-sim-tokens", "7"), stream=True).status == 200
    row = kept.ledger.row(name[1])
    assert (row["usage_state"], row["output_tokens"]) == ("estimated", 7)
    assert 10 < row["input_tokens"] < 100, "a prompt of some twenty words"
    assert row["cost_source"] == "catalog" and row["cost_usd"] == row["catalog_cost_usd"] > 0


def test_a_broken_stream_of_anthropics_has_the_prompts_tokens_and_an_estimate_of_the_output(kept):
    name = named()
    reply = kept.post("/v1/messages", usual("messages", stream=True),
                      [name, ("x-sim-fault", "cut=2000"), ("x-sim-tokens", "50")])
    row = kept.ledger.row(name[1])
    assert (row["ending"], row["error_code"]) == ("broken", "upstream_stream_broken")
    assert row["usage_state"] == "estimated" and row["input_tokens"] > 0
    assert 3 < row["output_tokens"] <= reply.body.count(b"event: content_block_delta")


def test_a_client_that_leaves_is_no_error_and_pays_for_what_came(kept):
    name = named()
    body = json.dumps(usual("chat/completions", stream=True)).encode()
    wire = kept.wire()
    wire.send(message("POST", "/v1/chat/completions", [JSON, name, ("x-sim-fault", "stall=4"), ("x-sim-tokens", "9")],
                      body))
    received = b""
    while b"w3" not in received:
        received += wire.more()
    wire.reset()
    row = kept.ledger.row(name[1])
    assert (row["ending"], row["status"], row["error_code"]) == ("client_left", 200, None)
    assert (row["usage_state"], row["output_tokens"]) == ("estimated", 4)


def test_requests_that_share_an_id_have_a_row_each(kept):
    name = named()
    for _ in range(5):
        assert chat(kept, name).status == 200
    rows = eventually(lambda: [rows for rows in [kept.ledger.query("SELECT * FROM requests WHERE id = ?", name[1])]
                               if len(rows) == 5], "five rows")[0]
    assert len({(row["time_ms"], row["sequence"]) for row in rows}) == 5


def test_a_cache_hit_costs_nothing_and_says_what_it_saved(weir_with):
    weir = weir_with(KEPT | {"WEIR_CACHE_TTL": "300"})
    ledger = Ledger(weir.folder)
    first, second = named(), named()
    assert chat(weir, first, temperature=0).get("x-weir-cache") == "miss"
    miss = ledger.row(first[1])
    assert chat(weir, second, temperature=0).get("x-weir-cache") == "hit"
    hit = ledger.row(second[1])
    assert (miss["cache"], hit["cache"]) == ("miss", "hit")
    assert (hit["cost_usd"], hit["attempts"], hit["usage_state"]) == (0, 0, "unknown")
    assert hit["saved_usd"] == miss["cost_usd"] > 0 and miss["saved_usd"] is None
    assert hit["generation_id"] == miss["generation_id"]


def test_no_prompt_reply_or_key_is_in_the_file(weir_with):
    weir = weir_with(KEPT | {"WEIR_CLIENT_KEYS": "app:key-of-the-app"})
    secret = "gloriousprompt"
    headers = [("Authorization", "Bearer key-of-the-app"), ("x-weir-user", "anna")]
    tool = {"type": "function", "function": {"name": "toolofsecrets", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
    for endpoint in ENDPOINTS:
        for stream in (False, True) if endpoint in STREAMING else (False,):
            assert weir.post(f"/v1/{endpoint}", usual(endpoint, text=secret, stream=stream), headers).status == 200
    assert weir.post("/v1/chat/completions", usual(
        "chat/completions", text=f"{secret} call toolofsecrets", tools=[tool]), headers).status == 200
    assert weir.post("/v1/chat/completions", b'{"model":"kimi-k2","gloriousprompt":1,"gloriousprompt":2}', headers
                     ).status == 400
    assert weir.ask("GET", f"/v1/echo?key={secret}", headers).status == 200
    ledger = Ledger(weir.folder)
    eventually(lambda: ledger.one("SELECT count(*) FROM requests") == 12, "all rows")
    held = ledger.bytes()
    assert b"anna" in held and KIMI.encode() in held, "what belongs there is found"
    for text in (secret, "You said", "toolofsecrets", "key-of-the-app", *weir.secrets):
        assert text.encode() not in held, text
    weir.stop()
    held = ledger.bytes()
    assert b"anna" in held
    for text in (secret, "You said", "toolofsecrets", "key-of-the-app", *weir.secrets):
        assert text.encode() not in held, text


def test_only_its_owner_may_read_the_file(kept):
    assert chat(kept).status == 200
    for path in kept.folder.glob(f"{FILE}*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


# -- the books agree ------------------------------------------------------------------------------------------

# Faults with what becomes of them: retried on the same model, then on the other, or neither.
WAYS = ["", "", "", "status=500[moonshotai/*]", "status=503[moonshotai/*]", "status=503", "status=400",
        "garbage=1[moonshotai/*]", "error-event=0[moonshotai/*]", "error-event=3", "cut=700", "leave"]


class Mixed:
    """Some hundred requests of all kinds from several threads, each with an id that the simulator sees too."""

    def __init__(self, weir: Weir, seed: int, threads: int = 6, each: int = 60):
        self.weir = weir
        self.made = {}
        self.failures = []
        self.lock = threading.Lock()
        workers = [threading.Thread(target=self.work, args=(seed + number, each)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not self.failures, self.failures[0]

    def work(self, seed: int, count: int) -> None:
        draw = random.Random(seed)
        try:
            for _ in range(count):
                self.request(draw)
        except Exception as failure:  # told by the main thread
            self.failures.append(failure)

    def request(self, draw: random.Random) -> None:
        endpoint, fault = draw.choice(ENDPOINTS), draw.choice(WAYS)
        stream = endpoint in STREAMING and draw.random() < 0.5
        if fault == "leave":
            endpoint, stream = "chat/completions", True
        if fault in ("cut=700", "error-event=3") and (endpoint, stream) == ("messages", True):
            fault = ""  # A test of its own has this.
        name = f"mixed-{uuid.uuid4().hex}"
        headers = [JSON, ("x-request-id", name), ("x-mixed", name), ("x-weir-user", f"user-{draw.randrange(20)}")]
        if fault:
            headers.append(("x-sim-fault", "stall=5" if fault == "leave" else fault))
        if fault == "leave":
            headers.append(("x-sim-tokens", "20"))
        text = " ".join(["word"] * draw.randrange(1, 40))
        body = json.dumps(usual(endpoint, text=text, stream=stream)).encode()
        sent = message("POST", f"/v1/{endpoint}", headers, body)
        with self.weir.wire() as wire:
            wire.send(sent)
            status = self.leave(wire) if fault == "leave" else self.read(wire)
        with self.lock:
            self.made[name] = {"endpoint": endpoint, "fault": fault, "stream": stream, "status": status}

    def read(self, wire) -> int:
        try:
            return wire.read_reply("POST").status
        except ConnectionEnded:
            return 0

    def leave(self, wire) -> int:
        received = b""
        while b"w4" not in received:
            more = wire.more()
            assert more, received
            received += more
        wire.reset()
        return 200


def ask_generation(simulator: Simulator, generation: str) -> dict:
    reply = simulator.ask("GET", f"/api/v1/generation?id={generation}", [("Authorization", "Bearer sk-books")])
    assert reply.status == 200, reply.body
    return reply.json()["data"]


@pytest.fixture(scope="module")
def books(binary, simulator_command, tmp_path_factory):
    """The ledger, the last scrape, the requests made and the simulator's own books, all after SIGTERM."""
    simulator = Simulator(simulator_command, tmp_path_factory.mktemp("books-simulator"))
    folder = tmp_path_factory.mktemp("books")
    (folder / "weir.yaml").write_text(RETRYING)
    weir = Weir(binary, folder, simulator.url, KEPT | {
        "WEIR_RETRIES": "1", "KIMI_FALLBACK_MODEL": FALLBACK, "WEIR_CONFIG": "weir.yaml"})
    try:
        mixed = Mixed(weir, seed=4)
        eventually(lambda: simulator.stats()["open"] == 0, "the simulator has noticed that its clients left")
        scrape = weir.scrape()
        weir.stop()
        yield Ledger(folder), scrape, mixed.made, simulator
    finally:
        weir.process.kill()
        simulator.stop()


def test_every_request_has_one_row_after_sigterm(books):
    ledger, _, made, _ = books
    assert ledger.is_sound()
    rows = {row["id"]: row for row in ledger.rows()}
    assert len(rows) == len(ledger.rows()) == len(made) == 360
    assert rows.keys() == made.keys()
    for name, request in made.items():
        row = rows[name]
        assert (row["endpoint"], row["stream"]) == (request["endpoint"], int(request["stream"]))
        assert row["status"] == request["status"], (row, request)
        assert (row["ending"] == "client_left") == (request["fault"] == "leave")


def test_every_attempt_is_one_that_the_simulator_saw(books):
    ledger, _, made, simulator = books
    seen = defaultdict(list)
    for request in simulator.requests(10_000):
        if request.get("x-mixed"):
            seen[request.get("x-mixed")].append(json.loads(request.body)["model"])
    kept = defaultdict(list)
    for attempt in ledger.attempts():
        kept[attempt["id"]].append(attempt)
    assert seen.keys() == kept.keys() == made.keys()
    for name, attempts in kept.items():
        assert [attempt["n"] for attempt in attempts] == list(range(1, len(attempts) + 1))
        assert [attempt["model"] for attempt in attempts] == seen[name]
    counted = {row["id"]: row["attempts"] for row in ledger.rows()}
    assert counted == {name: len(models) for name, models in seen.items()}
    assert max(counted.values()) >= 3, "retries and fallbacks happened"


def test_the_last_attempt_has_the_model_and_status_of_the_request(books):
    ledger, _, made, _ = books
    last = {attempt["id"]: attempt for attempt in ledger.attempts()}
    fallen = 0
    for row in ledger.rows():
        assert last[row["id"]]["model"] == row["model"]
        fallen += row["fallback_from"] == KIMI
        assert (row["fallback_from"] is None) == (row["model"] == KIMI)
        if row["error_code"] is None and row["ending"] == "complete" and row["fallback_from"] is None:
            assert last[row["id"]]["status"] == row["status"], row
    assert fallen > 20


def test_tokens_and_cost_are_the_simulators(books):
    ledger, scrape, made, simulator = books
    billed = Counter()
    for row in ledger.rows():
        # The simulator keeps no books on embeddings, and bills what it did not send when a fault was ordered.
        left = made[row["id"]]["fault"] == "leave"
        if row["endpoint"] == "embeddings" or not (left or row["usage_state"] == "reported"):
            continue
        bill = ask_generation(simulator, row["generation_id"])
        assert row["output_tokens"] == bill["tokens_completion"], (row, bill)
        assert row["usage_state"] == ("estimated" if left else "reported")
        if not left:
            assert row["input_tokens"] == bill["tokens_prompt"]
            assert row["cost_usd"] == pytest.approx(bill["total_cost"])
        billed[row["usage_state"]] += 1
    assert billed["reported"] > 100 and billed["estimated"] > 10
    sums = ledger.query("""SELECT sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cost_usd) AS cost,
                           sum(baseline_usd) AS baseline FROM requests""")[0]
    assert scrape.sum("weir_tokens_total", type="input") == sums["input"]
    assert scrape.sum("weir_tokens_total", type="output") == sums["output"]
    assert scrape.sum("weir_cost_usd_total") == pytest.approx(sums["cost"])
    assert scrape.sum("weir_baseline_cost_usd_total") == pytest.approx(sums["baseline"])


def test_the_metrics_count_the_same_requests(books):
    ledger, scrape, _, _ = books
    statuses = Counter(str(row["status"] or 0) for row in ledger.rows())
    assert statuses == Counter({status: scrape.sum("weir_requests_total", status=status) for status in statuses})
    assert scrape.sum("weir_client_disconnects_total") == ledger.one(
        "SELECT count(*) FROM requests WHERE ending = 'client_left'")
    retried = ledger.one("SELECT count(*) FROM attempts") - len(ledger.rows())
    assert scrape.sum("weir_retries_total") + scrape.sum("weir_fallbacks_total") == retried
    assert scrape.sum("weir_ledger_rows_dropped_total") == scrape.sum("weir_ledger_write_failures_total") == 0
    assert scrape.sum("weir_ledger_rows_total") + scrape.sum("weir_ledger_queue_rows") == len(ledger.rows())


def test_the_report_says_what_the_file_says(books, binary):
    ledger, _, _, _ = books
    told = report(binary, ledger.path, "--since", "1h", "--by", "model,endpoint")
    by = ledger.query("""SELECT model, endpoint, count(*) AS requests, sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens, total(cost_usd) AS cost_usd,
        sum(status >= 400 OR error_code IS NOT NULL) AS errors FROM requests GROUP BY model, endpoint""")
    assert len(told["groups"]) == len(by)
    for group in told["groups"]:
        (row,) = [row for row in by if (row["model"], row["endpoint"]) == (group["model"], group["endpoint"])]
        for name in ("requests", "input_tokens", "output_tokens", "errors"):
            assert group[name] == (row[name] or 0), (name, group, row)
        assert group["cost_usd"] == pytest.approx(row["cost_usd"])
    assert told["total"]["requests"] == 360


# -- ends of the process --------------------------------------------------------------------------------------

def test_kill_9_loses_at_most_the_last_second(binary, simulator, tmp_path):
    weir = Weir(binary, tmp_path, simulator.url, KEPT)
    old = [named() for _ in range(40)]
    for name in old:
        assert chat(weir, name).status == 200
    time.sleep(1)
    new = [named() for _ in range(40)]
    for name in new:
        assert chat(weir, name).status == 200
    weir.process.send(signal.SIGKILL)
    weir.process.wait()
    ledger = Ledger(tmp_path)
    assert ledger.is_sound()
    held = {row["id"] for row in ledger.rows()}
    assert {name[1] for name in old} <= held <= {name[1] for name in old + new}
    assert {attempt["id"] for attempt in ledger.attempts()} == held, "no request without its attempts"
    (tmp_path / "ports.json").unlink()
    again = Weir(binary, tmp_path, simulator.url, KEPT)
    last = named()
    assert chat(again, last).status == 200
    again.stop()
    assert {row["id"] for row in ledger.rows()} == held | {last[1]}


def test_sigterm_loses_nothing_not_even_what_it_waited_for(binary, simulator, tmp_path):
    weir = Weir(binary, tmp_path, simulator.url, KEPT)
    slow = named()
    replies = []
    waiting = threading.Thread(
        target=lambda: replies.append(chat(weir, slow, ("x-sim-fault", "delay=700"))))
    waiting.start()
    names = [named() for _ in range(20)]
    for name in names:
        assert chat(weir, name).status == 200
    eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "the slow request is there")
    weir.stop()
    waiting.join()
    assert replies[0].status == 200
    assert {row["id"] for row in Ledger(tmp_path).rows()} == {name[1] for name in [slow, *names]}


def test_a_request_that_the_end_cuts_is_kept_too(binary, simulator, tmp_path):
    weir = Weir(binary, tmp_path, simulator.url, KEPT | {"WEIR_DRAIN_SECONDS": "0.2"})
    weir.expected_exit = 1
    name = named()
    with weir.wire() as wire:
        wire.send(message("POST", "/v1/chat/completions", [JSON, name, ("x-sim-fault", "stall=2")],
                          json.dumps(usual("chat/completions", stream=True)).encode()))
        assert wire.read_head().status == 200
        weir.process.send(signal.SIGTERM)
        weir.stop()
    row = Ledger(tmp_path).row(name[1])
    assert (row["ending"], row["error_code"]) == ("broken", "shutting_down")


def test_two_weirs_share_a_file(binary, simulator, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    shared = {"WEIR_LEDGER": str(tmp_path / FILE)}
    for folder in folders:
        folder.mkdir()
    weirs = [Weir(binary, folder, simulator.url, shared) for folder in folders]
    names = [[named() for _ in range(50)] for _ in weirs]

    def work(weir, own):
        for name in own:
            chat(weir, name)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(weirs, names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for weir in weirs:
        weir.stop()
    assert {row["id"] for row in Ledger(tmp_path).rows()} == {name[1] for own in names for name in own}


# -- files that cannot be used --------------------------------------------------------------------------------

def served_without(weir: Weir, *words: str) -> None:
    """Requests go on; health, log and metrics say that the ledger is not kept, and why."""
    assert chat(weir).status == 200
    status, problem = condition(weir)
    assert status == "degraded" and all(word in problem for word in words), problem
    assert "WEIR_LEDGER" in problem or "ending in -wal" in problem, f"it says what to do: {problem}"
    assert weir.scrape().sum("weir_ledger_degraded") == 1
    eventually(lambda: weir.scrape().sum("weir_ledger_rows_dropped_total") == 1, "the request is counted as lost")
    complaints = eventually(lambda: [line for line in weir.log() if line["message"] == "ledger"], "a line about it")
    assert len(complaints) == 1 and complaints[0]["level"] == "error", complaints
    assert weir.admin("/readyz").status == 200


def with_file(weir_with, tmp_path, make) -> Weir:
    make(tmp_path / FILE)
    return weir_with({"WEIR_LEDGER": str(tmp_path / FILE)})


def test_a_corrupt_file_is_left_alone(weir_with, tmp_path):
    garbage = b"SQLite format 3\0" + os.urandom(8192)
    weir = with_file(weir_with, tmp_path, lambda path: path.write_bytes(garbage))
    served_without(weir)
    assert (tmp_path / FILE).read_bytes() == garbage


def test_another_programs_database_is_left_alone(weir_with, tmp_path):
    def make(path):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE treasure (value)")
    weir = with_file(weir_with, tmp_path, make)
    served_without(weir, "no usage ledger of weir")
    assert sqlite3.connect(tmp_path / FILE).execute("SELECT count(*) FROM treasure").fetchone() == (0,)


def test_an_earlier_weirs_ledger_is_brought_up_to_date(weir_with, binary, tmp_path):
    """The fixture is what the first schema wrote; it has to be read and written for as long as weir says it migrates."""
    def make(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript((Path(__file__).parent / "fixtures/ledger-1.sql").read_text())
    weir = with_file(weir_with, tmp_path, make)
    name = named()
    assert chat(weir, name).status == 200
    weir.stop()
    ledger = Ledger(tmp_path)
    assert ledger.one("PRAGMA user_version") > 1
    old, new = ledger.rows()
    assert (old["id"], old["cost_usd"], new["id"]) == ("req_of_schema_1", 0.5, name[1])
    told = subprocess.run([binary, "report", "--since", "all", "--by", "model", "--format", "json"], cwd=tmp_path,
                          env={"WEIR_LEDGER": FILE}, capture_output=True, text=True, timeout=20)
    assert told.returncode == 0, told.stderr
    assert "moonshotai/kimi-k2" in told.stdout


def test_a_later_weirs_ledger_is_left_alone(weir_with, binary, simulator, tmp_path):
    maker = tmp_path / "maker"
    maker.mkdir()
    weir = Weir(binary, maker, simulator.url, KEPT)
    assert chat(weir).status == 200
    weir.stop()
    with sqlite3.connect(maker / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    served_without(weir_with({"WEIR_LEDGER": str(maker / FILE)}), "schema 99")


def test_a_directory_is_no_ledger(weir_with, tmp_path):
    served_without(with_file(weir_with, tmp_path, lambda path: path.mkdir()), "no regular file")


def test_a_folder_that_is_not_there_is_told(weir_with, tmp_path):
    served_without(weir_with({"WEIR_LEDGER": str(tmp_path / "missing" / FILE)}))


def test_a_file_that_could_not_be_used_is_taken_once_it_can(weir_with, tmp_path):
    weir = with_file(weir_with, tmp_path, lambda path: path.write_bytes(b"no ledger" * 100))
    served_without(weir)
    (tmp_path / FILE).unlink()
    eventually(lambda: condition(weir) == ("healthy", None), "the ledger is in use", 30, step=0.2)
    name = named()
    assert chat(weir, name).status == 200
    assert Ledger(tmp_path).row(name[1])["status"] == 200
    assert weir.scrape().sum("weir_ledger_rows_dropped_total") == 1, "what was lost stays counted"


def test_without_a_ledger_nothing_is_degraded(weir_with):
    weir = weir_with({"WEIR_LEDGER": "off"})
    assert chat(weir).status == 200
    assert condition(weir) == ("healthy", None)
    assert weir.scrape().sum("weir_ledger_degraded") == 0
    assert not list(weir.folder.glob("*.db*"))


# -- files that fail later ------------------------------------------------------------------------------------

@contextmanager
def small_disk(path, options: str):
    """A file system of its own; only root can make one."""
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_makes_rows_wait_and_heals(binary, simulator, tmp_path):
    with small_disk(tmp_path / "disk", "size=2m") as disk:
        folder = tmp_path / "weir"
        folder.mkdir()
        weir = Weir(binary, folder, simulator.url, {"WEIR_LEDGER": str(disk / FILE)})
        names = [named() for _ in range(3)]
        assert chat(weir, names[0]).status == 200
        eventually(lambda: weir.scrape().sum("weir_ledger_rows_total") == 1, "the first row is written")
        filler = disk / "filler"
        fill(filler)
        # The log has room for a while, as a file keeps its pages; long names use it up.
        used = 0
        while condition(weir)[0] == "healthy" and used < 3000:
            names.append(named("f" * 120 + uuid.uuid4().hex[:8]))
            assert chat(weir, names[-1], ("x-weir-user", "u" * 200)).status == 200
            used += 1
        status, problem = condition(weir)
        assert status == "degraded" and "no space is left" in problem
        assert weir.scrape().sum("weir_ledger_write_failures_total") >= 1
        assert chat(weir, names[1]).status == 200
        filler.unlink()
        eventually(lambda: condition(weir) == ("healthy", None), "the ledger is healthy again", 15)
        assert chat(weir, names[2]).status == 200
        weir.stop()
        assert {row["id"] for row in Ledger(disk).rows()} == {name[1] for name in names}
        states = [line["state"] for line in weir.log() if line["message"] == "ledger"]
        assert states == ["rows wait", "rows reach the file"]


def fill(path) -> None:
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_a_read_only_disk_is_told(binary, simulator, tmp_path):
    with small_disk(tmp_path / "disk", "size=16m") as disk:
        folder = tmp_path / "weir"
        folder.mkdir()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        weir = Weir(binary, folder, simulator.url, {"WEIR_LEDGER": str(disk / FILE)})
        served_without(weir, "takes no writes")
        weir.stop()
        assert not (disk / FILE).exists()


def test_a_file_that_is_deleted_is_made_anew(weir_with):
    weir = weir_with(KEPT)
    first, second = named(), named()
    ledger = Ledger(weir.folder)
    assert chat(weir, first).status == 200
    ledger.row(first[1])
    for path in weir.folder.glob(f"{FILE}*"):
        path.unlink()
    assert chat(weir, second).status == 200
    ledger.row(second[1])
    assert [row["id"] for row in ledger.rows()] == [second[1]]
    eventually(lambda: condition(weir) == ("healthy", None), "the ledger is healthy again")


def test_a_lock_that_another_program_holds_makes_rows_wait(weir_with):
    weir = weir_with(KEPT)
    first, second = named(), named()
    ledger = Ledger(weir.folder)
    assert chat(weir, first).status == 200
    ledger.row(first[1])
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert chat(weir, second).status == 200
    eventually(lambda: condition(weir)[0] == "degraded", "the ledger waits", 10)
    assert "locked" in condition(weir)[1]
    assert chat(weir).status == 200, "requests do not wait for the file"
    holder.execute("ROLLBACK")
    holder.close()
    ledger.row(second[1])
    eventually(lambda: condition(weir) == ("healthy", None), "the ledger is healthy again", 10)
