"""Critical events: figures only propose them; a person verifies; then the pendulum swings."""

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import fmean, stdev

from config.pendulum import Pendulum, SalienceRule
from rules.pendulum.types import Proposal


def salience(counts: Sequence[int], rule: SalienceRule) -> float | None:
    """Return how far the newest count lies above its own past, in standard deviations.

    The past is `baseline` counts that end `guard` before the newest, as EARS C2 does, so that a
    slow trend moves the mean and only a jump is salient. None where the past is too short.
    """
    if len(counts) < rule.baseline + rule.guard + 1:
        return None
    end = len(counts) - 1 - rule.guard
    past = counts[end - rule.baseline : end]
    sigma = max(stdev(past), rule.min_sigma)
    return round((counts[-1] - fmean(past)) / sigma, 6)


def by_salience(
    jurisdiction: str, on: date, feeds: Mapping[str, Sequence[int]], rule: SalienceRule
) -> Proposal | None:
    """Return a proposal where enough independent feeds jump together; else None.

    `feeds` maps each independent source to its counts by equal spans, oldest first.
    """
    found = {name: salience(counts, rule) for name, counts in feeds.items()}
    high = {n: z for n, z in found.items() if z is not None and z >= rule.z}
    if len(high) < rule.feeds:
        return None
    detail = {name: f"{z:.1f}" for name, z in sorted(high.items())}
    return Proposal(jurisdiction, on, "salience", detail)


def by_delta(
    jurisdiction: str, on: date, before: float, after: float, rule: Pendulum
) -> Proposal | None:
    """Return a proposal where recoding moved R by the method's step or more; else None."""
    moved = round(after - before, 9)
    if abs(moved) < rule.inertia.propose_delta:
        return None
    return Proposal(
        jurisdiction, on, "delta_r", {"before": f"{before:+.2f}", "after": f"{after:+.2f}"}
    )


def leap(gains: Sequence[float], recent: int, before: int) -> float | None:
    """Return z of the frontier's pace: mean monthly gain of the last `recent` months against the
    `before` months ahead of them, in standard deviations of those. None where too short.
    """
    if len(gains) < recent + before:
        return None
    late, early = gains[-recent:], gains[-recent - before : -recent]
    sigma = stdev(early)
    if sigma == 0:
        return None
    return round((fmean(late) - fmean(early)) / sigma, 6)
