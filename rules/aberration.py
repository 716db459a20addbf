"""Is this count more than its own recent past explains? EARS C1–C3 and CUSUM, as pure functions.

EARS (Early Aberration Reporting System) compares a count with the mean and standard deviation of
a short window before it. C1 uses the window that ends just before the count, C2 leaves a guard
band between, C3 adds what the two counts before said. CUSUM adds up small excesses until they
are too many. One alone is not enough: EARS misses slow rises, CUSUM is late on sudden ones.

Sources: Hutwagner et al. 2003, doi:10.1007/PL00022313; Fricker, Hegler and Dunfee 2008,
doi:10.1002/sim.3197; Salmon, Schumacher and Höhle 2016, doi:10.18637/jss.v070.i10 (package
`surveillance`, whose numbers our C1–C3 equal to 1e-9); Page 1954 (CUSUM).

C3 as `surveillance` computes it is not Hutwagner's. Hers is the sum of max(0, C2 − 1) over *three*
counts, the newest included, and alarms above 2. In R the upper bound is the newest count itself
plus sigma × (1.96 − what the two counts before carried), so the newest count cancels out and the
alarm hangs on the two before it alone. `ears_c3` gives R's numbers, `ears_c3_hutwagner` hers; only
C2 and CUSUM ever colour an indicator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

import numpy as np

ALPHA_C1 = ALPHA_C2 = 0.001
ALPHA_C3 = 0.025


@dataclass(frozen=True)
class Baseline:
    """Mean and standard deviation (n − 1, floored) of the window a count is compared with."""

    mean: float
    sigma: float

    def score(self, count: float) -> float:
        """Return how many standard deviations `count` lies above the mean."""
        if self.sigma > 0:
            return (count - self.mean) / self.sigma
        return 0.0 if count == self.mean else inf if count > self.mean else -inf


@dataclass(frozen=True)
class Ears:
    """One count judged: its statistic in standard deviations, the count that would alarm, alarm."""

    statistic: float
    upper: float
    alarm: bool


@dataclass(frozen=True)
class CusumStep:
    """One step of a CUSUM: the sum reached (before any reset) in standard deviations, and alarm."""

    total: float
    alarm: bool


def baselines(
    counts: Sequence[float], length: int = 7, guard: int = 0, min_sigma: float = 0.5
) -> list[Baseline | None]:
    """Return each count's baseline: `length` counts, `guard` counts before it left out.

    None for the first `length + guard` counts. `min_sigma` is the floor of sigma, so that a
    silent past does not make every count an alarm; 0 gives R's behaviour.
    """
    found: list[Baseline | None] = []
    for at in range(len(counts)):
        window = counts[max(0, at - guard - length) : max(0, at - guard)]
        found.append(_baseline(window, min_sigma) if len(window) == length else None)
    return found


def _baseline(window: Sequence[float], min_sigma: float) -> Baseline:
    mean = sum(window) / len(window)
    variance = sum((c - mean) ** 2 for c in window) / (len(window) - 1)
    return Baseline(mean, max(sqrt(variance), min_sigma))


def ears_c1(
    counts: Sequence[float], *, length: int = 7, min_sigma: float = 0.5, alpha: float = ALPHA_C1
) -> list[Ears | None]:
    """Return C1 of each count: its distance from the `length` counts just before it."""
    return _judged(counts, baselines(counts, length, 0, min_sigma), alpha)


def ears_c2(
    counts: Sequence[float],
    *,
    length: int = 7,
    guard: int = 2,
    min_sigma: float = 0.5,
    alpha: float = ALPHA_C2,
) -> list[Ears | None]:
    """Return C2 of each count: as C1, with `guard` counts between window and count.

    The guard keeps a rise that has already begun out of its own baseline.
    """
    return _judged(counts, baselines(counts, length, guard, min_sigma), alpha)


def _judged(
    counts: Sequence[float], against: Sequence[Baseline | None], alpha: float
) -> list[Ears | None]:
    z = NormalDist().inv_cdf(1 - alpha)
    judged: list[Ears | None] = []
    for count, base in zip(counts, against, strict=True):
        if base is None:
            judged.append(None)
            continue
        upper = base.mean + z * base.sigma
        judged.append(Ears(base.score(count), upper, count > upper))
    return judged


def ears_c3(
    counts: Sequence[float],
    *,
    length: int = 7,
    guard: int = 2,
    min_sigma: float = 0.5,
    alpha: float = ALPHA_C3,
) -> list[Ears | None]:
    """Return C3 of each count as R's `surveillance` computes it (see the head of this module).

    Statistic: max(0, C2(t−1) − 1) + max(0, C2(t−2) − 1), in standard deviations; upper bound
    max(0, y(t) + sigma(t) × (z(1 − alpha) − statistic)). None for the first
    `length + guard + 2` counts.
    """
    z = NormalDist().inv_cdf(1 - alpha)
    against = baselines(counts, length, guard, min_sigma)
    judged: list[Ears | None] = []
    for at, base in enumerate(against):
        if base is None or at < length + guard + 2:
            judged.append(None)
            continue
        carried = _carried(counts, against, at, range(1, 3))
        # an infinite carry (a sigma of 0) times a sigma of 0 is no number; carried in, it alarms
        room = base.sigma * (z - carried) if carried < inf else -inf
        upper = max(0.0, counts[at] + room)
        judged.append(Ears(carried, upper, counts[at] > upper))
    return judged


def ears_c3_hutwagner(
    counts: Sequence[float],
    *,
    length: int = 7,
    guard: int = 2,
    min_sigma: float = 0.5,
    limit: float = 2.0,
) -> list[Ears | None]:
    """Return C3 as first published: the sum of max(0, C2 − 1) over three counts, alarm above 2.

    The upper bound is the count at which the sum would reach `limit`.
    """
    against = baselines(counts, length, guard, min_sigma)
    judged: list[Ears | None] = []
    for at, base in enumerate(against):
        if base is None or at < length + guard + 2:
            judged.append(None)
            continue
        before = _carried(counts, against, at, range(1, 3))
        statistic = before + _excess(counts[at], base)
        upper = base.mean + base.sigma * (1 + max(0.0, limit - before))
        judged.append(Ears(statistic, upper, statistic > limit))
    return judged


def _carried(
    counts: Sequence[float], against: Sequence[Baseline | None], at: int, back: range
) -> float:
    return sum(_excess(counts[at - b], against[at - b]) for b in back)


def _excess(count: float, base: Baseline | None) -> float:
    return 0.0 if base is None else max(0.0, base.score(count) - 1)


def cusum_of_scores(
    scores: Sequence[float | None], *, k: float = 0.5, h: float = 4.0
) -> list[CusumStep | None]:
    """Return the one-sided CUSUM of standard scores: S = max(0, S + z − k), alarm when S > h.

    After an alarm the sum starts from 0 again, so each alarm is news of its own. A None leaves
    the sum as it is: not knowing is neither an excess nor a relief.
    """
    total = 0.0
    steps: list[CusumStep | None] = []
    for score in scores:
        if score is None:
            steps.append(None)
            continue
        total = max(0.0, total + score - k)
        alarm = total > h
        steps.append(CusumStep(total, alarm))
        if alarm:
            total = 0.0
    return steps


def cusum(
    counts: Sequence[float],
    *,
    k: float = 0.5,
    h: float = 4.0,
    length: int = 12,
    guard: int = 2,
    min_sigma: float = 0.5,
) -> list[CusumStep | None]:
    """Return the CUSUM of counts standardised by a baseline that rolls along with them.

    `k` (allowance) and `h` (decision) are in standard deviations of the baseline. None until the
    first baseline is full (`length + guard` counts).
    """
    against = baselines(counts, length, guard, min_sigma)
    scores = [None if b is None else b.score(c) for c, b in zip(counts, against, strict=True)]
    return cusum_of_scores(scores, k=k, h=h)


def average_run_length(
    k: float = 0.5, h: float = 4.0, shift: float = 0.0, states: int = 400
) -> float:
    """Return the mean number of steps until `cusum_of_scores` alarms on N(shift, 1) scores.

    Markov chain of Brook and Evans 1972 over `states` cells of (0, h]; k 0.5, h 4 gives 335.4
    without a shift. Assumes a *known* mean and sigma: with a baseline estimated from a dozen
    counts, false alarms are more frequent than this says.
    """
    normal = NormalDist(shift)
    width = 2 * h / (2 * states - 1)
    step = np.empty((states, states))
    for i in range(states):
        edges = [normal.cdf((j - i + 0.5) * width + k) for j in range(-1, states)]
        step[i] = np.diff(edges)
        step[i, 0] = edges[1]
    runs = np.linalg.solve(np.eye(states) - step, np.ones(states))
    return float(runs[0])
