"""What is known of the files of a table before a row of them is read: manifest and footers."""

from collections import Counter
from collections.abc import Iterable, Mapping
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


def _overlap(one: tuple[_T, _T], other: tuple[_T, _T]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def pieces(
    run: DuckDBPyConnection,
    record: type[Record],
    files: Mapping[str, LakeFile],
    *,
    reconstructed: bool,
) -> list[Piece]:
    """Return the files of one table by address with what their footers say, none of them read."""
    day = day_of(record)
    names = ("source", "is_live", *filter(None, [day]))
    found = run.execute(
        f"""SELECT file_name, path_in_schema, min(stats_min_value), max(stats_max_value),
                   min(TRY_CAST(stats_min_value AS BIGINT)),
                   max(TRY_CAST(stats_max_value AS BIGINT))
            FROM parquet_metadata({listed(files)}) WHERE path_in_schema IN {names}
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


def day_of(record: type[Record]) -> str | None:
    """Return the day that is part of the table's key, if one is."""
    return next((k for k in key_columns(record) if k.endswith("_day")), None)


def listed(addresses: Iterable[str]) -> str:
    """Return addresses as a list in SQL."""
    return "[" + ", ".join(quoted(a) for a in addresses) + "]"


def quoted(value: object) -> str:
    """Return a value as text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
