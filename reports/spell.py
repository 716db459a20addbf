"""Values in words: levels, figures with their units, thresholds, ages, states."""

import gettext
from dataclasses import dataclass
from datetime import datetime

from config.method import BasisKind, Indicator, Threshold, Words
from reports.formats import Tongue, age
from reports.model import IndicatorView, SourceState
from rules.types import SEVERITY, Level, Risk, TransitionKind


@dataclass(frozen=True)
class Speaker:
    """One language's labels; prose stands in the templates."""

    tongue: Tongue
    catalogue: gettext.NullTranslations

    def _(self, message: str) -> str:
        return self.catalogue.gettext(message)

    def n_(self, one: str, many: str, count: int) -> str:
        return self.catalogue.ngettext(one, many, count) % {"num": self.tongue.number(count)}

    def words(self, words: Words) -> str:
        """Return the reader's half of a pair of words."""
        return words.zh if self.tongue.lang == "zh" else words.en

    def level(self, level: Level) -> str:
        """Return the level's word."""
        match level:
            case Level.GREEN:
                return self._("Green")
            case Level.YELLOW:
                return self._("Yellow")
            case Level.RED:
                return self._("Red")
            case Level.UNASSIGNED:
                return self._("Unassigned")

    def risk(self, risk: Risk) -> str:
        """Return the risk's full name, with marks where a heading may break."""
        match risk:
            case Risk.MISUSE:
                return self._("Open-model misuse")
            case Risk.SPILLOVER:
                return self._("Technology spillover")
            case Risk.BACKDOOR:
                return self._("Backdoors in foreign models")

    def risk_long(self, risk: Risk) -> str:
        """Return the risk's official name."""
        match risk:
            case Risk.MISUSE:
                return self._("Social-safety risk of open-model misuse")
            case Risk.SPILLOVER:
                return self._("Geopolitical risk of technology spillover")
            case Risk.BACKDOOR:
                return self._("Backdoor risk of foreign models")

    def risk_short(self, risk: Risk) -> str:
        """Return the word by which a sentence names the risk."""
        match risk:
            case Risk.MISUSE:
                return self._("Misuse")
            case Risk.SPILLOVER:
                return self._("Spillover")
            case Risk.BACKDOOR:
                return self._("Backdoor")

    def transition(self, kind: TransitionKind) -> str:
        """Return how a level moved, in one word."""
        match kind:
            case TransitionKind.BEGAN:
                return self._("monitoring began")
            case TransitionKind.RISE:
                return self._("rise")
            case TransitionKind.FALL:
                return self._("fall")
            case TransitionKind.LOST:
                return self._("lost for want of data")
            case TransitionKind.REGAINED:
                return self._("regained")

    def grade(self, spec: Indicator) -> str:
        """Return the grade with what it means."""
        return {
            "A": self._("grade A (read by machine)"),
            "B": self._("grade B (proxy)"),
            "C": self._("grade C (coded by hand)"),
        }[spec.grade]

    def basis(self, kind: BasisKind) -> str:
        """Return the basis mark's word."""
        match kind:
            case BasisKind.PUBLISHED:
                return self._("published")
            case BasisKind.CALIBRATED:
                return self._("calibrated")
            case BasisKind.DERIVED | BasisKind.EXPERT:
                return self._("provisional")

    def basis_long(self, kind: BasisKind) -> str:
        """Return the basis in a phrase."""
        match kind:
            case BasisKind.PUBLISHED:
                return self._("from a published figure")
            case BasisKind.CALIBRATED:
                return self._("calibrated on the record")
            case BasisKind.DERIVED:
                return self._("provisional: derived from the shipped record")
            case BasisKind.EXPERT:
                return self._("provisional: expert proposal")

    def figure(self, spec: Indicator, value: float) -> str:
        """Return a value of an indicator, without its unit."""
        return self.tongue.number(value, spec.decimals)

    def with_unit(self, spec: Indicator, value: float) -> str:
        """Return a value with its unit; percent and Chinese units close up."""
        unit = self.words(spec.unit)
        gap = "" if self.tongue.lang == "zh" or unit.startswith("%") else " "
        return f"{self.figure(spec, value)}{gap}{unit}"

    def at_threshold(self, spec: Indicator, threshold: Threshold) -> str:
        """Return a threshold with the sign of the side that is riskier."""
        sign = "≥" if spec.direction == "up" else "≤"
        gap = "" if self.tongue.lang == "zh" else " "
        return f"{sign}{gap}{self.tongue.exact(threshold.value)}"

    def thresholds(self, spec: Indicator) -> str:
        """Return both thresholds in one phrase; an indicator without colour says so."""
        parts = []
        if spec.yellow:
            parts.append(self._("yellow %s") % self.at_threshold(spec, spec.yellow))
        if spec.red:
            parts.append(self._("red %s") % self.at_threshold(spec, spec.red))
        joint = "，" if self.tongue.lang == "zh" else ", "
        return joint.join(parts) or self._("no colour of its own")

    def over(self, i: IndicatorView, threshold: Threshold | None) -> bool:
        """Return whether the published value has reached a threshold."""
        value = i.state.reading.value
        if value is None or threshold is None:
            return False
        if i.spec.direction == "up":
            return value >= threshold.value
        return value <= threshold.value

    def reached(self, i: IndicatorView, name: str) -> bool:
        """Return whether the reading's own level stands at a threshold or beyond."""
        return SEVERITY.get(i.state.raw_level, -1) >= SEVERITY[Level(name)]

    def interval(self, i: IndicatorView) -> str:
        """Return the interval of the value, or an empty string."""
        low, high = i.state.reading.low, i.state.reading.high
        if low is None or high is None:
            return ""
        return f"{self.figure(i.spec, low)}–{self.figure(i.spec, high)}"

    def ago(self, now: datetime, then: datetime) -> str:
        """Return how long ago something was, in the largest fitting unit."""
        span = age(now, then)
        hours = int(span.total_seconds() // 3600)
        if hours < 1:
            minutes = int(span.total_seconds() // 60)
            return self.n_("%(num)s minute ago", "%(num)s minutes ago", minutes)
        if hours < 48:
            return self.n_("%(num)s hour ago", "%(num)s hours ago", hours)
        return self.n_("%(num)s day ago", "%(num)s days ago", span.days)

    def days(self, count: int) -> str:
        """Return a number of days."""
        return self.n_("%(num)s day", "%(num)s days", count)

    def weeks(self, count: float) -> str:
        """Return a number of weeks, rounded; under one week it says so."""
        if count < 1:
            return self._("less than a week")
        return self.n_("%(num)s week", "%(num)s weeks", round(count))

    def hours(self, count: float) -> str:
        """Return a span of hours; whole days from 72 hours on."""
        if count > 72 and count % 24 == 0:
            return self.days(int(count // 24))
        return self.n_("%(num)s hour", "%(num)s hours", round(count))

    def state(self, state: SourceState) -> str:
        """Return how a source is doing."""
        match state:
            case SourceState.FRESH:
                return self._("good")
            case SourceState.STALE:
                return self._("stale")
            case SourceState.QUARANTINED:
                return self._("a batch is held back")
            case SourceState.FAILED:
                return self._("could not be reached")
            case SourceState.SKIPPED:
                return self._("skipped")
            case SourceState.NEVER:
                return self._("never fetched")

    def step(self, kind: str) -> str:
        """Return the name of a case step."""
        return {
            "opened": self._("Opened"),
            "acknowledge": self._("Acknowledge"),
            "convene": self._("Convene"),
            "plan": self._("Plan"),
            "implement": self._("Implement"),
            "close": self._("Close"),
        }.get(kind, kind)

    def diffusion(self, cls: str) -> str:
        """Return the word of a diffusion class."""
        return {
            "high": self._("High"),
            "medium": self._("Medium"),
            "low": self._("Low"),
            "unknown": self._("Unknown"),
        }.get(cls, cls)
