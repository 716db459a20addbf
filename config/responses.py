"""What a level sets in motion: clocks, steps, joint meeting, options, duties, as the method says.

`responses.yaml` of a method, typed; unknown keys are refused. Durations are hours.
"""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.errors import ConfigError
from config.method import Strict, Words

StepName = Literal["acknowledge", "convene", "assess", "plan", "report", "close"]
STEPS: tuple[StepName, ...] = ("acknowledge", "convene", "assess", "plan", "report", "close")
"""The six steps in their order; one is done only after the one before it."""
Alarm = Literal["yellow", "red"]
Sector = Literal["government", "industry", "research"]


class Clock(Strict):
    """How long a step may take from the rise, in calendar or in working hours."""

    hours: int = Field(ge=1)
    count: Literal["calendar", "working"] = "calendar"


class Rung(Strict):
    """One rung of the escalation ladder: so many hours after the deadline, this role is told."""

    late_hours: int = Field(ge=0)
    role: str


class LevelResponse(Strict):
    """What a rise to one level sets in motion."""

    clocks: dict[StepName, Clock]
    remind_every_hours: int = Field(ge=1)
    """Until somebody acknowledges."""
    ladder: tuple[Rung, ...] = Field(min_length=1)
    meeting_minutes: int = Field(ge=15)

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        delays = [rung.late_hours for rung in self.ladder]
        if delays != sorted(set(delays)):
            raise ValueError("a ladder whose late_hours rise from rung to rung")
        return self


class Step(Strict):
    """Name of a step and the role that owes it."""

    name: Words
    owner: str


class Role(Strict):
    name: Words


class Agenda(Strict):
    """One item of the joint meeting."""

    minutes: int = Field(ge=1)
    item: Words
    outcome: Words
    speaker: Words


class Party(Strict):
    """One side of the joint meeting: who sits there and what they bring."""

    side: Words
    seats: Words
    brings: Words


class Option(Strict):
    """One option before the joint meeting, with what it costs and whom it binds."""

    title: Words
    words: Words
    cost: Words


class Measure(Strict):
    """A measure the method recommends at a level."""

    words: Words


class PlanTask(Strict):
    """A task of the draft plan; due so many days after the rise."""

    words: Words
    owner: Words
    role: str
    days: int = Field(ge=1)


class RiskResponse(Strict):
    """What is peculiar to one risk: seats, options, plan, measures by level."""

    parties: dict[Sector, Party]
    options: tuple[Option, ...] = Field(min_length=2)
    plan: tuple[PlanTask, ...]
    measures: dict[Literal["green", "yellow", "red"], tuple[Measure, ...]]
    report_to: Words
    """Who receives the upward report."""


class PanelRule(Strict):
    """When the votes of a joint meeting decide the adjudicated level."""

    sectors: int = Field(ge=1, le=3)
    """Sectors that must have voted."""
    share: float = Field(gt=0.5, le=1)
    """Share of the votes that must hold the same level."""
    lower_share: float = Field(gt=0.5, le=1)
    """The same for a level under the model's."""
    days: int = Field(ge=1, le=180)
    """How long the adjudicated level stands beside the model's."""
    because: Words


class FourEyes(Strict):
    """Which human acts need a second person."""

    lower: bool
    """An override under the model's level."""
    raise_: bool = Field(alias="raise")
    release: bool
    evidence: bool
    override_days: int = Field(ge=1, le=180)
    """Longest time an override may stand."""


class Grade(Strict):
    """One of our colours beside the national grades and the four colours of emergency plans."""

    level: Literal["green", "yellow", "red"]
    framework: Words
    colour: Words
    note: Words


class Duty(Strict):
    """A duty that would hold under some stances of the pendulum, for some diffusion classes."""

    id: str
    stances: tuple[str, ...]
    classes: tuple[Literal["high", "medium", "unknown", "low"], ...]
    words: Words


class Flap(Strict):
    moves: int = Field(ge=2)
    days: int = Field(ge=1)


class Responses(Strict):
    """`responses.yaml`: the whole procedure from a rise to a closed case."""

    roles: dict[str, Role]
    steps: dict[StepName, Step]
    levels: dict[Alarm, LevelResponse]
    agenda: tuple[Agenda, ...] = Field(min_length=1)
    risks: dict[Literal["misuse", "spillover", "backdoor"], RiskResponse]
    panel: PanelRule
    four_eyes: FourEyes
    flap: Flap
    release_days: int = Field(ge=1)
    """A release that was not used within these days is void."""
    crosswalk: tuple[Grade, ...]
    duties: tuple[Duty, ...] = ()
    """What would fall on whom if the pendulum moved; a dry run, no duty of today."""

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        named = [step.owner for step in self.steps.values()]
        named += [rung.role for level in self.levels.values() for rung in level.ladder]
        named += [task.role for risk in self.risks.values() for task in risk.plan]
        for role in named:
            if role not in self.roles:
                raise ValueError(f"a role of `roles` (not {role!r})")
        if set(self.steps) != set(STEPS):
            raise ValueError(f"the six steps {', '.join(STEPS)}")
        return self


def parse_responses(document: dict[str, Any], file: Path | str = "responses.yaml") -> Responses:
    """Return the typed procedure; ConfigError names file, key and what was expected."""
    try:
        return Responses.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(file, key, first["msg"].removeprefix("Value error, ")) from error
