"""Put together: one jurisdiction's reading, the seven cases, the predictions and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from config.pendulum import Code, Field3, Pendulum, Phase, Prediction, Swing
from rules.pendulum import observe
from rules.pendulum.detect import by_delta, by_salience
from rules.pendulum.inertia import track
from rules.pendulum.practice import deviation, practice
from rules.pendulum.resultant import (
    codes_of,
    controlled,
    equal,
    linear,
    power,
    resultant,
    robustness,
    stance,
    value,
    working_cut_points,
)
from rules.pendulum.types import (
    Act,
    CaseResult,
    Coded,
    Codes,
    Deviation,
    PendulumReading,
    PendulumReport,
    Practice,
    PredictionScore,
    Proposal,
)

WEIGHTS: dict[str, Code] = {"T": "T", "I": "I", "G": "G"}
LEAP = 4
"""The code of T at which the frontier's pace itself proposes a critical event."""

TENDENCIES: dict[str, Field3] = {"s": "social", "e": "economic", "p": "political"}


@dataclass(frozen=True)
class Record:
    """What was known on the day asked for: figures, models, events, coded acts, verified swings."""

    world: observe.World
    acts: tuple[Act, ...]
    controls: frozenset[str]
    """Jurisdictions in which an act provides risk control for open models."""
    swings: tuple[Swing, ...] = ()
    """Critical events that a person verified here, beside the method's own."""
    feeds: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    """By jurisdiction, what each independent source reported in equal spans, oldest first."""


def coded(phase: Phase, record: Record, on: date, rule: Pendulum) -> tuple[Coded, ...]:
    """Return the six codes as used, each with what the figures say beside it."""
    seen = observe.observations(record.world, phase, on, rule)
    used: dict[str, int] = {c: phase.weights[name] for c, name in WEIGHTS.items()}
    used |= {c: phase.tendencies[field] for c, field in TENDENCIES.items()}
    found = []
    for code, number in used.items():
        said = seen.get(code)
        agreed = said is not None and said.gives == number
        by = "observed" if agreed else phase.by
        found.append(Coded(code, number, by, said, phase.source))
    return tuple(found)


def recoded(found: Sequence[Coded]) -> Codes:
    """Return the codes with every observation in the place of the coded one."""
    now = {c.code: c.observation.gives if c.observation else c.used for c in found}
    return Codes(
        {name: min(4, max(0, now[c])) for c, name in WEIGHTS.items()},
        {field: min(2, max(-2, now[c])) for c, field in TENDENCIES.items()},
    )


def _apart(
    phase: Phase, ideal: float, on: date, record: Record, rule: Pendulum
) -> tuple[Practice, Deviation]:
    done = practice(record.acts, phase.jurisdiction, on, rule)
    apart = deviation(
        done,
        ideal,
        rule,
        asked_control=controlled(phase, rule),
        has_control=phase.jurisdiction in record.controls,
    )
    return done, apart


def case(phase: Phase, record: Record, rule: Pendulum) -> CaseResult:
    """Return one golden case: R and its class, the alternatives, robustness, practice."""
    codes = codes_of(phase)
    result = resultant(codes, rule)
    flat, straight = value(codes, equal), value(codes, linear)
    done, apart = _apart(phase, result.value, phase.practice_on, record, rule)
    return CaseResult(
        phase=phase.id,
        jurisdiction=phase.jurisdiction,
        codes=codes,
        result=result,
        expected=phase.golden.R if phase.golden else None,
        expected_stance=phase.golden.class_ if phase.golden else None,
        equal=round(flat, 9),
        linear=round(straight, 9),
        equal_stance=stance(round(flat, 9), rule.classes),
        linear_stance=stance(round(straight, 9), rule.classes),
        robustness=robustness(codes, rule),
        controlled=controlled(phase, rule),
        coded=coded(phase, record, phase.tested_on, rule),
        practice=done,
        deviation=apart,
        wording=phase.wording,
        footnote=phase.footnote,
        source=phase.source,
    )


def read(jurisdiction: str, on: date, record: Record, rule: Pendulum) -> PendulumReading | None:
    """Return the reading of one jurisdiction on a day; None before its first phase."""
    phase = rule.phase_on(jurisdiction, on)
    if phase is None:
        return None
    codes = codes_of(phase)
    result = resultant(codes, rule)
    points = track(jurisdiction, rule.phases, (*rule.swings, *record.swings), on, rule)
    x = points[-1].x
    word = stance(x, rule.classes)
    found = coded(phase, record, on, rule)
    done, apart = _apart(phase, x, on, record, rule)
    names = {s.id: s.name for s in rule.classes}
    return PendulumReading(
        jurisdiction=jurisdiction,
        name=rule.names[jurisdiction],
        as_of=on,
        phase=phase.id,
        codes=codes,
        coded=found,
        r=result,
        x=x,
        stance=word,
        stance_name=names[word],
        controlled=controlled(phase, rule),
        practice=done,
        deviation=apart,
        robustness=robustness(codes, rule),
        track=points,
        proposals=_proposals(jurisdiction, on, result.value, found, record, rule),
        footnote=phase.footnote,
        source=phase.source,
    )


def _proposals(
    jurisdiction: str,
    on: date,
    r: float,
    found: tuple[Coded, ...],
    record: Record,
    rule: Pendulum,
) -> tuple[Proposal, ...]:
    """Return events that figures or the record propose; those already verified say by whom."""
    said: list[Proposal] = []
    moved = by_delta(jurisdiction, on, r, resultant(recoded(found), rule).value, rule)
    if moved is not None:
        said.append(moved)
    surge = by_salience(jurisdiction, on, record.feeds.get(jurisdiction, {}), rule.salience)
    if surge is not None:
        said.append(surge)
    pace = next((c.observation for c in found if c.code == "T"), None)
    if pace is not None and pace.gives == LEAP:
        said.append(Proposal(jurisdiction, pace.as_of, "leap", {"z": f"{pace.value:.1f}"}))
    verified = {s.event: s.verified_by for s in (*rule.swings, *record.swings)}
    for event in record.world.happenings:
        if event.critical and event.jurisdiction == jurisdiction and event.day <= on:
            detail = {"event": event.event_id, "verification": event.verification}
            by = verified.get(event.event_id)
            said.append(Proposal(jurisdiction, event.day, "record", detail, by))
    return tuple(said)


def score(prediction: Prediction, on: date, record: Record, rule: Pendulum) -> PredictionScore:
    """Return how a prediction fares: `pending` until its period is over, then judged by practice.

    Practice is the score over the acts of the period alone: `hit` inside the predicted range,
    `miss` outside it, `no_act` where the record knows of none. `error` is how far outside.
    """
    phase = rule.by_id[prediction.phase]
    predicted = resultant(codes_of(phase), rule).value
    inside = [a for a in record.acts if prediction.from_ <= a.day <= prediction.to]
    done = practice(inside, prediction.jurisdiction, min(on, prediction.to), rule)
    error = None if done.value is None else _outside(done.value, prediction)
    if on <= prediction.to:
        state = "pending"
    elif error is None:
        state = "no_act"
    else:
        state = "miss" if error else "hit"
    return PredictionScore(
        id=prediction.id,
        jurisdiction=prediction.jurisdiction,
        made_on=prediction.made_on,
        from_on=prediction.from_,
        to_on=prediction.to,
        inputs_until=prediction.inputs_until,
        inputs=codes_of(phase),
        predicted=round(predicted, 6),
        stance=prediction.class_,
        low=prediction.low,
        high=prediction.high,
        practice_low=prediction.practice_low,
        practice_high=prediction.practice_high,
        state=state,
        practice=done.value,
        error=error,
        words=prediction.words,
        fails_if=prediction.fails_if,
    )


def _outside(found: float, prediction: Prediction) -> float:
    """Return how far a practice score lies outside the predicted range, signed; 0 inside."""
    if found < prediction.practice_low:
        return round(found - prediction.practice_low, 6)
    return round(max(0.0, found - prediction.practice_high), 6)


def report(on: date, record: Record, rule: Pendulum, only: Sequence[str] = ()) -> PendulumReport:
    """Return everything `tocsin pendulum` says as of a day, for all or the named jurisdictions."""
    wanted = tuple(only) or tuple(rule.names)
    readings = [read(j, on, record, rule) for j in wanted]
    golden = [p for p in rule.phases if p.golden is not None]
    weights = {"power": power(rule.weighting.base), "linear": linear, "equal": equal}
    return PendulumReport(
        as_of=on,
        readings=tuple(r for r in readings if r is not None),
        cases=tuple(case(p, record, rule) for p in golden if p.jurisdiction in wanted),
        predictions=tuple(
            score(p, on, record, rule) for p in rule.predictions if p.jurisdiction in wanted
        ),
        cut_points={name: working_cut_points(rule, weigh) for name, weigh in weights.items()},
    )
