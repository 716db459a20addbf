"""Overrides and releases: a person's word beside the model's, with reason, author and end.

What needs four eyes (the method says it) comes into force only when a second person has signed.
The fold reads them as acts; a level moves at the next assessment, through the same transition log.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from config.responses import Responses
from monitor.errors import ResponseError
from monitor.response.four_eyes import propose, written_reason
from monitor.response.identity import Identity
from monitor.store.response import OverrideRow, ReleaseRow
from rules.types import SEVERITY, Level, Risk


def propose_override(
    session: Session,
    responses: Responses,
    *,
    risk: Risk,
    level: Level,
    model_level: Level,
    reason: str,
    author: Identity,
    until: datetime,
    now: datetime,
    case_id: int | None = None,
    seconded: bool = False,
) -> OverrideRow:
    """Record an override; it is in force at once unless the method wants a second signature.

    `seconded`: a joint meeting stands behind it. Raises ResponseError for a missing reason, an end
    in the past or too far away, and for `unassigned`, which is not a judgement.
    """
    if level is Level.UNASSIGNED:
        raise ResponseError("an override names green, yellow or red")
    longest = timedelta(days=responses.four_eyes.override_days)
    if not now < until <= now + longest:
        raise ResponseError(f"an override ends within {longest.days} days, and not in the past")
    lowers = model_level is Level.UNASSIGNED or SEVERITY[level] < SEVERITY[model_level]
    needs = responses.four_eyes.lower if lowers else responses.four_eyes.raise_
    row = OverrideRow(
        risk=risk.value,
        level=level.value,
        model_level=model_level.value,
        reason=written_reason(reason),
        author=str(author),
        created_at=now,
        until=until,
        needs_second=needs and not seconded,
        in_force_from=None if needs and not seconded else now,
        case_id=case_id,
    )
    detail = {
        "risk": row.risk,
        "level": row.level,
        "model_level": row.model_level,
        "reason": row.reason,
        "until": until.isoformat(),
        "case": case_id,
    }
    return propose(session, row, now=now, detail=detail)


def propose_release(
    session: Session,
    responses: Responses,
    *,
    risk: Risk,
    reason: str,
    author: Identity,
    now: datetime,
) -> ReleaseRow:
    """Record a person's leave to leave red; the rule must agree before the level moves."""
    needs = responses.four_eyes.release
    row = ReleaseRow(
        risk=risk.value,
        reason=written_reason(reason),
        author=str(author),
        created_at=now,
        in_force_from=None if needs else now,
        until=now + timedelta(days=responses.release_days),
    )
    detail = {"risk": row.risk, "reason": row.reason, "until": row.until.isoformat()}
    return propose(session, row, now=now, detail=detail)
