"""One version of the assessment method, as typed values; unknown keys are refused.

A method is a folder: `method.yaml` (version, adoption, review), `levels.yaml`, `responses.yaml`,
`diffusion.yaml`, `pendulum.yaml`, `views/*.sql` and `indicators/RISK/*.yaml`. Nothing that decides
a level stands in Python.
"""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Frozen, and a key we do not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    """The same thing said in Chinese and in English, each written by hand."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class BasisKind(StrEnum):
    """Where a threshold comes from; `expert` and `derived` are printed as provisional."""

    PUBLISHED = "published"
    CALIBRATED = "calibrated"
    DERIVED = "derived"  # from the quantiles of the shipped record; provisional
    EXPERT = "expert"


class Basis(Strict):
    kind: BasisKind
    source: str
    """Citation or record; for `expert`, who proposed it."""
    note: Words


class Threshold(Strict):
    """Where a colour begins, in the indicator's unit; equal counts as reached."""

    value: float
    basis: Basis

    @property
    def provisional(self) -> bool:
        """Whether no published figure or calibration carries it."""
        return self.basis.kind in (BasisKind.EXPERT, BasisKind.DERIVED)


class Reducer(Strict):
    """One of the closed list of `rules.reduce`, with its parameters."""

    name: str
    params: dict[str, float | int | str | list[str] | list[float] | list[int]] = {}


class Case(Strict):
    """A hand-computed example: rows of the tables it reads, and the value that must come out."""

    name: str
    as_of: date
    home: str = "CN"
    given: dict[str, list[dict[str, object]]]
    expect: dict[str, object]


class Indicator(Strict):
    """One indicator: words, query, reducer, thresholds with their basis, a test case."""

    id: str
    code: str
    risk: Literal["misuse", "spillover", "backdoor"]
    name: Words
    measures: Words
    why: Words
    reading: Words
    weaknesses: Words
    unit: Words
    decimals: int = Field(ge=0, le=6)
    direction: Literal["up", "down"]
    """`up`: higher is riskier."""
    grade: Literal["A", "B", "C"]
    group: str | None = None
    tripwire: bool = False
    colourless: bool = False
    """Has no colour of its own (B06 only lowers the coverage of `backdoor`)."""
    every_days: int = Field(ge=1)
    stale_after_days: int = Field(ge=1)
    missing_after_days: int = Field(ge=1)
    sources: tuple[str, ...]
    """Sources it draws on: in force if any is enabled; independence is judged by them."""
    agree: Literal["least_severe", "bounds"] = "least_severe"
    min_coverage: float | None = None
    yellow: Threshold | None = None
    red: Threshold | None = None
    for_: int = Field(default=2, alias="for", ge=1)
    keep_days: int = Field(default=28, ge=0)
    band: float = Field(default=0.10, ge=0, lt=1)
    """Dead band on the way down, as a share of the threshold…"""
    band_absolute: float | None = None
    """…or in the indicator's unit."""
    views: tuple[str, ...] = ()
    """Method views the query reads (the lake's tables need no mention)."""
    sql: str
    reducer: Reducer
    cases: tuple[Case, ...] = Field(min_length=1)
