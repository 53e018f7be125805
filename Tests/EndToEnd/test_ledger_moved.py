"""A ledger that is taken away or replaced while weir writes it: rows are where their file is, and nowhere else."""

import contextlib
import sqlite3
import subprocess
import time
import uuid
from contextlib import closing

import pytest

from harness.eventually import eventually
from harness.ledger import FILE, Ledger, condition
from harness.usual_requests import usual
from harness.weir import Weir

ARCHIVE = "archive.db"


def written(weir, ledger: Ledger, count: int = 1) -> set:
    """The ids of so many requests whose rows are in the file that has the ledger's name now."""
    names = {f"req-{uuid.uuid4().hex}" for _ in range(count)}
    for name in names:
        assert weir.post("/v1/chat/completions", usual("chat/completions"), [("x-request-id", name)]).status == 200
    for name in names:
        ledger.row(name)
    return names


def ids(folder, name: str = FILE) -> set:
    ledger = Ledger(folder, name)
    assert ledger.is_sound()
    return {row["id"] for row in ledger.rows()}


@pytest.fixture
def kept(weir_with):
    weir = weir_with({"WEIR_LEDGER": FILE})
    return weir, Ledger(weir.folder)


def test_a_file_that_is_moved_alone_has_all_of_its_rows(kept):
    """As an operator does to keep it small; its last rows are still in the log beside it then."""
    weir, ledger = kept
    before = written(weir, ledger, 20)
    ledger.path.rename(weir.folder / ARCHIVE)
    after = written(weir, ledger, 3)
    assert (ids(weir.folder, ARCHIVE), ids(weir.folder)) == (before, after)


def test_a_file_that_is_moved_before_the_end_has_all_of_its_rows(kept):
    weir, ledger = kept
    before = written(weir, ledger, 20)
    ledger.path.rename(weir.folder / ARCHIVE)
    weir.stop()
    assert ids(weir.folder, ARCHIVE) == before


def test_another_programs_database_in_its_place_keeps_every_byte(kept):
    weir, ledger = kept
    written(weir, ledger, 20)
    other = weir.folder / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE notes (text)")
        database.commit()
    content = other.read_bytes()
    other.rename(ledger.path)
    assert weir.post("/v1/chat/completions", usual("chat/completions")).status == 200
    eventually(lambda: "another program's tables" in (condition(weir)[1] or ""), "the ledger waits, and says why")
    assert ledger.path.read_bytes() == content
    weir.stop()
    assert ledger.path.read_bytes() == content


def test_a_copy_that_is_put_back_has_what_it_had_and_what_came_since(kept):
    weir, ledger = kept
    early = written(weir, ledger, 5)
    copy = weir.folder / "copy.db"
    with closing(sqlite3.connect(ledger.path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    written(weir, ledger, 20)
    copy.rename(ledger.path)
    late = written(weir, ledger, 3)
    assert ids(weir.folder) == early | late


def test_a_log_that_is_deleted_costs_no_row(kept):
    weir, ledger = kept
    names = written(weir, ledger, 20)
    (weir.folder / f"{FILE}-wal").unlink()
    assert weir.post("/v1/chat/completions", usual("chat/completions")).status == 200
    # Nobody can read the file before weir has noticed.
    eventually(lambda: weir.scrape().sum("weir_ledger_rows_total") == 21, "the next row is written")
    weir.process.kill()
    weir.expected_exit = -9
    assert names < ids(weir.folder)


@contextlib.contextmanager
def moved_under_a_reader(weir, ledger):
    """Ten rows, of which a reader has five in view while the file is moved, and one that waits: its name, and those of the
    ten. Leaving ends the reader's view."""
    before = written(weir, ledger, 5)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM requests").fetchall() == [(5,)]
        before |= written(weir, ledger, 5)
        ledger.path.rename(weir.folder / ARCHIVE)
        name = f"req-{uuid.uuid4().hex}"
        assert weir.post("/v1/chat/completions", usual("chat/completions"), [("x-request-id", name)]).status == 200
        eventually(lambda: "locked" in (condition(weir)[1] or ""), "the reader is waited for", 10)
        yield before, name
        reader.execute("COMMIT")


def test_a_reader_that_has_not_all_rows_is_waited_for(kept):
    weir, ledger = kept
    with moved_under_a_reader(weir, ledger) as (before, name):
        pass
    eventually(lambda: condition(weir) == ("healthy", None), "the ledger is healthy again", 10)
    assert (ids(weir.folder, ARCHIVE), ids(weir.folder)) == (before, {name})


def test_what_a_reader_keeps_from_following_at_the_end_is_kept_beside(kept):
    """Neither lost, nor left for the next file of the name, which would have it written over its own pages."""
    weir, ledger = kept
    with moved_under_a_reader(weir, ledger) as (before, name):
        weir.stop()
    [log] = [path for path in weir.folder.iterdir() if path.name.startswith(f"{FILE}-wal")]
    assert log.name != f"{FILE}-wal" and any(log.name in line.get("problem", "") for line in weir.log())
    log.rename(weir.folder / f"{ARCHIVE}-wal")
    assert ids(weir.folder, ARCHIVE) == before and ids(weir.folder) == {name}


def test_room_for_the_rows_of_a_file_that_was_moved_is_waited_for(binary, simulator, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        weir = Weir(binary, tmp_path, simulator.url, {"WEIR_LEDGER": str(disk / FILE)})
        before = written(weir, Ledger(disk), 20)
        with open(disk / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        (disk / FILE).rename(disk / ARCHIVE)
        assert weir.post("/v1/chat/completions", usual("chat/completions")).status == 200
        eventually(lambda: "no space is left" in (condition(weir)[1] or ""), "it says so")
        time.sleep(1.5)
        assert [line["state"] for line in weir.log() if line["message"] == "ledger"] == ["rows wait", "rows wait"]
        (disk / "filler").unlink()
        eventually(lambda: condition(weir) == ("healthy", None), "it heals by itself", 10)
        weir.stop()
        assert ids(disk, ARCHIVE) == before and len(ids(disk)) == 1
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_of_two_weirs_that_share_a_file_both_move_on(binary, simulator, tmp_path):
    shared = Ledger(tmp_path)
    weirs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        weirs.append(Weir(binary, tmp_path / name, simulator.url, {"WEIR_LEDGER": str(shared.path)}))
    before = {name for weir in weirs for name in written(weir, shared, 5)}
    shared.path.rename(tmp_path / ARCHIVE)
    after = {name for _ in range(3) for weir in weirs for name in written(weir, shared)}
    for weir in weirs:
        weir.stop()
    assert (ids(tmp_path, ARCHIVE), ids(tmp_path)) == (before, after)
