"""Levels as known at a moment: a fold up to it, stored nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from config.errors import ConfigError
from config.method import Method, load_method
from monitor.context import Context
from monitor.record import fold
from monitor.replay import Fold
from rules.types import Assessment

Tell = Callable[[datetime, float], None]


@dataclass(frozen=True)
class Judged:
    """An assessment with the fold that led to it; the view of the fold stands at its moment."""

    assessment: Assessment
    fold: Fold
    method: Method


def moment_of(text: str, now: datetime) -> datetime:
    """Return the moment that `--as-of` names: a day (its 00:00 UTC) or a moment with zone.

    ConfigError for anything else, and for what has not happened yet.
    """
    option = "--as-of"
    try:
        if len(text) == len("2026-08-22"):
            found = datetime.combine(date.fromisoformat(text), time(0), UTC)
        else:
            found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError("command line", option, "a day or moment such as 2026-08-22") from error
    if found.tzinfo is None:
        raise ConfigError("command line", option, "a moment with its zone (2026-08-22T06:00Z)")
    found = found.astimezone(UTC).replace(microsecond=0)
    if found > now:
        raise ConfigError("command line", option, f"a moment not after {now:%Y-%m-%dT%H:%MZ}")
    return found


def assess_at(
    context: Context,
    as_of: datetime,
    *,
    reconstructed: bool = False,
    version: str | None = None,
    tell: Tell | None = None,
) -> Judged:
    """Return the levels as known at `as_of`.

    Without `version` our own record is judged by the methods then in force; with one, by that
    method throughout, as a successor runs beside the method in force.
    """
    method = context.method
    if version is not None:
        method = load_method(version, context.settings.method_folder)
    record = fold(
        context,
        method,
        as_of,
        reconstructed=reconstructed,
        throughout=version is not None,
        tell=tell,
    )
    return Judged(record.last, record.fold, record.fold.method)
