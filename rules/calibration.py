"""Thresholds proposed from the record by the rule of the Bank for International Settlements.

Yellow is the threshold with the least noise-to-signal ratio among those that still come before at
least 90 % of the events, red the same at 67 %. A threshold that is no better than tossing a coin
(ratio 1 or more) is not proposed. What proposes is never what tests: the record is split by time.
Sources: Drehmann and Juselius 2014; BIS Quarterly Review, March 2018; Kaminsky and Reinhart 1999.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rules.backtest import Event, interval

RECALL = {"yellow": 0.90, "red": 0.67}
MIN_WEEKS = 26
MIN_EVENTS = 3

Values = Sequence[tuple[date, float]]


@dataclass(frozen=True)
class TwoByTwo:
    """Weeks by signal and by whether an event followed within the horizon."""

    signal_event: int
    signal_none: int
    silent_event: int
    silent_none: int

    @property
    def noise_to_signal(self) -> float | None:
        """Share of quiet weeks that signalled ÷ share of weeks before an event that did."""
        quiet = self.signal_none + self.silent_none
        eventful = self.signal_event + self.silent_event
        if not quiet or not self.signal_event:
            return None
        return (self.signal_none / quiet) / (self.signal_event / eventful)


@dataclass(frozen=True)
class Trial:
    """One threshold on one part of the record."""

    threshold: float
    table: TwoByTwo
    events: int
    caught: int
    """Events with a signal on any week of the horizon before them."""

    @property
    def recall(self) -> float | None:
        """Share of events that were caught; None without an event."""
        return self.caught / self.events if self.events else None

    @property
    def wilson(self) -> tuple[float, float]:
        """95 % interval of the recall (Wilson)."""
        return interval(self.caught, self.events, "wilson")

    @property
    def clopper(self) -> tuple[float, float]:
        """95 % interval of the recall (Clopper and Pearson, exact)."""
        return interval(self.caught, self.events)


@dataclass(frozen=True)
class Proposal:
    """A colour's threshold: proposed on the earlier part, tested on the later one."""

    colour: str
    train: Trial | None
    test: Trial | None
    why_not: str = ""
    """`too_short`, `too_few_events`, `no_quiet_time`, `coin_toss`, or empty."""


def trial(
    values: Values, events: Sequence[date], threshold: float, *, up: bool, horizon_days: int
) -> Trial:
    """Return how one threshold would have done; `values` are one a week, oldest first."""
    horizon = timedelta(days=horizon_days)
    signals = [(day, v >= threshold if up else v <= threshold) for day, v in values]
    cells = {(s, e): 0 for s in (True, False) for e in (True, False)}
    for day, signal in signals:
        followed = any(day < event <= day + horizon for event in events)
        cells[signal, followed] += 1
    fair = [e for e in events if signals and any(e - horizon <= d < e for d, _ in signals)]
    caught = sum(any(s and e - horizon <= d < e for d, s in signals) for e in fair)
    table = TwoByTwo(cells[True, True], cells[True, False], cells[False, True], cells[False, False])
    return Trial(threshold, table, len(fair), caught)


def propose(
    values: Values,
    events: Sequence[Event],
    *,
    up: bool,
    horizon_days: int,
    split_on: date,
) -> list[Proposal]:
    """Return the proposals for yellow and red.

    Events that are left out count nowhere. Candidates are the values themselves.
    """
    dates = sorted(e.on for e in events if not e.left_out)
    early = [(d, v) for d, v in weekly(values) if d < split_on]
    late = [(d, v) for d, v in weekly(values) if d >= split_on]
    before = [d for d in dates if d < split_on]
    after = [d for d in dates if d >= split_on]
    return [
        _proposal(colour, early, late, before, after, up=up, horizon_days=horizon_days)
        for colour in RECALL
    ]


def _proposal(
    colour: str,
    early: Values,
    late: Values,
    before: Sequence[date],
    after: Sequence[date],
    *,
    up: bool,
    horizon_days: int,
) -> Proposal:
    if len(early) < MIN_WEEKS:
        return Proposal(colour, None, None, "too_short")
    trials = [
        trial(early, before, t, up=up, horizon_days=horizon_days)
        for t in sorted({v for _, v in early})
    ]
    if trials[0].events < MIN_EVENTS:
        return Proposal(colour, None, None, "too_few_events")
    good = [t for t in trials if t.recall is not None and t.recall >= RECALL[colour]]
    rated = [(t.table.noise_to_signal, t) for t in good]
    fair = [(ratio, t) for ratio, t in rated if ratio is not None]
    if not fair:
        return Proposal(colour, None, None, "no_quiet_time")
    # among equals the threshold that is hardest to reach
    ratio, best = min(fair, key=lambda f: (f[0], -f[1].threshold if up else f[1].threshold))
    if ratio >= 1:
        return Proposal(colour, best, None, "coin_toss")
    tested = trial(late, after, best.threshold, up=up, horizon_days=horizon_days) if late else None
    return Proposal(colour, best, tested)


def weekly(values: Values) -> list[tuple[date, float]]:
    """Return the last value of each ISO week, so that a daily figure counts no seven times."""
    found: dict[tuple[int, int], tuple[date, float]] = {}
    for day, value in values:
        found[day.isocalendar()[:2]] = (day, value)
    return sorted(found.values())
