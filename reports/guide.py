"""What a page picks out of its view: what is recent, unknown, driving, running."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from collectors.base import Seen
from reports.beside import label
from reports.chapters import DiffusionRow
from reports.matrix import MatrixRow, matrix
from reports.model import (
    AlertView,
    AssessmentView,
    CaseView,
    HistoryPoint,
    IndicatorView,
    RiskView,
    SourceView,
    StepView,
    TransitionView,
)
from reports.site_view import SiteView
from reports.terms import Terms
from rules.types import SEVERITY, Change, Clause, Level, Risk, TransitionKind

ORDER = (Level.RED, Level.YELLOW, Level.GREEN, Level.UNASSIGNED)


def level_order(level: Level) -> int:
    """Return the place of a level where the worst known comes first and the unknown last."""
    return ORDER.index(level)


def _repeats(key: str, value: float, votes: Mapping[str, float]) -> bool:
    """Return whether a figure is the vote of its board once more (`judged_eci` and `eci`)."""
    return key.startswith("judged_") and votes.get(key.removeprefix("judged_")) == value


@dataclass(frozen=True)
class Guide(Terms):
    """A speaker that also knows what to pick."""

    def navigation(self) -> list[tuple[str, str, str]]:
        """Return the main pages: key, address from the language's root, words."""
        return [
            ("index", "index.html", self._("Status")),
            ("indicators", "indicators/index.html", self._("Indicators")),
            ("alerts", "alerts/index.html", self._("Alerts")),
            ("reports", "reports/index.html", self._("Reports")),
            ("pendulum", "pendulum.html", self._("Pendulum")),
            ("diffusion", "diffusion.html", self._("Diffusion")),
            ("families", "families.html", self._("Families")),
            ("method", "method.html", self._("Method")),
            ("sources", "sources.html", self._("Data health")),
            ("search", "search.html", self._("Search")),
        ]

    def tally(self, r: RiskView) -> str:
        """Return how many indicators stand at each level, worst first."""
        counts = [(level, sum(i.state.level is level for i in r.indicators)) for level in ORDER]
        if self.tongue.lang == "zh":
            return " · ".join(f"{n}{self.level(level)}" for level, n in counts if n)
        return " · ".join(f"{n} {self.level(level).lower()}" for level, n in counts if n)

    def groups(self, view: AssessmentView) -> list[tuple[Level, list[Risk]]]:
        """Return the risks by level, worst first and unassigned last."""
        return [
            (level, [r.risk for r in view.risks if r.state.level is level])
            for level in ORDER
            if any(r.state.level is level for r in view.risks)
        ]

    def fresh(self, r: RiskView) -> list[IndicatorView]:
        """Return the indicators in force that have a value."""
        return [i for i in r.indicators if i.state.in_force and i.state.reading.missing is None]

    def in_force(self, r: RiskView) -> list[IndicatorView]:
        """Return the indicators in force in this installation."""
        return [i for i in r.indicators if i.state.in_force]

    def valued(self, view: AssessmentView) -> list[IndicatorView]:
        """Return all indicators that have a value."""
        return [i for i in view.indicators if i.state.reading.missing is None]

    def recent(self, view: SiteView) -> list[TransitionView]:
        """Return the changes of level within seven days of today's assessment, newest first."""
        since = view.now.as_of - timedelta(days=7)
        found = [t for t in view.transitions if t.at >= since and not t.reconstructed]
        return sorted(found, key=lambda t: t.at, reverse=True)

    def rises(self, view: SiteView) -> list[TransitionView]:
        """Return the rises among the recent changes."""
        return [t for t in self.recent(view) if t.kind is TransitionKind.RISE]

    def unknown(self, view: AssessmentView) -> list[IndicatorView]:
        """Return the indicators without a value, heaviest first."""
        found = [i for i in view.indicators if i.state.reading.missing is not None]
        return sorted(found, key=lambda i: (-i.state.weight, i.spec.code))

    def driving(self, view: AssessmentView) -> list[IndicatorView]:
        """Return the indicators at yellow or red, worst first."""
        found = [i for i in view.indicators if SEVERITY.get(i.state.level, 0) > 0]
        return sorted(found, key=lambda i: (level_order(i.state.level), i.spec.code))

    def at(self, r: RiskView, level: Level) -> list[IndicatorView]:
        """Return the risk's indicators at a level."""
        return [i for i in r.indicators if i.state.level == level]

    def valued_first(self, indicators: Sequence[IndicatorView]) -> list[IndicatorView]:
        """Return the indicators by level, those without a value last."""
        return sorted(
            indicators,
            key=lambda i: (
                i.state.reading.missing is not None,
                level_order(i.state.level),
                i.spec.code,
            ),
        )

    def named(self, r: RiskView, clause: Clause) -> list[IndicatorView]:
        """Return the indicators that a clause names."""
        return [i for i in r.indicators if i.spec.id in clause.indicators]

    def holding(self, r: RiskView) -> list[Clause]:
        """Return the clauses that hold for the model's level; empty for green and unassigned."""
        return [c for c in r.state.clauses if c.holds and c.level is r.state.model_level]

    def clause(self, clause: Clause) -> str:
        """Return what a clause says, without its full stop, so that a verdict can follow."""
        return clause.because[self.tongue.lang].rstrip("。.；; ")

    def nearest(self, r: RiskView, direction: str) -> list[tuple[IndicatorView, Change]]:
        """Return the changes in one direction, soonest first, then nearest."""
        by_id = {i.spec.id: i for i in r.indicators}
        found = [
            (by_id[c.indicator], c)
            for c in r.state.changes
            if c.direction == direction and c.indicator in by_id
        ]
        return sorted(
            found,
            key=lambda pair: (
                pair[1].weeks is None,
                pair[1].weeks or 0.0,
                abs(pair[1].distance / (pair[1].threshold or 1)),
                pair[0].spec.code,
            ),
        )

    def running(self, case: CaseView) -> StepView | None:
        """Return the first step that is not done."""
        return next((s for s in case.steps if s.done_at is None), None)

    def short(self, s: SourceView) -> str:
        """Return the name by which tables call a source: its title up to a colon or bracket."""
        return self.short_title(s.title)

    def source_titles(self, sources: Sequence[SourceView]) -> str:
        """Return the titles of the sources with their licences."""
        named = [
            f"{self.said(s.title)}（{self.said(s.licence)}）"
            if self.tongue.lang == "zh"
            else f"{s.title} ({s.licence})"
            for s in sources
        ]
        return ("；" if self.tongue.lang == "zh" else "; ").join(named)

    def seen(self, s: SourceView) -> str:
        """Return what the source's parser was built from, and whether it ran live."""
        if s.seen_live:
            return self._("seen live")
        match s.seen:
            case Seen.RECORDED:
                return self._("recorded answers")
            case Seen.DOCUMENTED:
                return self._("its documentation")
            case Seen.RECALLED:
                return self._("recollection, unconfirmed")

    def companions(self, i: IndicatorView) -> list[tuple[str, str]]:
        """Return the figures printed beside the value, with their names."""
        votes = i.state.reading.votes
        beside = i.state.reading.companions
        rows = {**votes, **{k: v for k, v in beside.items() if not _repeats(k, v, votes)}}
        decimals = max(i.spec.decimals, 1)
        shown: list[tuple[str, str]] = []
        for key, value in sorted(rows.items()):
            whole = float(value).is_integer() and abs(value) >= 10
            figure = self.tongue.number(value, 0 if whole else decimals)
            shown.append((label(key, self._), figure))
        return shown

    def shorts(self, risks: Sequence[Risk]) -> list[str]:
        """Return the short names of risks, as an English sentence continues them."""
        names = [self.risk_short(r) for r in risks]
        if self.tongue.lang == "zh":
            return names
        return [n if k == 0 else n[:1].lower() + n[1:] for k, n in enumerate(names)]

    def highest(self, points: Sequence[HistoryPoint]) -> HistoryPoint:
        """Return the point with the highest value, the newest of equals."""
        return max(points, key=lambda p: (p.value or 0.0, p.on))

    def reference(self, points: Sequence[HistoryPoint]) -> HistoryPoint:
        """Return the point that a finding compares with: the last one a year or more back."""
        last = points[-1].on
        older = [p for p in points[:-1] if (last - p.on).days >= 360]
        return older[-1] if older else points[0]

    def driving_of(self, r: RiskView) -> list[IndicatorView]:
        """Return the risk's indicators at yellow or red, worst first."""
        found = [i for i in r.indicators if SEVERITY.get(i.state.level, 0) > 0]
        return sorted(found, key=lambda i: (level_order(i.state.level), i.spec.code))

    def without(self, r: RiskView) -> list[IndicatorView]:
        """Return the risk's indicators in force that have no value."""
        return [i for i in r.indicators if i.state.in_force and i.state.reading.missing]

    def moved_indicators(self, a: AlertView) -> list[tuple[IndicatorView, Level]]:
        """Return the indicators whose level differs from the evaluation before, with that level."""
        before = {i.id: i.level for i in a.before.indicators} if a.before else {}
        return [
            (i, before[i.spec.id])
            for i in a.risk.indicators
            if i.spec.id in before and before[i.spec.id] is not i.state.level
        ]

    def crosses(self, i: IndicatorView) -> bool:
        """Return whether the interval of the value lies on both sides of a threshold."""
        low, high = i.state.reading.low, i.state.reading.high
        if low is None or high is None:
            return False
        lines = [t.value for t in (i.spec.yellow, i.spec.red) if t]
        return any(low < line <= high or low <= line < high for line in lines)

    def option(self, index: int) -> str:
        """Return the name of an option: 甲乙丙 or A B C."""
        return ("甲乙丙丁戊己" if self.tongue.lang == "zh" else "ABCDEF")[index % 6]

    def sources_of(self, r: RiskView) -> list[SourceView]:
        """Return the sources that the risk's valued indicators draw on, each once."""
        found = {s.id: s for i in self.fresh(r) for s in i.sources}
        return [found[k] for k in sorted(found)]

    def triple(self, values: Sequence[float], signed: bool) -> str:
        """Return three codes of the pendulum."""
        spell = self.tongue.signed if signed else self.tongue.number
        return ", ".join(spell(v, 0) if float(v).is_integer() else spell(v, 2) for v in values)

    def mx_columns(self) -> list[str]:
        """Return the heads of the diffusion matrix, by lag and compute."""
        return [
            "C ≥ 10²⁵",
            self._("L ≤ 3 months"),
            self._("L ≤ 12, or C ≥ 10²⁴"),
            self._("L > 12, C < 10²⁴"),
            self._("L > 12, C unknown"),
        ]

    def matrix(self, rows: Sequence[DiffusionRow]) -> list[MatrixRow]:
        """Return the diffusion matrix with its rows named and models worded."""
        names = ["≥ 1", "0.75–1", "0.5–0.75", "< 0.5", self._("unknown")]
        cells = matrix(rows)
        return [
            (name, [(cls, [self.model_words(d) for d in found]) for cls, found in line])
            for name, line in zip(names, cells, strict=True)
        ]

    def model_words(self, row: DiffusionRow) -> str:
        """Return a model with its lag in brackets."""
        name = row.model.rpartition("/")[2]
        if row.lag_months is None:
            return name
        lag = self.tongue.number(row.lag_months, 1)
        return f"{name}（{lag}）" if self.tongue.lang == "zh" else f"{name} ({lag})"

    def was(self, before: AssessmentView | None, risk: Risk) -> Level | None:
        """Return a risk's level in an earlier assessment."""
        if before is None:
            return None
        return next((r.state.level for r in before.risks if r.risk is risk), None)

    def shifted(
        self, before: AssessmentView | None, after: AssessmentView
    ) -> list[tuple[IndicatorView, Level]]:
        """Return the indicators whose level differs from an earlier assessment, with that level."""
        old = {i.spec.id: i.state.level for i in before.indicators} if before else {}
        return [
            (i, old[i.spec.id])
            for i in after.indicators
            if i.spec.id in old and old[i.spec.id] is not i.state.level
        ]

    def contents(self) -> list[tuple[str, str]]:
        """Return the chapters of the annual report: anchor and words."""
        return [
            ("summary", self._("Summary")),
            ("levels", self._("Levels of the year")),
            ("misuse", self._("Misuse")),
            ("spillover", self._("Spillover")),
            ("backdoor", self._("Backdoor")),
            ("international", self._("International comparison")),
            ("pendulum", self._("Pendulum and diffusion")),
            ("events", self._("Incidents, advisories, policy")),
            ("responses", self._("Responses and dissent")),
            ("scorecard", self._("Scorecard")),
            ("quality", self._("Data quality")),
            ("method", self._("Annexes")),
        ]

    def result(self, result: str) -> str:
        """Return whether an event was called."""
        return {
            "caught": self._("caught"),
            "missed": self._("missed"),
            "not_scorable": self._("not scorable"),
        }.get(result, result)

    def delivery(self, state: str) -> str:
        """Return the word of a delivery's state."""
        return {
            "pending": self._("waiting"),
            "sent": self._("delivered"),
            "delivered": self._("delivered"),
            "dead": self._("dead letters"),
            "claimed": self._("being sent"),
        }.get(state, state)
