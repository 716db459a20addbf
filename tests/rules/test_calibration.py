"""The BIS rule on a record made by hand; what proposes never tests."""

from datetime import date, timedelta

import pytest

from rules.backtest import Event
from rules.calibration import TwoByTwo, propose, trial, weekly

START = date(2023, 1, 2)


def series(values: list[float]) -> list[tuple[date, float]]:
    return [(START + timedelta(weeks=i), v) for i, v in enumerate(values)]


def events(*weeks: int) -> list[Event]:
    return [Event(f"E{w}", START + timedelta(weeks=w, days=3), "x") for w in weeks]


def test_two_by_two_and_noise_to_signal_by_hand() -> None:
    # 10 weeks, one event in week 5 and a half, horizon 2 weeks: weeks 4 and 5 lie before it
    values = series([1, 1, 9, 1, 9, 9, 1, 1, 1, 9])
    found = trial(values, [START + timedelta(weeks=5, days=3)], 9, up=True, horizon_days=14)
    assert found.table == TwoByTwo(2, 2, 0, 6)
    assert found.table.noise_to_signal == pytest.approx((2 / 8) / (2 / 2))
    assert (found.events, found.caught, found.recall) == (1, 1, 1.0)
    assert found.clopper == pytest.approx((0.025, 1.0), abs=1e-6)


def test_down_means_low_is_the_signal() -> None:
    found = trial(
        series([9, 1, 9]), [START + timedelta(weeks=1, days=1)], 1, up=False, horizon_days=7
    )
    assert found.table == TwoByTwo(1, 0, 0, 2)


def test_the_proposed_threshold_has_the_least_noise_with_enough_recall() -> None:
    # before each of four events the value stands at 8 or 9; once it stands at 7 for nothing
    values = [1.0] * 60
    for week, height in ((10, 9), (20, 9), (30, 9), (40, 8)):
        values[week] = height
    values[50] = 7
    yellow, red = propose(
        series(values), events(10, 20, 30, 40), up=True, horizon_days=7,
        split_on=START + timedelta(weeks=58),
    )  # fmt: skip
    assert yellow.train is not None
    assert yellow.train.threshold == 8  # 9 would miss the fourth: 75 % < 90 %
    assert yellow.train.recall == 1.0
    assert red.train is not None
    assert red.train.threshold == 9  # 75 % is enough for red, and 9 is harder to reach
    assert red.test is not None
    assert red.test.events == 0  # what was proposed on is not tested on


@pytest.mark.parametrize(
    ("weeks", "at", "why"),
    [(20, (5, 10, 15), "too_short"), (60, (5, 10), "too_few_events")],
)
def test_it_says_why_it_proposes_nothing(weeks: int, at: tuple[int, ...], why: str) -> None:
    found = propose(
        series([1.0] * weeks), events(*at), up=True, horizon_days=7,
        split_on=START + timedelta(weeks=weeks),
    )  # fmt: skip
    assert {p.why_not for p in found} == {why}


def test_a_constant_is_no_better_than_a_coin() -> None:
    found = propose(
        series([1.0] * 60), events(10, 20, 30), up=True, horizon_days=7,
        split_on=START + timedelta(weeks=60),
    )  # fmt: skip
    assert {p.why_not for p in found} == {"coin_toss"}


def test_training_events_count_nowhere() -> None:
    left_out = [Event(e.id, e.on, e.title, "training") for e in events(10, 20, 30)]
    found = propose(
        series([1.0] * 60), left_out, up=True, horizon_days=7,
        split_on=START + timedelta(weeks=60),
    )  # fmt: skip
    assert {p.why_not for p in found} == {"too_few_events"}


def test_a_daily_figure_counts_once_a_week() -> None:
    days = [(START + timedelta(days=i), float(i)) for i in range(14)]
    assert weekly(days) == [(START + timedelta(days=6), 6.0), (START + timedelta(days=13), 13.0)]
