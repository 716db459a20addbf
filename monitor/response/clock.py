"""When a step is due: calendar hours straight on, working hours by the home country's calendar.

Public holidays and adjusted working days (调休) are those of the `holidays` library for the home
country; the roster adds what was announced later. A country it does not know has weekends only.
"""

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from config.responses import Clock
from config.roster import Calendar

_SATURDAY = 5


@cache
def _known(home: str, year: int) -> tuple[AbstractSet[date], AbstractSet[date]]:
    """Return the public holidays and the weekend working days of one year."""
    try:
        days = holidays.country_holidays(home, years=year)
    except NotImplementedError:
        return frozenset(), frozenset()
    worked = getattr(days, "weekend_workdays", None) or ()
    return frozenset(days), frozenset(day for day in worked if day.year == year)


def is_working_day(day: date, calendar: Calendar, home: str) -> bool:
    """Return whether the centre works on `day`; the roster wins over the library."""
    if day in calendar.working_days:
        return True
    if day in calendar.days_off:
        return False
    off, worked = _known(home, day.year)
    return day in worked or (day.weekday() < _SATURDAY and day not in off)


def due_at(start: datetime, clock: Clock, calendar: Calendar, home: str) -> datetime:
    """Return the UTC moment when `clock` runs out that began to run at `start`.

    Working hours run between `opens` and `closes` of working days in the calendar's zone; what is
    reached exactly at closing time is due then, not the next morning.
    """
    if clock.count == "calendar":
        return start + timedelta(hours=clock.hours)
    zone = ZoneInfo(calendar.zone)
    left = timedelta(hours=clock.hours)
    day = start.astimezone(zone).date()
    while True:
        if is_working_day(day, calendar, home):
            opens = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, calendar.closes, zone).astimezone(UTC)
            begin = max(start, opens)
            if begin < closes:
                if closes - begin >= left:
                    return begin + left
                left -= closes - begin
        day += timedelta(days=1)
