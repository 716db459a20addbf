"""The transition log: what moved, numbered; alarms come from here, never from polling a state."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from config.responses import Flap
from monitor.store.alerts import TransitionRow
from rules.transition import kind_of
from rules.types import (
    Assessment,
    Level,
    Risk,
    RiskAssessment,
    Transition,
    TransitionKind,
)


@dataclass(frozen=True)
class Move:
    """A transition with the assessments on both sides of it."""

    transition: Transition
    after: RiskAssessment
    before: RiskAssessment | None


def told_levels(session: Session) -> dict[Risk, Level]:
    """Return the level of each risk as last recorded; empty before monitoring began.

    What was retracted was never so: the same level reached on sound data is a rise again.
    """
    query = (
        select(TransitionRow)
        .where(col(TransitionRow.exercise).is_(False))
        .where(col(TransitionRow.retracted_at).is_(None))
        .order_by(col(TransitionRow.seq))
    )
    return {Risk(row.risk): Level(row.after) for row in session.exec(query)}


def told_until(session: Session) -> datetime | None:
    """Return the moment of the newest transition on record; an older assessment is no news."""
    query = select(func.max(TransitionRow.at)).where(col(TransitionRow.exercise).is_(False))
    return session.exec(query).one()


def moves(
    told: dict[Risk, Level], before: Assessment | None, after: Assessment
) -> tuple[Move, ...]:
    """Return what moved since the levels last told, in the order of the risks."""
    sides = {r.risk: r for r in before.risks} if before else {}
    found = []
    for risk in after.risks:
        was_told = told.get(risk.risk)
        kind = TransitionKind.BEGAN if was_told is None else kind_of(was_told, risk.level)
        if kind is not None:
            was = told.get(risk.risk, risk.level)
            moved = Transition(risk.risk, kind, was, risk.level, after.as_of)
            found.append(Move(moved, risk, sides.get(risk.risk)))
    return tuple(found)


def record(
    session: Session,
    transition: Transition,
    assessment: Assessment,
    *,
    now: datetime,
    flap: Flap,
    assessment_id: int | None,
    exercise: bool,
) -> TransitionRow:
    """Add a transition to the log, flagged if the risk has been moving back and forth."""
    last = session.exec(select(func.max(TransitionRow.seq))).one()
    seq = (last or 0) + 1
    row = TransitionRow(
        id=_identity(transition, assessment, seq if exercise else 0),
        seq=seq,
        risk=transition.risk.value,
        kind=transition.kind.value,
        before=transition.before.value,
        after=transition.after.value,
        at=transition.at,
        recorded_at=now,
        method=assessment.method,
        method_sha256=assessment.method_sha256,
        assessment_id=assessment_id,
        exercise=exercise,
        flapping=_flapping(session, transition, flap, exercise),
    )
    session.add(row)
    session.flush()
    return row


def _identity(transition: Transition, assessment: Assessment, salt: int) -> str:
    parts = (
        transition.risk.value,
        transition.at.isoformat(),
        transition.before.value,
        transition.after.value,
        assessment.method_sha256,
        f"exercise {salt}" if salt else "",
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _flapping(session: Session, transition: Transition, flap: Flap, exercise: bool) -> bool:
    since = transition.at - timedelta(days=flap.days)
    count = session.exec(
        select(func.count())
        .select_from(TransitionRow)
        .where(
            TransitionRow.risk == transition.risk.value,
            TransitionRow.exercise == exercise,
            TransitionRow.at > since,
            col(TransitionRow.kind) != TransitionKind.BEGAN.value,
        )
    ).one()
    return count + 1 >= flap.moves
