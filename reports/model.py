"""What a page needs, as values: the reports tell these and conclude nothing.

Views are neutral of language: levels, numbers, dates and `Words`; the templates of `zh/` and `en/`
say them. `monitor` fills them through the builders of `reports.build`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from collectors.base import Seen
from config.method import Indicator, Words
from reports.charts.calendar import Run
from rules.types import (
    Assessment,
    Change,
    IndicatorAssessment,
    Level,
    Risk,
    RiskAssessment,
    TransitionKind,
)


class Audience(StrEnum):
    """Who may read an artefact; internal ones bear their marking."""

    INTERNAL = "internal"
    PUBLIC = "public"


@dataclass(frozen=True)
class HistoryPoint:
    """An indicator's value on one day; None is a gap. `low` and `high` are its interval."""

    on: date
    value: float | None
    low: float | None = None
    high: float | None = None
    level: Level | None = None


@dataclass(frozen=True)
class Vintage:
    """One history as it was computed from the data known on `known_on`."""

    known_on: date
    points: tuple[HistoryPoint, ...]
    label: str = ""


@dataclass(frozen=True)
class EvidenceRow:
    """One source row behind a value: what it says, where it stands, when fetched, file hash."""

    words: str
    """The row's own name or title, as its source gives it; empty where rows are only counted."""
    source: str
    url: str
    table: str = ""
    """Table of the lake that the row stands in."""
    label: str = ""
    """Its identifier there, or its board."""
    title: Words | None = None
    """A title in both languages, where one was written by hand."""
    value: float | None = None
    unit: str = ""
    on: date | None = None
    """The day that the row is about."""
    fetched_at: datetime | None = None
    known_on: date | None = None
    sha256: str = ""
    baseline: bool = False
    rows: int | None = None
    """Set where a table's rows are counted and not listed."""


class SourceState(StrEnum):
    """How a source is doing, in the order of worry."""

    FRESH = "fresh"
    STALE = "stale"
    QUARANTINED = "quarantined"
    FAILED = "failed"
    SKIPPED = "skipped"
    NEVER = "never"


@dataclass(frozen=True)
class SourceView:
    """One source and its health. `rows` counts the newest batch; `newest_on` its observations."""

    id: str
    title: str
    homepage: str
    licence: str
    terms: str
    seen: Seen
    state: SourceState
    seen_live: bool = False
    """Whether a live fetch has ever succeeded (offline and stand-in runs never count)."""
    last_try_at: datetime | None = None
    last_ok_at: datetime | None = None
    newest_on: date | None = None
    rows: int | None = None
    quarantined: int = 0
    error: str = ""
    every_hours: float | None = None
    redistributable: bool = True
    indicators: tuple[str, ...] = ()
    """Codes of the indicators that draw on it."""
    baseline_rows: int = 0
    baseline_until: date | None = None


@dataclass(frozen=True)
class IndicatorView:
    """One indicator on one page: its sheet, its assessment, its history and what it rests on."""

    spec: Indicator
    state: IndicatorAssessment
    history: tuple[HistoryPoint, ...] = ()
    vintages: tuple[Vintage, ...] = ()
    """Older vintages of the same history, newest first."""
    counts: tuple[HistoryPoint, ...] = ()
    """Monthly counts behind the value, where the reducer works on counts."""
    sources: tuple[SourceView, ...] = ()
    evidence: tuple[EvidenceRow, ...] = ()
    change: Change | None = None
    as_of: datetime | None = None
    reconstructed: bool = False
    other: IndicatorAssessment | None = None
    """The same indicator in the assessment shown beside this one (today or reconstructed)."""

    @property
    def provisional(self) -> bool:
        """Whether any threshold is without a published figure or calibration."""
        return any(t.provisional for t in (self.spec.yellow, self.spec.red) if t)


@dataclass(frozen=True)
class TransitionView:
    """A change of a level with the clauses that made it; `alert` is the alert's id, if any."""

    risk: Risk
    kind: TransitionKind
    before: Level
    after: Level
    at: datetime
    because: Words | None = None
    alert: str = ""
    reconstructed: bool = False


@dataclass(frozen=True)
class MeasureView:
    """One measure that the method recommends at a level."""

    level: Level
    words: Words


@dataclass(frozen=True)
class RiskView:
    """One risk: its assessment, its indicators, the year's band and its transitions."""

    state: RiskAssessment
    indicators: tuple[IndicatorView, ...]
    band: tuple[Run, ...] = ()
    band_from: date | None = None
    band_to: date | None = None
    transitions: tuple[TransitionView, ...] = ()
    measures: tuple[MeasureView, ...] = ()
    beside: RiskAssessment | None = None
    """The same risk in the other assessment: reconstructed beside today's, or today's beside it."""
    started_on: date | None = None

    @property
    def risk(self) -> Risk:
        """Which of the three."""
        return self.state.risk


@dataclass(frozen=True)
class AssessmentView:
    """The three risks as of one moment, ready to be shown."""

    assessment: Assessment
    risks: tuple[RiskView, ...]

    @property
    def as_of(self) -> datetime:
        """The moment."""
        return self.assessment.as_of

    @property
    def reconstructed(self) -> bool:
        """Whether it was made from what the world knew, not from what we held."""
        return self.assessment.reconstructed

    @property
    def indicators(self) -> tuple[IndicatorView, ...]:
        """All indicators, risk by risk."""
        return tuple(i for r in self.risks for i in r.indicators)


@dataclass(frozen=True)
class MethodView:
    """What the method page prints beside the indicators."""

    version: str
    sha256: str
    adopted_on: date | None = None
    review_due: date | None = None
    changes: str = ""
    """The method's change log, plain text."""
    views: tuple[str, ...] = ()
    coverage_gate: float = 0.6
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StepView:
    """One step of the response clock with its absolute deadline."""

    kind: str
    """`opened`, `acknowledge`, `convene`, `plan`, `implement` or `close`."""
    due_at: datetime | None = None
    done_at: datetime | None = None
    who: str = ""
    hours: float | None = None
    working: bool = False
    """Whether the clock counts working hours rather than calendar hours."""


@dataclass(frozen=True)
class TaskView:
    """One thing to be done, by whom, until when."""

    words: Words
    owner: Words | None = None
    due_on: date | None = None
    done: bool = False


@dataclass(frozen=True)
class OptionView:
    """One option before the joint meeting, with what it costs."""

    title: Words
    words: Words
    cost: Words | None = None


@dataclass(frozen=True)
class AgendaItem:
    """One item of the agenda, in minutes from the start."""

    start: int
    end: int
    words: Words
    outcome: Words
    speaker: Words


@dataclass(frozen=True)
class PartyView:
    """One side invited to the joint meeting."""

    side: Words
    seats: Words
    brings: Words


@dataclass(frozen=True)
class SignatureView:
    """What a party signed, or its dissent word for word."""

    party: str
    agreed: bool
    signed_at: datetime
    dissent: str = ""


@dataclass(frozen=True)
class CaseView:
    """A response: its clock, its meeting, its plan and who signed."""

    id: str
    steps: tuple[StepView, ...] = ()
    agenda: tuple[AgendaItem, ...] = ()
    options: tuple[OptionView, ...] = ()
    parties: tuple[PartyView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    signatures: tuple[SignatureView, ...] = ()


@dataclass(frozen=True)
class AlertView:
    """An alert: the transition, the risk as assessed then, and the response it opened."""

    id: str
    year: int
    number: int
    """Running number within the year: 预警〔2026〕3号."""
    transition: TransitionView
    risk: RiskView
    created_at: datetime
    method: str
    method_sha256: str
    home: str
    case: CaseView | None = None
    exercise: bool = False
    retracted: bool = False
    reconstructed: bool = False
    before: RiskAssessment | None = None
    """The assessment before, so that the page can say which indicators moved."""
    sources: tuple[SourceView, ...] = ()
    zone: str = "Asia/Shanghai"
