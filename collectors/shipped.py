"""What the shipped record knows of a release beyond its source: repository and day of the weights.

A collected row takes the place of the shipped row of its key; facts that were looked up once, by
hand or on the hub, must not be lost with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from config import baseline


@dataclass(frozen=True)
class Weights:
    """Where the weights of a release are, and since when."""

    hub_id: str
    released_on: date | None
    active_parameters: int | None


@cache
def weights_of(source: str) -> Mapping[str, Weights]:
    """Return what is known by model name, of the releases that the baseline has from a source."""
    found: dict[str, Weights] = {}
    for row in baseline.rows("releases"):
        hub_id, day, active = row["hub_id"], row["weights_released_on"], row["active_parameters"]
        if row["source"] == source and isinstance(hub_id, str):
            found[str(row["model_name"])] = Weights(
                hub_id,
                day if isinstance(day, date) else None,
                active if isinstance(active, int) else None,
            )
    return found
