"""Policy and critical events: dates and grades of the compiled list, titles and coding ours."""

import json
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from config.baseline.build.table import HOME, Row, known_after

_PLACES = {"UK": "GB", "CN/US": "CN", "US/CN": "US"}
_CODED = ("measure", "target", "severity", "direction", "force", "field")


def _known(day: date, precision: str) -> date:
    """Return the day by whose end the world could know: the end of the month where only that."""
    if precision == "day":
        return day
    return day.replace(day=monthrange(day.year, day.month)[1])


def _coding(entry: dict[str, Any]) -> dict[str, object]:
    coded: dict[str, object] = {name: entry.get(name) for name in _CODED}
    return {
        **coded,
        "title": entry["en"],
        "title_zh": entry["zh"],
        "against": entry.get("against", ""),
        "critical": bool(entry.get("critical", False)),
        "row_licence": "facts",
        "source": "tocsin",
    }


def _listed(data: Path, words: dict[str, dict[str, Any]]) -> Iterator[Row]:
    text = (data / "events.yaml").read_text(encoding="utf-8")
    for event in yaml.safe_load(text)["events"]:
        entry = words[event["id"]]
        day = date.fromisoformat(event["date"])
        place = str(event["jurisdiction"])
        occurred = event.get("occurred")
        yield {
            **_coding(entry),
            "event_id": event["id"],
            "jurisdiction": entry.get("jurisdiction", _PLACES.get(place, place)),
            "kind": event["kind"],
            "risks": ",".join(event["risks"]),
            "verification": event["verification"],
            "day_verified": bool(event["day_verified"]),
            "source_url": entry.get("url", event["source_url"]),
            "occurred_on": date.fromisoformat(occurred) if occurred else day,
            "published_on": day,
            "known_from": known_after(_known(day, event["date_precision"])),
        }


def _added(words: dict[str, dict[str, Any]]) -> Iterator[Row]:
    for event_id, entry in words.items():
        yield {
            **_coding(entry),
            "event_id": event_id,
            "jurisdiction": entry["jurisdiction"],
            "kind": entry["kind"],
            "risks": entry["risks"],
            "verification": entry["verification"],
            "day_verified": bool(entry.get("day", False)),
            "source_url": entry["url"],
            "occurred_on": entry["date"],
            "published_on": entry["date"],
            "known_from": known_after(_known(entry["date"], entry.get("precision", "day"))),
        }


def _orders(data: Path, words: dict[str, str]) -> Iterator[Row]:
    """Yield executive orders that concern AI; the Federal Register prints them days later."""
    file = data / "federal_register" / "executive_orders_results.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    for order in document["results"] if isinstance(document, dict) else document:
        number = order["document_number"]
        if number not in words:
            continue
        printed = date.fromisoformat(order["publication_date"])
        yield {
            "event_id": number,
            "title": order["title"],
            "title_zh": words[number],
            "jurisdiction": "US",
            "kind": "policy",
            "against": "",
            "risks": "",
            "verification": "verified",
            "day_verified": True,
            "critical": False,
            "source": "federal_register",
            "source_url": order["html_url"],
            "row_licence": "public-domain",
            "occurred_on": date.fromisoformat(order["signing_date"]),
            "published_on": printed,
            "known_from": known_after(printed),
        }


def rows(data: Path) -> Iterator[Row]:
    """Yield the compiled events, those the paper and the catalogue add, and executive orders."""
    words = yaml.safe_load((HOME / "build" / "policy_coding.yaml").read_text(encoding="utf-8"))
    yield from _listed(data, words["events"])
    yield from _added(words["added"])
    yield from _orders(data, words["federal_register"])
