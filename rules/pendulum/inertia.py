"""How the stance follows the resultant: slowly, except in the quarter of a verified event."""

from datetime import date

from config.pendulum import Pendulum, Phase, Swing
from rules.pendulum.resultant import codes_of, resultant, stance
from rules.pendulum.types import TrackPoint


def quarter_end(day: date) -> date:
    """Return the last day of the quarter that holds a day."""
    month = 3 * ((day.month - 1) // 3) + 3
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def quarters(first: date, last: date) -> list[date]:
    """Return the ends of the quarters from that of `first` to the last one over by `last`."""
    found = []
    end = quarter_end(first)
    while end <= last:
        found.append(end)
        end = quarter_end(date.fromordinal(end.toordinal() + 1))
    return found


def follow(x: float, r: float, kappa: float) -> float:
    """Return X after one quarter: κ of the way from X to R."""
    return x + kappa * (r - x)


def track(
    jurisdiction: str,
    phases: tuple[Phase, ...],
    swings: tuple[Swing, ...],
    on: date,
    rule: Pendulum,
) -> tuple[TrackPoint, ...]:
    """Return X and R at the end of each quarter up to `on`, and at `on` itself.

    X starts at the first phase's R. In a quarter that holds a verified swing κ is the event's, else
    the everyday one. The open quarter counts only if an event fell into it.
    """
    own = sorted((p for p in phases if p.jurisdiction == jurisdiction), key=lambda p: p.from_)
    if not own or own[0].from_ > on:
        return ()
    mine = [s for s in swings if jurisdiction in s.jurisdictions and s.day <= on]
    x = resultant(codes_of(own[0]), rule).value
    points = []
    ends = quarters(own[0].from_, on)
    for end in ends if ends and ends[-1] == on else [*ends, on]:
        holds = [p for p in own if p.from_ <= end]
        r = resultant(codes_of(holds[-1]), rule).value
        event = next((s.event for s in mine if quarter_end(s.day) == quarter_end(end)), None)
        closed = end == quarter_end(end)
        if event is not None:
            x = follow(x, r, rule.inertia.kappa_event)
        elif closed:
            x = follow(x, r, rule.inertia.kappa)
        points.append(TrackPoint(end, round(x, 6), r, stance(round(x, 9), rule.classes), event))
    return tuple(points)
