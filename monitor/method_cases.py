"""An indicator's hand-computed cases, run on DuckDB and on SQLite, which must agree.

A case gives rows by table with only the columns that matter; the envelope is filled here. Dates
may be written as ISO dates in `*_day` columns. Lineage is resolved as in a cycle, on DuckDB, and
handed to both engines as rows; views are built from the method's own text on each engine.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

import duckdb
import msgspec

from collectors.record import Record
from collectors.schema import TABLES, columns, create_table, days
from config import registry
from config.method import Case, Indicator, Method, reads
from monitor.indicators import QueryError, Rows, evaluate
from monitor.lineage import materialise_roots
from rules.types import Reading

REGISTRY_TABLES: Mapping[str, tuple[str, ...]] = {
    "lexicon": ("list VARCHAR", "word VARCHAR"),
    "packages": ("ecosystem VARCHAR", "package VARCHAR", "on_load_path INTEGER"),
    "licences": ("spelling VARCHAR", "openness VARCHAR"),
}
CLOCK = ("as_of_day INTEGER", "as_of_s BIGINT", "home VARCHAR")
ROOTS = (
    "source VARCHAR", "model_id VARCHAR", "root_id VARCHAR", "depth INTEGER",
    "unanimous INTEGER", "n_terminals BIGINT",
)  # fmt: skip
ENVELOPE: Mapping[str, object] = {
    "source": "huggingface", "source_url": "", "batch_id": "case", "fetched_at_s": 0,
    "known_from_s": 0, "is_live": 1, "hub": "huggingface", "position": 0, "valid_from_day": 0,
}  # fmt: skip
"""What a case may leave out besides the defaults of the record itself."""


@dataclass(frozen=True)
class CaseResult:
    """One case on both engines: the readings, and what is wrong, in words."""

    case: Case
    duckdb: Reading
    sqlite: Reading
    wrong: tuple[str, ...]


def run_case(method: Method, indicator: Indicator, case: Case) -> CaseResult:
    """Return the readings of one case on both engines and every disagreement."""
    as_of = datetime.combine(case.as_of, time(0), UTC)
    with duckdb.connect(":memory:") as fast:
        _fill_duckdb(fast, case)
        roots = fast.execute("SELECT * FROM roots ORDER BY source, model_id").fetchall()
        _build_views(fast, method, indicator)
        first = evaluate(fast, indicator, as_of, home=case.home, vintage="case")
    plain = sqlite3.connect(":memory:")
    try:
        for statement, rows in _statements(case):
            plain.execute(statement[0])
            if rows:
                plain.executemany(statement[1], rows)
        plain.execute(f"CREATE TABLE roots ({', '.join(ROOTS)})")
        plain.executemany("INSERT INTO roots VALUES (?, ?, ?, ?, ?, ?)", roots)
        _build_views(plain, method, indicator)
        second = evaluate(plain, indicator, as_of, home=case.home, vintage="case")
    finally:
        plain.close()
    wrong = mismatches(case.expect, first)
    if first != second:
        wrong += [f"engines differ: duckdb {first} / sqlite {second}"]
    return CaseResult(case, first, second, tuple(wrong))


def mismatches(expect: Mapping[str, Any], reading: Reading) -> list[str]:
    """Return what of the reading is not as expected, in words."""
    wrong = []
    for key, wanted in expect.items():
        found = _found(reading, key)
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            pairs = [(f"{key}.{k}", v, found.get(k)) for k, v in wanted.items()]
        else:
            pairs = [(key, wanted, found)]
        wrong += [f"{k}: expected {w!r}, found {f!r}" for k, w, f in pairs if not _same(w, f)]
    return wrong


def _found(reading: Reading, key: str) -> object:
    if key == "why":
        return reading.missing.why.value if reading.missing else None
    return getattr(reading, key)


def _same(wanted: object, found: object) -> bool:
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return abs(wanted - found) <= 1e-6
    return wanted == found


def _fill_duckdb(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    for statement, rows in _statements(case):
        connection.execute(statement[0])
        if rows:
            connection.executemany(statement[1], rows)
    materialise_roots(connection)


def _build_views(connection: Rows, method: Method, indicator: Indicator) -> None:
    """Create the views that the indicator needs, in the order in which they build on each other."""
    needed = set(reads(indicator.sql, tuple(method.views)))
    for name in reversed(method.views):
        if name in needed:
            needed |= set(reads(method.views[name], tuple(method.views)))
    for name, sql in method.views.items():
        if name in needed:
            connection.execute(f"CREATE TABLE {name} AS {sql}")


def _statements(case: Case) -> Iterable[tuple[tuple[str, str], list[tuple[object, ...]]]]:
    """Yield (CREATE, INSERT) and rows of every table, those without rows too."""
    unknown = case.given.keys() - TABLES.keys() - REGISTRY_TABLES.keys()
    if unknown:
        raise QueryError(f"case {case.name!r} gives unknown table {', '.join(sorted(unknown))}")
    for name, record in TABLES.items():
        names = [c.name for c in columns(record)]
        names += ["source", "batch_id", "fetched_at_s", "known_from_s", "is_live"]
        yield (
            (create_table(record), _insert(name, names)),
            _rows(case, name, names, _defaults(record)),
        )
    for name, spec in REGISTRY_TABLES.items():
        names = [column.split()[0] for column in spec]
        given = _rows(case, name, names, {}) if name in case.given else _registered(name)
        yield (f"CREATE TABLE {name} ({', '.join(spec)})", _insert(name, names)), given
    day = days(case.as_of)
    yield (
        (f"CREATE TABLE clock ({', '.join(CLOCK)})", "INSERT INTO clock VALUES (?, ?, ?)"),
        [(day, day * 86_400, case.home)],
    )


def _registered(name: str) -> list[tuple[object, ...]]:
    """Return the registry's own rows, which a case uses unless it gives the table itself."""
    if name == "lexicon":
        return [(kind, word) for kind, words in registry.lexicon().items() for word in words]
    if name == "packages":
        return [(p.ecosystem, p.package, int(p.on_load_path)) for p in registry.packages()]
    return list(registry.licences().items())


@cache
def _defaults(record: type[Record]) -> dict[str, object]:
    """Return what a case may leave out: the record's own defaults, and the envelope."""
    lake = {c.field: c.name for c in columns(record)}
    own = {
        lake[f.name]: str(f.default) if isinstance(f.default, str) else f.default
        for f in msgspec.structs.fields(record)
        if f.name in lake and f.default is not msgspec.NODEFAULT
    }
    return {**own, **ENVELOPE}


def _rows(
    case: Case, table: str, names: list[str], defaults: Mapping[str, object]
) -> list[tuple[object, ...]]:
    found = []
    for row in case.given.get(table, []):
        if strange := row.keys() - set(names):
            raise QueryError(f"case {case.name!r}: {table} has no {', '.join(sorted(strange))}")
        found.append(tuple(_value(row.get(n, defaults.get(n))) for n in names))
    return found


def _value(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return days(value) if isinstance(value, date) else value


def _insert(table: str, names: list[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
