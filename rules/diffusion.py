"""Which diffusion class a model falls into, why, and which duties would fall on whom.

The whole catalogue is classed by SQL (`views/diffusion.sql`); this is the same rule for one model,
with its reasons. A test holds the two together over every model of the shipped record.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from config.diffusion import Diffusion, Evidence, Trigger
from config.method import Words

MONTH_DAYS = 30.4375


class DiffusionClass(StrEnum):
    """In the order in which they are tried; unknown comes before low on purpose."""

    HIGH = "high"
    MEDIUM = "medium"
    UNKNOWN = "unknown"
    LOW = "low"


RANK: Mapping[DiffusionClass, int] = {
    DiffusionClass.LOW: 0,
    DiffusionClass.UNKNOWN: 1,
    DiffusionClass.MEDIUM: 2,
    DiffusionClass.HIGH: 3,
}
"""The numbers of the view's columns `class`, `own_class` and `root_class`."""

BY_RANK: Mapping[int, DiffusionClass] = {rank: cls for cls, rank in RANK.items()}


@dataclass(frozen=True)
class Facts:
    """What is known of one model on a day; None is not known, never none."""

    model_id: str
    released_on: date | None = None
    parameters: int | None = None
    log10_compute: float | None = None
    lag_days: int | None = None
    board_on: date | None = None
    open_rank: int | None = None
    hazard: float | None = None
    """Score over the human-expert baseline, the worst domain."""
    hazard_on: date | None = None
    red_zone: bool = False
    special: bool = False
    is_public: bool = True
    controlled: bool = False
    """Gated by hand, with no ungated copy and no safety-removed descendant."""
    stripped: int = 0
    """Safety-removed descendants, counted and never named."""
    stripped_d30: int = 0
    stripped_after_days: int | None = None


@dataclass(frozen=True)
class Judgement:
    """One model's class with what made it: triggers, what is missing, evidence and its expiry."""

    facts: Facts
    own: DiffusionClass
    cls: DiffusionClass
    triggers: tuple[Trigger, ...]
    missing: tuple[Evidence, ...]
    inherited_from: str | None
    lowered: bool
    review: bool
    """Candidate for the high class: a person should look."""
    plus: bool
    """Medium, and its safety-removed descendants are many or came fast."""
    evidence_on: date | None
    expires_on: date | None
    organisation: str | None = None
    jurisdiction: str = "unknown"
    first_party: bool = False
    safety_removed: bool = False

    @property
    def lag_months(self) -> float | None:
        """Months behind the closed frontier, None where not known."""
        days = self.facts.lag_days
        return None if days is None else round(days / MONTH_DAYS, 2)


def _days(months: float) -> int:
    return int(months * MONTH_DAYS)


def compute_class(log10_compute: float | None, rule: Diffusion) -> DiffusionClass:
    """Return the class by the compute clause alone, as of release (the boundary list)."""
    if log10_compute is None:
        return DiffusionClass.UNKNOWN
    if log10_compute >= rule.compute.high:
        return DiffusionClass.HIGH
    if log10_compute >= rule.compute.medium:
        return DiffusionClass.MEDIUM
    return DiffusionClass.LOW


def high_triggers(facts: Facts, rule: Diffusion) -> list[Trigger]:
    """Return the triggers of the high class that hold."""
    lag, hazard, compute = facts.lag_days, facts.hazard, facts.log10_compute
    recent = lag is not None and lag <= _days(rule.compute.high_while_lag_months)
    near = lag is not None and lag <= _days(rule.lag.high_months)
    found: list[Trigger] = []
    if hazard is not None and hazard >= rule.hazard.high:
        found.append("hazard")
    if facts.red_zone:
        found.append("zone")
    if compute is not None and compute >= rule.compute.high and recent:
        found.append("compute")
    if near and hazard is not None and hazard >= rule.hazard.near:
        found.append("near_and_hazard")
    return found


def medium_triggers(facts: Facts, rule: Diffusion) -> list[Trigger]:
    """Return the triggers of the medium class that hold."""
    found: list[Trigger] = []
    if facts.lag_days is not None and facts.lag_days <= _days(rule.lag.medium_months):
        found.append("lag")
    if facts.hazard is not None and facts.hazard >= rule.hazard.medium:
        found.append("hazard_half")
    if facts.log10_compute is not None and facts.log10_compute >= rule.compute.medium:
        found.append("compute_medium")
    if facts.special:
        found.append("special")
    return found


def lacking(facts: Facts) -> tuple[Evidence, ...]:
    """Return which of hazard, lag and compute is not known: without all three nothing is low."""
    found: list[Evidence] = []
    if facts.hazard is None:
        found.append("hazard")
    if facts.lag_days is None:
        found.append("lag")
    if facts.log10_compute is None:
        found.append("compute")
    return tuple(found)


def own_class(facts: Facts, rule: Diffusion) -> tuple[DiffusionClass, tuple[Trigger, ...], bool]:
    """Return the model's own class, its triggers, and whether controlled release lowered it."""
    if facts.is_public:
        high = high_triggers(facts, rule)
        if high and facts.controlled:
            return DiffusionClass.MEDIUM, (*high, "controlled"), True
        if high:
            return DiffusionClass.HIGH, tuple(high), False
        medium = medium_triggers(facts, rule)
        if medium:
            return DiffusionClass.MEDIUM, tuple(medium), False
    if lacking(facts):
        return DiffusionClass.UNKNOWN, (), False
    return DiffusionClass.LOW, (), False


def judge(facts: Facts, rule: Diffusion, root: Facts | None = None) -> Judgement:
    """Return the class of a model today, at least its root's unless it is distinctly smaller."""
    own, triggers, lowered = own_class(facts, rule)
    cls, source = own, None
    if root is not None and root.model_id != facts.model_id and not _smaller(facts, root, rule):
        above = own_class(root, rule)[0]
        if RANK[above] > RANK[own]:
            cls, source, triggers = above, root.model_id, (*triggers, "inherited")
    seen = [d for d in (facts.board_on, facts.hazard_on) if d is not None]
    oldest = min(seen, default=None)
    return Judgement(
        facts=facts,
        own=own,
        cls=cls,
        triggers=triggers,
        missing=lacking(facts),
        inherited_from=source,
        lowered=lowered,
        review=_for_review(facts, own, rule),
        plus=own is DiffusionClass.MEDIUM and _stripped_fast(facts, rule),
        evidence_on=oldest,
        expires_on=None if oldest is None else oldest + timedelta(days=rule.lag.expires_days),
    )


def _smaller(facts: Facts, root: Facts, rule: Diffusion) -> bool:
    if facts.parameters is None or root.parameters is None:
        return False
    # whole numbers, as the view has them
    return facts.parameters * 10 < root.parameters * round(rule.smaller * 10)


def _for_review(facts: Facts, own: DiffusionClass, rule: Diffusion) -> bool:
    near = facts.lag_days is not None and facts.lag_days <= _days(rule.review.lag_months)
    top = facts.open_rank is not None and facts.open_rank <= rule.review.open_rank
    return near and top and own is not DiffusionClass.HIGH


def _stripped_fast(facts: Facts, rule: Diffusion) -> bool:
    after = facts.stripped_after_days
    fast = after is not None and 0 <= after <= rule.plus.safety_removed_days
    return fast or facts.stripped_d30 >= rule.plus.safety_removed_d30


@dataclass(frozen=True)
class DutyRule:
    """One duty: under which stances it would hold, for which classes, and its words."""

    id: str
    words: Words
    stances: tuple[str, ...]
    classes: tuple[DiffusionClass, ...]


@dataclass(frozen=True)
class DutyLoad:
    """How many models, of which publishers, one duty would fall on."""

    duty: str
    words: Words
    classes: tuple[DiffusionClass, ...]
    models: int
    """First-party releases it would fall on."""
    others: int
    """Models of other accounts of the same classes, counted only."""
    publishers: tuple[tuple[str, int], ...]
    """First-party publishers with their number of models, most first."""


@dataclass(frozen=True)
class DryRun:
    """What would follow if the stance moved to one of the pendulum's classes."""

    stance: str
    loads: tuple[DutyLoad, ...]


def dry_run(stance: str, duties: Sequence[DutyRule], models: Iterable[Judgement]) -> DryRun:
    """Return which duties would fall on how many models of which publishers under a stance."""
    judged = list(models)
    loads = []
    for duty in duties:
        if stance not in duty.stances:
            continue
        touched = [m for m in judged if m.cls in duty.classes]
        own = Counter(m.organisation or "unknown" for m in touched if m.first_party)
        ranked = tuple(sorted(own.items(), key=lambda item: (-item[1], item[0])))
        total = sum(own.values())
        loads.append(
            DutyLoad(duty.id, duty.words, duty.classes, total, len(touched) - total, ranked)
        )
    return DryRun(stance, tuple(loads))
