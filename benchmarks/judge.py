"""(b) Every indicator on a whole catalogue: by the program, and by the same SQL typed by hand."""

import json
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from collectors.record import Mode, Record
from collectors.schema import TABLES, create_table, key_columns
from config import registry
from config.method import Method
from monitor.asof import ordered
from monitor.context import Context, open_context
from monitor.indicators import evaluate
from monitor.lineage import materialise_roots
from monitor.record import open_view

_DAY = 86_400


def _open(home: str) -> tuple[Context, Method, datetime]:
    context = open_context(Path(home))
    return context, context.method, context.now()


def ours(home: str) -> dict[str, float]:
    """Return what the program takes: opening the lake, cutting it to now, all indicators."""
    context, method, now = _open(home)
    begun = time.perf_counter()
    view = open_view(context, method)
    opened = time.perf_counter()
    connection = view.at(now)
    cut = time.perf_counter()
    readings = [
        evaluate(connection, indicator, now, home=context.settings.home)
        for indicator in method.indicators
    ]
    ended = time.perf_counter()
    return {
        "open_s": opened - begun,
        "cut_s": cut - opened,
        "indicators_s": ended - cut,
        "total_s": ended - begun,
        "indicators": len(readings),
        "values": sum(r.value is not None for r in readings),
    }


def _newest(record: type[Record], files: str) -> str:
    keys = ", ".join(key_columns(record))
    return f"""SELECT * EXCLUDE (nth) FROM (SELECT *, row_number() OVER (PARTITION BY {keys}
        ORDER BY is_live DESC, fetched_at_s DESC, known_from_s DESC, batch_id DESC) AS nth
        FROM read_parquet({files})) AS ranked WHERE nth = 1"""


def _load(connection: duckdb.DuckDBPyConnection, context: Context) -> None:
    """Type the tables as a person would: newest row of each key, tags of the newest snapshot."""
    paths: dict[str, list[str]] = {}
    for file in context.lake.visible():
        paths.setdefault(file.table, []).append(context.lake.full(file.path))
    for name, record in TABLES.items():
        files = str(paths.get(name, []))
        if name not in paths:
            connection.execute(create_table(record))
        elif record.MODE is Mode.FOLLOW:
            connection.execute(
                f"CREATE TABLE {name} AS SELECT t.* FROM read_parquet({files}) AS t "
                "JOIN models AS m USING (source, model_id, batch_id, fetched_at_s)"
            )
        else:
            connection.execute(f"CREATE TABLE {name} AS {_newest(record, files)}")


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


def _typed(context: Context, method: Method, now: datetime) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{context.settings.lake.memory}'")
    connection.execute(f"SET threads = {context.settings.lake.threads}")
    _load(connection, context)
    _registry(connection.execute, now, context.settings.home)
    materialise_roots(connection)
    for name, (sql, _) in ordered(method.views).items():
        connection.execute(f"CREATE TABLE {name} AS {sql}")
    return connection


def typed(home: str) -> dict[str, float]:
    """Return what the same SQL takes when it is typed into DuckDB by hand."""
    context, method, now = _open(home)
    context.lake.visible()
    begun = time.perf_counter()
    connection = _typed(context, method, now)
    prepared = time.perf_counter()
    for indicator in method.indicators:
        connection.execute(indicator.sql).fetchall()
    ended = time.perf_counter()
    return {
        "prepare_s": prepared - begun,
        "indicators_s": ended - prepared,
        "total_s": ended - begun,
    }


def on_sqlite(home: str) -> dict[str, float]:
    """Return what the same SQL takes on SQLite, its tables already loaded and indexed by key."""
    context, method, now = _open(home)
    source = _typed(context, method, now)
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
    for name, (sql, _) in ordered(method.views).items():
        target.execute(f"CREATE TABLE {name} AS {sql}")
    prepared = time.perf_counter()
    for indicator in method.indicators:
        target.execute(indicator.sql).fetchall()
    ended = time.perf_counter()
    return {
        "load_s": loaded - begun,
        "prepare_s": prepared - loaded,
        "indicators_s": ended - prepared,
        "total_s": ended - loaded,
    }


def _copy(source: duckdb.DuckDBPyConnection, target: sqlite3.Connection, name: str) -> None:
    cursor = source.execute(f"SELECT * FROM {name}")
    columns = [c[0] for c in cursor.description or ()]
    target.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
    marks = ", ".join("?" * len(columns))
    while rows := cursor.fetchmany(50_000):
        target.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def on_pandas(home: str) -> dict[str, float]:
    """Return what pandas takes for the shared part alone: newest rows, roots, downloads by root."""
    import pandas as pd  # type: ignore[import-untyped]

    context, _, _ = _open(home)
    paths: dict[str, list[str]] = {}
    for file in context.lake.visible():
        paths.setdefault(file.table, []).append(context.lake.full(file.path))
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


def figures(output: str) -> dict[str, float]:
    """Return the figures that a task printed."""
    found: dict[str, float] = json.loads(output)
    return found
