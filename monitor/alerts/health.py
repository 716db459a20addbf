"""Operations notices: about data, delivery and the daemon; never about a level's rise.

They have routes of their own, so that a source outage does not ring the bell of a risk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from monitor.alerts.desk import Desk, Topic
from monitor.alerts.lines import level_line
from monitor.alerts.notices import Draft, write_notice
from monitor.store.alerts import NoticeRow
from reports.notice import NoticeKind, NoticeView
from rules.types import SEVERITY, Assessment, Level, Risk, RiskAssessment


@dataclass(frozen=True)
class Trouble:
    """One thing that operations should know, told once per `about` and sequence."""

    topic: str
    """source_failed, source_stale, source_back, quarantined, missed, left_out, cycle_late, crash,
    disk_low, dead_letter, delivery_late, receiver_disabled, level_lost, coverage_lost…"""
    about: str
    """What makes it one: `huggingface:2026-11-23`. Repeats with the same words are not told."""
    detail: Mapping[str, str] = field(default_factory=dict)
    risk: Risk | None = None
    level: Level | None = None
    sequence: int = 0
    not_through: frozenset[str] = frozenset()
    not_to: frozenset[str] = frozenset()
    method: str = ""


def raise_operations(
    session: Session, desk: Desk, trouble: Trouble, now: datetime
) -> NoticeRow | None:
    """Add an operations notice to the caller's transaction; None if it was told before."""
    view = NoticeView(
        kind=NoticeKind.OPERATIONS,
        at=now,
        zone=desk.zone,
        sequence=trouble.sequence,
        risk=trouble.risk,
        after=trouble.level,
        topic=trouble.topic,
        detail=dict(trouble.detail),
        method=trouble.method,
        url=desk.address("zh/sources.html"),
    )
    topic = Topic(
        NoticeKind.OPERATIONS,
        trouble.risk,
        trouble.level,
        not_through=trouble.not_through,
        not_to=trouble.not_to,
    )
    origin = f"operations:{trouble.topic}:{trouble.about}"
    return write_notice(session, desk, Draft(origin, view, topic=topic), now)


def _percent(share: float) -> str:
    return f"{share:.0%}"


def watch(
    session: Session, desk: Desk, before: Assessment | None, after: Assessment, now: datetime
) -> list[NoticeRow]:
    """Add what a level does not show, and return it.

    Coverage lost under a held colour, a release that is due, a model level that rose while an
    override holds the adjudicated one.
    """
    earlier = {r.risk: r for r in before.risks} if before else {}
    found: list[NoticeRow | None] = []
    for risk in after.risks:
        was = earlier.get(risk.risk)
        if was is None:
            continue
        found.extend(_coverage(session, desk, was, risk, now))
        if risk.release_due and not was.release_due:
            trouble = Trouble("release_due", _day(risk, after), risk=risk.risk, level=risk.level)
            found.append(raise_operations(session, desk, trouble, now))
        if _overruled(was, risk):
            found.append(_differs(session, desk, risk, after, now))
    return [n for n in found if n is not None]


def _day(risk: RiskAssessment, after: Assessment) -> str:
    """Name an edge by its day: a cycle that runs every hour tells it once."""
    return f"{risk.risk.value}:{after.as_of:%Y-%m-%d}"


def _coverage(
    session: Session,
    desk: Desk,
    was: RiskAssessment,
    risk: RiskAssessment,
    now: datetime,
) -> list[NoticeRow | None]:
    lost = risk.coverage_lost_since is not None
    if lost == (was.coverage_lost_since is not None):
        return []
    if risk.level is not was.level:
        return []  # told as a transition
    detail = {"coverage": _percent(risk.coverage), "gate": _percent(risk.coverage_gate)}
    topic = "coverage_lost" if lost else "coverage_back"
    since = risk.coverage_lost_since or was.coverage_lost_since
    trouble = Trouble(topic, f"{risk.risk.value}:{since}", detail, risk.risk, risk.level)
    return [raise_operations(session, desk, trouble, now)]


def _overruled(was: RiskAssessment, risk: RiskAssessment) -> bool:
    if risk.override is None or risk.level is not was.level:
        return False
    if Level.UNASSIGNED in (risk.model_level, was.model_level):
        return False
    return SEVERITY[risk.model_level] > SEVERITY[was.model_level]


def _differs(
    session: Session, desk: Desk, risk: RiskAssessment, after: Assessment, now: datetime
) -> NoticeRow | None:
    view = NoticeView(
        kind=NoticeKind.ESCALATION,
        at=after.as_of,
        zone=desk.zone,
        risk=risk.risk,
        before=risk.level,
        after=risk.model_level,
        levels=(level_line(risk),),
        override=risk.override,
        topic="model_differs",
        method=after.method,
    )
    return write_notice(
        session, desk, Draft(f"model:{risk.model_level}:{_day(risk, after)}", view), now
    )
