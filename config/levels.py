"""What `levels.yaml` may say: weights, coverage, groups and the clauses of each level, as data.

A clause is one of a closed set of kinds, so that a rule is read and never run. Unknown keys, a
group or indicator nobody knows, a missing `because` are errors with file, key and expectation.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from config.errors import ConfigError
from config.method import Indicator, Strict, Words


class ClauseKind(StrEnum):
    """What a clause counts; each is one function of `rules.risk`."""

    COUNT_RED = "count_red"
    COUNT_YELLOW = "count_yellow"  # at yellow or red
    TRIPWIRE = "tripwire"  # at red and confirmed


class ClauseRule(Strict):
    """One clause: it holds when at least `at_least` votes from `min_sources` sources speak."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    level: Literal["yellow", "red"]
    kind: ClauseKind
    at_least: int = Field(ge=1)
    grades: tuple[Literal["A", "B", "C"], ...] = ("A", "B")
    min_sources: int = Field(default=1, ge=1)
    """Votes that pairwise share no source."""
    confirmed_by: int = Field(default=0, ge=0)
    """People who must have confirmed, for a tripwire."""
    despite_coverage: bool = False
    """Whether it counts even under the coverage gate."""
    because: Words
    """Filled with {names}, {count}, {sources}, {at_least}, {min_sources}."""


class GroupRule(Strict):
    """Indicators that tell one story: they vote once and share one weight."""

    id: str
    name: Words
    needs_second: bool = False
    """Whether its red counts only beside another group's colour."""
    across_risks: bool = False
    """Whether pages must say that it is one number in several risks."""
    because: Words


class Weights(Strict):
    """Weight of an indicator by its grade; a group shares the largest of its members'."""

    A: float = Field(gt=0)
    B: float = Field(gt=0)
    C: float = Field(ge=0)
    attested_tripwire: float = Field(ge=0)
    """Of a grade C tripwire whose review is attested for the day."""
    because: Words


class Coverage(Strict):
    gate: float = Field(gt=0, le=1)
    because: Words


class BlindSpot(Strict):
    """An indicator without colour whose value (%) is the share others could not see."""

    by: str
    of: tuple[str, ...] = Field(min_length=1)
    because: Words


class Watch(Strict):
    """What follows leaving red."""

    days: int = Field(ge=0)
    floor: Literal["green", "yellow"]
    """The level does not fall under this while the watch lasts."""
    because: Words


class Training(Strict):
    """A span whose events set a threshold and therefore cannot score it."""

    risk: Literal["misuse", "spillover", "backdoor"]
    indicator: str
    from_: date = Field(alias="from")
    to: date
    because: Words


class BacktestRule(Strict):
    """How the record is scored: horizons, which events count, and where time is split."""

    horizon_weeks: dict[Literal["misuse", "spillover", "backdoor"], int]
    kinds: dict[Literal["misuse", "spillover", "backdoor"], tuple[str, ...]]
    reversal_days: int = Field(ge=1)
    """A change of level that is undone within so many days is a reversal."""
    split_on: date
    """Thresholds are proposed on what lies before, tested on what lies after."""
    training: tuple[Training, ...] = ()
    because: Words


class Levels(Strict):
    """`levels.yaml`: how indicators make a risk level."""

    fold_from: date
    """First day of a reconstructed record; our own starts with its first fetch."""
    coverage: Coverage
    weights: Weights
    own_sources: tuple[str, ...] = ()
    """Tables coded by hand in this program: they make two sources neither one nor independent."""
    groups: tuple[GroupRule, ...]
    blind_spots: tuple[BlindSpot, ...] = ()
    clauses: tuple[ClauseRule, ...] = Field(min_length=1)
    watch: Watch
    backtest: BacktestRule
    release: Words
    """Why only a person lets a risk leave red."""
    holding: Words
    """Why a colour is held when coverage is lost."""

    def group(self, name: str | None) -> GroupRule | None:
        """Return the group of this id, or None."""
        return next((g for g in self.groups if g.id == name), None)


def parse_levels(document: dict[str, Any], file: Path | str = "levels.yaml") -> Levels:
    """Return the typed rules; ConfigError names file, key and what was expected."""
    try:
        return Levels.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        expected = "no such key" if first["type"] == "extra_forbidden" else first["msg"]
        raise ConfigError(file, key, expected) from error


def check_levels(
    levels: Levels, indicators: Iterable[Indicator], file: Path | str = "levels.yaml"
) -> None:
    """Refuse names that point nowhere: groups, blind spots, clause ids given twice."""
    known = {i.id: i for i in indicators}
    groups = {g.id for g in levels.groups}
    for indicator in known.values():
        if indicator.group is not None and indicator.group not in groups:
            raise ConfigError(
                file, "groups", f"a group {indicator.group} ({indicator.id} is in it)"
            )
    for spot in levels.blind_spots:
        for name in (spot.by, *spot.of):
            if name not in known:
                raise ConfigError(file, "blind_spots", f"an indicator's id, not {name}")
    for ids in ([c.id for c in levels.clauses], [g.id for g in levels.groups]):
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ConfigError(file, min(twice), "every id once")
