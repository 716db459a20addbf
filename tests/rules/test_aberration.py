"""EARS against R's vectors, CUSUM against hand-worked values and the published run length."""

import csv
import math
import random
from pathlib import Path

import pytest

from rules.aberration import (
    average_run_length,
    baselines,
    cusum,
    cusum_of_scores,
    ears_c1,
    ears_c2,
    ears_c3,
    ears_c3_hutwagner,
)

GOLDEN = (
    ("golden_ears_aiid_monthly.csv", 0.0),
    ("golden_ears_aiid_monthly_minSigma1.csv", 1.0),
    ("golden_ears_salmonella_agona.csv", 0.0),
)


def _golden(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "data" / "surveillance" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("name", "min_sigma"), GOLDEN)
@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
def test_ears_equals_the_vectors_of_r(
    shared: Path, name: str, min_sigma: float, method: str
) -> None:
    rows = _golden(shared, name)
    assert len(rows) >= 97
    counts = [int(r["observed"]) for r in rows]
    ears = {"C1": ears_c1, "C2": ears_c2, "C3": ears_c3}[method]
    compared = 0
    for row, ours in zip(rows, ears(counts, min_sigma=min_sigma), strict=True):
        expected = row[f"{method}_upperbound"]
        if expected in ("NA", "NaN"):
            assert ours is None or expected == "NaN"
            continue
        assert ours is not None
        assert ours.upper == pytest.approx(float(expected), abs=1e-9)
        assert ours.alarm == (row[f"{method}_alarm"] in ("1", "TRUE"))
        compared += 1
    assert compared >= 85


def test_c2_of_a_hand_worked_series() -> None:
    # window 2 4 4 4 5 5 4: mean 4, sum of squares 6, sigma 1; two guards; then 7
    counts = [2, 4, 4, 4, 5, 5, 4, 90, 90, 7]
    found = ears_c2(counts)[-1]
    assert found is not None
    assert found.statistic == pytest.approx(3.0)
    assert found.upper == pytest.approx(4 + 3.090232306167813)
    assert not found.alarm
    assert ears_c2(counts)[8] is None


def test_a_silent_past_is_no_reason_for_alarm_with_a_floor() -> None:
    counts = [0] * 9 + [1]
    floored, bare = ears_c2(counts)[-1], ears_c2(counts, min_sigma=0)[-1]
    assert floored is not None
    assert bare is not None
    assert floored.statistic == 2.0
    assert not floored.alarm
    assert bare.statistic == math.inf
    assert bare.alarm


def test_the_two_c3_differ_where_a_rise_is_new() -> None:
    # a flat past (sigma floored to 1), then one count 9 sigma above it
    sudden = [4.0] * 11 + [13.0]
    ours, hers = ears_c3(sudden, min_sigma=1)[-1], ears_c3_hutwagner(sudden, min_sigma=1)[-1]
    assert ours is not None
    assert hers is not None
    assert (ours.statistic, ours.alarm) == (0.0, False)  # R's C3 does not look at the newest count
    assert (hers.statistic, hers.alarm) == (8.0, True)


def test_r_s_c3_alarms_on_what_the_two_counts_before_carried() -> None:
    counts = [4.0] * 9 + [6.5, 6.5, 4.0]  # 2.5 sigma twice: carries 1.5 + 1.5 = 3 > 1.96
    found = ears_c3(counts, min_sigma=1)[-1]
    assert found is not None
    assert found.statistic == pytest.approx(3.0)
    assert found.upper == pytest.approx(4 + 1.959963984540054 - 3)
    assert found.alarm


def test_cusum_of_hand_worked_scores_resets_after_its_alarm() -> None:
    steps = cusum_of_scores([1.0, -2.0, 2.5, None, 2.0, 1.5, 0.5, 1.0])
    assert [None if s is None else s.total for s in steps] == [0.5, 0, 2, None, 3.5, 4.5, 0, 0.5]
    assert [s is not None and s.alarm for s in steps] == [False] * 5 + [True, False, False]


def test_exactly_h_is_no_alarm_yet() -> None:
    (step,) = cusum_of_scores([4.5])
    assert step is not None
    assert step.total == 4.0
    assert not step.alarm


def test_cusum_of_counts_rolls_its_baseline() -> None:
    # 12 months alternate 3 and 5 (mean 4, sigma 1.0445), two guard months, then a step to 6
    counts = [3, 5] * 6 + [4, 4] + [6] * 3
    steps = cusum(counts)
    assert steps[:14] == [None] * 14
    first = steps[14]
    assert first is not None
    assert first.total == pytest.approx(2 / math.sqrt(12 / 11) - 0.5)
    second = baselines(counts, 12, 2)[15]
    assert second is not None
    assert second.mean == pytest.approx(sum(counts[1:13]) / 12)


def test_run_length_is_the_published_one() -> None:
    assert average_run_length(0.5, 4.0) == pytest.approx(335.4, rel=0.01)
    assert average_run_length(0.5, 5.0) == pytest.approx(930.9, rel=0.01)
    assert average_run_length(0.5, 4.0, shift=1.0) == pytest.approx(8.38, rel=0.01)


def test_our_recursion_runs_as_long_as_the_chain_says() -> None:
    dice = random.Random(20260822)
    steps = cusum_of_scores([dice.gauss(0, 1) for _ in range(1_000_000)])
    alarms = sum(1 for s in steps if s is not None and s.alarm)
    # about 3,000 runs, so one standard error is 1.8 %
    assert 1_000_000 / alarms == pytest.approx(335.4, rel=0.04)
