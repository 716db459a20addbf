"""Overrides and releases: a person's word beside the model's, with reason, author and end.

What needs four eyes (the method says it) comes into force only when a second person has signed.
The fold reads them as acts; a level moves at the next assessment, through the same transition log.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from config.responses import Responses
from config.roster import Roster
from monitor.audit import append, canonical
from monitor.errors import ResponseError
from monitor.response.identity import Identity, Signed, second_pair_of_eyes
from monitor.store.response import OverrideRow, ReleaseRow, SignatureRow
from rules.types import SEVERITY, Level, Risk

SHORTEST_REASON = 10


def written_reason(text: str) -> str:
    """Return the reason, blanks cut off. Raises ResponseError for one that says nothing."""
    if len(text.strip()) < SHORTEST_REASON:
        raise ResponseError(f"a reason of {SHORTEST_REASON} characters or more")
    return text.strip()


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
    session.add(row)
    session.flush()
    append(
        session,
        at=now,
        actor=row.author,
        action="override.propose" if row.needs_second else "override.set",
        subject=f"override:{row.id}",
        detail={
            "risk": row.risk,
            "level": row.level,
            "model_level": row.model_level,
            "reason": row.reason,
            "until": until.isoformat(),
            "case": case_id,
        },
    )
    return row


def override_statement(row: OverrideRow) -> str:
    """Return the exact text that a second person signs."""
    return "tocsin override " + canonical(
        {
            "id": row.id,
            "risk": row.risk,
            "level": row.level,
            "reason": row.reason,
            "author": row.author,
            "until": row.until.isoformat(),
        }
    )


def release_statement(row: ReleaseRow) -> str:
    """Return the exact text that a second person signs."""
    return "tocsin release " + canonical(
        {
            "id": row.id,
            "risk": row.risk,
            "reason": row.reason,
            "author": row.author,
            "until": row.until.isoformat(),
        }
    )


def keep_signature(session: Session, signed: Signed | None, now: datetime) -> None:
    """Keep a signature so that anyone can verify it again; an OS user leaves none."""
    if signed is not None:
        session.add(
            SignatureRow(
                identity=str(signed.identity),
                statement=signed.statement,
                signature=signed.signature,
                at=now,
            )
        )


def sign_override(
    session: Session,
    roster: Roster,
    override_id: int,
    *,
    second: Identity,
    now: datetime,
    signed: Signed | None = None,
) -> OverrideRow:
    """Bring an override into force by a second person's signature. Raises ResponseError."""
    row = session.get(OverrideRow, override_id)
    if row is None:
        raise ResponseError(f"there is no override {override_id}")
    if not row.needs_second or row.in_force_from is not None:
        raise ResponseError(f"override {override_id} needs no signature")
    if row.ended_at is not None or row.until <= now:
        raise ResponseError(f"override {override_id} is over")
    second_pair_of_eyes(roster, row.author, second)
    row.second, row.in_force_from = str(second), now
    session.add(row)
    keep_signature(session, signed, now)
    append(
        session,
        at=now,
        actor=str(second),
        action="override.sign",
        subject=f"override:{override_id}",
        detail={"statement": override_statement(row)},
    )
    return row


def end_override(
    session: Session, override_id: int, *, identity: Identity, now: datetime
) -> OverrideRow:
    """End an override early; the model's level stands alone from the next assessment on."""
    row = session.get(OverrideRow, override_id)
    if row is None:
        raise ResponseError(f"there is no override {override_id}")
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, str(identity)
        session.add(row)
        append(
            session,
            at=now,
            actor=str(identity),
            action="override.end",
            subject=f"override:{override_id}",
        )
    return row


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
    session.add(row)
    session.flush()
    append(
        session,
        at=now,
        actor=row.author,
        action="release.propose" if needs else "release.set",
        subject=f"release:{row.id}",
        detail={"risk": row.risk, "reason": row.reason, "until": row.until.isoformat()},
    )
    return row


def sign_release(
    session: Session,
    roster: Roster,
    release_id: int,
    *,
    second: Identity,
    now: datetime,
    signed: Signed | None = None,
) -> ReleaseRow:
    """Bring a release into force by a second person's signature. Raises ResponseError."""
    row = session.get(ReleaseRow, release_id)
    if row is None:
        raise ResponseError(f"there is no release {release_id}")
    if row.in_force_from is not None:
        raise ResponseError(f"release {release_id} is in force already")
    if row.until <= now:
        raise ResponseError(f"release {release_id} is void since {row.until.isoformat()}")
    second_pair_of_eyes(roster, row.author, second)
    row.second, row.in_force_from = str(second), now
    session.add(row)
    keep_signature(session, signed, now)
    append(
        session,
        at=now,
        actor=str(second),
        action="release.sign",
        subject=f"release:{release_id}",
        detail={"statement": release_statement(row)},
    )
    return row


def overrides(session: Session) -> list[OverrideRow]:
    """Return all overrides, the newest first."""
    return list(session.exec(select(OverrideRow).order_by(col(OverrideRow.id).desc())))


def releases(session: Session) -> list[ReleaseRow]:
    """Return all releases, the newest first."""
    return list(session.exec(select(ReleaseRow).order_by(col(ReleaseRow.id).desc())))
