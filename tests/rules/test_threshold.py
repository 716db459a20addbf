"""Each threshold at, under and over it; votes, bounds and the dead band."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.method import Indicator
from rules.threshold import limit, raw_level, sources_disagree, supported_level
from rules.types import SEVERITY, Level, Reading

MakeIndicator = Callable[..., Indicator]
MakeReading = Callable[..., Reading]

DAY = date(2026, 8, 1)


@pytest.mark.parametrize(
    ("value", "level"),
    [(9.999, "green"), (10, "yellow"), (19.999, "yellow"), (20, "red"), (None, "unassigned")],
)
def test_up_at_under_and_over(
    make_indicator: MakeIndicator, make_reading: MakeReading, value: float | None, level: str
) -> None:
    assert raw_level(make_reading(DAY, value), make_indicator()) == level


@pytest.mark.parametrize(
    ("value", "level"), [(6.001, "green"), (6, "yellow"), (3.001, "yellow"), (3, "red")]
)
def test_down_at_under_and_over(
    make_indicator: MakeIndicator, make_reading: MakeReading, value: float | None, level: str
) -> None:
    lag = make_indicator("S05", 6, 3, direction="down")
    assert raw_level(make_reading(DAY, value), lag) == level


def test_without_thresholds_or_colour_there_is_no_level(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    reading = make_reading(DAY, 50)
    assert raw_level(reading, make_indicator("B06", colourless=True)) is Level.UNASSIGNED
    assert raw_level(reading, make_indicator("S01", None, None)) is Level.UNASSIGNED
    assert raw_level(reading, make_indicator("S06", 1, None)) is Level.YELLOW


def test_votes_give_the_least_severe_colour_and_say_when_sources_disagree(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    lag = make_indicator("S05", 6, 3, direction="down")
    split = make_reading(DAY, 2.5, votes={"eci": 2.5, "arena": 6.5})
    assert raw_level(split, lag) is Level.GREEN
    assert sources_disagree(split, lag)
    cut = make_reading(DAY, 25, votes={"all": 25, "without_largest": 8})
    assert raw_level(cut, make_indicator()) is Level.GREEN
    assert not sources_disagree(cut, make_indicator())


@pytest.mark.parametrize(
    ("value", "low", "high", "level"),
    [
        (80, 76, 90, "red"), (80, 74, 90, "yellow"), (65, 50, 90, "yellow"),
        (50, 40, 59, "green"), (50, 40, 60, "yellow"),
    ],
)  # fmt: skip
def test_bounds_red_only_if_the_lower_green_only_if_the_upper(
    make_indicator: MakeIndicator,
    make_reading: MakeReading,
    value: float | None,
    low: float,
    high: float,
    level: str,
) -> None:
    share = make_indicator("G01", 60, 75, agree="bounds")
    assert raw_level(make_reading(DAY, value, low=low, high=high), share) == level


def test_band_as_a_share_or_in_units(make_indicator: MakeIndicator) -> None:
    up, down = make_indicator(), make_indicator("S05", 6, 3, direction="down")
    lead = make_indicator("G04", 6, 12, band_absolute=2.5)
    assert limit(up, Level.YELLOW, banded=True) == pytest.approx(9)
    assert limit(down, Level.RED, banded=True) == pytest.approx(3.3)
    assert limit(lead, Level.RED, banded=True) == 9.5
    assert limit(lead, Level.GREEN, banded=False) is None


finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(first=finite, second=finite, other=finite, direction=st.sampled_from(["up", "down"]))
def test_monotone_in_the_value(
    make_indicator: MakeIndicator,
    make_reading: MakeReading,
    first: float,
    second: float,
    other: float,
    direction: str,
) -> None:
    up = direction == "up"
    indicator = make_indicator(
        "S01", 10 if up else 20, 20 if up else 10, direction=direction, agree="bounds"
    )
    worse = max(first, second) if up else min(first, second)
    milder = first + second - worse if {first, second} != {worse} else worse
    for votes in (None, other):
        readings = [
            make_reading(
                DAY, v, votes={} if votes is None else {"a": v, "b": votes}, low=v - 1, high=v + 1
            )
            for v in (milder, worse)
        ]
        for judge in (raw_level, supported_level):
            low, high = (SEVERITY[judge(r, indicator)] for r in readings)
            assert low <= high


@given(value=finite)
def test_the_band_never_makes_milder(
    make_indicator: MakeIndicator, make_reading: MakeReading, value: float | None
) -> None:
    reading, indicator = make_reading(DAY, value), make_indicator()
    raw, held = raw_level(reading, indicator), supported_level(reading, indicator)
    assert SEVERITY[held] >= SEVERITY[raw]
