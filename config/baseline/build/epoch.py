"""Reads Epoch's model tables of either schema as plain values."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from config.baseline.build import places


@dataclass(frozen=True)
class EpochModel:
    """One model of Epoch's catalogue; empty cells are None."""

    name: str
    organisation: str
    countries: str
    places: str
    released_on: date | None
    accessibility: str
    parameters: float | None
    compute_flop: float | None
    domain: str
    table: str

    @property
    def recent(self) -> bool:
        """Whether it was published in 2022 or later."""
        return self.released_on is not None and self.released_on.year >= 2022


def number(text: str) -> float | None:
    """Return a number, or None for an empty cell."""
    return float(text) if text.strip() else None


def day(text: str) -> date | None:
    """Return a full date, or None where the source knows less."""
    return date.fromisoformat(text) if len(text) == 10 else None


def _lines(file: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(10_000_000)
    with gzip.open(file) as body:
        yield from csv.DictReader(io.TextIOWrapper(body, encoding="utf-8", newline=""))


def _model(line: dict[str, str], table: str) -> EpochModel:
    countries = line.get("Country (of organization)") or line.get("Country (from Organization)", "")
    return EpochModel(
        name=line["Model"].strip(),
        organisation=line["Organization"],
        countries=countries,
        places=places.by_country(countries),
        released_on=day(line["Publication date"]),
        accessibility=line.get("Model accessibility", ""),
        parameters=number(line["Parameters"]),
        compute_flop=number(line["Training compute (FLOP)"]),
        domain=line["Domain"],
        table=table,
    )


@cache
def read_models(data: Path) -> tuple[EpochModel, ...]:
    """Return the notable models of 2026-07, then the others of the full list of 2025-04."""
    home = data / "epoch_models"
    notable = [_model(x, "notable") for x in _lines(home / "notable_ai_models_2026-07.csv.gz")]
    names = {m.name for m in notable}
    older = []
    for line in _lines(home / "all_ai_models_2025-04.csv.gz"):
        model = _model(line, "all")
        if model.name and model.name not in names:
            names.add(model.name)
            older.append(model)
    return (*notable, *older)
