"""An indicator's hand-computed cases, run on DuckDB and on SQLite, which must agree.

A case gives rows by table with only the columns that matter; the envelope is filled here. Dates
may be written as ISO dates in `*_day` columns. Lineage is resolved as in a cycle, on DuckDB, and
handed to both engines as rows; views are built from the method's own text on each engine.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


@dataclass(frozen=True)
class Engines:
    """Both engines with every table, the registry filled in; a case is a transaction on each."""

    fast: duckdb.DuckDBPyConnection
    plain: sqlite3.Connection


@contextmanager
def case_engines() -> Iterator[Engines]:
    """Yield engines for many cases, each of which is rolled back at its end."""
    plain = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with duckdb.connect(":memory:") as fast:
            fast.execute("SET threads = 1")
            for ddl in empty_tables():
                fast.execute(ddl)
                plain.execute(ddl)
            for name in REGISTRY_TABLES:
                _insert(fast, plain, name, _names(name), _registered(name))
            yield Engines(fast, plain)
    finally:
        plain.close()


def run_case(method: Method, indicator: Indicator, case: Case, engines: Engines) -> CaseResult:
    """Return the readings of one case on both engines and every disagreement."""
    as_of = datetime.combine(case.as_of, time(0), UTC)
    found: list[Reading] = []
    engines.fast.begin()
    engines.plain.execute("BEGIN")
    try:
        _fill(engines, case)
        for engine in (engines.fast, engines.plain):
            _build_views(engine, method, indicator)
            found.append(evaluate(engine, indicator, as_of, home=case.home, vintage="case"))
    finally:
        engines.fast.rollback()
        engines.plain.execute("ROLLBACK")
    wrong = mismatches(case.expect, found[0])
    if found[0] != found[1]:
        wrong += [f"engines differ: duckdb {found[0]} / sqlite {found[1]}"]
    return CaseResult(case, found[0], found[1], tuple(wrong))


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


def _fill(engines: Engines, case: Case) -> None:
    unknown = case.given.keys() - TABLES.keys() - REGISTRY_TABLES.keys()
    if unknown:
        raise QueryError(f"case {case.name!r} gives unknown table {', '.join(sorted(unknown))}")
    fast, plain = engines.fast, engines.plain
    for table in case.given:
        if table in REGISTRY_TABLES:
            fast.execute(f"DELETE FROM {table}")
            plain.execute(f"DELETE FROM {table}")
        _insert(fast, plain, table, _names(table), _rows(case, table, _names(table)))
    day = days(case.as_of)
    _insert(fast, plain, "clock", _names("clock"), [(day, day * 86_400, case.home)])
    materialise_roots(fast)
    roots = fast.execute("SELECT * FROM roots ORDER BY source, model_id").fetchall()
    plain.executemany("INSERT INTO roots VALUES (?, ?, ?, ?, ?, ?)", roots)


def _build_views(connection: Rows, method: Method, indicator: Indicator) -> None:
    """Create the views that the indicator needs, in the order in which they build on each other."""
    needed = set(reads(indicator.sql, tuple(method.views)))
    for name in reversed(method.views):
        if name in needed:
            needed |= set(reads(method.views[name], tuple(method.views)))
    for name, sql in method.views.items():
        if name in needed:
            connection.execute(f"CREATE TABLE {name} AS {sql}")


def empty_tables() -> Iterator[str]:
    """Yield the DDL of every table that SQL may read, views left out."""
    for record in TABLES.values():
        yield create_table(record)
    for name, spec in {**REGISTRY_TABLES, "clock": CLOCK, "roots": ROOTS}.items():
        yield f"CREATE TABLE {name} ({', '.join(spec)})"


@cache
def _names(table: str) -> tuple[str, ...]:
    if record := TABLES.get(table):
        own = [c.name for c in columns(record)]
        return (*own, "source", "batch_id", "fetched_at_s", "known_from_s", "is_live")
    return tuple(c.split()[0] for c in {**REGISTRY_TABLES, "clock": CLOCK}[table])


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


def _rows(case: Case, table: str, names: tuple[str, ...]) -> list[tuple[object, ...]]:
    defaults = _defaults(TABLES[table]) if table in TABLES else {}
    found = []
    for row in case.given[table]:
        if strange := row.keys() - set(names):
            raise QueryError(f"case {case.name!r}: {table} has no {', '.join(sorted(strange))}")
        found.append(tuple(_value(row.get(n, defaults.get(n))) for n in names))
    return found


def _value(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return days(value) if isinstance(value, date) else value


def _insert(
    fast: duckdb.DuckDBPyConnection,
    plain: sqlite3.Connection,
    table: str,
    names: tuple[str, ...],
    rows: list[tuple[object, ...]],
) -> None:
    """Insert on both engines; in one statement on DuckDB, which is slow at one by one."""
    if not rows:
        return
    marks = f"({', '.join('?' * len(names))})"
    head = f"INSERT INTO {table} ({', '.join(names)}) VALUES "
    fast.execute(head + ", ".join([marks] * len(rows)), [cell for row in rows for cell in row])
    plain.executemany(head + marks, rows)
