"""The clauses of a risk's rule, evaluated as data: who votes, how often, from how many sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from config.levels import ClauseKind, ClauseRule, Levels
from config.method import Indicator
from rules.types import SEVERITY, Clause, IndicatorAssessment, Level


@dataclass(frozen=True)
class Vote:
    """One voice in a clause: an indicator, or a group that speaks once."""

    name: str
    members: tuple[str, ...]
    """Ids of the indicators that carry it, in the method's order."""
    sources: frozenset[str]


@dataclass(frozen=True)
class Bench:
    """What clauses are evaluated on: assessed indicators of one risk, and who confirmed what."""

    levels: Levels
    method: Mapping[str, Indicator]
    assessed: Sequence[IndicatorAssessment]
    confirmed_by: Mapping[str, int]
    """People who confirmed each tripwire, by indicator id."""


def evaluate(rule: ClauseRule, bench: Bench) -> Clause:
    """Return the clause with whether it holds and its words filled."""
    votes = _votes(rule, bench)
    apart = independent([v.sources for v in votes])
    members = tuple(m for v in votes for m in v.members)
    fill = {
        "count": str(len(votes)),
        "sources": str(apart),
        "at_least": str(rule.at_least),
        "min_sources": str(rule.min_sources),
    }
    because = {
        "zh": rule.because.zh.format(names=_names(votes, bench, "zh"), **fill),
        "en": rule.because.en.format(names=_names(votes, bench, "en"), **fill),
    }
    holds = len(votes) >= rule.at_least and apart >= rule.min_sources
    return Clause(rule.id, Level(rule.level), holds, because, members)


def _names(votes: Sequence[Vote], bench: Bench, language: str) -> str:
    """Return who votes; members of a group that votes once are joined by a plus."""
    none, between, plus = ("无", "、", "＋") if language == "zh" else ("none", ", ", " + ")

    def name(member: str) -> str:
        spec = bench.method[member]
        return f"{spec.code} {spec.name.zh if language == 'zh' else spec.name.en}"

    return between.join(plus.join(name(m) for m in vote.members) for vote in votes) or none


def _votes(rule: ClauseRule, bench: Bench) -> list[Vote]:
    least = Level.YELLOW if rule.kind is ClauseKind.COUNT_YELLOW else Level.RED
    speaking = [
        a
        for a in bench.assessed
        if SEVERITY.get(a.level, -1) >= SEVERITY[least]
        and bench.method[a.id].grade in rule.grades
        and (rule.kind is not ClauseKind.TRIPWIRE or _confirmed(a, rule, bench))
    ]
    by_group: dict[str, list[str]] = {}
    for assessed in speaking:
        group = bench.method[assessed.id].group or assessed.id
        by_group.setdefault(group, []).append(assessed.id)
    return [
        Vote(name, tuple(members), _sources(members, bench))
        for name, members in by_group.items()
        if rule.kind is not ClauseKind.COUNT_RED or _may_stand(name, bench)
    ]


def _confirmed(assessed: IndicatorAssessment, rule: ClauseRule, bench: Bench) -> bool:
    people = bench.confirmed_by.get(assessed.id, 0)
    return bench.method[assessed.id].tripwire and people >= rule.confirmed_by


def _may_stand(name: str, bench: Bench) -> bool:
    """Return whether a group's red counts: some groups need a colour of another kind beside it."""
    group = bench.levels.group(name)
    if group is None or not group.needs_second:
        return True
    return any(
        SEVERITY.get(a.level, -1) >= SEVERITY[Level.YELLOW]
        for a in bench.assessed
        if bench.method[a.id].group != name
    )


def _sources(members: Sequence[str], bench: Bench) -> frozenset[str]:
    own = set(bench.levels.own_sources)
    found = {s for m in members for s in bench.method[m].sources}
    return frozenset(found - own or found)


def independent(sources: Sequence[frozenset[str]]) -> int:
    """Return how many of these sets at most can be chosen so that no two share a source."""
    for size in range(len(sources), 1, -1):
        for chosen in combinations(sources, size):
            if all(not a & b for a, b in combinations(chosen, 2)):
                return size
    return min(len(sources), 1)
