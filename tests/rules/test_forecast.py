"""How long until a threshold: exact on a straight line, honest where nothing points there."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.documents import read_document
from config.levels import parse_levels
from config.method import FOLDER, Indicator
from rules.clauses import Bench, evaluate
from rules.forecast import changes, changes_of_risk, pace
from rules.types import IndicatorAssessment, Level, Reading, Risk, RiskAssessment

MakeIndicator = Callable[..., Indicator]
MakeReading = Callable[..., Reading]
Series = list[tuple[date, float]]

DAY = date(2026, 8, 22)


def weekly(*values: float) -> Series:
    """Return a value a week, the last one on DAY."""
    return [(DAY - timedelta(weeks=len(values) - 1 - i), v) for i, v in enumerate(values)]


def assessed(indicator: Indicator, reading: Reading, level: Level) -> IndicatorAssessment:
    return IndicatorAssessment(
        indicator.id, indicator.code, reading, level, level, DAY, 1.0, in_force=True
    )


def test_pace_of_a_line_with_one_outlier_is_the_line() -> None:
    found = pace(weekly(1, 1.5, 2, 2.5, 30, 3.5, 4, 4.5), DAY)
    assert found is not None
    assert found.weekly == pytest.approx(0.5)
    assert found.low <= 0.5 <= found.high


def test_too_little_known_gives_no_pace() -> None:
    assert pace(weekly(1, 2, 3, 4, 5), DAY) is None
    assert pace([(DAY - timedelta(i), float(i)) for i in range(10, -1, -1)], DAY) is None
    old = [(d - timedelta(days=400), v) for d, v in weekly(1, 2, 3, 4, 5, 6)]
    assert pace(old, DAY) is None


def test_next_threshold_up_in_weeks(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    indicator, reading = make_indicator(), make_reading(DAY, 8.0)
    yellow, red = changes(
        indicator, assessed(indicator, reading, Level.GREEN), weekly(3, 4, 5, 6, 7, 8), DAY
    )
    assert (yellow.direction, yellow.to_level, yellow.distance) == ("up", Level.YELLOW, 2)
    assert (yellow.weeks, yellow.weeks_low, yellow.weeks_high) == (2.0, 2.0, 2.0)
    assert (red.to_level, red.weeks) == (Level.RED, 12.0)


def test_a_pace_that_leads_away_names_no_date(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    lag = make_indicator("S05", 6, 3, direction="down")
    reading = make_reading(DAY, 5.0)
    series = weekly(4, 4.2, 4.4, 4.6, 4.8, 5)
    red, down = changes(lag, assessed(lag, reading, Level.YELLOW), series, DAY)
    assert (red.to_level, red.weeks) == (Level.RED, None)
    assert (down.direction, down.to_level) == ("down", Level.GREEN)
    assert down.threshold == pytest.approx(6.6)  # clear of the dead band
    assert down.weeks == pytest.approx(8.0)


def test_the_vote_that_must_cross_decides(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    indicator = make_indicator()
    reading = make_reading(DAY, 14.0, votes={"all": 14.0, "without_largest": 7.0})
    yellow, _ = changes(indicator, assessed(indicator, reading, Level.GREEN), (), DAY)
    assert (yellow.value, yellow.distance, yellow.weeks) == (7.0, 3.0, None)


def test_what_only_for_or_keep_still_holds_has_no_way_to_go(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    indicator = make_indicator()
    pending = changes(indicator, assessed(indicator, make_reading(DAY, 12.0), Level.GREEN), (), DAY)
    assert (pending[0].to_level, pending[0].distance) == (Level.YELLOW, 0.0)
    kept = changes(indicator, assessed(indicator, make_reading(DAY, 5.0), Level.YELLOW), (), DAY)
    assert (kept[-1].to_level, kept[-1].distance) == (Level.GREEN, 0.0)


def test_missing_changes_nothing(make_indicator: MakeIndicator, make_reading: MakeReading) -> None:
    indicator = make_indicator()
    held = assessed(indicator, make_reading(DAY, None), Level.RED)
    assert changes(indicator, held, (), DAY) == []


def test_what_moves_the_risk_stands_first(
    make_indicator: MakeIndicator, make_reading: MakeReading
) -> None:
    file = Path(FOLDER / "2026" / "levels.yaml")
    levels = parse_levels(read_document(file, file.read_text("utf-8")), file)
    method = {i.id: i for i in (make_indicator("S01"), make_indicator("S02"))}
    values = {"misuse.s01": 18.0, "misuse.s02": 2.0}
    colours = {"misuse.s01": Level.YELLOW, "misuse.s02": Level.GREEN}
    indicators = [
        assessed(i, make_reading(DAY, values[i.id]), colours[i.id]) for i in method.values()
    ]
    bench = Bench(levels, method, indicators, {})
    risk = RiskAssessment(
        Risk.MISUSE, Level.GREEN, Level.GREEN, DAY, 1.0, 0.6, None, None, False,
        tuple(evaluate(rule, bench) for rule in levels.clauses), tuple(indicators),
    )  # fmt: skip
    moment = datetime(2026, 8, 22, tzinfo=UTC)
    series = {"misuse.s01": weekly(13, 14, 15, 16, 17, 18)}
    found = changes_of_risk(risk, levels, method, series, moment)
    first = found[0]
    assert (first.indicator, first.to_level, first.risk_to) == (
        "misuse.s01", Level.RED, Level.YELLOW,
    )  # fmt: skip
    assert first.weeks == 2.0
    assert [c.risk_to for c in found[-2:]] == [None, None]
