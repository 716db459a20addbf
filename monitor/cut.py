"""A large table cut to a moment without loading it: views over the Parquet files that were known.

Most rows of a hub's catalogue are the only ones of their key, and the manifest and the files'
footers say where others could be: only files of one source and of overlapping days can hold one
key twice. Of such files the largest batch is read in place; what stands against it (newer rows,
older ones that it does not hold, keys that it holds twice) is set apart in a small table, where
the newest row of each key is found. The result is the same as ranking all rows by key.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from duckdb import DuckDBPyConnection

from collectors.record import Record
from collectors.schema import key_columns
from monitor.lake import LakeFile

_T = TypeVar("_T", int, str)


@dataclass(frozen=True)
class Piece:
    """One Parquet file with what its manifest and its footer say of all its rows."""

    file: LakeFile
    address: str
    """As DuckDB opens it."""
    versions: tuple[int, int]
    """First and last moment (seconds) at which a row of it became known, by the view's clock."""
    sources: tuple[str, str]
    live: tuple[int, int]
    days: tuple[int, int]
    """Span of the day that is part of the table's key; (0, 0) where none is."""

    @property
    def lowest(self) -> tuple[int, int]:
        """No row of it ranks lower: `is_live`, then moment of the fetch."""
        return self.live[0], self.file.min_fetched_s

    @property
    def highest(self) -> tuple[int, int]:
        """No row of it ranks higher."""
        return self.live[1], self.file.max_fetched_s

    def may_share_keys(self, other: "Piece") -> bool:
        """Whether a key of one could be in the other too."""
        return _overlap(self.sources, other.sources) and _overlap(self.days, other.days)


RANKED_ROWS = 250_000
"""A batch of fewer rows is read and ranked; a larger one is left where it is."""

SNAPSHOT = (
    "m.source = t.source AND m.model_id = t.model_id "
    "AND m.batch_id = t.batch_id AND m.fetched_at_s = t.fetched_at_s"
)
"""Rows that follow a model belong to the very snapshot that is its newest."""


def _overlap(one: tuple[_T, _T], other: tuple[_T, _T]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def newest(record: type[Record], rows: str) -> str:
    """Return a SELECT of the newest of these rows per key; what we collected beats the shipped."""
    keys = ", ".join(key_columns(record))
    return f"""SELECT * EXCLUDE (nth) FROM (
        SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY is_live DESC,
            fetched_at_s DESC, known_from_s DESC, batch_id DESC) AS nth
        FROM ({rows}) AS known) AS ranked WHERE nth = 1"""


def pieces(
    run: DuckDBPyConnection,
    record: type[Record],
    files: Mapping[str, LakeFile],
    *,
    reconstructed: bool,
) -> list[Piece]:
    """Return the files of one table by address with what their footers say, none of them read."""
    day = _day(record)
    names = ("source", "is_live", *filter(None, [day]))
    found = run.execute(
        f"""SELECT file_name, path_in_schema, min(stats_min_value), max(stats_max_value),
                   min(TRY_CAST(stats_min_value AS BIGINT)),
                   max(TRY_CAST(stats_max_value AS BIGINT))
            FROM parquet_metadata({_listed(files)}) WHERE path_in_schema IN {names}
            GROUP BY file_name, path_in_schema"""
    ).fetchall()
    texts = {(str(f), str(c)): (str(low), str(high)) for f, c, low, high, _, _ in found}
    whole = {(str(f), str(c)): (int(a), int(b)) for f, c, _, _, a, b in found if a is not None}
    return [
        Piece(
            file,
            address,
            _versions(file, reconstructed=reconstructed),
            texts[address, "source"],
            whole[address, "is_live"],
            whole[address, day] if day else (0, 0),
        )
        for address, file in files.items()
    ]


def _versions(file: LakeFile, *, reconstructed: bool) -> tuple[int, int]:
    if reconstructed:
        return file.min_known_s, file.max_known_s
    return max(file.min_fetched_s, file.visible_s), max(file.max_fetched_s, file.visible_s)


def moments_of(
    found: Iterable[Piece],
) -> tuple[dict[tuple[int, str, str], int], frozenset[str]]:
    """Return rows by moment of becoming known, batch and source, and the batches not told so.

    A batch that became known at one moment needs no look into its rows.
    """
    untold = frozenset(
        p.file.batch_id
        for p in found
        if p.versions[0] != p.versions[1] or p.sources[0] != p.sources[1]
    )
    told: Counter[tuple[int, str, str]] = Counter()
    for piece in found:
        if piece.file.batch_id not in untold:
            told[piece.versions[0], piece.file.batch_id, piece.sources[0]] += piece.file.rows
    return dict(told), untold


class Cutter:
    """Cuts one large table; `name` becomes a view on the connection, remade for each moment."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        name: str,
        record: type[Record],
        found: Sequence[Piece],
        *,
        reconstructed: bool,
        repeated: dict[tuple[str, ...], bool],
        ranked_rows: int = RANKED_ROWS,
    ) -> None:
        self.run, self.name, self.record, self.pieces = connection.execute, name, record, found
        self.keys, self.day = key_columns(record), _day(record)
        self.clock = "known_from_s" if reconstructed else "fetched_at_s"
        self.ranked_rows, self.repeated = ranked_rows, repeated
        """Whether a key stands twice in these files: they never change, so it is asked once."""
        self.settled = frozenset[str]()
        """Batches of which every row was known and none lost, at the last cut."""

    def known(self, until: int, chosen: Iterable[Piece] | None = None, where: str = "") -> str:
        """Return a SELECT of all rows that were known by then, every row of a key."""
        whole = [p for p in chosen or self.pieces if p.versions[0] <= until]
        parts = []
        for torn in (False, True):
            if found := [p.address for p in whole if (p.versions[1] > until) is torn]:
                only = [w for w in (where, f"{self.clock} <= {until}" if torn else "") if w]
                rows = f"SELECT * FROM read_parquet({_listed(found)}, union_by_name=true)"
                parts.append(rows + (f" WHERE {' AND '.join(only)}" if only else ""))
        return " UNION ALL BY NAME ".join(parts) or self._none()

    def cut(self, until: int) -> str:
        """Return a SELECT of the newest row of each key by then; sets apart what it must."""
        known = [p for p in self.pieces if p.versions[0] <= until]
        rows: Counter[str] = Counter()
        for piece in known:
            rows[piece.file.batch_id] += piece.file.rows
        small = [p for p in known if rows[p.file.batch_id] < self.ranked_rows]
        groups = _groups([p for p in known if rows[p.file.batch_id] >= self.ranked_rows])
        held, plain, apart = list[str](), list[Piece](), list[str]()
        for group in groups:
            largest = _largest(group)
            others = [(p, "") for p in group if p not in largest]
            if self._reaches(until, small, group):
                others += [(p, self._within(group)) for p in small]
            ranked, is_contested = self._against(until, largest, others)
            apart += ranked
            if is_contested:
                held.append(self.known(until, largest))
            else:
                plain += largest
        self.settled = frozenset(p.file.batch_id for p in plain if p.versions[1] <= until)
        if small:
            none = " OR ".join(self._within(g) for g in groups)
            apart.append(self.known(until, small, f"NOT ({none})" if none else ""))
        return self._together(self.known(until, plain) if plain else "", held, apart)

    def follow(self, until: int, models: "Cutter | None") -> str:
        """Return a SELECT of the rows whose model's newest snapshot they came with.

        No batch holds such a row without its model, so where no model lost none is looked up.
        """
        settled = models.settled if models else frozenset[str]()
        plain = [p for p in self.pieces if p.file.batch_id in settled]
        others = [p for p in self.pieces if p.file.batch_id not in settled]
        parts = [self.known(until, plain)] if plain else []
        if others:
            rows = (
                f"SELECT t.* FROM ({self.known(until, others)}) AS t JOIN models AS m ON {SNAPSHOT}"
            )
            if sum(p.file.rows for p in others) < self.ranked_rows:
                self.run(f"CREATE OR REPLACE TABLE {self.name}_apart AS {rows}")
                rows = f"SELECT * FROM {self.name}_apart"
            parts.append(rows)
        return " UNION ALL BY NAME ".join(parts)

    def _together(self, plain: str, held: Sequence[str], apart: Sequence[str]) -> str:
        """Return rows that stand alone, rows that may lose, and the winners of what is apart."""
        self.run(f"DROP TABLE IF EXISTS {self.name}_apart")
        parts = [plain] if plain else []
        if apart:
            rows = newest(self.record, " UNION ALL BY NAME ".join(apart))
            self.run(f"CREATE TABLE {self.name}_apart AS {rows}")
            same = self._same("t", "a")
            parts += [
                f"SELECT t.* FROM ({rows}) AS t ANTI JOIN {self.name}_apart AS a ON {same}"
                for rows in held
            ]
            parts.append(f"SELECT * FROM {self.name}_apart")
        return " UNION ALL BY NAME ".join(parts) or self._none()

    def _none(self) -> str:
        first = _listed([self.pieces[0].address])
        return f"SELECT * FROM read_parquet({first}) WHERE 1 = 0"

    def _against(
        self, until: int, largest: list[Piece], others: Sequence[tuple[Piece, str]]
    ) -> tuple[list[str], bool]:
        """Return SELECTs of the rows that must be ranked, and whether the largest may lose any."""
        low = min(p.lowest for p in largest)
        keys, main = ", ".join(self.keys), self.known(until, largest)
        older = [self.known(until, [p], w) for p, w in others if p.highest < low]
        rivals = [self.known(until, [p], w) for p, w in others if p.highest >= low]
        found, contested = list(rivals), list[str]()
        if rivals:
            rows = " UNION ALL BY NAME ".join(rivals)
            contested.append(f"SELECT DISTINCT {keys} FROM ({rows})")
        if self._repeats(until, largest):
            contested.append(f"SELECT {keys} FROM ({main}) GROUP BY ALL HAVING count(*) > 1")
        found += [
            f"SELECT t.* FROM ({main}) AS t SEMI JOIN ({names}) AS n ON {self._same('t', 'n')}"
            for names in contested
        ]
        if older:
            rows = " UNION ALL BY NAME ".join(older)
            found.append(
                f"SELECT t.* FROM ({rows}) AS t ANTI JOIN ({main}) AS n ON {self._same('t', 'n')}"
            )
        return found, bool(contested)

    def _reaches(self, until: int, small: Sequence[Piece], group: Sequence[Piece]) -> bool:
        """Whether any row of the small files lies where the group's keys lie."""
        near = [p for p in small if any(p.may_share_keys(g) for g in group)]
        if not near or self.day is None:
            return bool(near)
        rows = self.known(until, near, self._within(group))
        return self.run(f"SELECT 1 FROM ({rows}) LIMIT 1").fetchone() is not None

    def _within(self, group: Sequence[Piece]) -> str:
        """Return the condition of a row whose key the group could hold."""
        spans = {(*p.sources, *(p.days if self.day else ())) for p in group}
        return "(" + " OR ".join(
            f"(source BETWEEN {_text(span[0])} AND {_text(span[1])}"
            + (f" AND {self.day} BETWEEN {span[2]} AND {span[3]})" if self.day else ")")
            for span in sorted(spans)
        ) + ")"  # fmt: skip

    def _repeats(self, until: int, group: Sequence[Piece]) -> bool:
        """Whether a key stands twice in one batch, as where a sweep saw a model on two pages."""
        name = (*sorted(p.file.sha256 for p in group), self.clock, str(self._torn(until, group)))
        if name not in self.repeated:
            constant = {
                "source": len({s for p in group for s in p.sources}) == 1,
                **{k: len({d for p in group for d in p.days}) == 1 for k in self.keys
                   if k.endswith("_day")},
            }  # fmt: skip
            keys = ", ".join(k for k in self.keys if not constant.get(k))
            rows = self.known(until, group)
            found = self.run(
                f"SELECT (SELECT count(*) FROM ({rows})), "
                f"(SELECT count(*) FROM (SELECT DISTINCT {keys} FROM ({rows})))"
            ).fetchone()
            self.repeated[name] = found is not None and found[0] != found[1]
        return self.repeated[name]

    def _torn(self, until: int, group: Sequence[Piece]) -> int:
        """Return the moment where it cuts through a file, else 0: the whole files are meant."""
        return until if any(p.versions[1] > until for p in group) else 0

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{k} IS NOT DISTINCT FROM {other}.{k}" for k in self.keys)


def _groups(known: Sequence[Piece]) -> list[list[Piece]]:
    """Return the files in groups that can share no key with one another."""
    groups: list[list[Piece]] = []
    for piece in known:
        touched = [g for g in groups if any(piece.may_share_keys(p) for p in g)]
        groups = [g for g in groups if g not in touched]
        groups.append([p for g in touched for p in g] + [piece])
    return groups


def _largest(group: Sequence[Piece]) -> list[Piece]:
    """Return the files of the batch with the most rows; the newest of equal ones."""
    batches: dict[str, list[Piece]] = defaultdict(list)
    for piece in group:
        batches[piece.file.batch_id].append(piece)
    return max(
        batches.values(),
        key=lambda b: (sum(p.file.rows for p in b), max(p.highest for p in b), b[0].file.batch_id),
    )


def _day(record: type[Record]) -> str | None:
    return next((k for k in key_columns(record) if k.endswith("_day")), None)


def _listed(addresses: Iterable[str]) -> str:
    return "[" + ", ".join(_text(a) for a in addresses) + "]"


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
