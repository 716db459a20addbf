"""The joint meeting decides: government, industry and research vote, dissent is kept word for word.

The rule is the method's (`responses.yaml`, `panel`): all sectors have spoken and a share of the
votes hold one level, a larger share for a level under the model's; else the model's level stands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from config.responses import PanelRule, Responses
from config.roster import Roster
from monitor.audit import append
from monitor.errors import ResponseError
from monitor.response.decisions import propose_override
from monitor.response.identity import Identity
from monitor.store.response import CaseRow, CaseState, OverrideRow, VoteRow
from rules.types import SEVERITY, Level, Risk

SECTORS = ("government", "industry", "research")


@dataclass(frozen=True)
class Ballot:
    """One member's vote: the level they hold right."""

    sector: str
    level: Level


@dataclass(frozen=True)
class Outcome:
    """What the votes amount to. `decided` is None where the model's level stands."""

    decided: Level | None
    missing_sectors: tuple[str, ...]
    tally: tuple[tuple[Level, int], ...]
    """Levels with their votes, most votes first."""
    share_needed: float


def adjudicate(ballots: Sequence[Ballot], model_level: Level, rule: PanelRule) -> Outcome:
    """Return what the votes decide under the method's rule; pure."""
    spoken = {ballot.sector for ballot in ballots}
    missing = tuple(s for s in SECTORS if s not in spoken)
    counts = Counter(ballot.level for ballot in ballots)
    tally = tuple(sorted(counts.items(), key=lambda item: (-item[1], -SEVERITY[item[0]])))
    if not tally:
        return Outcome(None, missing, (), rule.share)
    level, votes = tally[0]
    lowers = model_level is Level.UNASSIGNED or SEVERITY[level] < SEVERITY[model_level]
    needed = rule.lower_share if lowers else rule.share
    enough = len(spoken & set(SECTORS)) >= rule.sectors and votes / len(ballots) >= needed
    return Outcome(level if enough else None, missing, tally, needed)


def vote(
    session: Session,
    roster: Roster,
    case_id: int,
    *,
    identity: Identity,
    level: Level,
    agrees: bool,
    reason: str,
    now: datetime,
) -> VoteRow:
    """Record a member's vote; the last one of a person counts. Raises ResponseError.

    The sector comes from the roster, never from the voter; a dissent needs its reason.
    """
    case = session.get(CaseRow, case_id)
    if case is None or case.state != CaseState.OPEN:
        raise ResponseError(f"there is no open case {case_id}")
    if level is Level.UNASSIGNED:
        raise ResponseError("a vote names green, yellow or red")
    if identity.person is None:
        raise ResponseError(f"{identity.mark} is nobody in the roster, so has no seat")
    sector = roster.people[identity.person].sector
    if sector not in SECTORS:
        raise ResponseError(f"{identity.person} sits for the {sector}, which has no vote")
    if not agrees and len(reason.strip()) < 10:
        raise ResponseError("a dissent needs its reason; it is printed word for word")
    row = VoteRow(
        case_id=case_id,
        person=identity.person,
        identity=str(identity),
        sector=sector,
        level=level.value,
        agrees=agrees,
        reason=reason.strip(),
        at=now,
    )
    session.add(row)
    session.flush()
    append(
        session,
        at=now,
        actor=str(identity),
        action="panel.sign" if agrees else "panel.dissent",
        subject=f"case:{case_id}",
        detail={"sector": sector, "level": level.value, "reason": row.reason},
    )
    return row


def votes(session: Session, case_id: int) -> list[VoteRow]:
    """Return each member's last vote, in the order in which members first voted."""
    query = select(VoteRow).where(VoteRow.case_id == case_id).order_by(col(VoteRow.id))
    latest: dict[str, VoteRow] = {}
    for row in session.exec(query):
        latest[row.person] = row
    return list(latest.values())


def conclude(
    session: Session,
    responses: Responses,
    case_id: int,
    *,
    model_level: Level,
    identity: Identity,
    now: datetime,
) -> tuple[Outcome, OverrideRow | None]:
    """Apply the rule to the votes of a case, and set the adjudicated level that follows from it.

    A decision equal to the model's level needs no override. The votes stand in for the second
    pair of eyes; members have signed one by one.
    """
    case = session.get(CaseRow, case_id)
    if case is None:
        raise ResponseError(f"there is no case {case_id}")
    cast = votes(session, case_id)
    ballots = [Ballot(v.sector, Level(v.level)) for v in cast]
    outcome = adjudicate(ballots, model_level, responses.panel)
    append(
        session,
        at=now,
        actor=str(identity),
        action="panel.conclude",
        subject=f"case:{case_id}",
        detail={
            "decided": outcome.decided.value if outcome.decided else None,
            "model_level": model_level.value,
            "tally": {level.value: n for level, n in outcome.tally},
            "dissent": [v.person for v in cast if not v.agrees],
        },
    )
    if outcome.decided is None or outcome.decided is model_level:
        return outcome, None
    names = "、".join(sorted({v.person for v in cast}))
    row = propose_override(
        session,
        responses,
        risk=Risk(case.risk),
        level=outcome.decided,
        model_level=model_level,
        reason=f"joint meeting of case {case_id}: {names}",
        author=identity,
        until=now + timedelta(days=responses.panel.days),
        now=now,
        case_id=case_id,
        seconded=True,
    )
    return outcome, row
