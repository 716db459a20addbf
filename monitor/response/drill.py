"""A drill runs the whole chain, from transition to delivery, marked 演练 / exercise throughout.

Its rows carry the mark, so that the record, the score and public receivers never see it.
"""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from monitor.alerts.desk import Desk
from monitor.alerts.raising import raise_alerts
from monitor.audit import append
from monitor.errors import ResponseError
from monitor.store.alerts import NoticeRow
from rules.types import SEVERITY, Assessment, Clause, Level, Risk, RiskAssessment

BECAUSE = {"zh": "演练设定的升级", "en": "a rise set for the exercise"}


def rehearsed(current: Assessment, risk: Risk, level: Level, now: datetime) -> Assessment:
    """Return the current assessment with one risk risen to `level`, as of `now`."""

    def one(state: RiskAssessment) -> RiskAssessment:
        if state.risk is not risk:
            return state
        clause = Clause("exercise", level, True, BECAUSE)
        return replace(state, model_level=level, level=level, clauses=(clause,), override=None)

    return replace(current, as_of=now, reconstructed=False, risks=tuple(map(one, current.risks)))


def _calm(current: Assessment, risk: Risk) -> Assessment:
    """Return the current assessment with one risk at green: a drill starts from calm."""

    def one(state: RiskAssessment) -> RiskAssessment:
        if state.risk is not risk:
            return state
        return replace(state, model_level=Level.GREEN, level=Level.GREEN, override=None)

    return replace(current, reconstructed=False, risks=tuple(map(one, current.risks)))


def drill(
    session: Session,
    desk: Desk,
    current: Assessment,
    risk: Risk,
    *,
    level: Level,
    identity: str,
    now: datetime,
) -> list[NoticeRow]:
    """Rehearse a rise of `risk` to `level` with the assessment in force as its setting."""
    if SEVERITY.get(level, 0) == 0:
        raise ResponseError("a drill rises to yellow or red")
    append(
        session,
        at=now,
        actor=identity,
        action="drill",
        subject=risk.value,
        detail={"level": level.value},
    )
    before, after = _calm(current, risk), rehearsed(current, risk, level, now)
    return raise_alerts(session, before, after, desk, now, exercise=True)
