"""Scores: Epoch's ECI in two vintages, the Arena's text boards by day."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import yaml

from config import registry
from config.baseline.build import epoch, places
from config.baseline.build.table import HOME, Row, known_after

ECI_URL = "https://epoch.ai/data/eci_scores.csv"
ARENA_URL = "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset"

VINTAGES = (
    # the copy was committed that day, so the world had it by the end of it
    ("2025-12_eci_scores.csv", date(2025, 12, 19), known_after(date(2025, 12, 19))),
    # fetched at this second, says the FETCHED.txt beside it
    ("2026-08/eci_scores.csv", date(2026, 8, 11), datetime(2026, 8, 11, 21, 33, 5, tzinfo=UTC)),
)

_GROUP = {"Open weights": "open", "Closed weights": "closed", "Other": "unknown"}


def micro(text: str | float | None) -> int | None:
    """Return a score in millionths, or None for an empty cell."""
    return None if text in (None, "") else round(float(text or 0) * 1_000_000)


def _eci(data: Path) -> Iterator[Row]:
    for name, board_on, known in VINTAGES:
        with (data / "epoch_eci" / name).open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                organisation = line["Organization"] or None
                yield {
                    "board": "eci",
                    "board_on": board_on,
                    "model_name": line["Model"],
                    "organisation": organisation,
                    "jurisdictions": places.jurisdictions(
                        line["Country (of organization)"], organisation
                    ),
                    "openness": _GROUP[line["Accessibility group"]],
                    "licence": line["Model accessibility"] or None,
                    "released_on": epoch.day(line["date"]),
                    "score_micro": micro(line["eci"]),
                    "low_micro": micro(line["eci_ci_low"]),
                    "high_micro": micro(line["eci_ci_high"]),
                    "index_version": f"eci-{board_on.isoformat()}",
                    "source": "epoch",
                    "source_url": ECI_URL,
                    "row_licence": "CC-BY-4.0",
                    "known_from": known,
                    "published_on": board_on,
                }


@cache
def _prefixes() -> tuple[tuple[str, str, str], ...]:
    """Return (prefix, organisation, openness), longest prefix first."""
    file = HOME / "build" / "arena_names.yaml"
    listed = yaml.safe_load(file.read_text(encoding="utf-8"))["prefixes"]
    rows = [(str(p), str(o), str(w)) for p, (o, w) in listed.items()]
    return tuple(sorted(rows, key=lambda r: (-len(r[0]), r[0])))


def by_name(model: str) -> tuple[str | None, str]:
    """Return organisation and openness by the start of an Arena name; (None, unknown) if none."""
    for prefix, organisation, openness in _prefixes():
        if model.lower().startswith(prefix):
            return organisation, openness
    return None, "unknown"


def describe(model: str, organisation: str | None, licence: str | None) -> dict[str, object]:
    """Return organisation, jurisdictions and openness of one Arena model.

    The board's own licence decides; where it has none, or one that says nothing, the name does.
    """
    named, openness = by_name(model)
    said = registry.licences().get(licence, "unknown") if licence else "unknown"
    organisation = organisation or named
    return {
        "organisation": organisation,
        "jurisdictions": places.of_organisation(organisation),
        "openness": said if said != "unknown" else openness,
        "licence": licence,
    }


def _latest(data: Path) -> tuple[date, list[dict[str, object]]]:
    with gzip.open(data / "lmarena" / "hf_text_2026-08-22.json.gz") as body:
        document = json.load(body)
    rows = [r for r in document["rows"] if r["category"] == "overall"]
    return date.fromisoformat(document["meta"]["leaderboard_publish_date"]), rows


def _board(board_on: date, model: str, said: tuple[str | None, str | None]) -> dict[str, object]:
    return {
        "board": "arena_text",
        "board_on": board_on,
        "model_name": model,
        **describe(model, *said),
        "source": "lmarena",
        "source_url": ARENA_URL,
        "row_licence": "CC-BY-4.0",
        "known_from": known_after(board_on),
        "published_on": board_on,
    }


def _arena(data: Path) -> Iterator[Row]:
    newest, latest = _latest(data)
    said: dict[str, tuple[str | None, str | None]] = {}
    for row in latest:
        model = str(row["model_name"])
        organisation = str(row["organization"]) if row["organization"] else None
        said[model] = (organisation, str(row["license"]) if row["license"] else None)
        yield {
            **_board(newest, model, said[model]),
            "score_micro": micro(str(row["rating"])),
            "low_micro": micro(str(row["rating_lower"])),
            "high_micro": micro(str(row["rating_upper"])),
        }
    with gzip.open(data / "lmarena" / "derived_panel.csv.gz", "rt", encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            # `arena` rows are the style-controlled page, another scale; 0.0 means absent
            if line["src"] == "arena" or float(line["rating"]) == 0:
                continue
            board_on = date.fromisoformat(line["date"])
            if board_on < newest:
                model = line["model"]
                row = _board(board_on, model, said.get(model, (None, None)))
                yield {**row, "score_micro": micro(line["rating"])}


def rows(data: Path) -> Iterator[Row]:
    """Yield every score row: both ECI vintages, then the Arena's boards."""
    yield from _eci(data)
    yield from _arena(data)
