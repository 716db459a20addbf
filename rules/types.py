"""The values that judgements are made of; every other package speaks of levels in these words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Level(StrEnum):
    """Four words; `unassigned` means we do not know and never ranks as better than a colour."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNASSIGNED = "unassigned"


SEVERITY: Mapping[Level, int] = {Level.GREEN: 0, Level.YELLOW: 1, Level.RED: 2}
"""Rank of the three colours; `unassigned` has none on purpose."""


class Risk(StrEnum):
    """The three risks of the founding paper, 三(二)2."""

    MISUSE = "misuse"
    SPILLOVER = "spillover"
    BACKDOOR = "backdoor"


class Why(StrEnum):
    """Why an indicator has no value; each has words of its own in zh and en."""

    NO_DATA = "no_data"  # nothing of the kind was known yet
    STALE = "stale"  # the newest observation is older than the indicator allows
    EMPTY_WINDOW = "empty_window"  # known, but nothing inside the window
    TOO_SHORT = "too_short"  # the history is too short for this figure
    LOW_COVERAGE = "low_coverage"  # too little of what it should have seen
    NOT_ATTESTED = "not_attested"  # no person has attested a review of this period
    SOURCE_OFF = "source_off"  # the source is disabled or has no key
    QUARANTINED = "quarantined"  # the newest batch is held back
    FAILED = "failed"  # the query failed; a developer acts


@dataclass(frozen=True)
class Missing:
    """No value, and why; `detail` fills the words (dates ISO, counts as digits)."""

    why: Why
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """One indicator as of one moment: a value, or why there is none; never both, never neither.

    Numbers are rounded to six decimals by the reducer, so replay is byte for byte.
    """

    indicator: str
    as_of: datetime
    value: float | None
    """The published point value, in the indicator's unit."""
    missing: Missing | None
    votes: Mapping[str, float] = field(default_factory=dict)
    """Values that must agree before a colour counts (`point`, `without_largest`, `eci`, `arena`…).
    Empty means the value alone; the level is the least severe of the votes' levels."""
    low: float | None = None
    high: float | None = None
    """Bounds or interval of the value."""
    companions: Mapping[str, float] = field(default_factory=dict)
    """Figures printed beside it that never colour it (`by_tag`, `stock_share`, `tolerance_2`…)."""
    coverage: float | None = None
    """Share, 0–1, of what it should have seen that it saw."""
    newest_on: date | None = None
    oldest_on: date | None = None
    rows: int = 0
    vintage: str = ""
    """Hash of the inputs; `for` counts distinct vintages or evaluation days, never process runs."""
    sources: tuple[str, ...] = ()
    stale: bool = False
    """Older than the indicator's `stale_after` but not yet past `missing_after`."""
    series: tuple[tuple[date, float], ...] = ()
    """History the reducer computed on the way, oldest first (lag by month end, counts by month)."""


class Note(StrEnum):
    """Why an indicator's level differs from the level of its reading alone."""

    NONE = ""
    PENDING = "pending"  # higher, not yet seen often enough
    KEPT = "kept"  # clear of the threshold, not yet for long enough
    IN_BAND = "in_band"  # under the threshold, inside the dead band
    HELD_MISSING = "held_missing"  # no value: what was known last is held
    HELD_STALE = "held_stale"  # an old value lowers and raises nothing


@dataclass(frozen=True)
class IndicatorState:
    """What the fold remembers of one indicator between evaluation days."""

    level: Level = Level.UNASSIGNED
    since: date | None = None
    pending: Level | None = None
    pending_seen: tuple[str, ...] = ()
    """Evaluations (day or vintage) that spoke for `pending`."""
    last_supported: date | None = None
    """Last day on which a reading spoke for the level now held (`keep` counts from here)."""
    missing_since: date | None = None
    yellow_supported: date | None = None
    """Last day on which a reading spoke for yellow or more; red falls no further while it keeps."""


@dataclass(frozen=True)
class IndicatorAssessment:
    """One indicator inside an assessment: its reading, the level it has earned, and why."""

    id: str
    code: str
    reading: Reading
    raw_level: Level
    """Level of this reading alone, before `for`, `keep` and `band`."""
    level: Level
    since: date | None
    weight: float
    in_force: bool
    sources_disagree: bool = False
    note: str = ""
    """Why level and raw level differ (a `Note`): `pending`, `kept`, `in_band`, `held_missing`,
    `held_stale` or empty."""


@dataclass(frozen=True)
class Clause:
    """One clause of a risk's rule with whether it holds; those that do not hold are printed too."""

    id: str
    level: Level
    holds: bool
    because: Mapping[str, str]
    """zh and en, filled."""
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What would change a level: an indicator's nearest threshold, and when at today's pace."""

    indicator: str
    direction: str  # up | down
    to_level: Level
    threshold: float
    distance: float
    weeks: float | None = None
    weeks_low: float | None = None
    weeks_high: float | None = None
    """Interval of `weeks`; a high of None means: at the slow end of the pace, never."""
    risk_to: Level | None = None
    """Level that the rule would call for if this indicator alone changed; None: no other."""
    value: float | None = None
    """The value that decides: the least severe vote, or the bound that must cross."""


@dataclass(frozen=True)
class Override:
    """A person's level beside the model's, with reason, author and expiry."""

    level: Level
    reason: str
    author: str
    until: datetime


class ActKind(StrEnum):
    """What a person may do that a level depends on."""

    RELEASE = "release"  # lets a risk leave red once the rule allows it
    OVERRIDE = "override"  # a level beside the model's, until a moment
    REVOKE_OVERRIDE = "revoke_override"
    CONFIRM = "confirm"  # two people confirm what a tripwire reported
    RETRACT = "retract"  # takes a confirmation back


@dataclass(frozen=True)
class Act:
    """One human act, as the fold reads it; who may do what is checked where acts are stored."""

    kind: ActKind
    at: datetime
    author: str
    risk: Risk | None = None
    """For release, override and its revocation."""
    indicator: str | None = None
    """Id, for confirm and retract."""
    level: Level | None = None
    until: datetime | None = None
    """End of an override, or of a confirmation (None: until retracted)."""
    reason: str = ""
    second: str | None = None
    """The second pair of eyes, another person than `author`."""


@dataclass(frozen=True)
class RiskState:
    """What the fold remembers of one risk between evaluation days."""

    level: Level = Level.UNASSIGNED
    since: date | None = None
    coverage_lost_since: date | None = None
    release_due: bool = False
    """Red by rule no longer, waiting for a person's release."""
    watch_until: date | None = None
    """Step-down watch after leaving red."""


@dataclass(frozen=True)
class RiskAssessment:
    """One risk as of one moment: model level, adjudicated level, and everything that led there."""

    risk: Risk
    model_level: Level
    level: Level
    """Adjudicated: the override while one is in force, else the model's."""
    since: date | None
    coverage: float
    """Weight of fresh indicators ÷ weight of those in force, 0–1."""
    coverage_gate: float
    coverage_lost_since: date | None
    watch_until: date | None
    release_due: bool
    clauses: tuple[Clause, ...]
    indicators: tuple[IndicatorAssessment, ...]
    changes: tuple[Change, ...] = ()
    override: Override | None = None
    started_on: date | None = None
    """First day of the fold."""
    weight_in_force: float = 0.0
    """Denominator of `coverage`."""


@dataclass(frozen=True)
class Assessment:
    """The three risks as of one moment under one method."""

    as_of: datetime
    method: str
    method_sha256: str
    home: str
    reconstructed: bool
    risks: tuple[RiskAssessment, ...]


class TransitionKind(StrEnum):
    """How a level moved; only these raise notices."""

    BEGAN = "began"
    RISE = "rise"
    FALL = "fall"
    LOST = "lost"  # green became unassigned
    REGAINED = "regained"  # unassigned became green again


@dataclass(frozen=True)
class Transition:
    """A change of one risk's adjudicated level between two evaluation days."""

    risk: Risk
    kind: TransitionKind
    before: Level
    after: Level
    at: datetime
