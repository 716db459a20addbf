"""(b) Every indicator on a whole catalogue: by the program, and by the same SQL typed by hand."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from collectors.record import Mode, Record
from collectors.schema import TABLES, columns, create_table, key_columns
from config import registry
from config.method import Method
from monitor.asof import tables_of
from monitor.context import Context, open_context
from monitor.indicators import evaluate
from monitor.lineage import materialise_roots
from monitor.record import open_view

_DAY = 86_400
_ENVELOPE = ("source", "batch_id", "fetched_at_s", "known_from_s", "is_live")

Figures = dict[str, float | str]


def _open(home: str) -> tuple[Context, Method, datetime]:
    context = open_context(Path(home))
    return context, context.method, context.now()


def _same(answers: Mapping[str, Any]) -> str:
    """Return a hash of all answers, in whatever order an engine gave their rows."""
    told = {code: sorted(map(repr, rows)) for code, rows in answers.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def ours(home: str) -> Figures:
    """Return what the program takes: opening the lake, cutting it to now, all indicators."""
    context, method, now = _open(home)
    begun, spent = time.perf_counter(), time.process_time()
    view = open_view(context, method)
    opened = time.perf_counter()
    connection = view.prepare(now, {t for i in method.indicators for t in tables_of(i.sql)})
    cut = time.perf_counter()
    readings = [
        evaluate(connection, indicator, now, home=context.settings.home)
        for indicator in method.indicators
    ]
    ended = time.perf_counter()
    return {
        "prepare_s": cut - begun,
        "open_s": opened - begun,
        "indicators_s": ended - cut,
        "total_s": ended - begun,
        "cpu_s": time.process_time() - spent,
        "indicators": len(readings),
        "values": sum(r.value is not None for r in readings),
        "answers": _same({i.code: _rows(connection, i.sql) for i in method.indicators}),
    }


def _rows(connection: Any, sql: str) -> list[Any]:
    rows: list[Any] = connection.execute(sql).fetchall()
    return rows


def _paths(context: Context) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for file in context.lake.visible():
        paths.setdefault(file.table, []).append(context.lake.full(file.path))
    return paths


def _read(method: Method, record: type[Record]) -> str:
    """Return the columns of a table that any query of the method names, its key and envelope."""
    words = " ".join([*method.views.values(), *(i.sql for i in method.indicators)])
    lineage = ("base_id", "position")
    named = [*key_columns(record), *lineage]
    own = [c.name for c in columns(record) if c.name in words or c.name in named]
    return ", ".join(dict.fromkeys([*own, *_ENVELOPE]))


def _ranked(connection: duckdb.DuckDBPyConnection, context: Context, method: Method) -> None:
    """Type the tables with care: the newest row of each key, the tags of the newest snapshot."""
    paths = _paths(context)
    for name, record in TABLES.items():
        files, read = str(paths.get(name, [])), _read(method, record)
        if name not in paths:
            connection.execute(create_table(record))
        elif record.MODE is Mode.FOLLOW:
            own = ", ".join(f"t.{c}" for c in read.split(", "))
            connection.execute(
                f"CREATE TABLE {name} AS SELECT {own} FROM read_parquet({files}) AS t "
                "JOIN models AS m USING (source, model_id, batch_id, fetched_at_s)"
            )
        else:
            keys = ", ".join(key_columns(record))
            connection.execute(
                f"CREATE TABLE {name} AS SELECT {read} FROM read_parquet({files}) "
                f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY is_live DESC, "
                "fetched_at_s DESC, known_from_s DESC, batch_id DESC) = 1"
            )


def _in_place(connection: duckdb.DuckDBPyConnection, context: Context, method: Method) -> None:
    """Type the tables as one who knows that no key stands twice: views over the files."""
    paths = _paths(context)
    for name, record in TABLES.items():
        if name in paths:
            read = f"SELECT {_read(method, record)} FROM read_parquet({paths[name]})"
            connection.execute(f"CREATE VIEW {name} AS {read}")
        else:
            connection.execute(create_table(record))


def _registry(execute: Any, now: datetime, home: str) -> None:
    seconds = int(now.timestamp())
    execute("CREATE TABLE clock (as_of_day INTEGER, as_of_s BIGINT, home VARCHAR)")
    execute("INSERT INTO clock VALUES (?, ?, ?)", (seconds // _DAY, seconds, home))
    execute("CREATE TABLE lexicon (list VARCHAR, word VARCHAR)")
    execute("CREATE TABLE packages (ecosystem VARCHAR, package VARCHAR, on_load_path INTEGER)")
    execute("CREATE TABLE licences (spelling VARCHAR, openness VARCHAR)")
    for name, words in registry.lexicon().items():
        for word in words:
            execute("INSERT INTO lexicon VALUES (?, ?)", (name, word))
    for p in registry.packages():
        row = (p.ecosystem, p.package, int(p.on_load_path))
        execute("INSERT INTO packages VALUES (?, ?, ?)", row)
    for pair in registry.licences().items():
        execute("INSERT INTO licences VALUES (?, ?)", pair)


def _views(method: Method) -> dict[str, str]:
    """Return the views that indicators read, directly or not, each after those it reads."""
    needed = {t for i in method.indicators for t in tables_of(i.sql)}
    for name in reversed(method.views):
        if name in needed:
            needed |= tables_of(method.views[name])
    return {name: sql for name, sql in method.views.items() if name in needed}


def _prepared(
    context: Context, method: Method, now: datetime, *, ranked: bool
) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()  # without our limit: in 1,500 MB the 30 snapshots do not fit
    connection.execute(f"SET threads = {context.settings.lake.threads}")
    connection.execute(f"SET temp_directory = '{context.home / 'spill'}'")
    (_ranked if ranked else _in_place)(connection, context, method)
    _registry(connection.execute, now, context.settings.home)
    materialise_roots(connection)
    for name, sql in _views(method).items():
        connection.execute(f"CREATE TABLE {name} AS {sql}")
    return connection


def _typed(home: str, *, ranked: bool) -> Figures:
    context, method, now = _open(home)
    context.lake.visible()
    begun, spent = time.perf_counter(), time.process_time()
    connection = _prepared(context, method, now, ranked=ranked)
    prepared = time.perf_counter()
    answers = {i.code: connection.execute(i.sql).fetchall() for i in method.indicators}
    ended = time.perf_counter()
    return {
        "prepare_s": prepared - begun,
        "indicators_s": ended - prepared,
        "total_s": ended - begun,
        "cpu_s": time.process_time() - spent,
        "answers": _same(answers),
    }


def typed(home: str) -> Figures:
    """Return what the same SQL takes, typed by one who ranks the rows of each key."""
    return _typed(home, ranked=True)


def typed_in_place(home: str) -> Figures:
    """Return what the same SQL takes, typed by one who knows that no key stands twice."""
    return _typed(home, ranked=False)


def on_sqlite(home: str) -> Figures:
    """Return what the same SQL takes on SQLite, its tables loaded and indexed by key first."""
    context, method, now = _open(home)
    source = _prepared(context, method, now, ranked=True)
    target = sqlite3.connect(":memory:")
    begun = time.perf_counter()
    for name, record in TABLES.items():
        _copy(source, target, name)
        keys = ", ".join(key_columns(record))
        target.execute(f"CREATE INDEX key_{name} ON {name} ({keys})")
    _copy(source, target, "roots")
    target.execute("CREATE INDEX key_roots ON roots (source, model_id)")
    _registry(target.execute, now, context.settings.home)
    target.execute("ANALYZE")
    loaded = time.perf_counter()
    for name, sql in _views(method).items():
        target.execute(f"CREATE TABLE {name} AS {sql}")
        target.execute(f"ANALYZE {name}")
    prepared = time.perf_counter()
    answers = {i.code: target.execute(i.sql).fetchall() for i in method.indicators}
    ended = time.perf_counter()
    return {
        "load_s": loaded - begun,
        "prepare_s": prepared - loaded,
        "indicators_s": ended - prepared,
        "total_s": ended - loaded,
        "answers": _same(answers),
    }


def _copy(source: duckdb.DuckDBPyConnection, target: sqlite3.Connection, name: str) -> None:
    cursor = source.execute(f"SELECT * FROM {name}")
    columns_ = [c[0] for c in cursor.description or ()]
    target.execute(f"CREATE TABLE {name} ({', '.join(columns_)})")
    marks = ", ".join("?" * len(columns_))
    while rows := cursor.fetchmany(50_000):
        target.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def on_pandas(home: str) -> Figures:
    """Return what pandas takes for the shared part alone: newest rows, roots, downloads by root."""
    import pandas as pd  # type: ignore[import-untyped]

    paths = _paths(_open(home)[0])
    begun = time.perf_counter()
    order = ["is_live", "fetched_at_s", "known_from_s", "batch_id"]
    newest: dict[str, Any] = {}
    for name in ("models", "counters"):
        rows = pd.concat([pd.read_parquet(p) for p in paths[name]], ignore_index=True)
        keys = list(key_columns(TABLES[name]))
        newest[name] = rows.sort_values(order, kind="stable").drop_duplicates(keys, keep="last")
    edges = pd.concat([pd.read_parquet(p) for p in paths["bases"]], ignore_index=True)
    edges = edges[edges["position"] == 0].drop_duplicates(["source", "model_id"], keep="last")
    roots = newest["models"][["source", "model_id"]].assign(root=lambda m: m["model_id"])
    step = edges[["source", "model_id", "base_id"]].rename(columns={"model_id": "root"})
    for _ in range(10):
        roots = roots.merge(step, on=["source", "root"], how="left")
        roots["root"] = roots.pop("base_id").fillna(roots["root"])
    latest = (
        newest["counters"]
        .sort_values("observed_day")
        .drop_duplicates(["source", "model_id"], keep="last")
    )
    joined = roots.merge(latest, on=["source", "model_id"])
    total = joined.groupby("root")["downloads_30d"].sum()
    return {"total_s": time.perf_counter() - begun, "roots": float(len(total))}


def figures(output: str) -> dict[str, Any]:
    """Return the figures that a task printed."""
    found: dict[str, Any] = json.loads(output)
    return found
