"""Fold a daily grid over what was known: each day's readings, then levels, then risks.

`keep`, releases and overrides make a level depend on its past, so a day's assessment is always the
end of a fold from the start: nothing is read back from what an earlier run concluded. A reading is
taken when its inputs changed or its rhythm is due, and kept in between; readings are remembered by
(indicator, moment, vintage of its inputs), so folding again costs next to nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from config.levels import Levels, parse_levels
from config.method import Indicator, Method
from monitor.asof import View
from monitor.indicators import Rows, evaluate, reading
from monitor.rhythm import Plan, aged, is_due, plan_of
from rules import level as level_rules
from rules import risk as risk_rules
from rules.reduction import absent
from rules.threshold import raw_level, sources_disagree
from rules.types import (
    Act,
    Assessment,
    IndicatorAssessment,
    IndicatorState,
    Note,
    Reading,
    Risk,
    RiskState,
    Why,
)

Key = tuple[str, str, str, str]
"""Indicator's hash, moment, vintage of its inputs, home."""


class Memo(Protocol):
    """Remembers readings that cannot change any more."""

    def get(self, key: Key) -> Reading | None:
        """Return what is remembered, or None."""

    def put(self, key: Key, found: Reading) -> None:
        """Remember a reading."""


class InMemory:
    """A memo that lives as long as the process."""

    def __init__(self) -> None:
        self._found: dict[Key, Reading] = {}

    def get(self, key: Key) -> Reading | None:
        """Return what is remembered, or None."""
        return self._found.get(key)

    def put(self, key: Key, found: Reading) -> None:
        """Remember a reading."""
        self._found[key] = found


@dataclass
class _Memory:
    """What the fold remembers of one indicator."""

    state: IndicatorState = field(default_factory=IndicatorState)
    reading: Reading | None = None
    note: Note = Note.NONE
    values: list[tuple[date, float]] = field(default_factory=list)
    """Values by day of evaluation, oldest first."""


class Fold:
    """The state of one record (our own or the reconstructed one), moved on one moment at a time."""

    def __init__(
        self,
        view: View,
        method: Method,
        *,
        acts: Sequence[Act] = (),
        sources_on: frozenset[str] | None = None,
        memo: Memo | None = None,
    ) -> None:
        self.acts, self.sources_on = sorted(acts, key=_order), sources_on
        self.memo: Memo = memo if memo is not None else InMemory()
        self.remembered: dict[str, _Memory] = {}
        self.risks: dict[Risk, RiskState] = {}
        self.previous: datetime | None = None
        self.started_on: date | None = None
        self.take_over(view, method)

    def take_over(self, view: View, method: Method) -> None:
        """Judge by this method from the next moment on; what was remembered stays.

        `view` must hold the method's own views.
        """
        self.view, self.method = view, method
        self._vintages: dict[tuple[str, ...], tuple[tuple[int, ...], str]] = {}
        self.levels: Levels = parse_levels(method.levels)
        self.by_id = method.by_id
        self.plans = [plan_of(method, i) for i in method.indicators]

    def step(self, moment: datetime) -> Assessment:
        """Return the assessment at the next moment; moments must not go back."""
        if self.previous is not None and moment < self.previous:
            raise ValueError(f"{moment.isoformat()} lies before {self.previous.isoformat()}")
        self.started_on = self.started_on or moment.date()
        acts = [a for a in self.acts if a.at <= moment]
        self._read_all(moment)
        risks = []
        for risk in Risk:
            state, found = risk_rules.assess(
                risk,
                self.risks.get(risk, RiskState()),
                self.levels,
                self.by_id,
                self._assessed(risk),
                acts,
                moment,
                self.previous,
            )
            self.risks[risk] = state
            risks.append(replace(found, started_on=self.started_on))
        self.previous = moment
        return Assessment(
            as_of=moment,
            method=self.method.version,
            method_sha256=self.method.sha256,
            home=self.view.home,
            reconstructed=self.view.reconstructed,
            risks=tuple(risks),
        )

    def with_changes(self, assessment: Assessment) -> Assessment:
        """Return an assessment with what would change each risk, nearest first.

        An earlier one than the last is told from what was read until then.
        """
        from rules.forecast import changes_of_risk  # SciPy takes a second to load: only when asked

        last = assessment.as_of.date()
        series = {
            i.id: [point for point in self.history(i.id) if point[0] <= last]
            for i in self.method.indicators
        }
        risks = tuple(
            replace(
                r, changes=changes_of_risk(r, self.levels, self.by_id, series, assessment.as_of)
            )
            for r in assessment.risks
        )
        return replace(assessment, risks=risks)

    def tables_of(self, indicator: str) -> tuple[str, ...]:
        """Return the lake tables that an indicator reads, through views too."""
        return next(p.tables for p in self.plans if p.indicator.id == indicator)

    def history(self, indicator: str) -> list[tuple[date, float]]:
        """Return the indicator's values by day of evaluation, oldest first."""
        found = self.remembered.get(indicator)
        return list(found.values) if found else []

    def _assessed(self, risk: Risk) -> list[IndicatorAssessment]:
        indicators = [i for i in self.method.indicators if i.risk == risk.value]
        in_force = self._in_force(indicators)
        weights = risk_rules.weights(self.levels, indicators, in_force)
        found = []
        for indicator in indicators:
            memory = self.remembered[indicator.id]
            if memory.reading is None:
                raise LookupError(f"{indicator.id} was not read")
            found.append(
                IndicatorAssessment(
                    id=indicator.id,
                    code=indicator.code,
                    reading=memory.reading,
                    raw_level=raw_level(memory.reading, indicator),
                    level=memory.state.level,
                    since=memory.state.since,
                    weight=weights[indicator.id],
                    in_force=indicator.id in in_force,
                    sources_disagree=sources_disagree(memory.reading, indicator),
                    note=memory.note,
                )
            )
        return found

    def _in_force(self, indicators: Iterable[Indicator]) -> frozenset[str]:
        """Return ids whose source is enabled, or whose evidence is attested for the moment."""
        on = set()
        for indicator in indicators:
            memory = self.remembered[indicator.id]
            if _is_coded(indicator):
                attested = memory.reading is not None and memory.reading.value is not None
            else:
                attested = self.sources_on is None or bool(self.sources_on & set(indicator.sources))
            if attested:
                on.add(indicator.id)
        return frozenset(on)

    def _read_all(self, moment: datetime) -> None:
        """Bring every indicator's reading and level to the moment; what must be read is read."""
        past = self.view.reconstructed
        due: list[tuple[Plan, Key]] = []
        for plan in self.plans:
            memory = self.remembered.setdefault(plan.indicator.id, _Memory())
            vintage = self._vintage(plan.tables, moment)
            if not is_due(plan.indicator, memory.reading, vintage, moment, past=past):
                if memory.reading is not None:
                    memory.reading = aged(memory.reading, plan.indicator, moment)
                continue
            key = self._key(plan, moment, vintage)
            memory.reading = self._known(plan, key, moment)
            if memory.reading is None:
                due.append((plan, key))
        if due:
            rows = self.view.prepare(moment, {name for plan, _ in due for name in plan.reads})
            for plan, key in due:
                found = self._evaluate(rows, plan, key, moment)
                self.remembered[plan.indicator.id].reading = found
        for plan in self.plans:
            self._judge(plan, moment)

    def _judge(self, plan: Plan, moment: datetime) -> None:
        memory, day = self.remembered[plan.indicator.id], moment.date()
        found = memory.reading
        if found is None:
            raise LookupError(f"{plan.indicator.id} was not read")
        if found.as_of == moment and found.value is not None:
            memory.values.append((day, found.value))
        memory.state, memory.note = level_rules.step(memory.state, found, plan.indicator, day)

    def _key(self, plan: Plan, moment: datetime, vintage: str) -> Key:
        on = self.sources_on is None or bool(self.sources_on & set(plan.indicator.sources))
        return f"{plan.sha256}{on:d}", moment.isoformat(), vintage, self.view.home

    def _known(self, plan: Plan, key: Key, moment: datetime) -> Reading | None:
        """Return the reading where it needs no query: nothing was known yet, or remembered."""
        # the query of a coded one says that nobody has attested a review
        if not _is_coded(plan.indicator) and not self.view.knows(
            plan.tables, plan.indicator.sources, moment
        ):
            outcome = absent(Why.NO_DATA, [])
            on = self.sources_on
            return reading(plan.indicator, moment, outcome, vintage=key[2], sources_on=on)
        return self.memo.get(key)

    def _evaluate(self, rows: Rows, plan: Plan, key: Key, moment: datetime) -> Reading:
        found = evaluate(
            rows,
            plan.indicator,
            moment,
            home=self.view.home,
            vintage=key[2],
            sources_on=self.sources_on,
        )
        if found.missing is None or found.missing.why is not Why.FAILED:
            self.memo.put(key, found)
        return found

    def _vintage(self, tables: tuple[str, ...], moment: datetime) -> str:
        counts = tuple(len(self.view.known(t, moment)) for t in tables)
        before = self._vintages.get(tables)
        if before is None or before[0] != counts:
            before = self._vintages[tables] = (counts, self.view.vintage(tables, moment))
        return before[1]


def _is_coded(indicator: Indicator) -> bool:
    """Whether people enter it: then it is in force while a review is attested."""
    entered = set(indicator.sources) == {"evidence"}
    return indicator.grade == "C" or entered or "reviews" in indicator.views


def _order(act: Act) -> tuple[datetime, str, str]:
    return act.at, act.kind.value, act.author


def grid(first: date, last: datetime) -> Iterator[datetime]:
    """Return 00:00 UTC of each day from `first`, and `last` itself if it is none of them."""
    moment = datetime.combine(first, time(0), UTC)
    while moment <= last:
        yield moment
        moment += timedelta(days=1)
    if last.time() != time(0):
        yield last


def start_of(view: View, levels: Levels) -> date | None:
    """Return the first day of the fold: the first midnight that knew something; None if none did.

    A reconstructed record starts no earlier than the method says.
    """
    moments = view.moments()
    if not moments:
        return None
    known = datetime.fromtimestamp(moments[0], UTC)
    first = known.date() if known.time() == time(0) else known.date() + timedelta(days=1)
    return max(first, levels.fold_from) if view.reconstructed else first


@dataclass(frozen=True)
class Successor:
    """A method that takes over on a day, with a view that holds its views."""

    day: date
    method: Method
    view: View


def replay(
    view: View,
    method: Method,
    last: datetime,
    *,
    acts: Sequence[Act] = (),
    sources_on: frozenset[str] | None = None,
    memo: Memo | None = None,
    successors: Sequence[Successor] = (),
    first: date | None = None,
) -> Iterator[Assessment]:
    """Yield the assessment of each day of the grid up to `last`, and of `last` itself.

    `first` None starts where the record does. A record that starts after `last` yields the one
    assessment of `last`.
    """
    fold = Fold(view, method, acts=acts, sources_on=sources_on, memo=memo)
    waiting = sorted(successors, key=lambda s: s.day)
    for moment in moments(fold, last, first):
        while waiting and waiting[0].day <= moment.date():
            successor = waiting.pop(0)
            fold.take_over(successor.view, successor.method)
        yield fold.step(moment)


def moments(fold: Fold, last: datetime, first: date | None = None) -> list[datetime]:
    """Return the moments of a fold up to `last`; at least `last` itself."""
    begin = first or start_of(fold.view, fold.levels) or last.date()
    return list(grid(begin, last)) or [last]
