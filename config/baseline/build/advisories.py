"""Advisories: the Bitnami mirror of OSV, and load-path flaws of the dated event list."""

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cvss import CVSS3, CVSS4

from config.baseline.build.table import HOME, Row, known_after

BULK = 5
"""So many records of one package first published on one day are an import, not news."""

_SEVERITY = ((90, "critical"), (70, "high"), (40, "medium"), (1, "low"), (0, "none"))


def base_score_x10(severities: list[dict[str, str]]) -> int | None:
    """Return the base score × 10 of the newest CVSS vector given; None if there is none."""
    found: dict[str, int] = {}
    for entry in severities:
        if entry["type"] == "CVSS_V4":
            found["4"] = round(float(CVSS4(entry["score"]).base_score) * 10)
        elif entry["type"] == "CVSS_V3":
            found["3"] = round(float(CVSS3(entry["score"]).base_score) * 10)
    return found.get("4", found.get("3"))


def word(score_x10: int | None) -> str | None:
    """Return the CVSS word of a base score × 10."""
    if score_x10 is None:
        return None
    return next(name for floor, name in _SEVERITY if score_x10 >= floor)


@cache
def _records(data: Path) -> tuple[dict[str, Any], ...]:
    with tarfile.open(data / "osv_records" / "data.tar.gz") as archive:
        found = []
        for member in archive.getmembers():
            body = archive.extractfile(member) if member.name.endswith(".json") else None
            if body is not None:
                found.append(json.load(body))
    return tuple(sorted(found, key=lambda r: str(r["id"])))


def flaw_id(advisory_id: str, aliases: list[str]) -> str:
    """Return the smallest of all names of a flaw, CVE first."""
    names = [advisory_id, *aliases]
    return min(names, key=lambda n: (not n.startswith("CVE-"), n))


def _imported(package: str, day: date, flaw: str, crowd: Counter[tuple[str, date]]) -> bool:
    year = re.match(r"CVE-(\d{4})-", flaw)
    old = year is not None and int(year[1]) < day.year
    return old or crowd[package, day] >= BULK


def _mirror(data: Path) -> Iterator[Row]:
    crowd: Counter[tuple[str, date]] = Counter()
    parsed = []
    for record in _records(data):
        day = date.fromisoformat(record["published"][:10])
        for affected in record["affected"]:
            package = str(affected["package"]["name"])
            crowd[package, day] += 1
            parsed.append((record, affected, package, day))
    for record, affected, package, day in parsed:
        flaw = flaw_id(record["id"], record.get("aliases", []))
        score = base_score_x10([*affected.get("severity", []), *record.get("severity", [])])
        events = [e for r in affected.get("ranges", []) for e in r["events"]]
        yield {
            "advisory_id": record["id"],
            "flaw_id": flaw,
            "ecosystem": affected["package"]["ecosystem"],
            "package": package,
            "kind": "malware" if record["id"].startswith("MAL-") else "vulnerability",
            "cvss_x10": score,
            "severity": word(score),
            "fixed": any("fixed" in e for e in events),
            "exploited": None,
            "withdrawn_on": None,
            "imported_in_bulk": _imported(package, day, flaw, crowd),
            "source": "osv",
            "source_url": f"https://osv.dev/vulnerability/{record['id']}",
            "row_licence": "Apache-2.0",
            "published_on": day,
            "known_from": known_after(day),
        }


def _by_hand() -> Iterator[Row]:
    """Yield load-path flaws of the event list, dated by their own publication."""
    file = HOME / "build" / "load_path_flaws.yaml"
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["flaws"]:
        day = entry["published"]
        score = entry.get("cvss_x10")
        yield {
            "advisory_id": entry["cve"],
            "flaw_id": entry["cve"],
            "ecosystem": entry["ecosystem"],
            "package": entry["package"],
            "kind": entry.get("kind", "vulnerability"),
            "cvss_x10": score,
            "severity": word(score),
            "fixed": entry.get("fixed"),
            "exploited": entry.get("exploited"),
            "withdrawn_on": None,
            "imported_in_bulk": False,
            "source": "tocsin",
            "source_url": entry["url"],
            "row_licence": "facts",
            "published_on": day,
            "known_from": known_after(day),
        }


def rows(data: Path) -> Iterator[Row]:
    """Yield the mirror's records, then the flaws written by hand."""
    yield from _mirror(data)
    yield from _by_hand()
