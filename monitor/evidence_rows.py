"""The source rows behind every indicator of an assessment, as pages print them.

Repositories are named only where a registered laboratory, company or university released them and
the indicator does not look for removed safeguards, likenesses or malware; every other hub row is
counted and named by its file's hash alone (RULINGS.md 19).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from weakref import WeakKeyDictionary

from collectors.registry import COLLECTORS
from collectors.schema import from_days, from_seconds
from config import baseline
from config.method import Indicator, Words
from monitor.asof import View, tables_of
from monitor.behind import (
    COUNTED_ONLY,
    UNSTRIPPED,
    FileBehind,
    RowBehind,
    files_behind,
    rows_behind,
)
from monitor.record import Record
from monitor.replay import Fold
from reports.model import EvidenceRow

Shown = Mapping[str, tuple[EvidenceRow, ...]]
"""Rows by indicator."""

MOST = 12
"""Rows printed under one indicator."""
EACH = 4
"""Rows of one table."""

OURS = "//tocsin.example/"
"""Address that our own shipped reviews bear for want of a public one: nothing to open."""

DELICATE = frozenset({"safety_removed", "lexicon", "files", "scans", "presence"})
"""Tables and views by which an indicator looks for repositories that must not be named."""

FIRST_PARTY = """
SELECT c.model_id, c.downloads_30d, c.observed_day, c.source_url, c.fetched_at_s, c.known_from_s,
       c.batch_id, c.is_live
FROM counters AS c
WHERE c.source = ? AND c.downloads_30d IS NOT NULL AND c.model_id NOT LIKE 'redacted/%'
  AND lower(substr(c.model_id, 1, instr(c.model_id, '/') - 1)) IN (
    SELECT account FROM publishers
    WHERE hub = ? AND valid_to_day IS NULL AND kind IN ('laboratory', 'company', 'university'))
  AND NOT EXISTS (SELECT 1 FROM safety_removed AS s
                  WHERE s.source = c.source AND s.model_id = c.model_id)
ORDER BY c.observed_day DESC, c.downloads_30d DESC, c.model_id LIMIT ?"""

BEST = f"""(board, board_day, model_name) IN (
    SELECT (board, board_day, model_name)
    FROM (SELECT board, board_day, model_name,
                 row_number() OVER (PARTITION BY board, openness
                                    ORDER BY board_day DESC, score_micro DESC, model_name) AS nth
          FROM scores WHERE {UNSTRIPPED}) AS ranked WHERE nth <= 2)"""
"""On each board the two best of the open and of the closed models: the frontiers compared."""

_read_by = lru_cache(maxsize=256)(tables_of)
"""Parsing a query takes longer than running it; the method has but a few dozen."""

_TITLES = {c.source.id: c.source.title for c in COLLECTORS}
_HOMES = {c.source.id: c.source.homepage for c in COLLECTORS}


class Evidence:
    """Rows behind indicators at one moment; what several indicators share is read once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._files: dict[str, list[FileBehind]] = {}
        self._named: dict[str, list[EvidenceRow]] = {}
        self._sha = {(f.table, f.batch_id): f.sha256 for f in view.files}

    def rows(self, spec: Indicator, tables: Sequence[str]) -> tuple[EvidenceRow, ...]:
        """Return at most `MOST` rows: those that can be opened first, then those counted."""
        found = [_row(r) for r in self._open(spec, tables)]
        direct = _read_by(spec.sql)
        if "counters" in tables and "origin" in direct and not direct & DELICATE:
            for source in spec.sources:
                found += self._first_party(source)
        counted = [r for t in tables if t in COUNTED_ONLY for r in self._counted(t, spec)]
        return (*found[: MOST - min(len(counted), MOST // 2)], *counted)[:MOST]

    def _open(self, spec: Indicator, tables: Sequence[str]) -> list[RowBehind]:
        narrowed, boards = _narrowed(spec), [t for t in tables if t == "scores"]
        others = [t for t in tables if t not in boards]
        return [
            *rows_behind(self.view, boards, spec.sources, 2 * EACH, narrowed),
            *rows_behind(self.view, others, spec.sources, EACH, narrowed),
        ]

    def _first_party(self, source: str) -> list[EvidenceRow]:
        if source not in self._named:
            found = self.view.connection.execute(FIRST_PARTY, [source, source, EACH]).fetchall()
            self._named[source] = [
                EvidenceRow(
                    words=str(model),
                    table="counters",
                    value=float(downloads),
                    unit="downloads_30d",
                    on=from_days(day),
                    source=_title(source),
                    url=str(url),
                    fetched_at=from_seconds(fetched_s),
                    known_on=from_seconds(known_s).date(),
                    sha256=self._sha.get(("counters", batch), ""),
                    baseline=not live,
                )
                for model, downloads, day, url, fetched_s, known_s, batch, live in found
            ]
        return self._named[source]

    def _counted(self, table: str, spec: Indicator) -> list[EvidenceRow]:
        """Return one row for each source of a table: how many, and the newest file's hash."""
        if table not in self._files:
            self._files[table] = files_behind(self.view, (table,), tuple(_TITLES))
        wanted = {*spec.sources, "tocsin"}
        mine = sorted((f for f in self._files[table] if f.source in wanted), key=lambda f: f.source)
        found = []
        for source, files in groupby(mine, key=lambda f: f.source):
            listed = list(files)  # sorted() is stable: the newest fetch still comes first
            found.append(
                EvidenceRow(
                    words="",
                    table=table,
                    source=_title(source),
                    url=_HOMES.get(source, ""),
                    fetched_at=listed[0].fetched_at,
                    sha256=listed[0].sha256,
                    baseline=listed[0].is_baseline,
                    rows=sum(f.rows for f in listed),
                )
            )
        return found


_told: WeakKeyDictionary[Fold, dict[datetime, Shown]] = WeakKeyDictionary()
"""What was read of a fold at a moment: a year's report and a risk's often end on the same one."""


def evidence(record: Record) -> Shown:
    """Return the rows behind each indicator at the end of the record, by id."""
    known = _told.setdefault(record.fold, {})
    if record.last.as_of not in known:
        known[record.last.as_of] = _evidence(record)
    return known[record.last.as_of]


def _evidence(record: Record) -> Shown:
    folded = record.fold
    tables = {i.id: folded.tables_of(i.id) for i in folded.method.indicators}
    wanted = {t for found in tables.values() for t in found}
    views = {"safety_removed"} & folded.view.views.keys()
    folded.view.at(record.last.as_of, wanted | views)
    behind = Evidence(folded.view)
    return {i.id: behind.rows(i, tables[i.id]) for i in folded.method.indicators}


def _narrowed(spec: Indicator) -> dict[str, str]:
    """Return which rows of a table an indicator can rest on, where the table serves several."""
    named = spec.code.replace("'", "")
    only = {
        "scores": BEST,
        "evidence": f"indicator = '{named}'",
        "advisories": "EXISTS (SELECT 1 FROM packages AS p WHERE p.ecosystem = advisories.ecosystem"
        " AND p.package = advisories.package AND p.on_load_path = 1)",
        "policy_events": "kind = 'policy' AND verification <> 'unverified'",
        "releases": "openness = 'open'",
    }
    if ".against" in spec.sql:
        only["policy_events"] += (
            " AND ',' || against || ',' LIKE '%,' || (SELECT home FROM clock) || ',%'"
        )
    if "open_family" in spec.sql:
        only["incidents"] = "open_family IS NOT NULL AND severity >= 3"
    if "figures" in _read_by(spec.sql):
        # A figure's measure stands in the query as a word of its own.
        only["figures"] = f"instr($sql${spec.sql}$sql$, '''' || measure || '''') > 0"
    return only


def _row(row: RowBehind) -> EvidenceRow:
    ours = baseline.titles().get((row.table, row.label))
    title = Words(zh=ours[0], en=ours[1]) if ours else None
    if title is None and row.zh:
        title = Words(zh=row.zh, en=row.name)
    return EvidenceRow(
        words=row.name,
        table=row.table,
        label=row.label,
        title=title,
        value=row.value,
        unit=row.unit,
        on=row.on,
        source=_title(row.source),
        url=row.url if row.url.startswith("http") and OURS not in row.url else "",
        fetched_at=row.fetched_at,
        known_on=row.known_from.date(),
        sha256=row.sha256,
        baseline=row.is_baseline,
    )


def _title(source: str) -> str:
    return "Tocsin" if source == "tocsin" else _TITLES.get(source, source)
