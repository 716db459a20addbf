"""What the pendulum reads from the record as of a moment, and its document."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel

from collectors.schema import from_days
from config import registry
from config.method import Method, Words
from config.pendulum import Pendulum, Swing, parse_pendulum
from monitor.asof import View
from monitor.indicators import select
from rules.pendulum.observe import FigurePoint, Happening, ModelPoint, World
from rules.pendulum.reading import Record, report
from rules.pendulum.types import Act, PendulumReport
from rules.reduction import Row

MICRO = 1_000_000

VERIFICATION = "PENDULUM"
"""Evidence under this name verifies a critical event: item = event, two persons."""

CONTROL = "risk_control"
"""Measure of an act that provides risk control for open models."""

_FIGURES = """
SELECT measure, jurisdiction, period_day, value_micro, unit, source FROM figures
ORDER BY measure, jurisdiction, period_day, source, figure_id
"""

_MODELS = """
WITH newest AS (SELECT max(board_day) AS board_day FROM scores WHERE board = 'eci')
SELECT s.model_name, s.released_day, s.score_micro, s.openness, s.jurisdictions
FROM scores AS s JOIN newest AS n ON n.board_day = s.board_day
WHERE s.board = 'eci' AND s.released_day IS NOT NULL
ORDER BY s.model_name
"""

_EVENTS = """
SELECT event_id, title, title_zh, jurisdiction, measure, target, against, severity, direction,
       force, field, critical, verification, source_url,
       coalesce(published_day, occurred_day) AS day
FROM policy_events
WHERE coalesce(published_day, occurred_day) IS NOT NULL
ORDER BY source, event_id
"""

_VERIFIED = """
SELECT e.item, e.author, e.attested_by, coalesce(p.published_day, p.occurred_day) AS day,
       p.jurisdiction
FROM evidence AS e JOIN policy_events AS p ON p.event_id = e.item
WHERE e.indicator = 'PENDULUM' AND e.attested_by IS NOT NULL AND e.attested_by <> e.author
  AND coalesce(p.published_day, p.occurred_day) IS NOT NULL
ORDER BY e.item, e.evidence_id
"""


_SURGE = """
WITH told AS (
  SELECT p.source, p.jurisdiction, coalesce(p.published_day, p.occurred_day) AS day
  FROM policy_events AS p
  UNION ALL
  SELECT i.source, '*' AS jurisdiction, coalesce(i.published_day, i.occurred_day) AS day
  FROM incidents AS i WHERE i.open_family IS NOT NULL
)
SELECT t.source, t.jurisdiction,
       CAST(((c.as_of_day - t.day) - (c.as_of_day - t.day) % 30) / 30 AS BIGINT) AS ago,
       count(*) AS n
FROM told AS t CROSS JOIN clock AS c
WHERE t.day IS NOT NULL AND t.day <= c.as_of_day AND t.day > c.as_of_day - 450
GROUP BY t.source, t.jurisdiction,
         CAST(((c.as_of_day - t.day) - (c.as_of_day - t.day) % 30) / 30 AS BIGINT)
ORDER BY t.source, t.jurisdiction, ago
"""
"""Reports by source, jurisdiction and span of 30 days; incidents of open families count for all."""

SPANS = 15


def pendulum_rule(method: Method) -> Pendulum:
    """Return the method's pendulum; ConfigError where its file is missing or wrong."""
    return parse_pendulum(dict(method.documents.get("pendulum", {})))


def pendulum_report(
    view: View, method: Method, moment: datetime, only: Sequence[str] = ()
) -> PendulumReport:
    """Return everything the pendulum says as known at a moment, for all or some jurisdictions."""
    needed = ("figures", "scores", "policy_events", "evidence", "incidents")
    connection = view.at(moment, needed)
    events = select(connection, _EVENTS)
    record = Record(
        world=World(
            figures=tuple(_figure(r) for r in select(connection, _FIGURES)),
            models=tuple(_model(r) for r in select(connection, _MODELS)),
            happenings=tuple(_happening(r) for r in events),
        ),
        acts=tuple(a for a in map(_act, events) if a is not None),
        controls=frozenset(
            registry.group(str(r["jurisdiction"])) for r in events if r["measure"] == CONTROL
        ),
        swings=tuple(_swing(r) for r in select(connection, _VERIFIED)),
        feeds=_feeds(select(connection, _SURGE), pendulum_rule(method)),
    )
    return report(moment.date(), record, pendulum_rule(method), only)


def _feeds(rows: Sequence[Row], rule: Pendulum) -> dict[str, dict[str, list[int]]]:
    """Return each jurisdiction's counts by source, oldest span first, silent spans as 0."""
    found: dict[str, dict[str, list[int]]] = {j: {} for j in rule.names}
    for row in rows:
        place = registry.group(str(row["jurisdiction"]))
        for jurisdiction in found if place == "*" else (place,):
            if jurisdiction in found and _number(row["ago"]) < SPANS:
                feed = found[jurisdiction].setdefault(str(row["source"]), [0] * SPANS)
                feed[SPANS - 1 - _number(row["ago"])] += _number(row["n"])
    return found


def _number(cell: object) -> int:
    if not isinstance(cell, int):
        raise TypeError(f"a whole number was due, not {cell!r}")
    return cell


def _day(cell: object) -> date:
    return from_days(_number(cell))


def _groups(codes: object) -> frozenset[str]:
    return frozenset(registry.group(c) for c in str(codes or "").split(",") if c)


def _figure(row: Row) -> FigurePoint:
    return FigurePoint(
        measure=str(row["measure"]),
        jurisdiction=str(row["jurisdiction"]),
        period_on=_day(row["period_day"]),
        value=_number(row["value_micro"]) / MICRO,
        unit=str(row["unit"]),
        source=str(row["source"]),
    )


def _model(row: Row) -> ModelPoint:
    return ModelPoint(
        name=str(row["model_name"]),
        day=_day(row["released_day"]),
        score=_number(row["score_micro"]) / MICRO,
        is_open={"open": True, "closed": False}.get(str(row["openness"])),
        groups=_groups(row["jurisdictions"]),
    )


def _happening(row: Row) -> Happening:
    severity = row["severity"]
    return Happening(
        event_id=str(row["event_id"]),
        day=_day(row["day"]),
        jurisdiction=registry.group(str(row["jurisdiction"])),
        against=_groups(row["against"]),
        target=None if row["target"] is None else str(row["target"]),
        severity=severity if isinstance(severity, int) else None,
        field=None if row["field"] is None else str(row["field"]),
        critical=bool(row["critical"]),
        verification=str(row["verification"]),
    )


def _act(row: Row) -> Act | None:
    direction, force = row["direction"], row["force"]
    if not isinstance(direction, int) or force is None:
        return None
    title = str(row["title"])
    return Act(
        event_id=str(row["event_id"]),
        jurisdiction=registry.group(str(row["jurisdiction"])),
        day=_day(row["day"]),
        direction=direction,
        force=str(force),
        title=Words(zh=str(row["title_zh"] or title), en=title),
        verification=str(row["verification"]),
        source_url=str(row["source_url"]),
    )


def _swing(row: Row) -> Swing:
    return Swing(
        event=str(row["item"]),
        day=_day(row["day"]),
        jurisdictions=(registry.group(str(row["jurisdiction"])),),
        verified_by=f"{row['author']}, {row['attested_by']}",
    )


def plain(value: object) -> object:
    """Return a value made of frozen dataclasses as JSON holds it; numbers keep six decimals."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence | frozenset) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value


def pendulum_document(found: PendulumReport, method: Method) -> dict[str, object]:
    """Return the document of `tocsin pendulum --json`."""
    cases = []
    for case in found.cases:
        entry = plain(case)
        if isinstance(entry, dict):
            cases.append(
                {**entry, "reproduced": case.reproduced, "fragile": case.robustness.fragile}
            )
    body = plain(found)
    if not isinstance(body, dict):
        raise TypeError("a report is a mapping")
    return {"method": method.version, **body, "cases": cases}
