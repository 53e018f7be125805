"""Reads a ledger as anybody may, and keeps weirs whose ledger something happens to."""

import json
import sqlite3
import subprocess
from pathlib import Path

from .eventually import eventually
from .weir import Weir

FILE = "weir.db"


class Ledger:
    """The ledger in a weir's folder, by Python's own SQLite."""

    def __init__(self, folder: Path, name: str = FILE):
        self.path = folder / name

    def query(self, sql: str, *values) -> list:
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def one(self, sql: str, *values):
        """The only column of the only row."""
        (row,) = self.query(sql, *values)
        (value,) = row.values()
        return value

    def rows(self) -> list:
        return self.query("SELECT * FROM requests ORDER BY time_ms, id, sequence")

    def attempts(self) -> list:
        return self.query("SELECT * FROM attempts ORDER BY time_ms, id, sequence, n")

    def row(self, request_id: str) -> dict:
        """The one row of a request; it is written within a fraction of a second."""
        def find():
            # A new file has its tables a moment later.
            has_tables = self.path.exists() and self.query("SELECT 1 FROM sqlite_schema WHERE name = 'requests'")
            return has_tables and self.query("SELECT * FROM requests WHERE id = ?", request_id)
        rows = eventually(find, f"a row for {request_id}")
        assert len(rows) == 1, rows
        return rows[0]

    def is_sound(self) -> bool:
        return self.one("PRAGMA integrity_check") == "ok"

    def bytes(self) -> bytes:
        """All that is on the disk, the write-ahead log included."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob(f"{self.path.name}*")))


def condition(weir: Weir) -> tuple:
    """`/health`'s status, and what it says of the ledger."""
    health = weir.admin("/health").json()
    return health["status"], health.get("ledger")


def report(binary, ledger: Path, *arguments) -> dict:
    """`weir report`'s JSON."""
    done = subprocess.run(
        [binary, "report", "--ledger", ledger, "--format", "json", *arguments],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

