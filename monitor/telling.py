"""What reports tell beside levels: comparisons, counts, events, families, publishers.

Every function reads the lake as it was known at the moment of the connection it is given, and
returns plain views. Redacted rows (safety-removed, likeness, malicious) are counted, never named.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from duckdb import DuckDBPyConnection

from collectors.registry import COLLECTORS
from collectors.schema import days, from_days
from config.method import Method, Words
from config.registry import jurisdictions
from monitor.asof import View
from monitor.behind import UNSTRIPPED
from monitor.diffusion import diffusion_rows
from monitor.pendulum import pendulum_report, pendulum_rule
from reports.chapters import (
    Comparison,
    CountSeries,
    DiffusionRow,
    EventView,
    FamilyView,
    MonthCount,
    PaperCase,
    PublisherView,
    StanceView,
)
from reports.model import HistoryPoint
from rules.pendulum.types import CaseResult
from rules.types import Risk

LISTED = 40
"""Rows of a page's table; the rest is counted in words."""
NAMES = {c.source.id: (c.source.title, c.source.licence) for c in COLLECTORS}
MAIN = ("US", "EU")


def group_of(code: str, home: str) -> str:
    """Return the column of a jurisdiction in comparisons: home, US, EU or other."""
    if code == home:
        return home
    if code in MAIN:
        return code
    known = jurisdictions().get(code)
    return "EU" if known is not None and known.group == "EU" else "other"


def _source(name: str) -> tuple[str, str]:
    return NAMES.get(name, (name, ""))


def _newest(connection: DuckDBPyConnection, table: str, column: str, source: str) -> date | None:
    found = connection.execute(
        f"SELECT max({column}) FROM {table} WHERE source = ?", [source]
    ).fetchone()
    return from_days(int(found[0])) if found and found[0] is not None else None


def comparisons(
    connection: DuckDBPyConnection, home: str, first: date, last: date
) -> tuple[Comparison, ...]:
    """Return releases, capability and downloads across jurisdictions, home first."""
    made = (
        _releases(connection, home, first, last),
        _capability(connection, home, first, last),
        _downloads(connection, home),
    )
    return tuple(c for c in made if c is not None)


def _home_first(
    found: dict[str, list[HistoryPoint]], home: str
) -> dict[str, tuple[HistoryPoint, ...]]:
    order = [home, *[c for c in (*MAIN, "other") if c != home]]
    return {code: tuple(found[code]) for code in order if code in found}


def _releases(
    connection: DuckDBPyConnection, home: str, first: date, last: date
) -> Comparison | None:
    rows = connection.execute(
        """SELECT DISTINCT model_name, jurisdictions, released_day FROM releases
           WHERE source = 'epoch' AND openness = 'open' AND released_day BETWEEN ? AND ?
           ORDER BY released_day, model_name""",
        [days(first), days(last)],
    ).fetchall()
    if not rows:
        return None
    found: dict[str, list[HistoryPoint]] = {}
    unknown = 0
    totals: dict[str, int] = {}
    for _name, where, day in rows:
        groups = {group_of(code, home) for code in str(where).split(",") if code != "unknown"}
        unknown += not groups
        for code in groups:
            totals[code] = totals.get(code, 0) + 1
            found.setdefault(code, []).append(HistoryPoint(from_days(int(day)), totals[code]))
    title, licence = _source("epoch")
    return Comparison(
        key="releases",
        unit=Words(zh="个", en="models"),
        series=_home_first(found, home),
        source=title,
        licence=licence,
        as_of=last,
        completeness=Words(
            zh=f"收录{len(rows)}个开放权重模型，其中{unknown}个不知所属",
            en=f"{len(rows)} open-weight models on record, {unknown} of unknown origin",
        ),
    )


def _capability(
    connection: DuckDBPyConnection, home: str, first: date, last: date
) -> Comparison | None:
    rows = connection.execute(
        """SELECT s.jurisdictions, s.released_day, s.score_micro FROM scores AS s
           JOIN (SELECT max(board_day) AS day FROM scores WHERE board = 'eci') AS n
             ON n.day = s.board_day
           WHERE s.board = 'eci' AND s.openness = 'open' AND s.released_day <= ?
           ORDER BY s.released_day, s.model_name""",
        [days(last)],
    ).fetchall()
    if not rows:
        return None
    best: dict[str, int] = {}
    found: dict[str, list[HistoryPoint]] = {}
    for where, day, score in rows:
        for code in {group_of(c, home) for c in str(where).split(",") if c != "unknown"}:
            if score > best.get(code, 0):
                best[code] = int(score)
                on = max(from_days(int(day)), first)
                points = found.setdefault(code, [])
                if points and points[-1].on == on:
                    points.pop()
                points.append(HistoryPoint(on, score / 1_000_000))
    board = _newest(connection, "scores", "board_day", "epoch")
    title, licence = _source("epoch")
    return Comparison(
        key="capability",
        unit=Words(zh="ECI分", en="ECI points"),
        series=_home_first(found, home),
        source=title,
        licence=licence,
        as_of=board or last,
        completeness=Words(
            zh=f"{len(rows)}个有分值的开放权重模型",
            en=f"{len(rows)} open-weight models with a score",
        ),
    )


def _downloads(connection: DuckDBPyConnection, home: str) -> Comparison | None:
    rows = connection.execute(
        """SELECT coalesce(p.jurisdiction, 'unknown') AS code, sum(d.d30) AS d30,
                  max(d.observed_day) AS day, count(*) AS n
           FROM d30 AS d
           JOIN origin AS o ON o.source = d.source AND o.model_id = d.model_id
           LEFT JOIN (SELECT hub, account, min(jurisdiction) AS jurisdiction FROM publishers
                      WHERE valid_to_day IS NULL GROUP BY hub, account) AS p
             ON p.hub = d.source AND p.account = o.root_account
           WHERE d.source = 'huggingface' GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    if not rows:
        return None
    on = from_days(max(int(r[2]) for r in rows))
    totals: dict[str, int] = {}
    unknown = 0
    for code, d30, _day, _n in rows:
        if code == "unknown":
            unknown = int(d30)
        else:
            group = group_of(str(code), home)
            totals[group] = totals.get(group, 0) + int(d30)
    everything = sum(totals.values()) + unknown
    share = round(100 * unknown / everything) if everything else 0
    models = sum(int(r[3]) for r in rows)
    title, licence = _source("huggingface")
    return Comparison(
        key="downloads",
        unit=Words(zh="次", en="downloads"),
        series=_home_first({c: [HistoryPoint(on, float(n))] for c, n in totals.items()}, home),
        source=title,
        licence=licence,
        as_of=on,
        completeness=Words(
            zh=f"跟踪{models:,}个模型，并非全站；{share}%的下载不知根基所属",
            en=f"{models:,} tracked models, not the whole hub; "
            f"{share} % of downloads of unknown root",
        ),
    )


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
    title, licence = _source(source)
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
            source=_source(str(source))[0],
            url=str(url),
            verified=bool(verified),
        )
        for day, kind, title, title_zh, url, source, verified, risks in rows
        if risk is None or risk.value in str(risks).split(",")
    )


def families(connection: DuckDBPyConnection) -> tuple[FamilyView, ...]:
    """Return lineage families by downloads of all that stands on them; redacted roots left out."""
    rows = connection.execute(
        """SELECT o.root_family, min(o.root_organisation), coalesce(min(p.jurisdiction), 'unknown'),
                  count(*), sum(d.d30), max(d.observed_day)
           FROM origin AS o
           JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
           LEFT JOIN publishers AS p ON p.hub = o.source AND p.account = o.root_account
           WHERE o.source = 'huggingface' AND o.root_account <> 'redacted'
           GROUP BY o.root_family ORDER BY sum(d.d30) DESC, o.root_family LIMIT ?""",
        [LISTED],
    ).fetchall()
    total = connection.execute("SELECT sum(d30) FROM d30 WHERE source = 'huggingface'").fetchone()
    everything = int(total[0]) if total and total[0] else 0
    return tuple(
        FamilyView(
            root=str(family),
            organisation=str(organisation),
            jurisdiction=str(where),
            models=int(n),
            downloads_30d=int(d30),
            share=int(d30) / everything if everything else None,
            as_of=from_days(int(day)),
            source=_source("huggingface")[0],
        )
        for family, organisation, where, n, d30, day in rows
    )


def publishers(connection: DuckDBPyConnection) -> tuple[PublisherView, ...]:
    """Return registered publishers by downloads of what they published themselves."""
    rows = connection.execute(
        """SELECT p.organisation, min(p.jurisdiction), min(p.kind), count(*), sum(d.d30),
                  max(d.observed_day)
           FROM origin AS o
           JOIN d30 AS d ON d.source = o.source AND d.model_id = o.model_id
           JOIN publishers AS p ON p.hub = o.source AND p.account = o.account
           WHERE o.source = 'huggingface' AND p.valid_to_day IS NULL
             AND p.kind IN ('laboratory', 'company', 'university')
           GROUP BY p.organisation ORDER BY sum(d.d30) DESC, p.organisation LIMIT ?""",
        [LISTED],
    ).fetchall()
    return tuple(
        PublisherView(
            organisation=str(name),
            hub="huggingface",
            jurisdiction=str(where),
            kind=str(kind),
            models=int(n),
            downloads_30d=int(d30),
            releases=_releases_of(connection, str(name)),
            as_of=from_days(int(day)),
            source=_source("huggingface")[0],
        )
        for name, where, kind, n, d30, day in rows
    )


def _releases_of(connection: DuckDBPyConnection, organisation: str) -> tuple[str, ...]:
    rows: Sequence[tuple[object, ...]] = connection.execute(
        f"""SELECT model_name, max(released_day) AS day FROM releases
           WHERE organisation = ? AND openness = 'open' AND released_day IS NOT NULL
             AND {UNSTRIPPED}
           GROUP BY model_name ORDER BY day DESC, model_name LIMIT 5""",
        [organisation],
    ).fetchall()
    return tuple(str(r[0]) for r in rows)


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
