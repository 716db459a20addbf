"""A large table cut to a moment without loading it: views over the Parquet files that were known.

Most rows of a hub's catalogue are the only ones of their key, and the manifest and the files'
footers say where others could be: only files of one source and of overlapping days can hold one
key twice. Of such files the largest batch is read in place; what stands against it (newer rows,
older ones that it does not hold, keys that it holds twice) is set apart in a small table, where
the newest row of each key is found. The result is the same as ranking all rows by key.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from duckdb import DuckDBPyConnection

from collectors.record import Mode, Model, Record
from collectors.schema import key_columns
from monitor.pieces import Piece, day_of, listed, quoted

RANKED_ROWS = 250_000
"""A batch of fewer rows is read and ranked; a larger one is left where it is."""

SNAPSHOT = (
    "m.source = t.source AND m.model_id = t.model_id "
    "AND m.batch_id = t.batch_id AND m.fetched_at_s = t.fetched_at_s"
)
"""Rows that follow a model belong to the very snapshot that is its newest."""


def newest(record: type[Record], rows: str) -> str:
    """Return a SELECT of the newest of these rows per key; what we collected beats the shipped."""
    keys = ", ".join(key_columns(record))
    return f"""SELECT * EXCLUDE (nth) FROM (
        SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY is_live DESC,
            fetched_at_s DESC, known_from_s DESC, batch_id DESC) AS nth
        FROM ({rows}) AS known) AS ranked WHERE nth = 1"""


def ends(record: type[Record], *, reconstructed: bool) -> str:
    """Return a column of a loaded table: since when a better row of the same key was known."""
    if record.MODE is Mode.FOLLOW:
        return ""
    keys = ", ".join(f"t.{k}" for k in key_columns(record))
    clock = "t.known_from_s" if reconstructed else "greatest(t.fetched_at_s, b.visible_s)"
    return (
        f"min({clock}) OVER (PARTITION BY {keys} ORDER BY t.is_live DESC, t.fetched_at_s DESC, "
        "t.known_from_s DESC, t.batch_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) "
        "AS ends_s, "
    )


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
        self.keys, self.day = key_columns(record), day_of(record)
        self.clock = "known_from_s" if reconstructed else "fetched_at_s"
        self.ranked_rows, self.repeated = ranked_rows, repeated
        """Whether a key stands twice in these files: they never change, so it is asked once."""
        self.settled = frozenset[str]()
        """Batches of which every row was known and none lost, at the last cut."""
        self.beaten = frozenset[str]()
        """Batches of which every row was known and few lost: those are in the table `NAME_lost`."""

    def known(self, until: int, chosen: Iterable[Piece] | None = None, where: str = "") -> str:
        """Return a SELECT of all rows that were known by then, every row of a key."""
        whole = [p for p in chosen or self.pieces if p.versions[0] <= until]
        parts = []
        for torn in (False, True):
            if found := [p.address for p in whole if (p.versions[1] > until) is torn]:
                only = [w for w in (where, f"{self.clock} <= {until}" if torn else "") if w]
                rows = f"SELECT * FROM read_parquet({listed(found)}, union_by_name=true)"
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
        held, plain, apart = list[Piece](), list[Piece](), list[str]()
        for group in groups:
            largest = _largest(group)
            others = [(p, "") for p in group if p not in largest]
            if self._reaches(until, small, group):
                others += [(p, self._within(group)) for p in small]
            ranked, is_contested = self._against(until, largest, others)
            apart += ranked
            if is_contested:
                held += largest
            else:
                plain += largest
        if small:
            none = " OR ".join(self._within(g) for g in groups)
            apart.append(self.known(until, small, f"NOT ({none})" if none else ""))
        rivalled = self.known(until, held) if held else ""
        found = self._together(self.known(until, plain) if plain else "", rivalled, apart)
        self.settled, self.beaten = _whole(plain, until), _whole(held, until)
        if self.beaten and self.name == Model.TABLE and not self._lost(rivalled):
            self.settled, self.beaten = self.settled | self.beaten, frozenset()
        return found

    def _lost(self, rivalled: str) -> bool:
        """Set apart the rows that are not the newest of their key; whether there is any."""
        envelope = "t.source, t.model_id, t.batch_id, t.fetched_at_s"
        self.run(
            f"CREATE OR REPLACE TABLE {self.name}_lost AS SELECT {envelope} FROM ({rivalled}) AS t "
            f"SEMI JOIN {self.name}_apart AS a ON {self._same('t', 'a')} "
            f"ANTI JOIN {self.name}_apart AS m ON {SNAPSHOT}"
        )
        return self.run(f"SELECT 1 FROM {self.name}_lost LIMIT 1").fetchone() is not None

    def follow(self, until: int, models: "Cutter | None") -> str:
        """Return a SELECT of the rows whose model's newest snapshot they came with.

        No batch holds such a row without its model, so where no model lost none is looked up, and
        where few did only those are.
        """
        settled = models.settled if models else frozenset[str]()
        beaten = models.beaten if models else frozenset[str]()
        plain = [p for p in self.pieces if p.file.batch_id in settled]
        rivalled = [p for p in self.pieces if p.file.batch_id in beaten]
        others = [p for p in self.pieces if p.file.batch_id not in settled | beaten]
        parts = [self.known(until, plain)] if plain else []
        if rivalled:
            parts.append(
                f"SELECT t.* FROM ({self.known(until, rivalled)}) AS t "
                f"ANTI JOIN {Model.TABLE}_lost AS m ON {SNAPSHOT}"
            )
        if others:
            rows = (
                f"SELECT t.* FROM ({self.known(until, others)}) AS t JOIN models AS m ON {SNAPSHOT}"
            )
            if sum(p.file.rows for p in others) < self.ranked_rows:
                self.run(f"CREATE OR REPLACE TABLE {self.name}_apart AS {rows}")
                rows = f"SELECT * FROM {self.name}_apart"
            parts.append(rows)
        return " UNION ALL BY NAME ".join(parts)

    def _together(self, plain: str, rivalled: str, apart: Sequence[str]) -> str:
        """Return rows that stand alone, rows that may lose, and the winners of what is apart."""
        self.run(f"DROP TABLE IF EXISTS {self.name}_apart")
        parts = [plain] if plain else []
        if apart:
            rows = newest(self.record, " UNION ALL BY NAME ".join(apart))
            self.run(f"CREATE TABLE {self.name}_apart AS {rows}")
            if rivalled:
                same = self._same("t", "a")
                parts.append(
                    f"SELECT t.* FROM ({rivalled}) AS t ANTI JOIN {self.name}_apart AS a ON {same}"
                )
            parts.append(f"SELECT * FROM {self.name}_apart")
        return " UNION ALL BY NAME ".join(parts) or self._none()

    def _none(self) -> str:
        first = listed([self.pieces[0].address])
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
            f"(source BETWEEN {quoted(span[0])} AND {quoted(span[1])}"
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


def _whole(pieces: Sequence[Piece], until: int) -> frozenset[str]:
    """Return the batches of which all these files were known to their last row."""
    torn = {p.file.batch_id for p in pieces if p.versions[1] > until}
    return frozenset(p.file.batch_id for p in pieces) - torn


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
