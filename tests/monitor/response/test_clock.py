"""Deadlines in calendar and working hours, with the home country's holidays and worked weekends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from config.responses import Clock
from config.roster import Calendar
from monitor.response.clock import due_at, is_working_day

CHINA = Calendar()
FOUR = Clock(hours=4, count="working")


def beijing(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def test_calendar_hours_run_straight_on() -> None:
    start = beijing(15, 23)
    assert due_at(start, Clock(hours=24), CHINA, "CN") == start + timedelta(hours=24)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (beijing(11, 10), beijing(11, 14)),  # inside a day
        (beijing(11, 13, 30), beijing(11, 17, 30)),  # reached exactly at closing time
        (beijing(11, 15), beijing(12, 10, 30)),  # over night
        (beijing(11, 3), beijing(11, 13)),  # before opening
        (beijing(13, 16), beijing(14, 11, 30)),  # Friday to a Saturday that is worked (调休)
        (beijing(14, 17), beijing(24, 12, 30)),  # over the Spring Festival of 2026
        (beijing(8, 12), beijing(9, 13)),  # from a Sunday
    ],
)
def test_working_hours(start: datetime, due: datetime) -> None:
    assert due_at(start, FOUR, CHINA, "CN") == due


def test_adjusted_working_days_of_the_home_country() -> None:
    assert is_working_day(date(2026, 2, 14), CHINA, "CN")  # a Saturday, worked
    assert not is_working_day(date(2026, 2, 17), CHINA, "CN")  # Spring Festival
    assert not is_working_day(date(2026, 7, 3), CHINA, "US")
    assert is_working_day(date(2026, 7, 3), CHINA, "CN")


def test_the_roster_wins_over_the_library() -> None:
    calendar = Calendar(days_off=(date(2026, 2, 11),), working_days=(date(2026, 2, 17),))
    assert not is_working_day(date(2026, 2, 11), calendar, "CN")
    assert is_working_day(date(2026, 2, 17), calendar, "CN")


def test_an_unknown_country_has_weekends_only() -> None:
    assert is_working_day(date(2026, 1, 1), CHINA, "XX")
    assert not is_working_day(date(2026, 1, 3), CHINA, "XX")


def test_daylight_saving_moves_the_office_not_the_hours() -> None:
    office = Calendar(zone="Europe/Berlin")
    start = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)  # Friday 16:00, winter time
    # Half past five ends Friday after 1.5 h; Monday opens at 9:00 summer time, 07:00 UTC.
    assert due_at(start, FOUR, office, "XX") == datetime(2026, 3, 30, 9, 30, tzinfo=UTC)


def test_a_calendar_that_closes_before_it_opens_is_refused() -> None:
    with pytest.raises(ValidationError, match="opens earlier"):
        Calendar.model_validate({"opens": "18:00", "closes": "09:00"})
    with pytest.raises(ValidationError, match="tz database"):
        Calendar.model_validate({"zone": "Beijing"})
