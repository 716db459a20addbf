"""Publishers: the tracked-models list, our reading of each seat, and names of catalogues."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from config.baseline.build.epoch import read_models
from config.baseline.build.table import HOME, Row

LIST_URL = "https://github.com/Interconnects-AI/tracked-models"
START = date(2022, 1, 1)
"""Start of our record, not of the organisation: a seat is public from the first publication on."""

_REGION = {"china": "CN", "us": "US", "unknown": "unknown"}


def _row(hub: str, account: str, entry: list[Any], source: str, url: str, note: str) -> Row:
    filled = [*entry, *[None] * (5 - len(entry))]
    organisation, family, place, kind, extra = filled[:5]
    return {
        "hub": hub,
        "account": account.lower(),
        "organisation": organisation or account,
        "family": family,
        "jurisdiction": place or "unknown",
        "kind": kind or "company",
        "valid_from": START,
        "note": " ".join(x for x in (note, extra) if x) or None,
        "source": source,
        "source_url": url,
        "row_licence": "Apache-2.0" if source == "tracked_models" else "facts",
        "known_from": datetime(START.year, START.month, START.day, tzinfo=UTC),
    }


def _tracked(data: Path, entries: dict[str, list[Any]]) -> Iterator[Row]:
    file = data / "org_regions" / "metadata" / "organization_regions.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            account = line["hf_org"]
            entry = list(entries.get(account, [account]))
            entry += [None] * (4 - len(entry))
            if entry[2] is None:
                entry[2] = _REGION.get(line["region"], "EU" if line["region"] == "eu" else None)
            if entry[2] is None:
                raise KeyError(f"organisations.yaml: tracked.{account} needs a jurisdiction")
            yield _row("huggingface", account, entry, "tracked_models", LIST_URL, line["notes"])


def _epoch_names(data: Path, known: set[str]) -> Iterator[Row]:
    """Yield organisations that Epoch files alone under one country, named in 2022 or later."""
    seats: dict[str, set[str]] = {}
    for model in read_models(data):
        names = [n.strip() for n in model.organisation.split(",") if n.strip()]
        if len(names) == 1 and model.places and "," not in model.places and model.recent:
            seats.setdefault(names[0], set()).add(model.places)
    for name, places in sorted(seats.items()):
        if name.lower() in known:
            continue
        place = next(iter(places)) if len(places) == 1 else "unknown"
        note = "" if len(places) == 1 else f"Epoch files it under {', '.join(sorted(places))}."
        kind = "university" if "niversity" in name else "company"
        entry = [name, None, place, kind]
        yield {
            **_row("name", name, entry, "epoch", "https://epoch.ai/data/ai-models", note),
            "row_licence": "CC-BY-4.0",
        }


def rows(data: Path) -> Iterator[Row]:
    """Yield the publisher registry: hub accounts, ModelScope accounts, names of catalogues."""
    path = HOME / "build" / "organisations.yaml"
    words = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from _tracked(data, words["tracked"])
    url = "https://huggingface.co/{}"
    for account, entry in words["added"].items():
        yield _row("huggingface", str(account), entry, "tocsin", url.format(account), "")
    for account, entry in words["modelscope"].items():
        place = f"https://modelscope.cn/organization/{account}"
        yield _row("modelscope", str(account), entry, "tocsin", place, "")
    for name, entry in words["names"].items():
        yield _row("name", str(name), entry, "tocsin", "https://epoch.ai/data/ai-models", "")
    yield from _epoch_names(data, {str(n) for n in words["names"]})
