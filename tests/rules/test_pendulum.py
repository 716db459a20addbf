"""The pendulum: the paper's seven cases to two decimals, alternatives that fail, inertia, noise."""

import random
from datetime import date
from pathlib import Path

import pytest
import yaml

from config.errors import ConfigError
from config.method import Words
from config.pendulum import Pendulum, parse_pendulum
from rules.pendulum.detect import by_delta, by_salience, leap, salience
from rules.pendulum.inertia import follow, quarter_end, quarters, track
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
from rules.pendulum.types import Act, Codes, Practice, Verdict

FILE = Path(__file__).parents[2] / "config" / "methods" / "2026" / "pendulum.yaml"
RULE: Pendulum = parse_pendulum(yaml.safe_load(FILE.read_text(encoding="utf-8")))

GOLDEN = {
    # phase: R, class, equal weights, linear weights (PENDULUM 6.3)
    "US-P1": (-0.90, "restrict", -0.67, -0.78),
    "US-P2": (0.00, "middle", 0.00, 0.00),
    "US-P3": (0.64, "incentive", 0.33, 0.50),
    "EU-P1": (-0.29, "slightly_restrict", 0.33, 0.00),
    "EU-P2": (0.75, "incentive", 0.50, 0.59),
    "EU-P3": (0.75, "incentive", 0.50, 0.59),
    "CN": (0.71, "incentive", 0.50, 0.58),
}


@pytest.mark.parametrize("phase", GOLDEN)
def test_case_comes_out_to_two_decimals(phase: str) -> None:
    r, word, flat, straight = GOLDEN[phase]
    codes = codes_of(RULE.by_id[phase])
    found = resultant(codes, RULE)
    assert round(found.value, 2) == r
    assert found.stance == word
    assert round(value(codes, equal), 2) == flat
    assert round(value(codes, linear), 2) == straight
    assert sum(found.shares.values()) == pytest.approx(1)
    golden = RULE.by_id[phase].golden
    assert golden is not None
    assert (golden.R, golden.class_, golden.equal, golden.linear) == GOLDEN[phase]


def test_equal_and_linear_weights_fail_the_european_first_phase() -> None:
    codes = codes_of(RULE.by_id["EU-P1"])
    assert stance(value(codes, equal), RULE.classes) == "slightly_incentive"
    assert stance(value(codes, linear), RULE.classes) == "middle"
    assert resultant(codes, RULE).stance == "slightly_restrict"


def test_no_cut_points_save_the_linear_weighting() -> None:
    assert working_cut_points(RULE, linear) is None
    assert working_cut_points(RULE, equal) is None
    found = working_cut_points(RULE, power(2.0))
    assert found is not None
    assert found[1] == 0.28
    assert found[2:] == (0.29, 0.64)
    assert working_cut_points(RULE, lambda code: (1.0 + code) ** 2) is not None


def test_open_camp_ahead_changes_the_number_and_not_the_class() -> None:
    """The paper's own inconsistency of the American third phase is a footnote, not smoothed."""
    phase = RULE.by_id["US-P3"]
    assert phase.footnote is not None
    ahead = Codes(dict(phase.weights), {**phase.tendencies, "economic": 1})
    found = resultant(ahead, RULE)
    assert round(found.value, 2) == 0.80
    assert found.stance == "incentive"


@pytest.mark.parametrize(
    ("technology", "r"), [(0, 0.80), (1, 0.77), (2, 0.71), (3, 0.62), (4, 0.50)]
)
def test_china_stays_encouraging_for_every_technology_weight(technology: int, r: float) -> None:
    phase = RULE.by_id["CN"]
    codes = Codes({**phase.weights, "T": technology}, dict(phase.tendencies))
    found = resultant(codes, RULE)
    assert round(found.value, 2) == r
    assert found.stance == "incentive"


@pytest.mark.parametrize(
    ("phase", "kept", "side"),
    [
        ("US-P1", 0.99, None),
        ("US-P2", 0.72, None),
        ("US-P3", 0.84, 0.99),
        ("EU-P1", 0.67, None),
        ("EU-P2", 0.90, None),
        ("CN", 0.88, 1.00),
    ],
)
def test_robustness_under_coding_noise(phase: str, kept: float, side: float | None) -> None:
    found = robustness(codes_of(RULE.by_id[phase]), RULE)
    assert found.kept == pytest.approx(kept, abs=0.01)
    if side is not None:
        assert found.side_kept == pytest.approx(side, abs=0.005)
    assert found.fragile == (phase in ("US-P2", "EU-P1"))


def test_robustness_agrees_with_random_recoding() -> None:
    """A fixed seed, 20,000 draws: the exact sum lies within two standard errors."""
    codes = codes_of(RULE.by_id["EU-P1"])
    draw = random.Random(20260)
    kept = 0
    for _ in range(20_000):
        moves = [draw.choices((0, -1, 1), (0.75, 0.125, 0.125))[0] for _ in range(6)]
        weights = {
            n: min(4, max(0, w + moves[i])) for i, (n, w) in enumerate(codes.weights.items())
        }
        tendencies = {
            f: min(2, max(-2, t + moves[3 + i]))
            for i, (f, t) in enumerate(codes.tendencies.items())
        }
        r = value(Codes(weights, tendencies), power(2.0))
        kept += stance(round(r, 9), RULE.classes) == "slightly_restrict"
    assert kept / 20_000 == pytest.approx(robustness(codes, RULE).kept, abs=0.0067)


@pytest.mark.parametrize(
    ("r", "word"),
    [
        (-1.0, "restrict"),
        (-0.45, "restrict"),
        (-0.4499, "slightly_restrict"),
        (-0.15, "slightly_restrict"),
        (-0.1499, "middle"),
        (0.1499, "middle"),
        (0.15, "slightly_incentive"),
        (0.4499, "slightly_incentive"),
        (0.45, "incentive"),
        (1.0, "incentive"),
    ],
)
def test_class_at_under_and_over_each_bound(r: float, word: str) -> None:
    assert stance(r, RULE.classes) == word


def test_risk_control_is_asked_of_china_and_not_of_europe() -> None:
    assert controlled(RULE.by_id["CN"], RULE)
    assert not controlled(RULE.by_id["EU-P2"], RULE)
    assert not controlled(RULE.by_id["US-P1"], RULE)


def test_inertia_holds_and_an_event_swings() -> None:
    american = track("US", RULE.phases, RULE.swings, date(2025, 11, 10), RULE)
    by_day = {p.day: p for p in american}
    assert by_day[date(2023, 6, 30)].stance == "restrict"
    assert by_day[date(2023, 9, 30)].stance == "middle"
    assert by_day[date(2023, 9, 30)].event == "EV014"
    assert by_day[date(2024, 12, 31)].stance == "middle"
    assert by_day[date(2025, 3, 31)].stance == "incentive"


def test_third_european_phase_keeps_its_course_without_an_event() -> None:
    european = track("EU", RULE.phases, RULE.swings, date(2025, 11, 10), RULE)
    after = [p for p in european if p.day >= date(2023, 9, 30)]
    assert after[0].x == pytest.approx(0.70, abs=0.005)
    assert after[-1].x == pytest.approx(0.72, abs=0.005)
    assert all(p.event is None for p in after[1:])


def test_without_the_events_inertia_would_keep_the_past() -> None:
    quiet = track("US", RULE.phases, (), date(2025, 11, 10), RULE)
    assert quiet[-1].stance == "slightly_restrict"  # κ .05 alone never gets to the middle
    assert follow(-0.9, 0.0, 0.9) == pytest.approx(-0.09)


def test_nothing_before_the_first_phase() -> None:
    assert track("US", RULE.phases, RULE.swings, date(2020, 1, 1), RULE) == ()
    assert track("XX", RULE.phases, RULE.swings, date(2025, 1, 1), RULE) == ()


def test_quarters() -> None:
    assert quarter_end(date(2024, 2, 1)) == date(2024, 3, 31)
    assert quarter_end(date(2024, 12, 31)) == date(2024, 12, 31)
    assert quarters(date(2024, 1, 5), date(2024, 10, 1)) == [
        date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30),
    ]  # fmt: skip


def _act(day: date, direction: int, force: str, place: str = "US") -> Act:
    title = Words(zh="某法", en="an act")
    return Act(f"E{day}", place, day, direction, force, title, "verified")


def test_practice_weighs_force_and_age() -> None:
    on = date(2025, 7, 1)
    acts = [
        _act(date(2025, 7, 1), 2, "law"),
        _act(date(2025, 7, 1), -2, "guidance"),
        _act(date(2025, 8, 1), -2, "law"),
        _act(date(2025, 7, 1), -2, "law", "EU"),
    ]
    found = practice(acts, "US", on, RULE)
    assert found.value == pytest.approx((3 - 1) / 4)
    assert len(found.acts) == 2
    old = practice([_act(date(2024, 1, 1), 2, "law"), acts[1]], "US", on, RULE)
    assert old.acts[0].weight == pytest.approx(3 * 0.5, rel=0.01)  # 18 months on: half
    assert practice([], "US", on, RULE) == Practice(None, ())


@pytest.mark.parametrize(
    ("y", "r", "verdict", "overshoot"),
    [
        (0.30, 0.64, Verdict.MATCH, False),
        (0.29, 0.64, Verdict.MATCH, False),
        (0.28, 0.64, Verdict.PARTIAL, False),
        (0.05, 0.64, Verdict.PARTIAL, False),
        (0.04, 0.64, Verdict.SIGNIFICANT, False),
        (-0.72, -0.29, Verdict.PARTIAL, True),
        (None, 0.2, Verdict.NONE, False),
    ],
)
def test_deviation_at_under_and_over_each_bound(
    y: float | None, r: float, verdict: Verdict, overshoot: bool
) -> None:
    found = deviation(Practice(y, ()), r, RULE, asked_control=False, has_control=False)
    assert found.verdict is verdict
    assert found.overshoot is overshoot
    assert found.control is None


def test_control_is_a_gap_until_an_act_provides_it() -> None:
    done = Practice(0.5, ())
    assert deviation(done, 0.7, RULE, asked_control=True, has_control=False).control == "gap"
    assert deviation(done, 0.7, RULE, asked_control=True, has_control=True).control == "present"


def test_salience_needs_a_jump_in_two_independent_feeds() -> None:
    quiet = [3, 4, 3, 5, 4, 3, 4, 5, 4, 3, 4, 4, 4, 4]
    trend = list(range(15))
    jump = [*quiet, 15]
    assert salience(quiet, RULE.salience) is None
    high = salience(jump, RULE.salience)
    assert high is not None
    assert high > 3
    slow = salience(trend, RULE.salience)
    assert slow is not None
    assert slow < 3  # a trend is not an event
    on = date(2026, 8, 1)
    assert by_salience("US", on, {"a": jump, "b": trend}, RULE.salience) is None
    found = by_salience("US", on, {"a": jump, "b": jump}, RULE.salience)
    assert found is not None
    assert found.verified_by is None


def test_a_large_change_of_r_only_proposes() -> None:
    on = date(2026, 8, 1)
    assert by_delta("US", on, 0.0, 0.24, RULE) is None
    found = by_delta("US", on, 0.0, 0.25, RULE)
    assert found is not None
    assert found.verified_by is None


def test_technology_leap_is_the_slope_against_its_past() -> None:
    assert leap([1.0] * 10, 12, 24) is None
    assert leap([1.0] * 36, 12, 24) is None  # a flat past has no spread to measure by
    past = [0.0, 2.0] * 12
    assert leap([*past, *([1.0] * 12)], 12, 24) == pytest.approx(0)
    faster = leap([*past, *([4.0] * 12)], 12, 24)
    assert faster is not None
    assert faster > 2


def test_a_wrong_file_is_named() -> None:
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    document["phases"][0]["weights"]["T"] = 5
    with pytest.raises(ConfigError, match=r"pendulum\.yaml: phases\.0: expected weights 0 to 4"):
        parse_pendulum(document)
    with pytest.raises(ConfigError, match=r"pendulum\.yaml: surprise"):
        parse_pendulum({**yaml.safe_load(FILE.read_text(encoding="utf-8")), "surprise": 1})
