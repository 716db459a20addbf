"""What `pendulum.yaml` may say: weights, classes, inertia, coded phases, predictions, as data."""

from datetime import date
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.errors import ConfigError
from config.method import Strict, Words

Code = Literal["T", "I", "G"]
Field3 = Literal["social", "economic", "political"]

DRIVES: dict[Code, Field3] = {"T": "social", "I": "economic", "G": "political"}
"""Which outside variable gives which field its weight."""


class Weighting(Strict):
    base: float = Field(gt=1)
    because: Words


class Stance(Strict):
    """One class of R: it ends at `at_most` (included) or `below` (not included)."""

    id: str
    name: Words
    at_most: float | None = None
    below: float | None = None


class Inertia(Strict):
    kappa: float = Field(ge=0, le=1)
    kappa_event: float = Field(ge=0, le=1)
    propose_delta: float = Field(gt=0)


class Control(Strict):
    opposition: float = Field(gt=0, lt=1)


class PracticeRule(Strict):
    half_life_months: float = Field(gt=0)
    force: dict[str, float]


class DeviationRule(Strict):
    match: float
    significant: float


class SalienceRule(Strict):
    """When a surge of reports proposes a critical event."""

    z: float
    feeds: int = Field(ge=1)
    baseline: int = Field(ge=3)
    guard: int = Field(ge=0)
    min_sigma: float = Field(gt=0)


class Noise(Strict):
    moved: float = Field(gt=0, lt=1)
    """Share of codes that move by one, half of them up."""


class IndustryRule(Strict):
    use: str
    use_instead: str
    gap: str
    parity_gap: float
    cuts: tuple[float, float, float, float]


class AttitudeRule(Strict):
    measure: str
    low: float
    crisis_days: int


class TechnologyRule(Strict):
    recent_months: int
    before_months: int
    cuts: tuple[float, float, float, float]


class GeopoliticsRule(Strict):
    months: tuple[float, float, float]
    event_days: int


class EconomyRule(Strict):
    top: int
    at_least: int
    cuts: tuple[float, float, float]


class PositionRule(Strict):
    leads: float
    led: float


class Observables(Strict):
    industry: IndustryRule
    attitude: AttitudeRule
    technology: TechnologyRule
    geopolitics: GeopoliticsRule
    economy: EconomyRule
    position: PositionRule


class Swing(Strict):
    """A critical event that a person has verified: from its quarter on the pendulum is loose."""

    event: str
    day: date
    jurisdictions: tuple[str, ...]
    verified_by: str


class Golden(Strict):
    """What the paper says must come out of a phase."""

    R: float
    class_: str = Field(alias="class")
    equal: float
    linear: float
    practice: Literal["match", "partial", "significant", "overshoot"]
    control: Literal["gap", "present"] | None = None


class Phase(Strict):
    """One jurisdiction's codes for a span of time, with the words of the paper that fix them."""

    id: str
    jurisdiction: str
    from_: date = Field(alias="from")
    to: date
    tested_on: date
    practice_on: date
    weights: dict[Code, int]
    tendencies: dict[Field3, int]
    opposition: dict[Field3, float]
    wording: Words
    golden: Golden | None = None
    by: Literal["hand"]
    source: str
    footnote: Words | None = None

    @model_validator(mode="after")
    def _codes_are_in_range(self) -> Self:
        if set(self.weights) != set(DRIVES) or set(self.tendencies) != set(DRIVES.values()):
            raise ValueError("weights T, I, G and tendencies social, economic, political")
        if not all(0 <= w <= 4 for w in self.weights.values()):
            raise ValueError("weights 0 to 4")
        if not all(-2 <= t <= 2 for t in self.tendencies.values()):
            raise ValueError("tendencies −2 to 2")
        if not all(0 <= o <= 1 for o in self.opposition.values()):
            raise ValueError("opposition 0 to 1")
        return self


class Prediction(Strict):
    """A dated statement about a period, with what would refute it."""

    id: str
    jurisdiction: str
    made_on: date
    inputs_until: date
    from_: date = Field(alias="from")
    to: date
    phase: str
    class_: str = Field(alias="class")
    low: float
    high: float
    practice_low: float
    practice_high: float
    words: Words
    fails_if: Words


class Pendulum(Strict):
    """`pendulum.yaml`, whole."""

    weighting: Weighting
    classes: tuple[Stance, ...] = Field(min_length=2)
    inertia: Inertia
    control: Control
    practice: PracticeRule
    deviation: DeviationRule
    salience: SalienceRule
    noise: Noise
    observables: Observables
    names: dict[str, Words]
    rivals: dict[str, str]
    swings: tuple[Swing, ...]
    phases: tuple[Phase, ...] = Field(min_length=1)
    predictions: tuple[Prediction, ...]

    @cached_property
    def by_id(self) -> dict[str, Phase]:
        """Phases by id."""
        return {p.id: p for p in self.phases}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known = {s.id for s in self.classes}
        for phase in self.phases:
            if phase.jurisdiction not in self.names:
                raise ValueError(f"a name for {phase.jurisdiction} under names")
            if phase.golden is not None and phase.golden.class_ not in known:
                raise ValueError(f"a class of classes (not {phase.golden.class_!r})")
        for prediction in self.predictions:
            if prediction.class_ not in known or prediction.phase not in self.by_id:
                raise ValueError(f"{prediction.id}: a known class and phase")
        return self

    def phase_on(self, jurisdiction: str, day: date) -> Phase | None:
        """Return the phase that holds on a day: the last that began, None before the first."""
        begun = [p for p in self.phases if p.jurisdiction == jurisdiction and p.from_ <= day]
        return max(begun, key=lambda p: p.from_) if begun else None


def parse_pendulum(document: dict[str, Any], file: str = "pendulum.yaml") -> Pendulum:
    """Return the typed pendulum; ConfigError names file, key and what was expected."""
    try:
        return Pendulum.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(file, key, first["msg"].removeprefix("Value error, ")) from error
