"""Configuration that changes while weir runs: what is taken, what is refused, and that no request notices."""

import json
import os
import signal
import threading
import time

import pytest

from harness.eventually import eventually
from harness.requests import chat
from harness.rollouts import (CHAT, INCUMBENT, KIMI, Load, admin, asked, log_lines, put, rename_over, rewrite,
                              rewrite_unseen, rollout_of, swap_link)
from harness.weir import Weir

GOOD_YAML = "kimi:\n  rollout_percentage: 100\n"
GOOD_ENV = "KIMI_K2_TEMPERATURE=0.5\n"
FILES = {"weir.yaml": GOOD_YAML, "live.env": GOOD_ENV}
BOTH = {"WEIR_CONFIG": "weir.yaml", "WEIR_ENV_FILE": "live.env"}
TEN_MEGABYTES = 10 << 20


@pytest.fixture(scope="module")
def living(binary, simulator, tmp_path_factory):
    """One weir with an env file and a YAML file, in which Kimi has everybody; both are mended after each test."""
    folder = tmp_path_factory.mktemp("living")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    running = Weir(binary, folder, simulator.url, BOTH)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def mended(request):
    yield
    if "living" in request.fixturenames:
        weir = request.getfixturevalue("living")
        for name, text in FILES.items():
            rename_over(weir.folder / name, text)
        assert weir.admin("/reload", "POST").status == 200
        assert rollout_of(weir, "alice") == "kimi=kimi"


def counted(weir: Weir, name: str) -> float:
    return weir.scrape().sum(f"weir_config_{name}")


def failed_reloads(weir: Weir) -> float:
    return counted(weir, "reload_failures_total")


def reloads(weir: Weir) -> float:
    return counted(weir, "reloads_total")


def refused(weir: Weir) -> str:
    """Asks for a reload that must be refused; what the answer says is in the log too, and counted."""
    before, taken, lines = failed_reloads(weir), reloads(weir), len(log_lines(weir, "configuration not reloaded"))
    reply = weir.admin("/reload", "POST")
    assert reply.status == 422, reply.body
    assert failed_reloads(weir) >= before + 1
    assert reloads(weir) == taken
    eventually(lambda: len(log_lines(weir, "configuration not reloaded")) > lines, "a line about the refusal")
    line = log_lines(weir, "configuration not reloaded")[-1]
    assert line["level"] == "error"
    assert rollout_of(weir, "alice") == "kimi=kimi"
    assert asked(weir, model="kimi-k2").get("x-weir-edits") == "model,temperature"
    return reply.body.decode()


# -- files that are wrong -------------------------------------------------------------------------------------

BROKEN_YAML = {
    "syntax": (b"kimi: a: b\n", 1), "cut": (b"kimi: [\n", None), "tab": (b"kimi:\n\trollout_percentage: 0\n", 2),
    "quote": (b'kimi:\n  model_id: "moonshotai\n', None), "not-utf-8": (b"kimi: \xff\xfe\n", None),
    "nul": (b"kimi:\0\n", None), "list": (b"- kimi\n", 1), "text": (b"just text\n", 1),
    "unknown-key": (b"kimmi:\n  rollout_percentage: 0\n", 1),
    "unknown-inner-key": (b"kimi:\n  rollout_percentag: 0\n", 2),
    "twice": (b"kimi:\n  enabled: true\n  enabled: false\n", None),
    "percent-over": (b"kimi:\n  rollout_percentage: 101\n", 2),
    "percent-negative": (b"kimi:\n  rollout_percentage: -1\n", 2),
    "percent-text": (b"kimi:\n  rollout_percentage: half\n", 2),
    "percent-list": (b"kimi:\n  rollout_percentage: [0]\n", 2),
    "switch": (b"kimi:\n  enabled: maybe\n", 2), "group": (b"kimi: true\n", 1),
    "sum": (b"rollouts:\n- name: a\n  from: [gpt-4]\n  variants:\n  - {name: x, model: openai/gpt-4o, percent: 60}\n"
            b"  - {name: y, model: openai/o3, percent: 41}\n", 4),
    "deep": (b"kimi: " + b"[" * 100_000, None), "deep-closed": (b"models: " + b"[" * 5000 + b"]" * 5000, None),
    "bomb": (b"models:\n  allow: &a0 [x, x, x, x, x, x, x, x, x]\n" + b"".join(
        b"  k%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 7)) for n in range(1, 12)), None),
    "circle": (b"models: &m\n  allow: *m\n", None),
}


@pytest.mark.parametrize("case", BROKEN_YAML)
def test_a_broken_yaml_file_changes_nothing_and_is_told(living, case):
    text, line = BROKEN_YAML[case]
    (living.folder / "weir.yaml").write_bytes(text)
    told = refused(living)
    assert f"weir.yaml:{line}:" in told if line else "weir.yaml" in told, told
    assert len(told) < 5000


BROKEN_ENV = {
    "no-equals": (b"KIMI_ROLLOUT_PERC\n", 1), "quote": (b'A=1\nKIMI_MODEL_ID="moonshotai/kimi\n', 2),
    "percent": (b"KIMI_ROLLOUT_PERCENTAGE=1000\n", 1), "hex": (b"KIMI_ROLLOUT_PERCENTAGE=0x10\n", 1),
    "unknown": (b"# a\n\nWEIR_ROLLOUT=5\n", 3), "not-utf-8": (b"KIMI_MODEL_ID=\xff\n", 1),
    "switch": (b"FEATURE_KIMI_ENABLED=nope\n", 1), "zeros": (b"\0" * 4096, None),
}


@pytest.mark.parametrize("case", BROKEN_ENV)
def test_a_broken_env_file_changes_nothing_and_is_told(living, case):
    text, line = BROKEN_ENV[case]
    (living.folder / "live.env").write_bytes(text)
    told = refused(living)
    assert f"live.env:{line}:" in told if line else "live.env" in told, told


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_changes_nothing_and_is_told(living, name):
    (living.folder / name).unlink()
    assert name in refused(living)


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_nothing_changes_nothing_and_is_told(living, name):
    (living.folder / name).unlink()
    (living.folder / name).symlink_to("nowhere")
    assert name in refused(living)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_the_files_place_changes_nothing_and_is_told(living, name):
    (living.folder / name).unlink()
    (living.folder / name).mkdir()
    assert name in refused(living)
    (living.folder / name).rmdir()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("line", [b"# padding\n", b"#" + b"x" * TEN_MEGABYTES + b"\n"], ids=["lines", "one-line"])
def test_ten_megabytes_are_refused_and_not_kept(living, name, line):
    resident = living.process.resident_bytes()
    text = FILES[name].encode() + line * (TEN_MEGABYTES // len(line) + 1)
    (living.folder / name).write_bytes(text)
    told = refused(living)
    assert name in told and "8388608" in told
    assert living.process.resident_bytes() < resident + (24 << 20)


def test_every_problem_is_told_at_once(living):
    rewrite(living.folder / "weir.yaml", "kimi:\n  rollout_percentage: 101\n  enabled: maybe\nnonsense: 1\n")
    rewrite(living.folder / "live.env", "WEIR_NONSENSE=1\n")
    told = refused(living)
    for place in ("weir.yaml:2:", "weir.yaml:3:", "weir.yaml:4:", "live.env:1:"):
        assert place in told


def test_a_secret_in_a_broken_file_is_not_told(living):
    rewrite(living.folder / "live.env", 'OPENROUTER_API_KEY="sk-or-v1-very-secret\nWEIR_CLIENT_KEYS=only-secret-here\n')
    rewrite(living.folder / "weir.yaml", "upstream:\n  api_key: [sk-or-v1-very-secret\n")
    told = refused(living)
    assert "secret" not in told + living.log_text()


def test_the_mended_file_is_taken(living):
    before = reloads(living)
    rewrite(living.folder / "weir.yaml", "kimi: [")
    refused(living)
    rewrite(living.folder / "weir.yaml", GOOD_YAML + "  max_tokens: 77\n")
    assert living.admin("/reload", "POST").status == 200
    assert reloads(living) >= before + 1
    assert "max_tokens" in asked(living, model="kimi-k2").get("x-weir-edits")


@pytest.mark.parametrize("ask_for_it", [
    lambda weir: weir.process.send(signal.SIGHUP), lambda weir: None], ids=["SIGHUP", "the watch"])
def test_a_broken_file_is_told_however_the_reload_comes_about(weir_with, ask_for_it):
    weir = weir_with(BOTH, files=FILES)
    rename_over(weir.folder / "weir.yaml", "kimi:\n  rollout_percentage: 101\n")
    ask_for_it(weir)
    eventually(lambda: failed_reloads(weir) >= 1, "the failure is counted", 2)
    eventually(lambda: log_lines(weir, "configuration not reloaded", "weir.yaml:2"), "the place is in the log")
    assert rollout_of(weir, "alice") == "kimi=kimi"
    assert weir.admin("/readyz").status == 200


def test_a_default_env_file_that_is_gone_changes_nothing_and_is_told(weir_with):
    weir = weir_with(files={".env": "KIMI_ROLLOUT_PERCENTAGE=100\n"})
    assert rollout_of(weir, "alice") == "kimi=kimi"
    (weir.folder / ".env").unlink()
    assert weir.admin("/reload", "POST").status == 422
    assert rollout_of(weir, "alice") == "kimi=kimi"
    eventually(lambda: log_lines(weir, "configuration not reloaded", ".env"), "the file is in the log")


def test_a_default_env_file_that_appears_is_taken(weir_with):
    weir = weir_with()
    assert rollout_of(weir, "alice") == "kimi=incumbent"
    rename_over(weir.folder / ".env", "KIMI_ROLLOUT_PERCENTAGE=100\n")
    eventually(lambda: rollout_of(weir, "alice") == "kimi=kimi", "the new file is read", 1)


# -- files that are being written -----------------------------------------------------------------------------

def test_a_file_that_is_still_being_written_is_not_read(weir_with):
    """`1` and `10` are on the way to `100`, and valid; the writer needs longer than the watch takes to look."""
    weir = weir_with({"WEIR_CONFIG": "weir.yaml"}, files={"weir.yaml": "kimi:\n  rollout_percentage: 55\n"})
    seen = set()
    with open(weir.folder / "weir.yaml", "wb", buffering=0) as file:
        for piece in (b"kimi:\n", b"  rollout_", b"percentage: ", b"1", b"0", b"0", b" ", b"#", b" done", b"\n"):
            file.write(piece)
            until = time.monotonic() + 0.08
            while time.monotonic() < until:
                seen.add(weir.scrape().sum("weir_rollout_percent", rollout="kimi"))
                time.sleep(0.01)
    assert seen == {55}
    eventually(lambda: weir.scrape().sum("weir_rollout_percent", rollout="kimi") == 100, "the whole file is read", 1.5)
    assert (reloads(weir), failed_reloads(weir)) == (1, 0)


@pytest.mark.parametrize("name, text, status", [
    ("live.env", "WEIR_CLIENT_KEYS=app:key-of-app\n", 401), ("weir.yaml", "models: {deny: ['openai/*']}\n", 403)])
def test_a_file_that_is_emptied_to_be_written_anew_is_not_read_as_empty(weir_with, name, text, status):
    weir = weir_with(BOTH, files=FILES | {name: text})
    with open(weir.folder / name, "w") as file:
        writer = threading.Timer(0.05, lambda: (file.write(text), file.flush()))
        writer.start()
        assert weir.admin("/reload", "POST").status == 200
        assert weir.post(CHAT, chat()).status == status
        writer.join()


def test_a_file_that_stays_empty_is_taken_as_that(weir_with):
    weir = weir_with(BOTH, files=FILES)
    rewrite(weir.folder / "weir.yaml", "")
    assert weir.admin("/reload", "POST").status == 200
    assert rollout_of(weir, "alice") == "kimi=incumbent"


@pytest.mark.parametrize("name, text", [
    ("live.env", "WEIR_CLIENT_KEYS=app:key-of-app\n"), ("weir.yaml", "clients: {app: {key: key-of-app}}\n")])
def test_no_reload_takes_the_last_client_key_away(weir_with, name, text):
    """A file that is emptied by mistake, or by a full disk, must not open the proxy."""
    weir = weir_with(BOTH, files=FILES | {name: text})
    rewrite(weir.folder / name, "")
    answer = weir.admin("/reload", "POST")
    assert answer.status == 422 and b"no client key any more" in answer.body
    assert weir.post(CHAT, chat()).status == 401
    rewrite(weir.folder / name, text.replace("key-of-app", "key-of-web"))
    assert weir.admin("/reload", "POST").status == 200
    assert weir.post(CHAT, chat(), [("Authorization", "Bearer key-of-web")]).status == 200


@pytest.mark.parametrize("name", ["weir.yaml", "live.env"])
def test_a_pipe_in_the_files_place_changes_nothing_and_is_told(living, name):
    """What it held would be gone with the first reload, and with it client keys and limits; without a writer weir would
    wait for one for ever."""
    path = living.folder / name
    path.unlink()
    os.mkfifo(path)
    try:
        assert "a pipe cannot be read again" in refused(living)
    finally:
        path.unlink()


def test_what_came_through_a_pipe_at_the_start_outlives_a_reload(weir_with, tmp_path):
    pipe = tmp_path / "secrets"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("WEIR_CLIENT_KEYS=web:wk-0123456789abcdef\n"))
    writer.start()
    weir = weir_with({"WEIR_ENV_FILE": str(pipe)})
    writer.join()
    assert weir.post(CHAT, chat()).status == 401
    assert weir.admin("/reload", "POST").status == 422
    assert weir.post(CHAT, chat()).status == 401


def test_no_request_notices_what_happens_to_the_files(weir_with):
    """Gone, half-written, a folder, 10 MB, binary, broken: each stands long enough for the watch to find it."""
    weir = weir_with(BOTH, files=FILES)
    path = weir.folder / "weir.yaml"
    big = GOOD_YAML.encode() + b"# padding\n" * (TEN_MEGABYTES // 10)

    def gone():
        path.unlink()

    def folder():
        path.mkdir()

    def half():
        path.rmdir()
        path.write_text("kimi:\n  rollout_percentage: 1\n  enab")

    with Load(weir) as load:
        for what in (gone, folder, half, lambda: path.write_bytes(big), lambda: path.write_bytes(b"\xff\0" * 500)):
            before = failed_reloads(weir)
            what()
            eventually(lambda: failed_reloads(weir) > before, f"the failure of {what.__name__} is counted", 2)
        assert {seen.rollout for seen in list(load.seen)} == {"kimi=kimi"}
        rename_over(path, "kimi:\n  rollout_percentage: 0\n")
        load.await_effect(time.monotonic(), lambda seen: seen.rollout == "kimi=incumbent")
    assert weir.admin("/readyz").status == 200


def test_no_request_notices_a_storm_of_reloads(weir_with):
    weir = weir_with(BOTH, files=FILES)
    answers = []

    def storm(number: int) -> None:
        for _ in range(15):
            answers.append(weir.admin("/reload", "POST").status)
            weir.process.send(signal.SIGHUP)

    with Load(weir) as load:
        threads = [threading.Thread(target=storm, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for number in range(30):
            rewrite(weir.folder / "weir.yaml", f"kimi:\n  rollout_percentage: {number}\n" if number % 3 else "kimi: [")
            put(weir, number)
            time.sleep(0.02)
        for thread in threads:
            thread.join()
        rename_over(weir.folder / "weir.yaml", GOOD_YAML)
        assert admin(weir, "DELETE", "/rollouts/kimi").status == 200
        load.await_effect(time.monotonic(), lambda seen: seen.rollout == "kimi=kimi")
    assert set(answers) <= {200, 422} and 200 in answers
    assert weir.process.is_alive


# -- what a request sees --------------------------------------------------------------------------------------

def test_a_request_sees_one_configuration_from_start_to_end(weir_with, simulator):
    weir = weir_with(BOTH, files=FILES)
    body = json.dumps(chat("half now, half later", model="kimi-k2")).encode()
    with weir.wire() as wire:
        head = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (CHAT.encode(), len(body))
        wire.send(head + body[:20])
        eventually(lambda: weir.scrape().sum("weir_in_flight_requests") == 1, "the request has begun")
        rewrite(weir.folder / "live.env", "KIMI_MODEL_ID=moonshotai/kimi-k2-0905\nKIMI_K2_MAX_TOKENS=3\n")
        assert weir.admin("/reload", "POST").status == 200
        wire.send(body[20:])
        reply = wire.read_reply("POST")
    assert (reply.status, reply.get("x-weir-model"), reply.get("x-weir-edits")) == (200, KIMI, "model,temperature")
    after = asked(weir, model="kimi-k2")
    assert after.get("x-weir-model") == "moonshotai/kimi-k2-0905"
    assert after.get("x-weir-edits") == "model,max_tokens"


def test_the_settings_of_the_table_are_taken_by_a_reload(weir_with, simulator_with):
    other = simulator_with()
    weir = weir_with({"WEIR_UPSTREAM_URL": None, "OPENROUTER_API_KEY": None, "WEIR_ENV_FILE": "live.env"},
                     files={"live.env": "WEIR_UPSTREAM_URL=http://127.0.0.1:9/v1\nOPENROUTER_API_KEY=sk-or-first\n"})
    assert weir.post(CHAT, chat()).status == 502
    rename_over(weir.folder / "live.env",
                f"WEIR_UPSTREAM_URL={other.url}\nOPENROUTER_API_KEY=sk-or-second\nKIMI_ROLLOUT_FROM=openai/gpt-4o\n"
                "KIMI_ROLLOUT_PERCENTAGE=100\nKIMI_MODEL_ID=moonshotai/kimi-k2-0905\nKIMI_K2_MAX_TOKENS=9\n"
                "WEIR_MAX_BODY_BYTES=4096\nOPENROUTER_SITE_NAME=renamed\n")
    assert weir.admin("/reload", "POST").status == 200
    assert rollout_of(weir, "alice") is None
    reply = asked(weir, "alice", model="openai/gpt-4o")
    assert (reply.get("x-weir-rollout"), reply.get("x-weir-model")) == ("kimi=kimi", "moonshotai/kimi-k2-0905")
    received = other.requests(1)[0]
    assert received.get("authorization") == "Bearer sk-or-second"
    assert received.get("x-title") == "renamed"
    assert json.loads(received.body)["max_tokens"] == 9
    assert weir.post(CHAT, chat("x" * 5000)).status == 413


def test_a_setting_that_needs_a_restart_is_named(weir_with):
    weir = weir_with({"WEIR_LISTEN": None, "WEIR_ENV_FILE": "live.env"},
                     files={"live.env": "WEIR_LISTEN=127.0.0.1:0\n"})
    rewrite(weir.folder / "live.env", "WEIR_LISTEN=127.0.0.1:1\nKIMI_ROLLOUT_PERCENTAGE=100\n")
    assert weir.admin("/reload", "POST").status == 200
    [line] = eventually(lambda: log_lines(weir, "need a restart"), "a warning")
    assert line["level"] == "warning" and "WEIR_LISTEN" in json.dumps(line)
    assert rollout_of(weir, "alice") == "kimi=kimi", "the rest is in effect, on the old address"


def test_a_setting_that_is_set_back_needs_no_restart(weir_with):
    weir = weir_with({"WEIR_LISTEN": None, "WEIR_ENV_FILE": "live.env"},
                     files={"live.env": "WEIR_LISTEN=127.0.0.1:0\n"})

    for number, address in enumerate(["127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:0", "127.0.0.1:1"]):
        rewrite(weir.folder / "live.env", f"WEIR_LISTEN={address}\nKIMI_ROLLOUT_PERCENTAGE={number * 10}\n")
        assert weir.admin("/reload", "POST").status == 200
    # Neither what was told already, nor the way back to what runs.
    eventually(lambda: len(log_lines(weir, "need a restart")) >= 2, "two warnings")
    weir.stop()
    assert len(log_lines(weir, "need a restart")) == 2


def test_reloads_are_counted_and_dated(weir_with):
    weir = weir_with(BOTH, files=FILES)
    started = counted(weir, "last_reload_timestamp_seconds")
    assert abs(time.time() - started) < 60
    assert (reloads(weir), failed_reloads(weir)) == (0, 0)
    time.sleep(0.02)
    assert weir.admin("/reload", "POST").status == 200
    assert (reloads(weir), failed_reloads(weir)) == (1, 0)
    reloaded = counted(weir, "last_reload_timestamp_seconds")
    assert started < reloaded <= time.time()
    eventually(lambda: log_lines(weir, "configuration reloaded"), "a line about it")
    rewrite_unseen(weir.folder / "weir.yaml", GOOD_YAML.replace("100", "10x"))
    assert weir.admin("/reload", "POST").status == 422
    assert (reloads(weir), failed_reloads(weir)) == (1, 1)
    assert counted(weir, "last_reload_timestamp_seconds") == reloaded


def test_a_file_that_is_touched_or_swapped_for_its_twin_costs_a_reload_and_nothing_else(weir_with):
    weir = weir_with(BOTH, files=FILES)
    for number, change in enumerate((os.utime, lambda path: rename_over(path, GOOD_YAML),
                                     lambda path: swap_link(path, GOOD_YAML)), 1):
        change(weir.folder / "weir.yaml")
        eventually(lambda: reloads(weir) == number, "the change is noticed", 1.5)
        assert rollout_of(weir, "alice") == "kimi=kimi"
    assert failed_reloads(weir) == 0


def test_files_at_rest_are_not_read_again(weir_with):
    weir = weir_with(BOTH, files=FILES)
    put(weir, 10)
    time.sleep(0.7)
    assert (reloads(weir), failed_reloads(weir)) == (0, 0)


def test_the_environment_goes_before_a_changed_file(weir_with):
    weir = weir_with(BOTH | {"KIMI_ROLLOUT_PERCENTAGE": "0"}, files=FILES)
    rewrite(weir.folder / "live.env", "KIMI_ROLLOUT_PERCENTAGE=100\n")
    assert weir.admin("/reload", "POST").status == 200
    assert rollout_of(weir, "alice") == "kimi=incumbent"
    assert asked(weir, "alice").get("x-weir-model") == INCUMBENT
