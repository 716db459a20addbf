"""Incidents: dates, classes and systems of the AI Incident Database, no prose of theirs."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import yaml

from config.baseline.build.table import HOME, Row

COMMON = 3
"""A slug of fewer incidents may be a private person and is not carried."""


@cache
def _families() -> tuple[tuple[str, str], ...]:
    """Return (part of a slug, open family), longest part first."""
    text = (HOME / "build" / "open_families.yaml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)["families"]
    return tuple(sorted(listed.items(), key=lambda i: (-len(i[0]), i[0])))


def listed_at(object_id: str) -> datetime:
    """Return when the record was made: the first four bytes of its identifier."""
    digits = object_id.removeprefix("ObjectId(").rstrip(")").strip("'\"")
    return datetime.fromtimestamp(int(digits[:8], 16), UTC)


def _classes(data: Path) -> dict[str, tuple[str | None, str | None, str | None]]:
    found: dict[str, tuple[str | None, str | None, str | None]] = {}
    with (data / "aiid" / "classifications_MIT.csv").open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            if line["Published"] == "True":
                domain = line["Risk Domain"].split(".")[0] or None
                subdomain = ".".join(line["Risk Subdomain"].split(".")[:2]) or None
                found[line["Incident ID"]] = (domain, subdomain, line["Intent"] or None)
    return found


def _duplicates(data: Path) -> set[str]:
    with (data / "aiid" / "duplicates.csv").open(encoding="utf-8") as lines:
        return {line["duplicate_incident_number"] for line in csv.DictReader(lines)}


def _systems(line: dict[str, str]) -> list[str]:
    found: list[str] = []
    for column in ("Alleged developer of AI system", "Alleged deployer of AI system"):
        found += [str(slug) for slug in json.loads(line[column] or "[]")]
    return list(dict.fromkeys(found))


def _spoken(lines: list[dict[str, str]]) -> set[str]:
    """Return the slugs of at least three incidents: systems and firms, not private persons."""
    counts = Counter(slug for line in lines for slug in _systems(line))
    return {slug for slug, times in counts.items() if times >= COMMON}


def open_family(systems: list[str]) -> str | None:
    """Return the first open family that a slug names, or None."""
    for part, family in _families():
        if any(part in slug for slug in systems):
            return family
    return None


def _row(
    line: dict[str, str], classes: tuple[str | None, str | None, str | None], spoken: set[str]
) -> Row:
    listed = listed_at(line["_id"])
    occurred = date.fromisoformat(line["date"])
    systems = _systems(line)
    ahead = occurred > listed.date()
    return {
        "incident_id": line["incident_id"],
        "title": None,
        "date_precision": "day",
        "risk_domain": classes[0],
        "risk_subdomain": classes[1],
        "intent": classes[2],
        "systems": "; ".join(s for s in systems if s in spoken or open_family([s])),
        "open_family": open_family(systems),
        "severity": None,
        "verification": "unverified",
        "source": "aiid",
        "source_url": f"https://incidentdatabase.ai/cite/{line['incident_id']}/",
        "row_licence": "CC-BY-SA-4.0",
        "occurred_on": occurred,
        "published_on": listed.date(),
        # a record made before its incident was filled in later: known after the later of the two
        "known_from": listed
        if not ahead
        else datetime(occurred.year, occurred.month, occurred.day, tzinfo=UTC) + timedelta(days=1),
    }


def rows(data: Path) -> Iterator[Row]:
    """Yield one row per incident that is not marked a duplicate of another."""
    classes = _classes(data)
    dropped = _duplicates(data)
    with (data / "aiid" / "incidents.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    spoken = _spoken(lines)
    for line in lines:
        if line["incident_id"] not in dropped:
            known = classes.get(line["incident_id"], (None, None, None))
            yield _row(line, known, spoken)
