"""How levels moved between two assessments; from these alone notices are made."""

from rules.types import SEVERITY, Assessment, Level, RiskAssessment, Transition, TransitionKind


def kind_of(before: Level, after: Level) -> TransitionKind | None:
    """Return how a level moved, None if it did not.

    `unassigned` is never better than a colour: leaving yellow or red for it is LOST, not FALL;
    coming from it to yellow or red is a RISE.
    """
    if before is after:
        return None
    if after is Level.UNASSIGNED:
        return TransitionKind.LOST
    if before is Level.UNASSIGNED:
        return TransitionKind.REGAINED if after is Level.GREEN else TransitionKind.RISE
    return TransitionKind.RISE if SEVERITY[after] > SEVERITY[before] else TransitionKind.FALL


def between(before: RiskAssessment | None, after: RiskAssessment) -> TransitionKind | None:
    """Return the kind of change of one risk's adjudicated level; BEGAN where nothing was before."""
    return TransitionKind.BEGAN if before is None else kind_of(before.level, after.level)


def transitions(before: Assessment | None, after: Assessment) -> tuple[Transition, ...]:
    """Return the transitions of the adjudicated levels, in the order of the risks.

    Without a `before` every risk BEGAN: that is a first notice, not a rise.
    """
    earlier = {r.risk: r for r in before.risks} if before is not None else {}
    moved = []
    for now in after.risks:
        was = earlier.get(now.risk)
        kind = between(was, now)
        if kind is not None:
            level = was.level if was is not None else Level.UNASSIGNED
            moved.append(Transition(now.risk, kind, level, now.level, after.as_of))
    return tuple(moved)
