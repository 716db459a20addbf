"""The closed list of reducers against values worked by hand."""

from datetime import date
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.reduce import REDUCERS, check_reducer, reduce_rows
from rules.reduction import Params, Row, day_of
from rules.types import Why

DAY = 20_600


def row(**cells: int | str | None) -> Row:
    """Return one row with a day on it."""
    return {"newest_day": DAY, **cells}


def test_ratio_with_votes_bounds_coverage_and_companions() -> None:
    found = reduce_rows(
        "ratio",
        {"without_largest": 1, "bounds": 1},
        [row(num=30, den=100, largest=20, low_num=30, high_num=80, all_den=200, covered=1,
             expected=3, also_part_num=1, also_part_den=4, also_count=7)],
    )  # fmt: skip
    assert found.value == 30
    assert found.votes == {"point": 30, "without_largest": 12.5}
    assert (found.low, found.high) == (15, 40)
    assert found.companions == {"part": 25, "count": 7}
    assert found.meta.coverage == 0.333333
    assert found.meta.newest_on == day_of(DAY)


def test_a_share_that_is_one_repository_votes_zero_without_it() -> None:
    found = reduce_rows("ratio", {"without_largest": 1}, [row(num=9, den=9, largest=9)])
    assert found.votes == {"point": 100, "without_largest": 0}


@pytest.mark.parametrize("name", sorted(REDUCERS))
def test_nothing_is_never_zero(name: str) -> None:
    found = reduce_rows(name, {}, [])
    assert found.value is None
    assert found.missing is not None


def test_an_empty_window_is_not_no_data() -> None:
    empty = reduce_rows("ratio", {}, [row(num=0, den=0)]).missing
    none = reduce_rows("ratio", {}, [{"num": 0, "den": 0, "newest_day": None}]).missing
    assert empty is not None
    assert none is not None
    assert (empty.why, none.why) == (Why.EMPTY_WINDOW, Why.NO_DATA)


def test_concentration_counts_a_fast_rise_as_its_colour() -> None:
    now = [row(n=8, n_then=7), row(n=2, n_then=3)]
    assert reduce_rows("hhi", {}, now).votes == {"judged": 8000}
    slow = [row(n=76, n_then=73), row(n=24, n_then=27)]
    found = reduce_rows("hhi", {}, slow)
    assert found.value == pytest.approx(6352)
    assert found.votes == {"judged": pytest.approx(6352)}


def test_excess_growth_is_log_growth_against_the_whole() -> None:
    cells = {"part_now": 4, "part_then": 2, "all_now": 30, "all_then": 20, "span_days": 91}
    found = reduce_rows("excess_growth", {}, [row(**cells, recent=1)])
    assert found.value == pytest.approx(100 * 91.3125 / 91 * (log(2) - log(1.5)), abs=1e-6)
    assert reduce_rows("excess_growth", {}, [row(**cells, recent=0)]).value is None


def test_doubling_time_of_a_stock_that_doubles_every_hundred_days() -> None:
    rows = [row(day=DAY + 100 * n, stock=16 * 2**n) for n in range(6)]
    assert reduce_rows("doubling", {}, rows).value == pytest.approx(100, abs=1e-6)
    flat = [row(day=DAY + n, stock=16) for n in range(6)]
    assert reduce_rows("doubling", {}, flat).value == 3650
    assert reduce_rows("doubling", {}, rows[:5]).value is None


def test_median_puts_what_has_not_happened_at_the_end() -> None:
    rows = [row(item="a", num=2), row(item="b", num=10), row(item="c", num=None)]
    found = reduce_rows("median", {"at_most": 180}, rows)
    assert found.value == 10
    assert found.companions["not_yet"] == 1
    rows += [row(item="d", num=None), row(item="e", num=None)]
    assert reduce_rows("median", {"at_most": 180}, rows).value == 180
    assert reduce_rows("median", {}, [row(item="a", num=None)]).value is None


def test_minimum_scales() -> None:
    rows = [row(num=32_000_000_000 * 4), row(num=10**13), row(num=None)]
    assert reduce_rows("minimum", {"scale": 1.5e-10}, rows).value == pytest.approx(19.2)


def test_decay_halves() -> None:
    rows = [row(severity=4, age_days=180, attested=1), row(severity=2, age_days=0, attested=1)]
    assert reduce_rows("decay_sum", {"attested": 1}, rows).value == 4
    weighed = [row(severity=4, age_days=0, weight_milli=500)]
    assert reduce_rows("decay_sum", {}, weighed).value == 2
    unattested = reduce_rows("decay_sum", {"attested": 1}, [row(severity=4, age_days=0)])
    assert unattested.missing is not None
    assert unattested.missing.why is Why.NOT_ATTESTED


def test_own_quantile_reaches_red_by_its_rule_alone() -> None:
    history = [row(period=p, n=p, red=0, reach=9) for p in range(1, 9)]  # 75th percentile 6.25
    now = row(period=0, n=50, red=0, reach=9)
    found = reduce_rows("own_quantile", {}, [now, *history])
    assert found.value == 8
    assert found.votes["judged"] == pytest.approx(2, abs=2e-6)
    assert found.votes["judged"] < 2
    red = reduce_rows("own_quantile", {}, [row(period=0, n=0, red=1, reach=9), *history])
    assert (red.value, red.votes["judged"]) == (0, 2)


def test_the_newest_attested_figure_counts() -> None:
    rows = [
        row(value_micro=5_000_000, period_to_day=DAY - 9, attested=1),
        row(value_micro=7_000_000, period_to_day=DAY, attested=0),
    ]
    assert reduce_rows("attested_value", {}, rows).value == 5


def months(counts: list[int], series: str = "seen") -> list[Row]:
    """Return one row a month from January 2025 on; the record ends on the last day of the last."""
    first = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(len(counts) + 1)]
    epoch = date(1970, 1, 1).toordinal()
    end = first[-1].toordinal() - 1 - epoch
    return [
        {"series": series, "day": d.toordinal() - epoch, "n": c, "newest_day": end}
        for d, c in zip(first[:-1], counts, strict=True)
    ]


def test_red_aberration_needs_both_statistics() -> None:
    found = reduce_rows("c2_cusum", {}, months([1] * 14 + [3]))
    assert found.value == 4  # (3 − 1) ÷ 0.5
    assert found.companions["cusum"] == 3.5
    assert found.votes["judged"] < 3 <= found.votes["point"]
    both = reduce_rows("c2_cusum", {}, months([1] * 14 + [4]))
    assert both.votes["judged"] == both.votes["point"] == 6


def test_by_occurrence_the_newest_half_year_is_not_judged() -> None:
    rows = months([1] * 14 + [9] * 6, "occurred")
    assert reduce_rows("c2_cusum", {}, rows).missing is not None
    longer = months([1] * 15 + [9] * 6, "occurred")
    assert reduce_rows("c2_cusum", {}, longer).value == 0


BOARD: Row = {"board": "eci", "board_day": DAY + 400, "newest_day": DAY + 400}
ALONE: Params = {"boards": ["eci"], "labels": ["eci"], "per_point": [1.0]}


def release(side: str, day: int, score: float) -> Row:
    """Return one model of the only board."""
    return {**BOARD, "side": side, "day": DAY + day, "score_micro": round(score * 1e6)}


def test_lag_runs_to_the_last_release_and_honours_tolerance() -> None:
    rows = [
        release("lead", 0, 100), release("lead", 100, 102), release("lead", 200, 104),
        release("follow", 10, 100), release("follow", 300, 102),
    ]  # fmt: skip
    found = reduce_rows("lag", ALONE, rows)
    assert found.value == pytest.approx(200 / 30.4375, abs=1e-6)
    assert found.companions["tolerance_1_eci"] == pytest.approx(100 / 30.4375, abs=1e-6)
    assert found.companions["tolerance_3_eci"] == 0
    wider = reduce_rows("lag", {**ALONE, "tolerance": 1}, rows)
    assert wider.value == found.companions["tolerance_1_eci"]
    assert reduce_rows("lag", {}, rows).value is None  # Arena has no rows


def test_lead_converts_boards_to_points_of_the_first() -> None:
    arena = [{**r, "board": "arena_text", "score_micro": int(str(r["score_micro"])) * 6}
             for r in (release("lead", 0, 100), release("follow", 0, 98))]  # fmt: skip
    eci = [release("lead", 0, 100), release("follow", 0, 97)]
    assert reduce_rows("lead", {}, [*eci, *arena]).votes == {"eci": 3, "arena": 2}


MANY = [
    *(release("lead", d, 100 + d / 9) for d in range(0, 300, 40)),
    *(release("follow", d, 95 + d / 9) for d in range(20, 300, 50)),
]


@given(st.permutations(MANY))
def test_order_of_rows_never_matters(rows: list[Row]) -> None:
    assert reduce_rows("lag", ALONE, rows) == reduce_rows("lag", ALONE, sorted(rows, key=str))


@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_a_share_lies_between_nothing_and_all(part: int, rest: int) -> None:
    found = reduce_rows("ratio", {}, [row(num=part, den=part + rest)])
    assert found.value is not None
    assert 0 <= found.value <= 100


def test_parameters_are_checked_by_name_and_shape() -> None:
    assert check_reducer("ratio", {"scale": 1}) == []
    assert check_reducer("mean", {})[0].startswith("no reducer mean")
    assert check_reducer("ratio", {"scale": "much", "half": 1}) == [
        "ratio takes no half",
        "ratio.scale: expected a number, found a word",
    ]
    assert "differ in length" in check_reducer("lag", {"boards": ["eci"]})[0]
