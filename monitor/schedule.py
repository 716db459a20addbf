"""When things run: what an operator may write, and what is due after a pause."""

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from config.errors import ConfigError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
JITTER_SHARE = 0.05
"""Share of the rhythm by which runs are spread, so that not everyone asks on the hour."""


def trigger(text: str | None, every: timedelta, key: str, start: datetime) -> BaseTrigger:
    """Return the trigger of `text` (cron in UTC, or `6h`), or of the rhythm `every`.

    Raises ConfigError naming `key`.
    """
    if text is None:
        return _interval(every, start)
    if text[:-1].isdigit() and text[-1:] in _UNITS:
        return _interval(timedelta(**{_UNITS[text[-1]]: int(text[:-1])}), start)
    try:
        return CronTrigger.from_crontab(text, timezone=UTC)
    except ValueError as error:
        raise ConfigError("settings", key, f"a cron line or `6h`, `1d` ({error})") from error


def _interval(every: timedelta, start: datetime) -> IntervalTrigger:
    if every <= timedelta(0):
        raise ConfigError("settings", "schedule", "an interval above zero")
    jitter = int(every.total_seconds() * JITTER_SHARE)
    return IntervalTrigger(
        seconds=int(every.total_seconds()), start_date=start, jitter=min(jitter, 900), timezone=UTC
    )


def is_overdue(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a source should have run since its last good run; never run is overdue."""
    return last is None or now - last >= every
