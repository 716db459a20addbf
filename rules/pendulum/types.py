"""What a reading of the pendulum is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.method import Words
from config.pendulum import Code, Field3


@dataclass(frozen=True)
class Codes:
    """Six codes: weights T, I, G of 0…4 and tendencies of −2…2 for the three fields."""

    weights: Mapping[Code, int]
    tendencies: Mapping[Field3, int]


@dataclass(frozen=True)
class Resultant:
    """R in [−1, 1] with the share of each field (they sum to 1) and the class of R."""

    value: float
    shares: Mapping[Field3, float]
    stance: str


@dataclass(frozen=True)
class Robustness:
    """Share of recodings, 0–1, that keep the class, and that keep the side of the middle."""

    kept: float
    side_kept: float

    @property
    def fragile(self) -> bool:
        """Whether more than one recoding in five changes the class."""
        return self.kept < 0.8


class Verdict(StrEnum):
    """How practice lies to the ideal: 高度吻合, 部分偏离, 显著偏离."""

    MATCH = "match"
    PARTIAL = "partial"
    SIGNIFICANT = "significant"
    NONE = "none"  # no coded act known


@dataclass(frozen=True)
class Act:
    """One coded act of a government: direction −2…2, force by its kind, and its day."""

    event_id: str
    jurisdiction: str
    day: date
    direction: int
    force: str
    title: Words
    verification: str
    source_url: str = ""


@dataclass(frozen=True)
class Weighed:
    """One act inside a practice score, with the weight that age and force leave it."""

    act: Act
    weight: float


@dataclass(frozen=True)
class Practice:
    """Practice score Y in [−1, 1], None where no act is known, with the acts it rests on."""

    value: float | None
    acts: tuple[Weighed, ...]


@dataclass(frozen=True)
class Deviation:
    """D = Y − R with its verdict; `overshoot` where both lean one way and practice goes further."""

    value: float | None
    verdict: Verdict
    overshoot: bool
    control: str | None = None
    """`gap` where the ideal asks for risk control and no act provides it, else `present`."""


@dataclass(frozen=True)
class Observation:
    """One code read from figures: what was measured, the code it gives, where from."""

    code: str
    """T, I, G, s, e or p."""
    value: float
    gives: int
    unit: str
    detail: Mapping[str, str]
    source: str
    as_of: date


@dataclass(frozen=True)
class Coded:
    """One code as used, how it was made, and what the figures would say."""

    code: str
    used: int
    by: str
    """`observed` or `hand`."""
    observation: Observation | None
    source: str

    @property
    def agrees(self) -> bool | None:
        """Whether hand and figures give the same code; None where no figures are at hand."""
        return None if self.observation is None else self.observation.gives == self.used


@dataclass(frozen=True)
class TrackPoint:
    """State at the end of one quarter: X with inertia, R beside it, the event if one swung it."""

    day: date
    x: float
    r: float
    stance: str
    event: str | None = None


@dataclass(frozen=True)
class CaseResult:
    """One golden case of the paper: what comes out, what the paper says, what others would give."""

    phase: str
    jurisdiction: str
    codes: Codes
    result: Resultant
    expected: float | None
    expected_stance: str | None
    equal: float
    linear: float
    equal_stance: str
    linear_stance: str
    robustness: Robustness
    controlled: bool
    coded: tuple[Coded, ...]
    practice: Practice
    deviation: Deviation
    wording: Words
    footnote: Words | None
    source: str

    @property
    def reproduced(self) -> bool | None:
        """Whether R agrees to two decimals and the class is the paper's; None without golden."""
        if self.expected is None:
            return None
        near = round(self.result.value, 2) == round(self.expected, 2)
        return near and self.result.stance == self.expected_stance


@dataclass(frozen=True)
class Proposal:
    """A critical event that the figures propose; it swings nothing until a person verifies it."""

    jurisdiction: str
    day: date
    kind: str
    """`delta_r`, `salience`, `leap` or `record`."""
    detail: Mapping[str, str]
    verified_by: str | None = None


@dataclass(frozen=True)
class PredictionScore:
    """A dated prediction and how it fares: pending, no_act, hit or miss."""

    id: str
    jurisdiction: str
    made_on: date
    from_on: date
    to_on: date
    inputs_until: date
    inputs: Codes
    predicted: float
    stance: str
    low: float
    high: float
    practice_low: float
    practice_high: float
    state: str
    practice: float | None
    error: float | None
    words: Words
    fails_if: Words


@dataclass(frozen=True)
class PendulumReading:
    """One jurisdiction as of a day: the ideal with inertia, its parts, practice and deviation."""

    jurisdiction: str
    name: Words
    as_of: date
    phase: str
    codes: Codes
    coded: tuple[Coded, ...]
    r: Resultant
    x: float
    stance: str
    """Class of X: what inertia leaves of R."""
    stance_name: Words
    controlled: bool
    """The ideal is to encourage, with risk control."""
    practice: Practice
    deviation: Deviation
    robustness: Robustness
    track: tuple[TrackPoint, ...]
    proposals: tuple[Proposal, ...]
    footnote: Words | None = None
    source: str = ""


@dataclass(frozen=True)
class PendulumReport:
    """Everything `tocsin pendulum` says: readings, the seven cases, predictions, cut-points."""

    as_of: date
    readings: tuple[PendulumReading, ...]
    cases: tuple[CaseResult, ...]
    predictions: tuple[PredictionScore, ...]
    cut_points: Mapping[str, tuple[float, float, float, float] | None]
    """By weighting: lowest and highest inner and outer cut-point with which all cases come out;
    None where no pair does."""
