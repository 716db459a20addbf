"""The resultant R of three fields, its class, and what other weightings would say."""

from collections.abc import Callable, Iterable, Mapping
from itertools import product

from config.pendulum import DRIVES, Code, Field3, Pendulum, Phase, Stance
from rules.pendulum.types import Codes, Resultant, Robustness

Weight = Callable[[int], float]


def power(base: float) -> Weight:
    """Return the weighting base^code: outside variables amplify a field sharply."""
    return lambda code: base**code


def equal(_: int) -> float:
    """Weigh every field alike, whatever its code (an alternative that fails)."""
    return 1.0


def linear(code: int) -> float:
    """Weigh a field by one plus its code (an alternative that fails)."""
    return 1.0 + code


def codes_of(phase: Phase) -> Codes:
    """Return the six codes of a phase."""
    return Codes(dict(phase.weights), dict(phase.tendencies))


def shares(weights: Mapping[Code, int], weigh: Weight) -> dict[Field3, float]:
    """Return each field's share of the weight; they sum to 1."""
    raw = {DRIVES[code]: weigh(value) for code, value in weights.items()}
    total = sum(raw.values())
    return {field: value / total for field, value in raw.items()}


def value(codes: Codes, weigh: Weight) -> float:
    """Return R: half the weighted sum of tendencies, in [−1, 1]."""
    part = shares(codes.weights, weigh)
    return 0.5 * sum(part[field] * codes.tendencies[field] for field in part)


def stance(r: float, classes: Iterable[Stance]) -> str:
    """Return the class of R: the first whose bound is not passed."""
    for entry in classes:
        inside = entry.at_most is not None and r <= entry.at_most
        below = entry.below is not None and r < entry.below
        open_end = entry.at_most is None and entry.below is None
        if inside or below or open_end:
            return entry.id
    raise ValueError("the last class must be open-ended")


def resultant(codes: Codes, rule: Pendulum) -> Resultant:
    """Return R with its shares and class under the method's own weighting."""
    weigh = power(rule.weighting.base)
    # rounded, so that a sum of floats does not decide on which side of a bound a class lies
    r = round(value(codes, weigh), 9)
    return Resultant(r, shares(codes.weights, weigh), stance(r, rule.classes))


def opposed(phase: Phase, rule: Pendulum) -> float:
    """Return the weighted force against encouragement inside the fields, 0–1."""
    part = shares(phase.weights, power(rule.weighting.base))
    return sum(part[field] * force for field, force in phase.opposition.items())


def controlled(phase: Phase, rule: Pendulum) -> bool:
    """Whether the ideal is to encourage *with risk control*."""
    encouraging = resultant(codes_of(phase), rule).stance == "incentive"
    return encouraging and opposed(phase, rule) >= rule.control.opposition


def robustness(codes: Codes, rule: Pendulum) -> Robustness:
    """Return the shares of recodings that keep class and side, over every recoding there is.

    Each of the six codes moves by one with the method's probability, up and down alike, and stays
    inside its range: 729 recodings, each with its probability, so no random draw is needed.
    """
    weigh = power(rule.weighting.base)
    names = list(codes.weights)
    fields = list(codes.tendencies)
    own = resultant(codes, rule)
    moved = rule.noise.moved
    steps = ((0, 1 - moved), (-1, moved / 2), (1, moved / 2))
    kept = side = 0.0
    for drawn in product(steps, repeat=6):
        chance = 1.0
        for _, probability in drawn:
            chance *= probability
        weights = {n: min(4, max(0, codes.weights[n] + drawn[i][0])) for i, n in enumerate(names)}
        tendencies = {
            f: min(2, max(-2, codes.tendencies[f] + drawn[3 + i][0])) for i, f in enumerate(fields)
        }
        r = round(value(Codes(weights, tendencies), weigh), 9)
        word = stance(r, rule.classes)
        kept += chance * (word == own.stance)
        side += chance * (_side(word) == _side(own.stance))
    return Robustness(round(kept, 6), round(side, 6))


def _side(word: str) -> int:
    return {"restrict": -1, "slightly_restrict": -1, "middle": 0}.get(word, 1)


def working_cut_points(rule: Pendulum, weigh: Weight) -> tuple[float, float, float, float] | None:
    """Return lowest and highest inner, then outer, cut-point with which every case comes out.

    Cut-points are symmetric about 0 and tried in steps of 0.01; None if no pair works.
    """
    cases = [
        (value(codes_of(p), weigh), p.golden.class_) for p in rule.phases if p.golden is not None
    ]
    found = [
        (inner / 100, outer / 100)
        for inner in range(1, 100)
        for outer in range(inner + 1, 100)
        if all(_with(r, inner / 100, outer / 100) == word for r, word in cases)
    ]
    if not found:
        return None
    inner_cuts = [inner for inner, _ in found]
    outer_cuts = [outer for _, outer in found]
    return min(inner_cuts), max(inner_cuts), min(outer_cuts), max(outer_cuts)


def _with(r: float, inner: float, outer: float) -> str:
    r = round(r, 9)
    if abs(r) < inner:
        return "middle"
    side = ("slightly_restrict", "restrict") if r < 0 else ("slightly_incentive", "incentive")
    return side[1] if abs(r) >= outer else side[0]
