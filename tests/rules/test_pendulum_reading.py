"""The pendulum over the shipped record: observables, practice, predictions."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from config import baseline, registry
from config.method import Words
from config.pendulum import Pendulum, Swing, parse_pendulum
from rules.pendulum.observe import FigurePoint, Happening, ModelPoint, World
from rules.pendulum.reading import Record, read, report, score
from rules.pendulum.types import Act, CaseResult, PendulumReport, Verdict

FILE = Path(__file__).parents[2] / "config" / "methods" / "2026" / "pendulum.yaml"
RULE: Pendulum = parse_pendulum(yaml.safe_load(FILE.read_text(encoding="utf-8")))
ON = date(2026, 8, 22)


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def _world() -> World:
    figures = tuple(
        FigurePoint(
            str(r["measure"]),
            str(r["jurisdiction"]),
            _day(r["period_on"]),
            int(str(r["value_micro"])) / 1e6,
            str(r["unit"]),
            str(r["source"]),
        )
        for r in baseline.rows("figures")
    )
    models = tuple(
        ModelPoint(
            str(r["model_name"]),
            _day(r["released_on"]),
            int(str(r["score_micro"])) / 1e6,
            {"open": True, "closed": False}.get(str(r["openness"])),
            frozenset(registry.group(c) for c in str(r["jurisdictions"]).split(",")),
        )
        for r in baseline.rows("scores")
        if r["board"] == "eci" and r["board_on"] == date(2026, 8, 11) and r["released_on"]
    )
    happenings = tuple(
        Happening(
            str(r["event_id"]),
            _day(r["published_on"]),
            registry.group(str(r["jurisdiction"])),
            frozenset(str(r["against"]).split(",")),
            None if r["target"] is None else str(r["target"]),
            int(str(r["severity"])) if r["severity"] is not None else None,
            None if r["field"] is None else str(r["field"]),
            bool(r["critical"]),
            str(r["verification"]),
        )
        for r in baseline.rows("policy_events")
    )
    return World(figures, models, happenings)


def _acts() -> tuple[Act, ...]:
    return tuple(
        Act(
            str(r["event_id"]),
            registry.group(str(r["jurisdiction"])),
            _day(r["published_on"]),
            int(str(r["direction"])),
            str(r["force"]),
            Words(zh=str(r["title_zh"]), en=str(r["title"])),
            str(r["verification"]),
        )
        for r in baseline.rows("policy_events")
        if r["direction"] is not None
    )


@pytest.fixture(scope="module")
def record() -> Record:
    return Record(_world(), _acts(), frozenset())


@pytest.fixture(scope="module")
def found(record: Record) -> PendulumReport:
    return report(ON, record, RULE)


@pytest.fixture(scope="module")
def cases(found: PendulumReport) -> dict[str, CaseResult]:
    return {c.phase: c for c in found.cases}


def test_all_seven_cases_are_reproduced(cases: dict[str, CaseResult]) -> None:
    assert len(cases) == 7
    assert all(c.reproduced for c in cases.values())


@pytest.mark.parametrize("phase", ["US-P1", "US-P2", "US-P3", "EU-P1", "EU-P2", "EU-P3", "CN"])
def test_practice_of_the_record_says_what_the_paper_says(
    cases: dict[str, CaseResult], phase: str
) -> None:
    golden = RULE.by_id[phase].golden
    assert golden is not None
    apart = cases[phase].deviation
    if golden.practice == "overshoot":
        assert apart.verdict is Verdict.PARTIAL
        assert apart.overshoot
        assert apart.value == pytest.approx(-0.5, abs=0.1)
    else:
        assert apart.verdict == golden.practice
    assert apart.control == golden.control
    assert cases[phase].practice.acts, "only acts of the baseline count, and there are some"


def test_european_practice_lies_where_the_reference_puts_it(cases: dict[str, CaseResult]) -> None:
    assert cases["EU-P2"].deviation.value == pytest.approx(-1.1, abs=0.2)
    assert cases["EU-P3"].deviation.value == pytest.approx(-1.1, abs=0.2)


def test_attitude_and_crisis_give_every_code_of_the_social_field(
    cases: dict[str, CaseResult],
) -> None:
    for case in cases.values():
        social = next(c for c in case.coded if c.code == "s")
        assert social.observation is not None
        assert social.agrees, case.phase
        assert social.by == "observed"


def test_use_and_gap_give_the_weight_of_industry(cases: dict[str, CaseResult]) -> None:
    def industry(phase: str) -> tuple[int, float]:
        said = next(c.observation for c in cases[phase].coded if c.code == "I")
        assert said is not None
        return said.gives, round(said.value, 2)

    assert industry("US-P1") == (0, 0.00)  # coded 1 by hand: differs, and is shown
    assert industry("US-P2") == (3, 0.30)
    assert industry("US-P3") == (3, 0.49)
    assert industry("CN") == (4, 0.65)
    european = next(c for c in cases["EU-P2"].coded if c.code == "I")
    assert european.observation is None
    assert european.by == "hand"


def test_readings_of_the_cut_off(found: PendulumReport) -> None:
    by_place = {r.jurisdiction: r for r in found.readings}
    assert by_place["CN"].stance == "incentive"
    assert by_place["CN"].controlled
    assert by_place["EU"].x == pytest.approx(0.72, abs=0.01)
    american = by_place["US"]
    assert american.r.value == pytest.approx(0.20, abs=0.005)
    assert american.stance == "incentive"  # read from X: no verified event yet
    assert any(p.verified_by is None for p in american.proposals)
    assert any(p.detail.get("event") == "EV115" for p in american.proposals)


def test_a_person_verifies_and_then_it_swings(record: Record) -> None:
    swing = Swing(event="EV115", day=date(2026, 6, 12), jurisdictions=("US",), verified_by="a, b")
    after = read("US", ON, Record(record.world, record.acts, record.controls, (swing,)), RULE)
    assert after is not None
    assert after.x == pytest.approx(0.22, abs=0.01)
    assert after.stance == "slightly_incentive"
    verified = [p for p in after.proposals if p.detail.get("event") == "EV115"]
    assert verified[0].verified_by == "a, b"


def test_a_jump_in_two_feeds_is_proposed(record: Record) -> None:
    quiet = [3, 4, 3, 5, 4, 3, 4, 5, 4, 3, 4, 4, 4, 4]
    feeds = {"EU": {"feeds": [*quiet, 15], "aiid": [*quiet, 12], "tocsin": [*quiet, 4]}}
    loud = Record(record.world, record.acts, record.controls, feeds=feeds)
    found = read("EU", ON, loud, RULE)
    assert found is not None
    surge = [p for p in found.proposals if p.kind == "salience"]
    assert set(surge[0].detail) == {"feeds", "aiid"}
    assert found.x == pytest.approx(0.72, abs=0.01), "proposed, so nothing swings yet"


def test_a_day_before_every_phase_has_no_reading(record: Record) -> None:
    assert read("US", date(2021, 1, 1), record, RULE) is None


def test_predictions_wait_and_are_then_scored(record: Record) -> None:
    prediction = next(p for p in RULE.predictions if p.id == "2026H2-US")
    assert score(prediction, ON, record, RULE).state == "pending"
    after = date(2027, 1, 15)
    assert score(prediction, after, record, RULE).state == "no_act"
    words = Words(zh="某令", en="an order")
    soft = Act("X", "US", date(2026, 10, 1), 0, "regulation", words, "verified")
    hard = Act("Y", "US", date(2026, 10, 1), -2, "law", words, "verified")
    hit = score(prediction, after, Record(record.world, (soft,), frozenset()), RULE)
    assert (hit.state, hit.error) == ("hit", 0.0)
    miss = score(prediction, after, Record(record.world, (hard,), frozenset()), RULE)
    assert miss.state == "miss"
    assert miss.error == pytest.approx(-0.85)
    assert prediction.inputs_until < prediction.made_on
    assert hit.inputs.weights["T"] == 4


def test_living_test_after_the_paper() -> None:
    """PENDULUM 6.6: s −1 gives .20 … .30, s −2 gives 0 … .10."""
    from rules.pendulum.resultant import resultant
    from rules.pendulum.types import Codes

    phase = RULE.by_id["US-2026H2"]

    def r(social: int, economic: int) -> float:
        tendencies = {**phase.tendencies, "social": social, "economic": economic}
        return round(resultant(Codes(dict(phase.weights), tendencies), RULE).value, 2)

    assert (r(-1, 0), r(-1, 1)) == (0.20, 0.30)
    assert (r(-2, 0), r(-2, 1)) == (0.00, 0.10)
