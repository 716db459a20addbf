"""Licence spellings → whether the weights can be downloaded, by the table of the registry."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from collectors.record import Openness, Release, Score
from config import registry


def _plain(spelling: str) -> str:
    """Return the spelling without case, and with blanks, hyphens and underscores as one."""
    return " ".join(spelling.casefold().replace("-", " ").replace("_", " ").split())


@cache
def spellings() -> Mapping[str, Openness]:
    """Return openness by plain spelling, from config/registry/licences.csv."""
    return {_plain(name): Openness(state) for name, state in registry.licences().items()}


def openness_of(spelling: str | None) -> Openness:
    """Return open, closed or, for a spelling that is not in the table, unknown."""
    return spellings().get(_plain(spelling), Openness.UNKNOWN) if spelling else Openness.UNKNOWN


def unknown_spellings(records: Iterable[Score | Release]) -> Counter[str]:
    """Return how many records bear each licence spelling that the table does not know."""
    return Counter(
        record.licence or ""
        for record in records
        if openness_of(record.licence) is Openness.UNKNOWN
    )
