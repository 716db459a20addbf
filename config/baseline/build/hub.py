"""Models, tags, bases and counters of the Hugging Face Hub from one frozen census.

The census is the hub's own list (through the public hub-stats data set) as it stood on 2026-05-24;
the file was committed on 2026-06-05, which is not the day of observation. Daily all-time counts
run from 2026-05-03 to 2026-08-02, for all models from 2026-06-05 on.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from config.baseline.build.redact import Pseudonyms, pseudonyms
from config.baseline.build.table import Row, known_after

CENSUS = date(2026, 5, 24)
"""Day of the census, by comparison of its counts with the daily file."""

WINDOW = timedelta(days=30)

_DROPPED_TAGS = ("base_model:", "dataset:", "arxiv:", "doi:", "deploy:", "diffusers:")
"""Lineage has a table of its own; papers, data sets and deployments are read by no indicator."""

_RELATIONS = {"finetune", "adapter", "quantized", "merge"}

Raw = dict[str, Any]


def _file(data: Path) -> Path:
    return data / "hf_api_pages_reshaped" / "models_api_shaped.jsonl.gz"


@cache
def _census(data: Path) -> tuple[Raw, ...]:
    with gzip.open(_file(data), "rt", encoding="utf-8") as lines:
        return tuple(sorted((json.loads(line) for line in lines), key=lambda m: str(m["id"])))


def _bases_of(model: Raw) -> list[tuple[str, str]]:
    """Return (base, relation) in the order listed; the hub's own list, else the tags."""
    stated = model.get("baseModels") or {}
    relation = stated.get("relation") or "unknown"
    relation = relation if relation in _RELATIONS else "unknown"
    listed = [(str(b["id"]), relation) for b in stated.get("models") or []]
    if not listed:
        for tag in model["tags"]:
            parts = tag.split(":")
            if parts[0] == "base_model" and len(parts) == 2:
                listed.append((parts[1], relation))
    return list(dict.fromkeys(listed))


@cache
def names(data: Path) -> Pseudonyms:
    """Return the pseudonyms of the census."""
    ids = {str(m["id"]): list(m["tags"]) for m in _census(data)}
    bases = {base for m in _census(data) for base, _ in _bases_of(m)}
    return pseudonyms(_file(data).read_bytes(), ids, bases)


def _envelope(model_id: str) -> dict[str, object]:
    hidden = model_id.startswith("redacted/")
    place = "https://huggingface.co/api/models" if hidden else f"https://huggingface.co/{model_id}"
    return {
        "source": "huggingface",
        "source_url": place,
        "row_licence": "Apache-2.0",
        "known_from": known_after(CENSUS),
        "occurred_on": CENSUS,
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def models(data: Path) -> Iterator[Row]:
    """Yield one row per repository; a pseudonym keeps no author."""
    name = names(data)
    for model in _census(data):
        model_id = name(str(model["id"]))
        licence = (model.get("cardData") or {}).get("license")
        tagged = [t.removeprefix("license:") for t in model["tags"] if t.startswith("license:")]
        weights = (model.get("safetensors") or {}).get("total")
        yield {
            "model_id": model_id,
            "author": None if model_id.startswith("redacted/") else model.get("author"),
            "created_on": _day(model.get("createdAt")),
            "modified_on": _day(model.get("lastModified")),
            "pipeline": model.get("pipeline_tag"),
            "library": model.get("library_name"),
            "licence": tagged[0] if tagged else licence if isinstance(licence, str) else None,
            "gated": "unknown",
            "disabled": None,
            "parameters": weights or (model.get("gguf") or {}).get("total"),
            "sha": None,
            **_envelope(model_id),
        }


def tags(data: Path) -> Iterator[Row]:
    """Yield one row per tag that an indicator can read."""
    name = names(data)
    for model in _census(data):
        model_id = name(str(model["id"]))
        shown = name.tags(str(model["id"]), model["tags"])
        for tag in sorted({t for t in shown if not t.startswith(_DROPPED_TAGS)}):
            yield {"model_id": model_id, "tag": tag, **_envelope(model_id)}


def bases(data: Path) -> Iterator[Row]:
    """Yield the declared bases of every model in the order listed, hidden ones by pseudonym."""
    name = names(data)
    for model in _census(data):
        model_id = name(str(model["id"]))
        for position, (base, relation) in enumerate(_bases_of(model)):
            yield {
                "model_id": model_id,
                "position": position,
                "base_id": name(base),
                "relation": relation,
                **_envelope(model_id),
            }


@cache
def _daily(data: Path) -> dict[str, dict[date, tuple[int, int | None]]]:
    """Return all-time downloads and likes by model and day, fallen counts left out."""
    found: dict[str, dict[date, tuple[int, int | None]]] = {}
    file = data / "hub_stats" / "hub_stats_downloads_all_time_clean.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["downloads_all_time"]:
                likes = int(line["likes"]) if line["likes"] else None
                day = date.fromisoformat(line["day"])
                series = found.setdefault(line["hf_id"], {})
                series[day] = (int(line["downloads_all_time"]), likes)
    return {model: _repaired(dict(sorted(days.items()))) for model, days in found.items()}


def _repaired(days: dict[date, tuple[int, int | None]]) -> dict[date, tuple[int, int | None]]:
    """Drop an observation that lies over 2 % under the one before: a re-served old count."""
    kept: dict[date, tuple[int, int | None]] = {}
    highest = 0
    for day, (count, likes) in days.items():
        if count >= highest * 0.98:
            kept[day] = (count, likes)
            highest = max(highest, count)
    return kept


def counters(data: Path) -> Iterator[Row]:
    """Yield each model's dated counts.

    The census gives the hub's own 30-day count. Later days give all-time counts only; where one
    lies exactly 30 days earlier, `downloads_30d` is their difference, which is what the hub's
    window counts (a backward correction makes no difference and stays empty).
    """
    name = names(data)
    known = {str(m["id"]): m for m in _census(data)}
    daily = _daily(data)
    for raw_id in sorted(known):
        model = known[raw_id]
        yield _counter(
            name(raw_id),
            CENSUS,
            (model.get("downloads"), model.get("downloadsAllTime"), model.get("likes")),
        )
        series = daily.get(raw_id, {})
        for day, (count, likes) in series.items():
            if day == CENSUS:
                continue
            before = series.get(day - WINDOW)
            window = count - before[0] if before and count >= before[0] else None
            yield _counter(name(raw_id), day, (window, count, likes))


def _counter(model_id: str, day: date, counts: tuple[int | None, int | None, int | None]) -> Row:
    return {
        **_envelope(model_id),
        "model_id": model_id,
        "observed_on": day,
        "downloads_30d": counts[0],
        "downloads_all_time": counts[1],
        "likes": counts[2],
        "occurred_on": day,
        "known_from": known_after(day),
    }
