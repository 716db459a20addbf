"""What was known at a moment: the lake's tables cut to it, ready for indicator SQL.

A `View` is one set of files read in one of two ways: as we knew it (`fetched_at`), or as the world
could know it (`known_from`, "reconstructed"; RULINGS.md 1). `at(moment)` hands out a DuckDB
connection on which every table shows the newest row of each key known at that moment, plus
`clock`, the registry's tables, `roots`, and the method's views. Only what changed since the last
moment is made again, so that folding a daily grid is quick.
"""

import hashlib
import os
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot
from duckdb import DuckDBPyConnection
from sqlglot import exp

from collectors.record import Mode, Record
from collectors.schema import TABLES, create_table, seconds
from monitor.cut import RANKED_ROWS, SNAPSHOT, Cutter, ends
from monitor.indicators import Rows
from monitor.lake import Lake, LakeFile, rows_of
from monitor.lineage import materialise_roots
from monitor.pieces import moments_of, pieces
from monitor.words import load_registry

_DAY = 86_400

IN_MEMORY_ROWS = 500_000
"""Up to so many rows a table is loaded once; beyond, it is read from Parquet each time."""


@dataclass(frozen=True)
class _Span:
    """Rows of one batch that became known at one moment."""

    version_s: int
    batch_id: str
    rows: int


class View:
    """The lake's files seen through one of the two clocks, at any moment."""

    def __init__(
        self,
        lake: Lake,
        files: Sequence[LakeFile],
        *,
        home: str,
        views: Mapping[str, str],
        reconstructed: bool = False,
        memory: str = "1500MB",
        threads: int = 2,
        in_memory_rows: int = IN_MEMORY_ROWS,
        ranked_rows: int = RANKED_ROWS,
    ) -> None:
        self.home, self.reconstructed = home, reconstructed
        self._in_memory_rows, self._ranked_rows = in_memory_rows, ranked_rows
        self.version = "known_from_s" if reconstructed else "seen_s"
        self.files = tuple(files)
        self.connection = duckdb.connect(":memory:")
        self.connection.execute(f"SET memory_limit = '{memory}'")
        # By default DuckDB spills into the folder one happens to stand in.
        spill = Path(tempfile.gettempdir()) / f"tocsin-duckdb-{os.getpid()}"
        self.connection.execute(f"SET temp_directory = '{spill}'")
        self.connection.execute(f"SET threads = {int(threads)}")
        self._views = ordered(views)
        self._stamps: dict[str, str] = {}  # of the last moment
        self._spans: dict[str, list[_Span]] = {}
        self._hashes: dict[tuple[str, int], str] = {}
        self._first_known: dict[tuple[str, str], int] = {}
        self._large: dict[str, Cutter] = {}
        self._load_batches(files)
        for table, record in TABLES.items():
            self._attach(lake, table, record, [f for f in files if f.table == table])
        load_registry(self.connection)
        self.connection.execute(
            "CREATE TABLE clock (as_of_day INTEGER, as_of_s BIGINT, home VARCHAR)"
        )

    def _load_batches(self, files: Sequence[LakeFile]) -> None:
        """What was held back was known to us only once a person had released it."""
        self.connection.execute("CREATE TABLE batch_seen (batch_id VARCHAR, visible_s BIGINT)")
        if seen := sorted({(f.batch_id, f.visible_s) for f in files}):
            self.connection.executemany("INSERT INTO batch_seen VALUES (?, ?)", seen)

    def _attach(
        self, lake: Lake, table: str, record: type[Record], files: Sequence[LakeFile]
    ) -> None:
        if not files:
            self.connection.execute(create_table(record, f"all_{table}"))
            follows = record.MODE is Mode.FOLLOW
            for name in ("seen_s",) if follows else ("seen_s", "ends_s"):
                self.connection.execute(f"ALTER TABLE all_{table} ADD COLUMN {name} BIGINT")
            self._spans[table] = []
            return
        for file in files:
            lake.verify(file)
        if not lake.is_local:
            self.connection.register_filesystem(lake.files)
        scheme = "" if lake.is_local else f"{_protocol(lake)}://"
        addresses = {scheme + lake.full(f.path): f for f in files}
        names = ", ".join("'" + a.replace("'", "''") + "'" for a in addresses)
        is_large = rows_of(files) > self._in_memory_rows
        self.connection.execute(
            f"CREATE {'VIEW' if is_large else 'TABLE'} all_{table} AS "
            f"SELECT t.*, {'' if is_large else ends(record, reconstructed=self.reconstructed)}"
            "greatest(t.fetched_at_s, b.visible_s) AS seen_s "
            f"FROM read_parquet([{names}], union_by_name=true) AS t "
            "JOIN batch_seen AS b ON b.batch_id = t.batch_id"
        )
        told: dict[tuple[int, str, str], int] = {}
        rows = f"all_{table}"
        if is_large:
            found = pieces(self.connection, record, addresses, reconstructed=self.reconstructed)
            self._large[table] = Cutter(
                self.connection, table, record, found, reconstructed=self.reconstructed,
                repeated=lake.repeated, ranked_rows=self._ranked_rows,
            )  # fmt: skip
            told, untold = moments_of(found)
            rows = f"(SELECT * FROM {rows} WHERE batch_id IN {(*untold, '')})" if untold else ""
        if rows:
            told |= self._counted(rows)
        rows_by = Counter[tuple[int, str]]()
        for (moment, batch_id, source), count in sorted(told.items()):
            rows_by[moment, batch_id] += count
            self._first_known.setdefault((table, source), moment)
        self._spans[table] = [_Span(v, b, n) for (v, b), n in rows_by.items()]

    def _counted(self, rows: str) -> dict[tuple[int, str, str], int]:
        """Return how many rows of a batch became known at a moment, by moment, batch, source."""
        found = self.connection.execute(
            f"SELECT {self.version}, batch_id, source, count(*) FROM {rows} GROUP BY 1, 2, 3"
        ).fetchall()
        return {(int(v), str(b), str(s)): int(n) for v, b, s, n in found}

    def moments(self) -> list[int]:
        """Return every moment (seconds) at which something became known, in order, once."""
        return sorted({s.version_s for spans in self._spans.values() for s in spans})

    def known(self, table: str, moment: datetime) -> list[_Span]:
        """Return the spans of a table that were known at the moment."""
        spans = self._spans.get(table, [])
        return spans[: bisect_right(spans, seconds(moment), key=lambda s: s.version_s)]

    def knows(self, tables: Iterable[str], sources: Collection[str], moment: datetime) -> bool:
        """Whether any of these sources had given a row of any of these tables by the moment."""
        until = seconds(moment)
        never = until + 1
        return any(self._first_known.get((t, s), never) <= until for t in tables for s in sources)

    def stamp(self, table: str, moment: datetime) -> str:
        """Return a short hash of what was known of a table; later batches do not change it."""
        spans = self._spans.get(table, [])
        count = bisect_right(spans, seconds(moment), key=lambda s: s.version_s)
        if (table, count) not in self._hashes:
            digest = hashlib.sha256()
            for span in spans[:count]:
                digest.update(f"{span.version_s}/{span.batch_id}/{span.rows};".encode())
            self._hashes[table, count] = digest.hexdigest()[:16]
        return self._hashes[table, count]

    def vintage(self, tables: Sequence[str], moment: datetime) -> str:
        """Return one hash over the stamps of several tables."""
        joined = ";".join(f"{t}={self.stamp(t, moment)}" for t in sorted(tables))
        return hashlib.sha256(joined.encode()).hexdigest()[:16]

    def at(self, moment: datetime, only: Collection[str] | None = None) -> DuckDBPyConnection:
        """Return the connection with everything cut to the moment.

        `only` names the tables and views that will be read (with what these read in turn); others
        may then still show an earlier moment. A fold over days asks for the few it needs.
        """
        until = seconds(moment)
        run = self.connection.execute
        run("DELETE FROM clock")
        run("INSERT INTO clock VALUES (?, ?, ?)", [until // _DAY, until, self.home])
        order = self.needed(only)
        stamps = self._stamped(order, moment)
        stale = self._stale(order, stamps, only)
        for name in stale:
            self._make(name, until)
            self._stamps[name] = stamps[name]
        if only is not None:
            self._give_back(set(stale) - set(only))
        return self.connection

    def through(self, moment: datetime, name: str) -> tuple[DuckDBPyConnection, str]:
        """Return the connection and a view as CTEs that end with its name: read, but never kept.

        A view of a whole hub is wide; of what is read of it once, the engine makes only the columns
        that are asked for. Views that it alone reads go the same way.
        """
        readers = Counter(n for _, reads in self._views.values() for n in reads)
        passing, kept, waiting = list[str](), set[str](), [name]
        while waiting:
            one = waiting.pop()
            alone = one == name or (one in self._views and readers[one] == 1)
            (passing.append if alone else kept.add)(one)
            waiting += self._made_of(one) if alone else ()
        ctes = (f"{n} AS (\n{self._views[n][0]}\n)" for n in self._views if n in passing)
        return self.at(moment, kept), "WITH " + ", ".join(ctes)

    def _stamped(self, order: Sequence[str], moment: datetime) -> dict[str, str]:
        """Return what each of these would be made of at the moment."""
        found = {"clock": str(seconds(moment))}
        for name in order:
            own = self.stamp(name, moment) if name in TABLES else ""
            inputs = (f"{n}={found.get(n, '')}" for n in self._made_of(name))
            found[name] = ";".join([own, *inputs])
        return found

    def _stale(
        self, order: Sequence[str], stamps: Mapping[str, str], only: Collection[str] | None
    ) -> list[str]:
        """Return what must be made: what is read, or stands between, and is of another moment."""
        read = set(order if only is None else only)
        stale = set[str]()
        for name in reversed(order):
            if (name in read or name in TABLES) and self._stamps.get(name) != stamps[name]:
                stale.add(name)
                read.update(self._made_of(name))
        return [name for name in order if name in stale]

    def _give_back(self, between: set[str]) -> None:
        """Drop large tables that were made only to make others of them: memory is scarce there."""
        for name in between - TABLES.keys():
            found = self.connection.execute(
                "SELECT estimated_size FROM duckdb_tables() WHERE table_name = ?", [name]
            ).fetchone()
            if found is not None and int(found[0]) > self._in_memory_rows:
                self.connection.execute(f"DROP TABLE {name}")
                del self._stamps[name]

    def prepare(self, moment: datetime, only: Collection[str] | None = None) -> Rows:
        """Return where the indicators' queries run, cut to the moment: here, on DuckDB."""
        return self.at(moment, only)

    @property
    def views(self) -> dict[str, str]:
        """The method's views by name, each after those that it reads."""
        return {name: sql for name, (sql, _) in self._views.items()}

    def made(self, name: str) -> str:
        """Return what a table was made of last; equal means unchanged."""
        return self._stamps.get(name, "")

    def needed(self, only: Collection[str] | None) -> list[str]:
        """Return what must be made, each after what it is made of."""
        order = [*sorted(TABLES, key=lambda t: t != "models"), "roots", *self._views]
        if only is None:
            return order
        wanted, waiting = set[str](), list(only)
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting += self._made_of(name)
        return [name for name in order if name in wanted]

    def _made_of(self, name: str) -> Sequence[str]:
        if name == "roots":
            return ("models", "bases")
        if name in self._views:
            return sorted(self._views[name][1])
        follows = name in TABLES and TABLES[name].MODE is Mode.FOLLOW
        return ("models",) if follows else ()

    def _make(self, name: str, until: int) -> None:
        if name == "roots":
            materialise_roots(self.connection)
        elif name in self._views:
            self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {self._views[name][0]}")
        else:
            self._cut(name, TABLES[name], until)

    def _cut(self, table: str, record: type[Record], until: int) -> None:
        known = f"t.{self.version} <= {until}"
        follows = record.MODE is Mode.FOLLOW
        if large := self._large.get(table):
            models = self._large.get("models")
            kind, rows = "VIEW", large.follow(until, models) if follows else large.cut(until)
        elif follows:
            kind = "TABLE"
            rows = f"SELECT t.* FROM all_{table} AS t JOIN models AS m ON {SNAPSHOT} WHERE {known}"
        else:
            kind, best = "VIEW", f"(t.ends_s IS NULL OR t.ends_s > {until})"
            rows = f"SELECT t.* EXCLUDE (ends_s) FROM all_{table} AS t WHERE {known} AND {best}"
        self.connection.execute(f"CREATE OR REPLACE {kind} {table} AS {rows}")

    def close(self) -> None:
        """Give the memory back."""
        self.connection.close()


def ordered(views: Mapping[str, str]) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the views in an order in which each finds what it reads, with the tables it reads."""
    reads = {name: tables_of(sql) for name, sql in views.items()}
    order = TopologicalSorter({n: sorted(t & views.keys()) for n, t in sorted(reads.items())})
    return {name: (views[name], reads[name]) for name in order.static_order()}


@cache
def tables_of(sql: str) -> frozenset[str]:
    """Return the names of the tables that one SELECT reads, its own CTEs left out."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    own = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return frozenset(t.name for t in tree.find_all(exp.Table)) - own


def _protocol(lake: Lake) -> str:
    protocol = lake.files.protocol
    return protocol if isinstance(protocol, str) else str(protocol[0])
