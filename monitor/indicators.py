"""One indicator as of one moment: its SELECT on a prepared connection, its reducer, its reading.

The connection shows only what was known at the moment (`monitor.asof` on DuckDB, the cases' own on
SQLite); nothing here knows how. A query that fails is a `Missing(failed)`, logged with its
traceback: one broken indicator must not take the others with it.
"""

import logging
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Timer
from typing import Any, Protocol

import duckdb

from config.method import Indicator
from rules.reduce import reduce_rows
from rules.reduction import Outcome, Row, absent
from rules.types import Missing, Reading, Why

log = logging.getLogger(__name__)


class Cursor(Protocol):
    """The part of a DB-API cursor that is needed."""

    @property
    def description(self) -> Any:
        """Columns of the result, name first."""

    def fetchall(self) -> list[Any]:
        """Return all rows as tuples."""


class Rows(Protocol):
    """A connection that runs one query: DuckDB's or SQLite's."""

    def execute(self, query: str, /) -> Cursor:
        """Run one query."""

    def interrupt(self) -> None:
        """Stop the running query, from another thread."""


@dataclass(frozen=True)
class Limits:
    """What one query may cost; memory is capped on the connection itself."""

    seconds: float = 60.0
    rows: int = 2_000_000


class QueryError(Exception):
    """A query failed, ran out of its limits or returned what is not a whole number or text."""


def evaluate(
    connection: Rows,
    indicator: Indicator,
    as_of: datetime,
    *,
    home: str,
    vintage: str = "",
    sources_on: Collection[str] | None = None,
    limits: Limits = Limits(),
) -> Reading:
    """Return the indicator's reading as of the moment the connection is cut to.

    `vintage` is a hash of the inputs; `sources_on` are the enabled sources (None: all), which
    turn "no data" into "source off"; `home` must be the one in the connection's `clock`.
    """
    try:
        rows = select(connection, indicator.sql, limits)
        outcome = reduce_rows(indicator.reducer.name, indicator.reducer.params, rows)
    except (QueryError, ArithmeticError, LookupError, ValueError, TypeError):
        log.exception("indicator %s failed as of %s (home %s)", indicator.id, as_of, home)
        outcome = absent(Why.FAILED, [])
    return reading(indicator, as_of, outcome, vintage=vintage, sources_on=sources_on)


def select(connection: Rows, sql: str, limits: Limits = Limits()) -> list[Row]:
    """Return the rows of one SELECT by column name; every cell is a whole number, text or None."""
    timer = Timer(limits.seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        cursor = connection.execute(sql)
        columns = [str(c[0]) for c in cursor.description]
        found = cursor.fetchall()
    except (duckdb.Error, sqlite3.Error) as error:
        raise QueryError(str(error)) from error
    finally:
        timer.cancel()
    if len(found) > limits.rows:
        raise QueryError(f"{len(found)} rows, more than {limits.rows}")
    return [dict(zip(columns, (_cell(c) for c in row), strict=True)) for row in found]


def reading(
    indicator: Indicator,
    as_of: datetime,
    outcome: Outcome,
    *,
    vintage: str = "",
    sources_on: Collection[str] | None = None,
) -> Reading:
    """Return the reading of an outcome: freshness and coverage decide whether its value stands."""
    found = outcome
    for rule in (
        _source_off(indicator, sources_on),
        _too_old(indicator, as_of),
        _covered(indicator),
    ):
        found = rule(found)
    newest = found.meta.newest_on
    age = (as_of.date() - newest).days if newest else None
    return Reading(
        indicator=indicator.id,
        as_of=as_of,
        value=found.value,
        missing=found.missing,
        votes=found.votes if found.missing is None else {},
        low=found.low,
        high=found.high,
        companions=found.companions,
        coverage=found.meta.coverage,
        newest_on=newest,
        oldest_on=found.meta.oldest_on,
        rows=found.meta.rows,
        vintage=vintage,
        sources=indicator.sources,
        stale=found.missing is None and age is not None and age > indicator.stale_after_days,
        series=found.series,
    )


_Rule = Callable[[Outcome], Outcome]


def _source_off(indicator: Indicator, sources_on: Collection[str] | None) -> _Rule:
    def rule(outcome: Outcome) -> Outcome:
        silent = outcome.missing is not None and outcome.missing.why is Why.NO_DATA
        if silent and sources_on is not None and not set(indicator.sources) & set(sources_on):
            return _without(outcome, Why.SOURCE_OFF, sources=", ".join(indicator.sources))
        return outcome

    return rule


def _too_old(indicator: Indicator, as_of: datetime) -> _Rule:
    """Past `missing_after_days` an observation says nothing about today, whatever it said."""

    def rule(outcome: Outcome) -> Outcome:
        newest = outcome.meta.newest_on
        if newest is None or (as_of.date() - newest).days <= indicator.missing_after_days:
            return outcome
        if outcome.missing is not None and outcome.missing.why is not Why.EMPTY_WINDOW:
            return outcome
        return _without(outcome, Why.STALE, newest=newest.isoformat())

    return rule


def _covered(indicator: Indicator) -> _Rule:
    def rule(outcome: Outcome) -> Outcome:
        least, seen = indicator.min_coverage, outcome.meta.coverage
        if outcome.value is None or least is None or seen is None or seen >= least:
            return outcome
        return _without(outcome, Why.LOW_COVERAGE, coverage=f"{seen:.3f}", least=f"{least:.3f}")

    return rule


def _without(outcome: Outcome, why: Why, **detail: str) -> Outcome:
    return replace(outcome, value=None, missing=Missing(why, detail), votes={}, low=None, high=None)


def _cell(value: object) -> int | str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise QueryError(f"a query returns whole numbers and text, not {value!r}")
    return value
