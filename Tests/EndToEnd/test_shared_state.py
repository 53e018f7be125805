"""Several sidecars and one Redis: what they share beside limits and cache, and what becomes of them without it."""

import contextlib
import json
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.attempts import WITH_CIRCUITS, asked, content, fail, heal
from harness.eventually import eventually
from harness.network import Network
from harness.redis import Fake, Redis, free_port
from harness.requests import chat
from harness.rollouts import CHAT, Load, admin, log_lines, put, rollout_of

pytestmark = pytest.mark.begins_first

# A loaded machine must not look like a slow store.
SETTINGS = {"WEIR_REDIS_DEADLINE_MS": "500"}
PASSWORD = "pa55word-of-the-store"
KILL_SWITCH = "FEATURE_KIMI_ENABLED"


@pytest.fixture
def redis_with(tmp_path_factory):
    """`redis_with(*options, **named)`: a server of the test's own, ended with it."""
    running = []

    def start(*options, **named) -> Redis:
        running.append(Redis(tmp_path_factory.mktemp("redis"), *options, **named))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def fleet_with(weir_with):
    """`fleet_with(count, redis)`: so many sidecars that share over it, all of them seen by each other."""
    def start(count: int, redis, **environment) -> list:
        url = redis if isinstance(redis, str) else redis.url
        fleet = [weir_with({"WEIR_REDIS_URL": url} | environment) for _ in range(count)]
        for each in fleet:
            eventually(lambda: shared(each)["up"] and shared(each)["sidecars"] == count,
                       f"{count} sidecars know each other", 15)
        return fleet

    return start


def shared(weir) -> dict:
    """What `/health` says of the store."""
    return weir.admin("/health").json()["shared_state"]


def await_up(weir, seconds: float = 10) -> None:
    eventually(lambda: shared(weir)["up"], "the store is used", seconds)


def await_down(weir, reason: str = "", seconds: float = 10) -> None:
    eventually(lambda: not shared(weir)["up"] and reason in shared(weir)["reason"], f"the store is away: {reason}", seconds)


def served(weir) -> None:
    """A request is served, and the proxy says that it is ready."""
    assert weir.post(CHAT, chat("hello")).status == 200
    assert weir.admin("/readyz").status == 200


def percent(weir) -> float:
    return admin(weir, "GET", "/rollouts/kimi").json()["percent"]


def await_percent(fleet, expected: float, seconds: float = 5) -> None:
    for each in fleet:
        eventually(lambda: percent(each) == expected, f"{expected} % everywhere", seconds)


# -- a store that is not as it should be ------------------------------------------------------------------------

def test_sidecars_count_each_other_and_one_that_ends_is_gone_at_once(redis_with, fleet_with):
    redis = redis_with()
    first, second, third = fleet_with(3, redis)
    assert first.scrape().sum("weir_shared_state_up") == 1
    assert first.scrape().sum("weir_shared_state_sidecars") == 3
    third.stop()
    assert redis.ask("ZCARD", "weir:{fleet}:members") == 2
    eventually(lambda: shared(first)["sidecars"] == shared(second)["sidecars"] == 2, "two are left")


def test_a_unix_socket_a_password_a_database_and_a_prefix(redis_with, fleet_with):
    redis = redis_with(unix=True, password=PASSWORD)
    fleet_with(1, redis.url + "?db=3", WEIR_REDIS_PREFIX="team-a:")
    with redis.connect() as connection:
        assert connection.ask("KEYS", "*") == []
        connection.ask("SELECT", 3)
        keys = connection.ask("KEYS", "*")
        assert keys and all(key.startswith("team-a:{fleet}:") for key in keys)


@pytest.mark.parametrize("login, reason", [
    (":wrong-pa55word@", "WRONGPASS"), ("nobody:wrong-pa55word@", "WRONGPASS"), ("", "NOAUTH")])
def test_a_wrong_password_is_said_without_showing_it(redis_with, weir_with, login, reason):
    redis = redis_with(password=PASSWORD)
    weir = weir_with({"WEIR_REDIS_URL": f"redis://{login}127.0.0.1:{redis.port}"})
    await_down(weir, reason)
    served(weir)
    eventually(lambda: reason in weir.log_text(), "the log says why")
    seen = weir.log_text() + "".join(
        weir.admin(page).body.decode() for page in ("/metrics", "/status", "/health", "/"))
    assert "wrong-pa55word" not in seen


def test_a_password_where_none_is_wanted_and_a_database_that_is_not_there(redis_with, weir_with):
    redis = redis_with()
    for url, reason in ((f"redis://:{PASSWORD}@127.0.0.1:{redis.port}", "AUTH failed"),
                        (f"redis://127.0.0.1:{redis.port}/99", "no database 99")):
        weir = weir_with({"WEIR_REDIS_URL": url})
        await_down(weir, reason)
        served(weir)
        assert PASSWORD not in weir.log_text()


@pytest.mark.parametrize("url, reason", [
    ("redis://127.0.0.1:1", "no connection"), ("redis://nothing.invalid", "its name is not resolved"),
    ("unix:///nothing/here.sock", "no connection")])
def test_a_store_that_cannot_be_reached_keeps_nobody_from_being_served(weir_with, url, reason):
    weir = weir_with({"WEIR_REDIS_URL": url})
    await_down(weir, reason)
    served(weir)
    assert weir.admin("/health").json()["status"] == "degraded"
    assert weir.scrape().sum("weir_shared_state_up") == 0


def test_a_host_that_answers_to_nothing_is_given_up_in_time(weir_with):
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # Its queue is full: the kernel drops whoever comes next, as a firewall does.
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        weir = weir_with({"WEIR_REDIS_URL": f"redis://127.0.0.1:{listener.getsockname()[1]}"})
        await_down(weir, "no connection within a second")
        served(weir)


def test_the_node_of_a_cluster_that_has_the_fleets_keys_is_found(redis_with, fleet_with):
    ports = free_port(), free_port()
    first, second = (redis_with("--cluster-enabled", "yes", "--cluster-port", str(port)) for port in ports)
    slot = first.ask("CLUSTER", "KEYSLOT", "{fleet}")
    first.ask("CLUSTER", "ADDSLOTSRANGE", 0, slot - 1, slot + 1, 16383)
    second.ask("CLUSTER", "ADDSLOTS", slot)
    first.ask("CLUSTER", "MEET", "127.0.0.1", second.port, ports[1])
    for node in (first, second):
        eventually(lambda: "cluster_state:ok" in node.ask("CLUSTER", "INFO"), "the cluster is whole", 20)
    fleet = fleet_with(2, first, WEIR_REDIS_CACHE="false")
    put(fleet[0], 65)
    await_percent(fleet, 65)
    assert "weir:{fleet}:rollouts" in second.keys() and first.keys() == []


@pytest.mark.parametrize("answer, reason", [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not one of Redis"), (b"\x00\xff\xfe" * 1000, "not one of Redis"),
    (b"+OK\r\n", "not one of Redis"), (b"*4\r\n$1\r\n1\r\n:-5\r\n:1\r\n*0\r\n*0\r\n", "what was not asked"),
    (b"$100000000\r\n" + b"x" * 100_000_000, "larger than 16 MB"), (b"*2000000000\r\n", "larger than 16 MB"),
    (b"*1\r\n" * 50, "not one of Redis"), (b"-ERR unknown command 'EVALSHA' 'pa55'\r\n", "refuses weir's commands"),
    (b"-LOADING Redis is loading the dataset in memory\r\n", "LOADING"), (b"", "does not answer")])
def test_a_server_that_talks_nonsense_is_left(weir_with, answer, reason):
    fake = Fake(answer)
    try:
        # With a password there is a greeting to answer.
        url = fake.url if answer else fake.url.replace("//", "//:x@")
        weir = weir_with({"WEIR_REDIS_URL": url})
        if reason == "what was not asked":
            eventually(lambda: fake.connections > 5 or not shared(weir)["up"], "it is left")
        else:
            await_down(weir, reason)
        served(weir)
        assert "pa55" not in weir.log_text()
    finally:
        fake.close()


def test_a_replica_takes_no_writes_until_it_is_promoted(redis_with, weir_with):
    primary = redis_with()
    replica = redis_with("--replicaof", "127.0.0.1", str(primary.port))
    weir = weir_with({"WEIR_REDIS_URL": replica.url})
    await_down(weir, "")
    eventually(lambda: shared(weir)["reason"].split(":")[0] in ("READONLY", "MASTERDOWN", "LOADING"), "it says why")
    served(weir)
    replica.ask("REPLICAOF", "NO", "ONE")
    await_up(weir)


def test_a_full_store_is_left_and_comes_back(redis_with, fleet_with):
    redis = redis_with("--maxmemory-policy", "noeviction")
    weir, = fleet_with(1, redis)
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    await_down(weir, "OOM")
    served(weir)
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    await_up(weir)


def test_a_key_of_another_type_is_said(redis_with, weir_with):
    redis = redis_with()
    redis.ask("SET", "weir:{fleet}:members", "mine")
    weir = weir_with({"WEIR_REDIS_URL": redis.url})
    await_down(weir, "WRONGTYPE")
    served(weir)
    redis.ask("DEL", "weir:{fleet}:members")
    await_up(weir)


def test_a_flushed_script_cache_and_a_flushed_store_are_nothing_to_notice(redis_with, fleet_with):
    redis = redis_with()
    first, second = fleet_with(2, redis)
    put(first, 25)
    await_percent([second], 25)
    redis.ask("SCRIPT", "FLUSH")
    put(first, 50)
    await_percent([second], 50)
    redis.ask("FLUSHALL")
    eventually(lambda: redis.ask("HGET", "weir:{fleet}:rollouts", "kimi"), "what was lost is restored")
    put(second, 75)
    await_percent([first, second], 75)
    for each in (first, second):
        assert not log_lines(each, "shared state", "down")


# -- its life -----------------------------------------------------------------------------------------------

def test_a_store_that_comes_later_is_found_and_one_that_is_killed_is_found_again(redis_with, weir_with):
    port = free_port()
    weir = weir_with({"WEIR_REDIS_URL": f"redis://127.0.0.1:{port}"})
    await_down(weir, "no connection")
    redis = redis_with(port=port)
    await_up(weir)
    for _ in range(2):
        redis.kill()
        await_down(weir)
        served(weir)
        redis.start()
        await_up(weir)
    def changes() -> list:
        return [line.get("state") for line in log_lines(weir, '"message": "shared state"')]

    eventually(lambda: changes() == ["down", "up"] * 3, "one line for each change")


def disturb_kill(redis):
    redis.kill()
    return redis.start


def disturb_freeze(redis):
    redis.freeze()
    return redis.thaw


def disturb_pause(redis):
    redis.ask("CLIENT", "PAUSE", 3000)
    return lambda: None


def disturb_sleep(redis):
    with redis.connect() as connection:
        connection.send("DEBUG", "SLEEP", 3)
        time.sleep(0.1)
    return lambda: None


@pytest.mark.parametrize("disturb", [disturb_kill, disturb_freeze, disturb_pause, disturb_sleep])
def test_under_load_no_request_fails_whatever_becomes_of_the_store(redis_with, fleet_with, disturb):
    redis = redis_with("--enable-debug-command", "yes")
    weir, = fleet_with(1, redis, WEIR_RATE_LIMIT_RPM="1000000", WEIR_REDIS_DEADLINE_MS="20")
    with Load(weir):
        mend = disturb(redis)
        await_down(weir)
        mend()
        await_up(weir, 15)


@pytest.fixture
def network():
    if not Network.is_to_be_had():
        pytest.skip("no network namespaces here")
    network = Network()
    yield network
    network.end()


def test_under_load_no_request_fails_when_a_firewall_comes_before_the_store(redis_with, fleet_with, network):
    redis = redis_with(network=network)
    weir, = fleet_with(1, redis, WEIR_RATE_LIMIT_RPM="1000000", WEIR_REDIS_DEADLINE_MS="20")
    with Load(weir):
        network.drop()
        await_down(weir)
        network.restore()
        await_up(weir, 15)


# -- circuits -------------------------------------------------------------------------------------------------

def circuit(weir, model: str) -> float:
    return weir.scrape().sum("weir_circuit_state", model=model)


@pytest.fixture
def guarded(redis_with, weir_with, simulator_with):
    """`guarded(share)`: two sidecars with circuits that open for a second, and the upstream that both ask."""
    def start(share: str):
        redis, upstream = redis_with(), simulator_with()
        fleet = [weir_with(WITH_CIRCUITS | {"WEIR_REDIS_URL": redis.url, "WEIR_REDIS_SHARE_CIRCUITS": share,
                                            "WEIR_CONFIG": "weir.yaml"}, upstream=upstream,
                           files={"weir.yaml": "resilience:\n  circuit: {open_time: 1}\n"}) for _ in range(2)]
        for each in fleet:
            await_up(each)
        return *fleet, upstream
    return start


def test_a_circuit_that_opens_is_open_for_all_one_probes_and_all_are_told(guarded):
    first, second, upstream = guarded("true")
    # Who is never asked has no part in elections.
    asked(second, upstream, "acme/failing")
    fail(upstream, "status=500[acme/failing]")
    for _ in range(5):
        asked(first, upstream, "acme/failing")
    eventually(lambda: circuit(second, "acme/failing") == 2, "open where nobody has asked")
    eventually(lambda: log_lines(second, '"reason": "fleet"'), "the log says by whom")
    probes = {first: 0, second: 0}
    end = time.monotonic() + 3.5
    while time.monotonic() < end:
        for each in probes:
            probes[each] += len(asked(each, upstream, "acme/failing")[1])
        time.sleep(0.05)
    assert sorted(bool(count) for count in probes.values()) == [False, True], "one of the two probes for both"
    heal(upstream)

    def is_closed(weir) -> bool:
        asked(first, upstream, "acme/failing")
        asked(second, upstream, "acme/failing")
        return circuit(weir, "acme/failing") == 0

    for each in (first, second):
        eventually(lambda: is_closed(each), "closed again", 10, step=0.1)
        assert content(asked(each, upstream, "acme/failing")[0])


def test_circuits_are_each_sidecars_own_by_default(guarded):
    first, second, upstream = guarded("false")
    fail(upstream, "status=500[acme/failing]")
    for _ in range(5):
        asked(first, upstream, "acme/failing")
    eventually(lambda: circuit(first, "acme/failing") >= 1, "open where it failed")
    assert asked(second, upstream, "acme/failing")[1] == ["acme/failing"]
    assert circuit(second, "acme/failing") == 0


# -- rollouts -------------------------------------------------------------------------------------------------

def test_a_flip_reaches_eight_sidecars_within_a_second_with_who_and_when(redis_with, fleet_with):
    redis = redis_with()
    fleet = fleet_with(8, redis, WEIR_AUDIT_LOG="audit.log")
    for flipper, share in ((fleet[0], 25), (fleet[7], 60), (fleet[3], 0)):
        told = put(flipper, share)
        since = time.monotonic()
        await_percent(fleet, share)
        assert time.monotonic() - since < 1
        for each in fleet:
            shown = admin(each, "GET", "/rollouts/kimi").json()
            assert (shown["changed_by"], shown["changed_at"]) == (told["changed_by"], told["changed_at"])
    put(fleet[0], 100)
    await_percent(fleet, 100)
    for each in fleet:
        assert rollout_of(each, "alice") == "kimi=kimi"

    def adopted() -> list:
        lines = [json.loads(line) for line in (fleet[5].folder / "audit.log").read_text().splitlines()]
        return [line for line in lines if line["event"] == "rollout_changed"]

    eventually(lambda: len(adopted()) == 4, "the audit log tells of each change")
    assert all(line["from"] == "fleet" and line["who"] and line["made_at"] for line in adopted())


def test_a_switch_a_share_of_variants_and_a_reset_are_shared_too(redis_with, fleet_with):
    first, second = fleet_with(2, redis_with(), KIMI_ROLLOUT_PERCENTAGE="10")
    assert admin(first, "PUT", "/rollouts/kimi", {"variants": {"kimi": 33}}).status == 200
    assert admin(first, "PUT", "/rollouts/kimi", {"enabled": False}).status == 200
    eventually(lambda: admin(second, "GET", "/rollouts/kimi").json()["enabled"] is False, "switched off")
    await_percent([second], 33)
    assert admin(second, "DELETE", "/rollouts/kimi").status == 200
    await_percent([first, second], 10)
    assert admin(first, "GET", "/rollouts/kimi").json()["enabled"] is True


def test_conflicting_flips_end_alike_everywhere(redis_with, fleet_with):
    fleet = fleet_with(4, redis_with())
    for round_number in range(5):
        with ThreadPoolExecutor(len(fleet)) as pool:
            list(pool.map(lambda pair: put(pair[1], 10 * pair[0] + round_number + 1), enumerate(fleet)))

        def shares() -> list:
            return [percent(each) for each in fleet]

        agreed = eventually(lambda: shares() if len(set(shares())) == 1 else None, "all agree")
        assert agreed[0] in {10 * number + round_number + 1 for number in range(4)}
        # And stay so: nobody puts an older change back.
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            assert shares() == agreed
            time.sleep(0.05)


def test_flips_and_switches_at_the_same_time_all_hold(redis_with, fleet_with):
    first, second = fleet_with(2, redis_with())
    for number in range(20):
        share, is_enabled = number + 1, number % 2 == 1
        with ThreadPoolExecutor(2) as pool:
            pool.submit(put, first, share)
            pool.submit(admin, second, "PUT", "/rollouts/kimi", {"enabled": is_enabled})

        def is_so(weir) -> bool:
            shown = admin(weir, "GET", "/rollouts/kimi").json()
            return shown["percent"] == share and shown["enabled"] is is_enabled

        for each in (first, second):
            eventually(lambda: is_so(each), f"both changes hold on both, round {number}")


def test_many_flips_on_one_in_a_row_end_with_the_last_everywhere(redis_with, fleet_with):
    fleet = fleet_with(3, redis_with())
    for flipper in fleet:
        for share in range(1, 40):
            put(flipper, share)
            assert percent(flipper) == share, "nothing of the others' comes between"
        await_percent(fleet, 39)


def test_a_flip_made_while_the_store_is_away_is_offered_on_return(redis_with, fleet_with):
    redis = redis_with(persistent=True)
    first, second = fleet_with(2, redis)
    put(first, 20)
    await_percent([second], 20)
    redis.kill()
    for each in (first, second):
        await_down(each)
    put(second, 80)
    assert percent(first) == 20
    redis.start()
    await_percent([first, second], 80, 15)


def test_a_flip_made_while_the_store_is_away_yields_to_a_newer_one(redis_with, fleet_with, weir_with):
    redis = redis_with()
    first, = fleet_with(1, redis)
    redis.ask("ACL", "SETUSER", "second", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    second = weir_with({"WEIR_REDIS_URL": f"redis://second:{PASSWORD}@127.0.0.1:{redis.port}"})
    await_up(second)
    put(first, 20)
    await_percent([second], 20)
    # The store is away for the second only.
    redis.ask("ACL", "SETUSER", "second", "off")
    redis.ask("CLIENT", "KILL", "USER", "second")
    await_down(second)
    put(second, 80)
    put(first, 30)
    assert (percent(first), percent(second)) == (30, 80)
    redis.ask("ACL", "SETUSER", "second", "on")
    await_percent([second], 30, 15)
    assert percent(first) == 30
    eventually(lambda: log_lines(second, "rollout change overruled"), "the log says so")


def test_a_sidecar_that_begins_later_or_again_takes_over_what_the_fleet_has(redis_with, fleet_with, weir_with):
    redis = redis_with()
    first, = fleet_with(1, redis)
    put(first, 45)
    second = weir_with({"WEIR_REDIS_URL": redis.url})
    await_percent([second], 45)
    assert admin(second, "DELETE", "/rollouts/kimi").status == 200
    await_percent([first], 0)


def test_the_command_flips_the_fleet(redis_with, fleet_with, binary):
    first, second = fleet_with(2, redis_with())
    done = subprocess.run(
        [binary, "rollout", "kimi", "35", "--admin", f"127.0.0.1:{first.admin_port}"], capture_output=True, text=True,
        timeout=20, cwd=first.folder)
    assert done.returncode == 0, done.stderr
    await_percent([first, second], 35)


def kimi_is_on(weir) -> bool:
    return admin(weir, "GET", f"/rollouts/{KILL_SWITCH}").json()["enabled"]


def test_the_kill_switch_reaches_all_and_is_lifted_for_all(redis_with, fleet_with, binary):
    fleet = fleet_with(3, redis_with(), KIMI_ROLLOUT_PERCENTAGE="100")
    assert rollout_of(fleet[2], "alice") == "kimi=kimi"
    assert admin(fleet[0], "PUT", f"/rollouts/{KILL_SWITCH}", {"enabled": False}).status == 200
    since = time.monotonic()
    for each in fleet:
        eventually(lambda: not kimi_is_on(each), "off everywhere")
        refused = each.post(CHAT, chat("hello", model="kimi-k2"))
        assert refused.json()["error"]["code"] == "model_disabled"
    assert time.monotonic() - since < 1
    assert admin(fleet[1], "DELETE", f"/rollouts/{KILL_SWITCH}").status == 200
    for each in fleet:
        eventually(lambda: kimi_is_on(each), "on again everywhere")
    assert admin(fleet[0], "PUT", f"/rollouts/{KILL_SWITCH}", {"percent": 50}).status == 400


def test_a_reload_that_changes_the_kill_switch_reaches_all(redis_with, weir_with):
    redis = redis_with()
    first, second = (weir_with({"WEIR_REDIS_URL": redis.url, "WEIR_ENV_FILE": "live.env"},
                               files={"live.env": "FEATURE_KIMI_ENABLED=true\n"}) for _ in range(2))
    await_up(first)
    await_up(second)
    (first.folder / "live.env").write_text("FEATURE_KIMI_ENABLED=false\n")
    assert first.admin("/reload", "POST").status == 200
    eventually(lambda: not kimi_is_on(second), "off on the other too")
    (first.folder / "live.env").write_text("FEATURE_KIMI_ENABLED=true\n")
    assert first.admin("/reload", "POST").status == 200
    eventually(lambda: kimi_is_on(second) and kimi_is_on(first), "on again on both")


def test_garbage_among_the_rollouts_is_left_alone(redis_with, fleet_with):
    redis = redis_with()
    redis.ask("HSET", "weir:{fleet}:rollouts", "kimi", "9 {not json", "other", b"\xff\x00", "FEATURE_KIMI_ENABLED", "x")
    first, second = fleet_with(2, redis)
    served(first)
    put(first, 15)
    assert percent(first) == 15
    redis.ask("DEL", "weir:{fleet}:rollouts")
    put(first, 16)
    await_percent([second], 16)


# -- what operators ask ---------------------------------------------------------------------------------------

@pytest.fixture
def doctor(binary, simulator, tmp_path):
    """`doctor(url)`: what the command says of a store, and its exit status."""
    def ask(url: str) -> tuple:
        done = subprocess.run(
            [binary, "doctor"], capture_output=True, text=True, timeout=30, cwd=tmp_path,
            env={"WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": "sk-or-v1-x", "WEIR_REDIS_URL": url})
        return done.stdout + done.stderr, done.returncode
    return ask


def test_the_doctor_tells_what_the_store_is(redis_with, fleet_with, doctor):
    redis = redis_with("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", password=PASSWORD)
    fleet_with(2, redis)
    told, status = doctor(redis.url)
    assert status == 0, told
    assert f"redis       ok: 127.0.0.1:{redis.port}, Redis 7" in told and "role master" in told
    assert "2 other sidecars" in told and "allkeys-lru" in told and "noeviction" in told
    assert PASSWORD not in told


def test_the_doctor_tells_what_is_wrong_with_the_store(redis_with, doctor):
    redis = redis_with(password=PASSWORD)
    told, status = doctor(f"redis://:not-{PASSWORD}@127.0.0.1:{redis.port}")
    assert status == 1 and "redis       FAILED" in told and "WRONGPASS" in told and PASSWORD not in told
    told, status = doctor("redis://127.0.0.1:1")
    assert status == 1 and "no connection" in told


@pytest.mark.parametrize("url, what", [
    (f"redisss://:{PASSWORD}@r:6379", "rediss://"), (f"http://:{PASSWORD}@r", "redis://"), (PASSWORD, "redis://"),
    (f"redis://:{PASSWORD}@r:99999", "port"), (f"redis://:{PASSWORD}@r/first", "database")])
def test_check_refuses_a_url_that_cannot_be_and_does_not_show_it(binary, tmp_path, url, what):
    done = subprocess.run([binary, "check"], capture_output=True, text=True, timeout=20, cwd=tmp_path,
                          env={"WEIR_REDIS_URL": url})
    told = done.stdout + done.stderr
    assert done.returncode == 78 and "WEIR_REDIS_URL" in told and what in told and PASSWORD not in told


def test_the_password_is_nowhere_to_be_seen(redis_with, fleet_with):
    redis = redis_with(password=PASSWORD)
    weir, = fleet_with(1, redis, WEIR_AUDIT_LOG="audit.log", WEIR_LOG_LEVEL="trace")
    put(weir, 10)
    redis.kill()
    await_down(weir)
    pages = "".join(weir.admin(page).body.decode() for page in ("/metrics", "/status", "/health", "/", "/rollouts"))
    files = b"".join(path.read_bytes() for path in weir.folder.iterdir() if path.is_file())
    assert PASSWORD not in pages and PASSWORD.encode() not in files


def test_the_rights_that_the_guide_names_are_enough(redis_with, fleet_with):
    redis = redis_with()
    guide = (Path(__file__).resolve().parents[2] / "Sources/weir/Documentation.docc/SharedState.md").read_text()
    rule = next(line.split() for line in guide.splitlines() if line.strip().startswith("ACL SETUSER weir"))
    redis.ask(*[f">{PASSWORD}" if word == ">PASSWORD" else word for word in rule])
    fleet = fleet_with(2, f"redis://weir:{PASSWORD}@127.0.0.1:{redis.port}", WEIR_RATE_LIMIT_RPM="1000",
                       WEIR_BUDGET_USD_DAY="5", WEIR_CACHE_TTL="60", WEIR_REDIS_SHARE_CIRCUITS="true")
    put(fleet[0], 55)
    await_percent([fleet[1]], 55)
    for each in fleet:
        for number in range(3):
            assert each.post(CHAT, chat(f"hello {number}")).status == 200
    for each in fleet:
        assert each.scrape().sum("weir_shared_state_fallbacks_total", reason="refused") == 0
        assert not log_lines(each, "refuses")
