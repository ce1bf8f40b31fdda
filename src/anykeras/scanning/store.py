"""The results of a scan: a SQLite file that every outcome is committed to at once, and its exports."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import IO, Any, Final

from ..errors import TargetError, import_extra
from ..targets.output import open_output
from .one_file import FINDING, Outcome

COLUMNS: Final = tuple(one.name for one in fields(Outcome) if one.name not in ("same", "findings"))
_NUMBERS: Final = {"size": "INTEGER", "modified": "INTEGER", "layers": "INTEGER", "parameters": "INTEGER",
                   "functions": "INTEGER", "seconds": "REAL"}  # fmt: skip
FORMATS: Final = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True)
class Task:
    """What is done with every file: what is written of it, and which names are trusted in its audit."""

    written: frozenset[str] = frozenset()
    trust: tuple[str, ...] | None = ()

    def covers(self, other: Task) -> bool:
        """Whether a file with which this was done needs nothing for the other."""
        return self.trust == other.trust and other.written <= self.written

    def as_text(self) -> str:
        """One line, as the results keep it."""
        return json.dumps([sorted(self.written), self.trust])

    @classmethod
    def from_text(cls, text: str) -> Task:
        """The task that was kept; NOTHING where an earlier release kept another form."""
        try:
            written, trust = json.loads(text)
            return cls(frozenset(written), tuple(trust))
        except (ValueError, TypeError):
            return NOTHING


NOTHING: Final = Task(trust=None)
"""Covers no task."""


@contextmanager
def _guard_results(path: str) -> Iterator[None]:
    """What SQLite has against the results as one clear error; somebody may have written into them."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        raise TargetError(
            "AK6022",
            f"the results cannot be used: {error}",
            part=path,
            next_step="Give another file with --results; those of an older version are not gone on from.",
        ) from None


class Store:
    """The rows of a scan by path. An outcome that was given to `put` survives the end of the process."""

    def __init__(self, path: str) -> None:
        self.path = path
        listed = ", ".join(f"{name} {_NUMBERS.get(name, 'TEXT')}" for name in COLUMNS)
        with _guard_results(path):
            self._base = sqlite3.connect(path)
            there = {name for (name,) in self._base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if there and not {"files", "findings"} <= there:
                raise sqlite3.DatabaseError("it is a database of something else")
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(f"CREATE TABLE IF NOT EXISTS files ({listed}, task TEXT, PRIMARY KEY (path))")
            self._base.execute(
                f"CREATE TABLE IF NOT EXISTS findings (path TEXT, {', '.join(f'{name} TEXT' for name in FINDING)})"
            )
            self._base.execute(f"SELECT {', '.join(FINDING)} FROM findings LIMIT 0")  # fails on results of an older version
            self._base.execute("CREATE INDEX IF NOT EXISTS by_path ON findings (path)")
            self._base.execute("CREATE TABLE IF NOT EXISTS begun (output TEXT PRIMARY KEY)")

    def known(self) -> dict[str, tuple[int, int, str, Task]]:
        """(size, time of change, hash, task) of every file that is done."""
        with _guard_results(self.path):
            rows = self._base.execute("SELECT path, size, modified, sha256, task FROM files").fetchall()
        return {path: (size, modified, sha256, Task.from_text(task)) for path, size, modified, sha256, task in rows}

    def begin(self, outputs: Iterable[str]) -> None:
        """Note files that are about to be written and are not there yet: a scan that goes on knows them as its own."""
        with self._base:
            self._base.executemany("INSERT OR IGNORE INTO begun VALUES (?)", [(path,) for path in outputs])

    def begun(self) -> set[str]:
        """What `begin` noted, also in an earlier scan."""
        return {path for (path,) in self._base.execute("SELECT output FROM begun")}

    def put(self, outcome: Mapping[str, Any], task: Task) -> None:
        """Keep an outcome in place of an earlier one of the same path; of the same content, what was written earlier stays."""
        if outcome.get("same"):
            self._base.execute("UPDATE files SET modified = ? WHERE path = ?", (outcome["modified"], outcome["path"]))
            self._base.commit()
            return
        row = {**Outcome(outcome["path"]).as_dict(), **outcome}
        written = task.written | self._keep_written(row)
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        values = (*(row[name] for name in COLUMNS), Task(written, task.trust).as_text())
        with self._base:
            self._base.execute("DELETE FROM findings WHERE path = ?", (row["path"],))
            self._base.execute(f"INSERT OR REPLACE INTO files VALUES ({marks})", values)
            self._base.executemany(
                f"INSERT INTO findings VALUES (?, {', '.join('?' * len(FINDING))})",
                [(row["path"], *(one[key] for key in FINDING)) for one in row["findings"]],
            )

    def _keep_written(self, row: dict[str, Any]) -> frozenset[str]:
        """What was written of the same content by an earlier scan; a model that was converted then is named in `row`."""
        query = "SELECT converted, fidelity, task FROM files WHERE path = ? AND sha256 = ? AND sha256 != '' AND status = ?"
        held = self._base.execute(query, (row["path"], row["sha256"], row["status"])).fetchone()
        if held is None:
            return frozenset()
        if held[0] and not row["converted"]:
            row["converted"], row["fidelity"] = held[:2]
        return Task.from_text(held[2]).written

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every file with its findings, by path."""
        listed = self._base.execute(f"SELECT {', '.join(COLUMNS)} FROM files ORDER BY path")
        while True:
            with _guard_results(self.path):
                row = listed.fetchone()
                if row is None:
                    return
                named = dict(zip(COLUMNS, row, strict=True))
                query = f"SELECT {', '.join(FINDING)} FROM findings WHERE path = ?"
                found = self._base.execute(query, (named["path"],)).fetchall()
            yield {**named, "findings": [dict(zip(FINDING, one, strict=True)) for one in found]}

    def count(self, column: str) -> list[tuple[str, int]]:
        """How many files have each value of a column, the most frequent first."""
        if column not in COLUMNS:
            raise ValueError(column)
        query = f"SELECT {column}, COUNT(*) FROM files GROUP BY {column} ORDER BY 2 DESC, 1"
        return [(str(value), number) for value, number in self._base.execute(query)]

    def count_findings(self) -> list[tuple[str, int]]:
        """How many files have each code, the most frequent first."""
        query = "SELECT code, COUNT(DISTINCT path) FROM findings GROUP BY code ORDER BY 2 DESC, 1"
        return [(code, number) for code, number in self._base.execute(query)]

    def export(self, path: str, force: bool = False) -> None:
        """Write all rows as JSON lines, CSV or Parquet, by the suffix; findings are a list, in CSV their codes.

        An earlier export is replaced, another file with `force` only, and by a whole file.
        """
        with open_output(path, force=force or is_export(path), suffixes=FORMATS) as stream:
            if path.endswith(".parquet"):
                self._export_parquet(path, stream)
                return
            text = io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline="")
            if path.endswith(".jsonl"):
                text.writelines(json.dumps(row) + "\n" for row in self.rows())
            else:
                self._export_csv(text)
            text.detach()  # flushes, and leaves the stream open

    def _export_csv(self, file: IO[str]) -> None:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, "findings"))
        for row in self.rows():
            codes = " ".join(sorted({one["code"] for one in row["findings"]}))
            writer.writerow((*(_as_cell(row[name]) for name in COLUMNS), codes))

    def _export_parquet(self, path: str, stream: IO[bytes]) -> None:
        pa = import_extra("pyarrow", "parquet", "Parquet needs", path)
        pq = import_extra("pyarrow.parquet", "parquet", "Parquet needs", path)
        kinds = {"INTEGER": pa.int64(), "REAL": pa.float64()}
        one = pa.struct([(key, pa.string()) for key in FINDING])
        listed = [(name, kinds.get(_NUMBERS.get(name, ""), pa.string())) for name in COLUMNS]
        schema = pa.schema([*listed, ("findings", pa.list_(one))])
        with pq.ParquetWriter(stream, schema) as writer:
            batch: list[dict[str, Any]] = []
            for row in self.rows():
                batch.append(row)
                if len(batch) == 10_000:
                    writer.write_table(pa.Table.from_pylist(batch, schema))
                    batch = []
            writer.write_table(pa.Table.from_pylist(batch, schema))

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def is_export(path: str) -> bool:
    """Whether there is a file that begins (or, of Parquet, ends) as an export of a scan does."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        if path.endswith(".parquet"):
            file.seek(-min(os.path.getsize(path), 1 << 16), os.SEEK_END)
            tail = file.read()
            return b"refusal_code" in tail and b"fidelity" in tail
        head = file.read(1 << 12)
    if path.endswith(".csv"):
        return head.startswith(",".join(COLUMNS).encode())
    return head.startswith(json.dumps({"path": ""})[:-2].encode())


def _as_cell(value: Any) -> Any:
    """A value as a table shows it: a text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
