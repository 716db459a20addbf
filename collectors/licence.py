"""Licence spellings → whether the weights can be downloaded, by the table of the registry."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from collectors.record import Openness, Release, Score


def _plain(spelling: str) -> str:
    """Return the spelling without case, and with blanks, hyphens and underscores as one."""
    return " ".join(spelling.casefold().replace("-", " ").replace("_", " ").split())


@cache
def spellings() -> Mapping[str, Openness]:
    """Return openness by plain spelling, from config/registry/licences.csv."""
    table = files("config") / "registry" / "licences.csv"
    with table.open(encoding="utf-8") as lines:
        return {_plain(r["spelling"]): Openness(r["openness"]) for r in csv.DictReader(lines)}


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
