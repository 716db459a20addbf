"""Jurisdictions side by side: releases, capability and downloads as known at a moment."""

from datetime import date

from duckdb import DuckDBPyConnection

from collectors.schema import days, from_days
from config.method import Words
from config.registry import jurisdictions
from monitor.credit import credit
from reports.chapters import Comparison
from reports.model import HistoryPoint

MAIN = ("US", "EU")


def group_of(code: str, home: str) -> str:
    """Return the column of a jurisdiction in comparisons: home, US, EU or other."""
    if code == home:
        return home
    if code in MAIN:
        return code
    known = jurisdictions().get(code)
    return "EU" if known is not None and known.group == "EU" else "other"


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
    title, licence = credit("epoch")
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
    title, licence = credit("epoch")
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
    title, licence = credit("huggingface")
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
