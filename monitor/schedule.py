"""When things run: what an operator may write, and what is due after a pause.

A rhythm is cron's five fields (`5 * * * *`), if wanted with a zone behind them
(`30 2 * * * Asia/Shanghai`), or an interval (`6h`). No scheduler remembers anything: what is due
follows from when it last began.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from config.errors import ConfigError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIELDS = 5
JITTER_SHARE = 0.05
"""Share of the rhythm by which runs are spread, so that not everyone asks on the hour."""
LARGEST_JITTER = timedelta(minutes=15)
_COUNTED = 1000
"""Missed runs are counted up to here: an hourly job over six weeks."""


def rhythm(text: str | None, every: timedelta, key: str, zone: str = "UTC") -> BaseTrigger:
    """Return the rhythm that `text` says, or `every` where it says nothing; without jitter.

    Cron fields are read in `zone` unless the text names its own. Raises ConfigError naming `key`.
    """
    if text is None:
        return _interval(every, key)
    if text[:-1].isdigit() and text[-1:] in _UNITS:
        return _interval(timedelta(**{_UNITS[text[-1]]: int(text[:-1])}), key)
    fields = text.split()
    if len(fields) > _FIELDS:
        zone = " ".join(fields[_FIELDS:])
    try:
        return CronTrigger.from_crontab(" ".join(fields[:_FIELDS]), timezone=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError) as error:
        expected = "a cron line (`5 * * * *`, a zone may follow) or an interval (`6h`, `1d`)"
        raise ConfigError("settings", key, f"{expected}; {error}") from error


def _interval(every: timedelta, key: str) -> IntervalTrigger:
    if every <= timedelta(0):
        raise ConfigError("settings", key, "an interval above zero")
    return IntervalTrigger(seconds=int(every.total_seconds()), timezone=ZoneInfo("UTC"))


def spread(found: BaseTrigger, now: datetime, jitter: timedelta | None = None) -> BaseTrigger:
    """Return the rhythm with each run up to `jitter` later; default a twentieth of the rhythm."""
    if jitter is None:
        first = found.get_next_fire_time(None, now)
        second = found.get_next_fire_time(first, first) if first else None
        gap = second - first if first and second else timedelta(0)
        jitter = min(gap * JITTER_SHARE, LARGEST_JITTER)
    found.jitter = int(jitter.total_seconds()) or None
    return found


def due(found: BaseTrigger, last: datetime | None, now: datetime) -> datetime:
    """Return when to run next, given when it last began: now if that is past, or never was."""
    if last is None:
        return now
    following: datetime | None = found.get_next_fire_time(last, last)
    return now if following is None else max(following, now)


def missed(found: BaseTrigger, last: datetime | None, now: datetime) -> int:
    """Return how many runs fell due since `last` and will not be made up for.

    One is made up for: of all that are due, one run is left (coalescing).
    """
    at, passed = last, 0
    while at is not None and passed < _COUNTED:
        at = found.get_next_fire_time(at, at)
        if at is None or at > now:
            break
        passed += 1
    return max(0, passed - 1)
