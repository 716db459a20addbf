"""Human acts as the fold reads them: overrides and releases that were in force."""

from sqlmodel import select

from monitor.context import Context
from monitor.response.identity import parse_identity
from monitor.store.engine import reading
from monitor.store.response import ConfirmationRow, OverrideRow, ReleaseRow
from rules.types import Act, ActKind, Level, Risk


def acts_of(context: Context) -> tuple[Act, ...]:
    """Return every act that has come into force, oldest first; drafts that wait for a second pair
    of eyes are none."""
    with reading(context.engine) as session:
        found = [a for row in session.exec(select(OverrideRow)) for a in _override(row)]
        found += [a for row in session.exec(select(ReleaseRow)) for a in _release(row)]
        found += [a for row in session.exec(select(ConfirmationRow)) for a in _confirmation(row)]
    return tuple(sorted(found, key=lambda a: (a.at, a.kind.value, a.author)))


def _override(row: OverrideRow) -> list[Act]:
    if row.in_force_from is None:
        return []
    risk = Risk(row.risk)
    acts = [
        Act(
            ActKind.OVERRIDE,
            row.in_force_from,
            row.author,
            risk=risk,
            level=Level(row.level),
            until=row.until,
            reason=row.reason,
            second=row.second,
        )
    ]
    if row.ended_at is not None:
        acts.append(Act(ActKind.REVOKE_OVERRIDE, row.ended_at, row.ended_by or "", risk=risk))
    return acts


def _release(row: ReleaseRow) -> list[Act]:
    if row.in_force_from is None:
        return []
    return [
        Act(
            ActKind.RELEASE,
            row.in_force_from,
            row.author,
            risk=Risk(row.risk),
            until=row.until,
            reason=row.reason,
            second=row.second,
        )
    ]


def _confirmation(row: ConfirmationRow) -> list[Act]:
    """Return the act with people in it, not their identities: one person has several of those."""
    if row.in_force_from is None or row.second is None:
        return []
    first, second = parse_identity(row.author), parse_identity(row.second)
    acts = [
        Act(
            ActKind.CONFIRM,
            row.in_force_from,
            first.person or first.mark,
            indicator=row.indicator,
            until=row.until,
            reason=row.reason,
            second=second.person or second.mark,
        )
    ]
    if row.ended_at is not None:
        acts.append(Act(ActKind.RETRACT, row.ended_at, row.ended_by or "", indicator=row.indicator))
    return acts
