"""What the chapters of the annual report and the wider pages need, as values.

Each is optional: a chapter whose values are not at hand says so in words instead of vanishing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from config.method import Words
from reports.model import (
    AlertView,
    AssessmentView,
    Audience,
    HistoryPoint,
    MethodView,
    SourceView,
    TransitionView,
)
from rules.types import Risk


@dataclass(frozen=True)
class PaperCase:
    """One diagnosis of the founding paper: what the codes give, and what other weights would."""

    phase: str
    wording: Words
    r: float
    stance: Words
    reproduced: bool
    equal: float
    linear: float
    kept_under_noise: float
    """Share of random recodings that keep the class; under 0.8 it is fragile."""
    practice: float | None
    deviation: str
    """`match`, `partial`, `significant` or `none`."""
    overshoot: bool
    control: str | None = None
    """`gap` where the ideal asks for risk control and no act provides it."""
    footnote: Words | None = None


@dataclass(frozen=True)
class StanceView:
    """One jurisdiction under the pendulum: ideal R, practice Y (None: not computed), class."""

    jurisdiction: str
    name: Words
    ideal: float
    practice: float | None
    stance: Words
    weights: tuple[float, float, float]
    tendencies: tuple[float, float, float]
    as_of: date
    kept_under_noise: float | None = None
    """Share of random recodings that leave the class as it is."""
    coded_by_hand: bool = False
    note: Words | None = None
    resultant: float | None = None
    """R of today's codes alone; `ideal` is what inertia leaves of it."""
    shares: tuple[float, float, float] | None = None
    """Share of the three fields in R; they sum to 1."""
    track: tuple[HistoryPoint, ...] = ()
    """The ideal by quarter."""
    cases: tuple[PaperCase, ...] = ()
    prediction: Words | None = None
    """What was predicted for the running period."""


@dataclass(frozen=True)
class DiffusionRow:
    """One first-party release with its diffusion class and the triggers that made it."""

    model: str
    organisation: str
    released_on: date | None
    cls: str
    """`high`, `medium`, `low` or `unknown`."""
    hazard: float | None
    lag_months: float | None
    log10_compute: float | None
    triggers: tuple[str, ...] = ()
    floor: bool = False


@dataclass(frozen=True)
class Comparison:
    """One figure across jurisdictions; the first series is home."""

    key: str
    """`releases`, `lag`, `downloads`, `derivatives`."""
    unit: Words
    series: Mapping[str, tuple[HistoryPoint, ...]]
    """By jurisdiction: code → points."""
    source: str
    licence: str
    as_of: date
    completeness: Words


@dataclass(frozen=True)
class EventView:
    """A dated fact: `policy`, `incident`, `advisory`, `evaluation` or `release`."""

    on: date
    kind: str
    words: Words
    source: str
    url: str = ""
    verified: bool = True
    original: bool = False
    """Whether `words` is but the title of others, in the one language that they wrote it in."""


@dataclass(frozen=True)
class ScoredEvent:
    """One event of the ground truth and whether the method called it."""

    on: date
    words: Words
    risk: Risk
    result: str
    """`caught`, `missed`, `not_scorable`."""
    lead_days: int | None = None
    reason: Words | None = None


@dataclass(frozen=True)
class Scorecard:
    """The system's own record over a period; counts only where events can be scored."""

    first: date
    last: date
    events: tuple[ScoredEvent, ...]
    false_alarms: int
    level_changes: int
    days_red: int
    reconstructed: bool = True


@dataclass(frozen=True)
class MonthCount:
    """Counts of one month, by part."""

    month: date
    counts: tuple[int, ...]


@dataclass(frozen=True)
class CountSeries:
    """Monthly counts with the names of their parts and where they come from."""

    key: str
    parts: tuple[Words, ...]
    months: tuple[MonthCount, ...]
    source: str
    licence: str
    as_of: date


@dataclass(frozen=True)
class Correction:
    """Something published earlier that turned out wrong, and what became of it."""

    on: date
    words: Words


@dataclass(frozen=True)
class QuarantineView:
    """A batch held back."""

    source: str
    at: date
    reason: str
    rows: int
    state: str


@dataclass(frozen=True)
class ShareLine:
    """One family's part in a figure of a risk."""

    name: str
    organisation: str
    jurisdiction: str
    value: float
    share: float | None = None
    """None where the values do not add up to a whole."""


@dataclass(frozen=True)
class FamilyFigure:
    """Which families make up a figure of a risk: the first few, the rest counted.

    Roots that the registry does not know are one figure without names.
    """

    key: str
    """`frontier`, `removed`, `downloads`, `derivatives`, `foreign_roots`, `foreign_downloads`."""
    code: str
    """The indicator whose figure it opens up."""
    lines: tuple[ShareLine, ...]
    total: float | None
    further: float
    """What the families beyond `lines` add."""
    further_families: int
    unnamed: float
    unnamed_roots: int
    as_of: date
    source: str
    licence: str


@dataclass(frozen=True)
class AnnualView:
    """A year's report. `assessment` is as of the cut-off."""

    year: int
    assessment: AssessmentView
    method: MethodView
    sources: tuple[SourceView, ...]
    to_date: bool = False
    """The year is not over."""
    transitions: tuple[TransitionView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    pendulum: tuple[StanceView, ...] = ()
    diffusion: tuple[DiffusionRow, ...] = ()
    events: tuple[EventView, ...] = ()
    counts: tuple[CountSeries, ...] = ()
    families: Mapping[Risk, tuple[FamilyFigure, ...]] = field(default_factory=dict)
    """Which model families are behind the figures of each risk."""
    scorecard: Scorecard | None = None
    quarantines: tuple[QuarantineView, ...] = ()
    corrections: tuple[Correction, ...] = ()
    audience: Audience = Audience.PUBLIC
    zone: str = "Asia/Shanghai"
    version: str = ""


@dataclass(frozen=True)
class SpecialView:
    """A special assessment of one risk (首轮专项风险评估)."""

    risk: Risk
    assessment: AssessmentView
    method: MethodView
    sources: tuple[SourceView, ...]
    comparisons: tuple[Comparison, ...] = ()
    events: tuple[EventView, ...] = ()
    counts: tuple[CountSeries, ...] = ()
    families: Mapping[Risk, tuple[FamilyFigure, ...]] = field(default_factory=dict)
    """Which model families are behind the figures of each risk."""
    diffusion: tuple[DiffusionRow, ...] = ()
    scorecard: Scorecard | None = None
    alerts: tuple[AlertView, ...] = ()
    round: int = 1
    """First round, second round…; the title says which."""
    audience: Audience = Audience.INTERNAL
    zone: str = "Asia/Shanghai"
    version: str = ""


@dataclass(frozen=True)
class QuarterView:
    """A quarterly brief: the levels at its end, and what moved since its beginning."""

    year: int
    quarter: int
    assessment: AssessmentView
    before: AssessmentView | None
    method: MethodView
    sources: tuple[SourceView, ...]
    transitions: tuple[TransitionView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    events: tuple[EventView, ...] = ()
    audience: Audience = Audience.PUBLIC
    zone: str = "Asia/Shanghai"
    version: str = ""
