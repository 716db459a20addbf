"""What an indicator's value rests on: the files it was read from, and source rows one can open.

Rows of hub tables are never listed, only counted and named by their file's hash: a list of
repositories without safeguards would be a shopping guide (RULINGS.md 19). The same goes for
malware advisories, whose package names are shown as a pseudonym.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from duckdb import DuckDBPyConnection

from collectors.schema import from_days, from_seconds
from monitor.asof import View
from monitor.lake import LakeFile

COUNTED_ONLY = frozenset(
    {"models", "tags", "bases", "counters", "files", "scans", "presence", "publishers"}
)
"""Tables whose rows name repositories or accounts; publishers are too many to read."""


@dataclass(frozen=True)
class _Shown:
    """How a row of a table is shown, in SQL: in one line, its day, and its parts."""

    words: str
    day: str
    name: str
    label: str = "''"
    """Identifier, board or measure."""
    zh: str = "NULL"
    """A Chinese title that the row itself bears."""
    value_micro: str = "NULL"
    unit: str = "''"


WORDS = {
    "scores": _Shown(
        "board || ' ' || model_name || ': ' || round(score_micro / 1e6, 2)",
        "board_day",
        "model_name",
        "board",
        value_micro="score_micro",
    ),
    "releases": _Shown(
        "coalesce(organisation || ' ', '') || model_name",
        "released_day",
        "coalesce(organisation || ' ', '') || model_name",
    ),
    "usage": _Shown(
        "model_name || ': ' || tokens",
        "served_day",
        "model_name",
        value_micro="tokens * 1000000",
        unit="'tokens'",
    ),
    "incidents": _Shown(
        "incident_id || coalesce(' ' || title, '')",
        "published_day",
        "coalesce(title, '')",
        "incident_id",
    ),
    "advisories": _Shown(
        "advisory_id || ' ' || package", "published_day", "package", "advisory_id"
    ),
    "policy_events": _Shown(
        "event_id || ' ' || title", "occurred_day", "title", "event_id", zh="title_zh"
    ),
    "figures": _Shown(
        "measure || ' ' || jurisdiction || ': ' || round(value_micro / 1e6, 2) || ' ' || unit",
        "period_day",
        "measure",
        "figure_id",
        value_micro="value_micro",
        unit="unit",
    ),
    "evidence": _Shown("evidence_id || ' ' || item", "period_to_day", "item", "evidence_id"),
}
"""Tables whose rows may be shown."""

FIRST = {"scores": "score_micro DESC", "usage": "tokens DESC"}
"""Which rows of one day come first; elsewhere by what they say."""

NAMES_MODELS = frozenset({"scores", "releases", "usage"})
"""Catalogues of models: what bears a word for removed safeguards is left out there too."""

UNSTRIPPED = """NOT EXISTS (SELECT 1 FROM lexicon AS w WHERE w.list = 'safety_removed'
                AND instr(lower(model_name), w.word) > 0)"""


@dataclass(frozen=True)
class FileBehind:
    """One file of the lake that the value was read from."""

    table: str
    source: str
    batch: str
    path: str
    sha256: str
    rows: int
    """Rows known at the moment, of those in the file."""
    fetched_at: datetime
    is_baseline: bool


@dataclass(frozen=True)
class RowBehind:
    """One source row: what it says, where it stands, when we had it, in which file."""

    table: str
    words: str
    on: date | None
    source: str
    url: str
    fetched_at: datetime
    known_from: datetime
    batch: str
    sha256: str
    is_baseline: bool = False
    label: str = ""
    name: str = ""
    """As the source spells it; a pseudonym where it must not be told."""
    zh: str = ""
    value: float | None = None
    unit: str = ""


def files_behind(view: View, tables: Sequence[str], sources: Sequence[str]) -> list[FileBehind]:
    """Return the files that hold rows known at the view's moment, newest fetch first.

    `sources` are the indicator's; our own tables (`tocsin`) always count. The view must have been
    cut to the moment.
    """
    found = []
    by_place = {(f.table, f.batch_id): f for f in view.files}
    for table in tables:
        for source, batch, rows, fetched_s, live in view.connection.execute(
            f"""SELECT source, batch_id, count(*), max(fetched_at_s), max(is_live) FROM {table}
                WHERE {_of(sources)} GROUP BY source, batch_id"""
        ).fetchall():
            file = by_place.get((table, batch))
            found.append(
                FileBehind(
                    table=table,
                    source=source,
                    batch=batch,
                    path=file.path if file else "",
                    sha256=file.sha256 if file else "",
                    rows=rows,
                    fetched_at=from_seconds(fetched_s),
                    is_baseline=not live,
                )
            )
    found.sort(key=lambda f: (f.table, f.source, f.batch))
    return sorted(found, key=lambda f: f.fetched_at, reverse=True)


def rows_behind(
    view: View,
    tables: Sequence[str],
    sources: Sequence[str],
    limit: int = 5,
    only: Mapping[str, str] | None = None,
) -> list[RowBehind]:
    """Return up to `limit` of the newest rows of each table that may be shown.

    `only` narrows a table by a condition of our own making, never by words from outside.
    """
    found: list[RowBehind] = []
    for table in tables:
        if table not in COUNTED_ONLY and table in WORDS:
            narrowed = (only or {}).get(table, "TRUE")
            found += _rows(view.connection, view.files, table, sources, limit, narrowed)
    return found


def _rows(
    connection: DuckDBPyConnection,
    files: Sequence[LakeFile],
    table: str,
    sources: Sequence[str],
    limit: int,
    only: str,
) -> list[RowBehind]:
    shown = WORDS[table]
    day, first = shown.day, FIRST.get(table, "words")
    if table in NAMES_MODELS:
        only = f"{only} AND {UNSTRIPPED}"
    kind = "kind" if table == "advisories" else "''"
    sha = {(f.table, f.batch_id): f.sha256 for f in files}
    rows = connection.execute(
        f"""SELECT {shown.words} AS words, {day} AS day, source, source_url, fetched_at_s,
                   known_from_s, batch_id, is_live, {kind} = 'malware' AS hidden,
                   {shown.label} AS label, {shown.name} AS name, {shown.zh} AS zh,
                   {shown.value_micro} AS value_micro, {shown.unit} AS unit
            FROM {table} WHERE {_of(sources)} AND {only}
            ORDER BY {day} DESC NULLS LAST, {first}, source LIMIT {int(limit)}"""
    ).fetchall()
    return [
        RowBehind(
            table=table,
            words=pseudonym(words) if hidden else str(words),
            on=from_days(day) if day is not None else None,
            source=source,
            url="" if hidden else str(url),
            fetched_at=from_seconds(fetched_s),
            known_from=from_seconds(known_s),
            batch=batch,
            sha256=sha.get((table, batch), ""),
            is_baseline=not live,
            label="" if hidden else str(label),
            name=pseudonym(words) if hidden else str(name),
            zh=str(zh or ""),
            value=None if value is None else value / 1_000_000,
            unit=str(unit),
        )
        for (
            words, day, source, url, fetched_s, known_s, batch, live, hidden,
            label, name, zh, value, unit,
        ) in rows
    ]  # fmt: skip


def pseudonym(name: object) -> str:
    """Return a name by which two rows can be told apart, and nothing found."""
    return "repository-" + hashlib.sha256(str(name).encode()).hexdigest()[:10]


def _of(sources: Sequence[str]) -> str:
    names = ", ".join("'" + s.replace("'", "''") + "'" for s in (*sources, "tocsin"))
    return f"source IN ({names})"
