"""What `diffusion.yaml` may say: where the classes of a model begin, as data."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from config.errors import ConfigError
from config.method import Strict, Words

ClassName = Literal["high", "medium", "unknown", "low"]
Trigger = Literal[
    "hazard", "zone", "compute", "near_and_hazard", "lag", "hazard_half", "compute_medium",
    "special", "inherited", "controlled",
]  # fmt: skip
Evidence = Literal["hazard", "lag", "compute"]


class ComputeRule(Strict):
    """log10 of training FLOP."""

    high: float
    medium: float
    high_while_lag_months: float


class LagRule(Strict):
    high_months: float
    medium_months: float
    expires_days: int = Field(ge=1)


class HazardRule(Strict):
    high: float
    near: float
    medium: float


class ReviewRule(Strict):
    open_rank: int = Field(ge=1)
    lag_months: float


class PlusRule(Strict):
    safety_removed_d30: int
    safety_removed_days: int


class Diffusion(Strict):
    """`diffusion.yaml`, whole."""

    compute: ComputeRule
    lag: LagRule
    hazard: HazardRule
    review: ReviewRule
    plus: PlusRule
    smaller: float = Field(gt=0, le=1)
    classes: dict[ClassName, Words]
    triggers: dict[Trigger, Words]
    marks: dict[Trigger, str]
    """The triggers as formulas: h hazard, L lag in months, C compute, S special field."""
    missing: dict[Evidence, Words]


def parse_diffusion(document: dict[str, Any], file: str = "diffusion.yaml") -> Diffusion:
    """Return the typed rules; ConfigError names file, key and what was expected."""
    try:
        return Diffusion.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(file, key, first["msg"].removeprefix("Value error, ")) from error
