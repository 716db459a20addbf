"""What reports tell beside levels: counts by month, dated events, stances, diffusion classes.

Every function reads the lake as it was known at the moment of the connection it is given, and
returns plain views. Redacted rows (safety-removed, likeness, malicious) are counted, never named.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from duckdb import DuckDBPyConnection

from collectors.schema import TABLES, days, from_days
from config.method import Method, Words
from monitor.asof import View
from monitor.credit import credit
from monitor.diffusion import diffusion_rows
from monitor.pendulum import pendulum_report, pendulum_rule
from reports.chapters import (
    CountSeries,
    DiffusionRow,
    EventView,
    MonthCount,
    PaperCase,
    StanceView,
)
from reports.model import HistoryPoint
from rules.pendulum.types import CaseResult
from rules.types import Risk

KEPT = frozenset({"roots", "origin", "d30", "universe", "safety_removed"})
"""What reports read beside the tables; the method's other views are of no use to them."""


def cut(view: View, moment: datetime) -> DuckDBPyConnection:
    """Return the connection with all that reports read, cut to a moment."""
    return view.at(moment, TABLES.keys() | (KEPT & {"roots", *view.views}))


def counts(connection: DuckDBPyConnection, first: date, last: date) -> tuple[CountSeries, ...]:
    """Return incidents and load-path advisories by month of first listing."""
    made = (
        _monthly(
            connection,
            "incidents",
            "aiid",
            """SELECT published_day, CASE WHEN risk_domain IS NULL THEN 2
                                          WHEN risk_domain LIKE '4%' THEN 0 ELSE 1 END
               FROM incidents WHERE source = 'aiid' AND published_day BETWEEN ? AND ?""",
            (
                Words(zh="恶意使用", en="malicious use"),
                Words(zh="其他", en="other"),
                Words(zh="未分类", en="not classified"),
            ),
            first,
            last,
        ),
        _monthly(
            connection,
            "advisories",
            "osv",
            """SELECT min(a.published_day),
                      CASE WHEN max(a.cvss_x10) >= 90 THEN 0 WHEN max(a.cvss_x10) >= 70 THEN 1
                           WHEN max(a.cvss_x10) IS NULL THEN 3 ELSE 2 END
               FROM advisories AS a
               JOIN packages AS p ON p.ecosystem = a.ecosystem AND p.package = a.package
               WHERE p.on_load_path = 1 AND a.withdrawn_day IS NULL AND a.imported_in_bulk = 0
               GROUP BY a.flaw_id HAVING min(a.published_day) BETWEEN ? AND ?""",
            (
                Words(zh="严重", en="critical"),
                Words(zh="高危", en="high"),
                Words(zh="中低", en="lower"),
                Words(zh="未评分", en="no score"),
            ),
            first,
            last,
        ),
    )
    return tuple(c for c in made if c is not None)


def _monthly(
    connection: DuckDBPyConnection,
    key: str,
    source: str,
    sql: str,
    parts: tuple[Words, ...],
    first: date,
    last: date,
) -> CountSeries | None:
    rows = connection.execute(sql, [days(first), days(last)]).fetchall()
    if not rows:
        return None
    months: dict[date, list[int]] = {}
    month = first.replace(day=1)
    newest = max(from_days(int(r[0])) for r in rows)
    while month <= newest:
        months[month] = [0] * len(parts)
        month = (month + timedelta(days=32)).replace(day=1)
    for day, part in rows:
        months[from_days(int(day)).replace(day=1)][int(part)] += 1
    title, licence = credit(source)
    return CountSeries(
        key=key,
        parts=parts,
        months=tuple(MonthCount(m, tuple(n)) for m, n in sorted(months.items())),
        source=title,
        licence=licence,
        as_of=newest,
    )


def events(
    connection: DuckDBPyConnection, first: date, last: date, risk: Risk | None = None
) -> tuple[EventView, ...]:
    """Return dated policy and critical events, newest first; unverified ones say so."""
    rows = connection.execute(
        """SELECT coalesce(published_day, occurred_day) AS day, kind, title, title_zh, source_url,
                  source, day_verified, risks
           FROM policy_events
           WHERE coalesce(published_day, occurred_day) BETWEEN ? AND ?
             AND (verification <> 'unverified' OR critical = 1)
           ORDER BY day DESC, event_id""",
        [days(first), days(last)],
    ).fetchall()
    return tuple(
        EventView(
            on=from_days(int(day)),
            kind=str(kind),
            words=Words(zh=title_zh or title, en=title),
            source=credit(str(source))[0],
            url=str(url),
            verified=bool(verified),
            original=not title_zh,
        )
        for day, kind, title, title_zh, url, source, verified, risks in rows
        if risk is None or risk.value in str(risks).split(",")
    )


def stances(view: View, method: Method, moment: datetime) -> tuple[StanceView, ...]:
    """Return each jurisdiction under the pendulum as known at the moment."""
    if "pendulum" not in method.documents:
        return ()
    found = pendulum_report(view, method, moment)
    names = {s.id: s.name for s in pendulum_rule(method).classes}
    return tuple(
        StanceView(
            jurisdiction=r.jurisdiction,
            name=r.name,
            ideal=r.x,
            practice=r.practice.value,
            stance=r.stance_name,
            weights=(w["T"], w["I"], w["G"]),
            tendencies=(t["social"], t["economic"], t["political"]),
            as_of=r.as_of,
            kept_under_noise=r.robustness.kept,
            coded_by_hand=any(c.by == "hand" for c in r.coded),
            note=r.footnote,
            resultant=r.r.value,
            shares=(
                r.r.shares["social"],
                r.r.shares["economic"],
                r.r.shares["political"],
            ),
            track=tuple(HistoryPoint(p.day, p.x) for p in r.track),
            cases=tuple(_case(c, names) for c in found.cases if c.jurisdiction == r.jurisdiction),
            prediction=next(
                (
                    p.words
                    for p in found.predictions
                    if p.jurisdiction == r.jurisdiction and p.from_on <= r.as_of <= p.to_on
                ),
                None,
            ),
        )
        for r in found.readings
        for w, t in [(r.codes.weights, r.codes.tendencies)]
    )


def _case(found: CaseResult, names: Mapping[str, Words]) -> PaperCase:
    return PaperCase(
        phase=found.phase,
        wording=found.wording,
        r=found.result.value,
        stance=names[found.result.stance],
        reproduced=found.reproduced is True,
        equal=found.equal,
        linear=found.linear,
        kept_under_noise=found.robustness.kept,
        practice=found.practice.value,
        deviation=str(found.deviation.verdict),
        overshoot=found.deviation.overshoot,
        control=found.deviation.control,
        footnote=found.footnote,
    )


def classes(view: View, method: Method, moment: datetime) -> tuple[DiffusionRow, ...]:
    """Return first-party releases of the upper diffusion classes as known at the moment."""
    return diffusion_rows(view, method, moment) if "diffusion" in method.documents else ()
