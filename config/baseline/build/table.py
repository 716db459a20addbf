"""Writes one shipped table: declared columns, sorted by key, the same bytes every time."""

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from config import baseline

HOME = Path(baseline.__file__).parent

Row = Mapping[str, object]


def known_after(day: date) -> datetime:
    """Return the first midnight after a day: all that a bare date proves about when."""
    return datetime.combine(day + timedelta(days=1), time(0), UTC)


def cell(value: object) -> str:
    """Return a value as the CSV holds it; None is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def write(table: str, rows: Iterable[Row], home: Path = HOME) -> int:
    """Write a table under `home` and return how many rows; KeyError on a stray column."""
    declared = baseline.spec()[table]
    out: list[list[str]] = []
    for row in rows:
        stray = set(row) - set(declared.columns)
        if stray:
            raise KeyError(f"{table}: no column {sorted(stray)}")
        out.append([cell(row.get(column)) for column in declared.columns])
    columns = list(declared.columns)
    order = [columns.index(k) for k in declared.key]
    integers = {i for i in order if declared.columns[columns[i]] == "int"}
    out.sort(key=lambda r: [r[i].zfill(9) if i in integers else r[i] for i in order])
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(out)
    body = text.getvalue().encode("utf-8")
    target = home / declared.file
    if declared.file.endswith(".gz"):
        body = gzip.compress(body, compresslevel=9, mtime=0)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)
    return len(out)
