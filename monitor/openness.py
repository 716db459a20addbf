"""When weights were opened, closed or put under another licence, as successive vintages show it.

Openness is no fixed attribute: it is dated, and a change of it is an event. Two states of one
source are compared, never states of two sources, nor a shipped row with a collected one (they may
be spelled differently). An unknown state says nothing: it neither opens nor closes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from collectors.schema import from_days, seconds
from monitor.asof import View


class Turn(StrEnum):
    """What happened to the weights of a model between two vintages."""

    OPENED = "opened"
    CLOSED = "closed"
    RELICENSED = "relicensed"


@dataclass(frozen=True)
class Change:
    """One change: it happened after `last_seen_on` and no later than `seen_on`."""

    table: str
    source: str
    name: str
    turn: Turn
    before: str
    now: str
    last_seen_on: date
    seen_on: date
    source_url: str


_STATES = {
    # A board bears its own day; other tables are dated by when the vintage was known. Where a board
    # states no licence, openness was read from the model's name: that is no observation.
    "scores": "board || ' ' || model_name AS name, licence, board_day AS day, "
    "CASE WHEN licence IS NULL THEN 'unknown' ELSE openness END AS openness",
    "releases": "model_name AS name, openness, licence, {version} / 86400 AS day",
    "models": "model_id AS name, 'unknown' AS openness, licence, {version} / 86400 AS day",
}

_CHANGES = """
WITH states AS (
  SELECT source, is_live, source_url, {state} FROM all_{table} WHERE {version} <= {until}
), daily AS (
  SELECT source, is_live, name, CAST(floor(day) AS BIGINT) AS day, min({facet}) AS state,
         min(source_url) AS source_url
  FROM states WHERE {facet} IS NOT NULL AND lower({facet}) <> 'unknown'
  GROUP BY source, is_live, name, CAST(floor(day) AS BIGINT)
  HAVING min({facet}) = max({facet})
), told AS (
  SELECT source, name, day, state, source_url,
         lag(state) OVER (PARTITION BY source, is_live, name ORDER BY day) AS state_before,
         lag(day) OVER (PARTITION BY source, is_live, name ORDER BY day) AS day_before
  FROM daily
)
SELECT source, name, state_before, state, day_before, day, source_url
FROM told WHERE state_before <> state
ORDER BY day, source, name, state
"""


def changes(view: View, moment: datetime) -> tuple[Change, ...]:
    """Return every change of openness or licence known at the moment, oldest first.

    Where both change at once only the opening or closing is told. A day on which one source says
    two things of a model is passed over.
    """
    found: dict[tuple[str, str, str, date], Change] = {}
    for table in _STATES:
        for facet in ("openness", "licence"):
            for change in _of(view, moment, table, facet):
                found.setdefault((table, change.source, change.name, change.seen_on), change)
    return tuple(sorted(found.values(), key=lambda c: (c.seen_on, c.table, c.source, c.name)))


def _of(view: View, moment: datetime, table: str, facet: str) -> list[Change]:
    version = view.version
    query = _CHANGES.format(
        state=_STATES[table].format(version=version),
        table=table,
        facet=facet,
        version=version,
        until=seconds(moment),
    )
    return [
        Change(
            table, str(source), str(name), _turn(facet, str(now)), str(before), str(now),
            from_days(int(last)), from_days(int(day)), str(url),
        )
        for source, name, before, now, last, day, url in view.connection.execute(query).fetchall()
    ]  # fmt: skip


def _turn(facet: str, now: str) -> Turn:
    if facet == "licence":
        return Turn.RELICENSED
    return Turn.OPENED if now == "open" else Turn.CLOSED


def weights_released_between(view: View, moment: datetime) -> dict[str, tuple[date, date]]:
    """Return, by name of the release, the days between which its weights came out.

    Only of releases that were seen closed first: an announcement says nothing about the weights.
    The last opening counts.
    """
    return {
        change.name: (change.last_seen_on, change.seen_on)
        for change in changes(view, moment)
        if change.table == "releases" and change.turn is Turn.OPENED
    }


def document(
    found: Sequence[Change], moment: datetime, *, reconstructed: bool
) -> dict[str, object]:
    """Return the changes as `reports/schemas/openness.json` describes them.

    Repositories are counted, not named: some are those of removed safeguards.
    """
    return {
        "as_of": moment.isoformat(),
        "reconstructed": reconstructed,
        "changes": [
            {
                "table": change.table,
                "source": change.source,
                "name": change.name,
                "turn": change.turn.value,
                "before": change.before,
                "now": change.now,
                "last_seen_on": change.last_seen_on.isoformat(),
                "seen_on": change.seen_on.isoformat(),
                "source_url": change.source_url,
            }
            for change in found
            if change.table != "models"
        ],
        "repositories_relicensed": sum(change.table == "models" for change in found),
    }
