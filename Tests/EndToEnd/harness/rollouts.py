"""Rollouts as their documentation describes them, the ways to flip one, and a steady load that sees each flip."""

import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

from .eventually import eventually
from .requests import chat
from .weir import Weir
from .wire import ConnectionEnded, Reply, Wire, ask

INCUMBENT = "openai/gpt-4-turbo"
KIMI = "moonshotai/kimi-k2"
CHAT = "/v1/chat/completions"
JSON = ("Content-Type", "application/json")
BUCKETS = 10_000


def bucket(rollout: str, user: str) -> int:
    """The documented bucket: FNV-1a over name, NUL and user, MurmurHash3's finalizer, scaled to 10,000."""
    whole = 2**64 - 1
    state = 0xcbf29ce484222325
    for byte in rollout.encode() + b"\0" + user.encode():
        state = (state ^ byte) * 0x100000001b3 & whole
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        state = (state ^ state >> 33) * factor & whole
    return (state ^ state >> 33) * BUCKETS >> 64


def variant(user: str, percent: float, rollout: str = "kimi") -> str:
    """Who gets what in a rollout of one variant that bears its rollout's name."""
    return rollout if bucket(rollout, user) < round(percent * 100) else "incumbent"


def users(wanted: str, percent: float, count: int) -> list:
    """The first `count` names that the rollout `kimi` gives this variant at this share."""
    found, number = [], 0
    while len(found) < count:
        if variant(f"user-{number}", percent) == wanted:
            found.append(f"user-{number}")
        number += 1
    return found


def admin(weir: Weir, method: str, target: str, value=None, headers=()) -> Reply:
    """A request to the admin listener; `value` is sent as JSON, bytes as they are."""
    body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
    return ask(weir.admin_port, method, target, headers, body, host=f"127.0.0.1:{weir.admin_port}")


def put(weir: Weir, percent: float, rollout: str = "kimi") -> dict:
    """Flips the rollout and returns what the admin listener says of it."""
    reply = admin(weir, "PUT", f"/rollouts/{rollout}", {"percent": percent})
    assert reply.status == 200, reply.body
    return reply.json()


def asked(weir: Weir, user: str = "", model: str = INCUMBENT, headers=(), **members) -> Reply:
    """A chat request of this user, which must be answered."""
    named = {"user": user} if user else {}
    reply = weir.post(CHAT, chat(user or "nobody", model=model, **named, **members), headers)
    assert reply.status == 200, (reply.start_line, reply.body)
    assert reply.json()["model"] == reply.get("x-weir-model")
    return reply


def rollout_of(weir: Weir, user: str = "", **more) -> str:
    """The header `x-weir-rollout` of this user's request."""
    return asked(weir, user, **more).get("x-weir-rollout")


def served(weir: Weir, names, rollout: str = "kimi", **members) -> dict:
    """The variant of each user by the reply's header, all over one connection."""
    found = {}
    with weir.wire() as wire:
        for name in names:
            body = json.dumps(chat(name, model=INCUMBENT, user=name) | members).encode()
            reply = wire.request("POST", CHAT, [JSON], body)
            assert reply.status == 200, (reply.start_line, reply.body)
            named, _, found[name] = (reply.get("x-weir-rollout") or "").partition("=")
            assert named == rollout
    return found


def log_lines(weir: Weir, *words: str) -> list:
    """The log lines that hold all of these words, whatever the field."""
    return [line for line in weir.log() if all(word in json.dumps(line) for word in words)]


# -- how files change on disk --------------------------------------------------------------------------------

def rewrite(path, text: str) -> None:
    """In place: the same inode."""
    path.write_text(text)


def rename_over(path, text: str) -> None:
    """As editors and configuration management do it: a new file takes the name."""
    other = path.with_name(path.name + ".new")
    other.write_text(text)
    os.replace(other, path)


def swap_link(path, text: str) -> None:
    """As Kubernetes does it: `path` links to `..data/NAME`, and `..data` is swapped for another folder's link."""
    folder = path.parent / f"..{time.monotonic_ns()}"
    folder.mkdir()
    (folder / path.name).write_text(text)
    link = path.parent / "..data.new"
    link.symlink_to(folder.name)
    os.replace(link, path.parent / "..data")
    if not path.is_symlink():
        path.unlink(missing_ok=True)
        path.symlink_to(f"..data/{path.name}")


def rewrite_unseen(path, text: str) -> None:
    """In place, with size and time as before, so that who only watches the file cannot know."""
    before = path.stat()
    assert before.st_size == len(text.encode()), "the new text must be as long as the old one"
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# -- the ways to flip the rollout `kimi` ------------------------------------------------------------------------

class ByPut:
    """A way is made of a running weir that was started with its `environment` and `files`; then it flips."""

    environment: dict = {}
    files: dict = {}

    def __init__(self, weir, binary):
        self.weir = weir

    def flip(self, percent: int) -> None:
        put(self.weir, percent)


class ByVariants(ByPut):
    def flip(self, percent: int) -> None:
        assert admin(self.weir, "PUT", "/rollouts/kimi", {"variants": {"kimi": percent}}).status == 200


class ByCommand(ByPut):
    def __init__(self, weir, binary):
        self.weir, self.binary = weir, binary

    def flip(self, percent: int) -> None:
        done = subprocess.run(
            [self.binary, "rollout", "kimi", str(percent)], capture_output=True, text=True, timeout=10,
            cwd=self.weir.folder, env={"WEIR_ADMIN_LISTEN": f"127.0.0.1:{self.weir.admin_port}"})
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["percent"] == percent


class ByDelete(ByPut):
    """The configuration says 100; away from it by PUT, back by DELETE."""
    environment = {"KIMI_ROLLOUT_PERCENTAGE": "100"}

    def flip(self, percent: int) -> None:
        if percent == 0:
            put(self.weir, 0)
        else:
            assert admin(self.weir, "DELETE", "/rollouts/kimi").json()["percent"] == 100


class ByEnvFile:
    name, text, change = "live.env", "KIMI_ROLLOUT_PERCENTAGE={:03}\n", staticmethod(rewrite)
    environment = {"WEIR_ENV_FILE": "live.env"}
    files = {"live.env": "KIMI_ROLLOUT_PERCENTAGE=000\n"}

    def __init__(self, weir, binary):
        self.weir, self.path = weir, weir.folder / self.name

    def flip(self, percent: int) -> None:
        self.change(self.path, self.text.format(percent))


class ByRename(ByEnvFile):
    change = staticmethod(rename_over)


class ByLink(ByEnvFile):
    change = staticmethod(swap_link)


class ByYAML(ByEnvFile):
    name, text = "weir.yaml", "kimi:\n  rollout_percentage: {:03}\n"
    environment = {"WEIR_CONFIG": "weir.yaml"}
    files = {"weir.yaml": "kimi:\n  rollout_percentage: 000\n"}


class ByYAMLLink(ByYAML):
    change = staticmethod(swap_link)


class ByHangUp(ByEnvFile):
    change = staticmethod(rewrite_unseen)

    def flip(self, percent: int) -> None:
        super().flip(percent)
        self.weir.process.send(signal.SIGHUP)


class ByReload(ByEnvFile):
    change = staticmethod(rewrite_unseen)

    def flip(self, percent: int) -> None:
        super().flip(percent)
        assert self.weir.admin("/reload", "POST").status == 200


WAYS = [ByPut, ByVariants, ByDelete, ByCommand, ByEnvFile, ByRename, ByLink, ByYAML, ByYAMLLink, ByHangUp, ByReload]


# -- load ----------------------------------------------------------------------------------------------------

@dataclass
class Seen:
    """One request of the load: when it began, what its user was served."""

    began: float
    rollout: str
    model: str


class Load:
    """About 200 chat requests a second over kept connections, of a hundred users, while the block runs.

    The block's end fails when a single one of them did not get its whole answer.
    """

    def __init__(self, weir: Weir, model: str = INCUMBENT, rate: int = 200, connections: int = 8):
        self.weir, self.model, self.period = weir, model, connections / rate
        self.seen, self.failures = [], []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(connections)]

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        eventually(lambda: len(self.seen) >= 20 or self.failures, "the load runs")
        return self

    def __exit__(self, kind, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            assert not self.failures, (len(self.failures), len(self.seen), self.failures[:3])
            rate = len(self.seen) / (time.monotonic() - self.began)
            assert rate > 100, f"only {rate:.0f} requests a second: this load proves little"

    def _run(self, number: int) -> None:
        try:
            with self.weir.wire(timeout=10) as wire:
                due = time.monotonic() + number * self.period / len(self.threads)
                count = number
                while not self.is_over.wait(max(0, due - time.monotonic())):
                    due = max(due + self.period, time.monotonic())
                    count += len(self.threads)
                    self._one(wire, f"user-{count % 100}")
        except (ConnectionEnded, OSError) as error:
            self.failures.append(repr(error))

    def _one(self, wire: Wire, user: str) -> None:
        body = json.dumps(chat(user, model=self.model, user=user)).encode()
        began = time.monotonic()
        reply = wire.request("POST", CHAT, [JSON], body)
        if reply.status != 200 or not reply.is_complete or reply.json()["model"] != reply.get("x-weir-model"):
            self.failures.append((reply.start_line, reply.headers, reply.body[:300]))
        else:
            self.seen.append(Seen(began, reply.get("x-weir-rollout"), reply.get("x-weir-model")))

    def await_effect(self, since: float, is_new, seconds: float = 1, enough: int = 40) -> None:
        """Waits until `enough` requests in a row are as `is_new(seen)` wants them.

        Fails when one that began more than `seconds` after `since` is not.
        """
        def after() -> list:
            return sorted((each for each in list(self.seen) if each.began >= since), key=lambda each: each.began)

        def is_settled() -> bool:
            last = after()[-enough:]
            return bool(self.failures) or (len(last) == enough and all(map(is_new, last)))

        eventually(is_settled, f"{enough} requests in a row as the change wants them", seconds + 3)
        late = [round(each.began - since, 3) for each in after() if not is_new(each)]
        assert not late or max(late) < seconds, f"still served as before after {late[-3:]} s"
