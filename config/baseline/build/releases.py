"""Releases: Epoch's models, the names of score boards, models.dev, the tracked-models list."""

import csv
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from config import baseline, registry
from config.baseline.build import epoch, hub, places
from config.baseline.build.redact import words_in_name
from config.baseline.build.table import HOME, Row, known_after

SINCE = date(2022, 1, 1)
TRACKED_ON = date(2026, 8, 17)
EPOCH_ON = date(2026, 7, 19)
MODELS_DEV_ON = date(2026, 7, 2)


@dataclass(frozen=True)
class Size:
    """Parameters of a repository, total and active."""

    total: int | None
    active: int | None = None


@cache
def _names(kind: str) -> dict[str, str]:
    text = (HOME / "build" / "hub_names.yaml").read_text(encoding="utf-8")
    return {str(k): str(v) for k, v in yaml.safe_load(text)[kind].items()}


_IN_NAME = re.compile(r"[-_](\d+(?:\.\d+)?)B(?:-A(\d+(?:\.\d+)?)B)?(?=[-_]|$)", re.IGNORECASE)


def size_in_name(hub_id: str) -> Size:
    """Return the size that a repository's own name states: `-235B-A22B` is 235 with 22 active."""
    found = _IN_NAME.search(hub_id)
    if found is None:
        return Size(None)
    active = round(float(found[2]) * 1e9) if found[2] else None
    return Size(round(float(found[1]) * 1e9), active)


@cache
def _counted(data: Path) -> dict[str, Size]:
    """Return sizes by repository: by hand, then the reviewed list, then the hub's own count."""
    found = {
        str(m["model_id"]): Size(int(str(m["parameters"])))
        for m in hub.models(data)
        if m["parameters"]
    }
    file = data / "org_regions" / "metadata" / "model_parameters.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            total = round(float(line["total_params_b"]) * 1e9)
            active = line["active_params_b"]
            found[line["model_id"]] = Size(total, round(float(active) * 1e9) if active else None)
    text = (HOME / "build" / "hub_names.yaml").read_text(encoding="utf-8")
    by_hand = yaml.safe_load(text)["sizes"].items()
    return found | {str(k): Size(int(v[0]), int(v[1])) for k, v in by_hand}


def size(data: Path, hub_id: str | None) -> Size:
    """Return a repository's size; what no count knows is taken from its name."""
    if hub_id is None:
        return Size(None)
    counted, named = _counted(data).get(hub_id, Size(None)), size_in_name(hub_id)
    total = counted.total or named.total
    active = counted.active or named.active
    return Size(total, active if active is None or total is None or active <= total else None)


@cache
def _corrections(data: Path) -> dict[str, date]:
    file = data / "org_regions" / "metadata" / "release_date_corrections.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        kept = (line for line in lines if not line.startswith("#"))
        return {
            line["model_id"]: date.fromisoformat(line["actual_release_date"])
            for line in csv.DictReader(kept)
        }


@cache
def _created(data: Path) -> dict[str, date]:
    return {
        str(m["model_id"]): d for m in hub.models(data) if isinstance(d := m["created_on"], date)
    }


def _on_hub(data: Path, hub_id: str | None) -> date | None:
    """Return the day the weights were released: the correction, else the repository's creation."""
    if hub_id is None:
        return None
    return _corrections(data).get(hub_id) or _created(data).get(hub_id)


def _log10_micro(flop: float | None) -> int | None:
    return round(math.log10(flop) * 1_000_000) if flop else None


def _row(known: date, listed: date, **said: object) -> Row:
    """Return a row; a release is known from the day after it, else from the catalogue's day."""
    released = said.get("released_on") or said.get("weights_released_on")
    moment = released if isinstance(released, date) else known
    return {
        "row_licence": "CC-BY-4.0",
        **said,
        "known_from": known_after(moment),
        "published_on": listed,
        "occurred_on": released,
    }


def _epoch(data: Path) -> Iterator[Row]:
    seen: set[str] = set()
    for model in epoch.read_models(data):
        if model.released_on is None or model.released_on < SINCE:
            continue
        seen.add(model.name)
        openness = registry.licences().get(model.accessibility, "unknown")
        hub_id = _names("eci").get(model.name) if openness == "open" else None
        sized = size(data, hub_id)
        listed = EPOCH_ON if model.table == "notable" else date(2025, 4, 23)
        yield _row(
            listed,
            listed,
            source="epoch",
            source_url="https://epoch.ai/data/ai-models",
            model_name=model.name,
            organisation=model.organisation or None,
            jurisdictions=places.jurisdictions(model.countries, model.organisation),
            released_on=model.released_on,
            weights_released_on=_on_hub(data, hub_id),
            openness=openness,
            licence=model.accessibility or None,
            parameters=round(model.parameters) if model.parameters else sized.total,
            active_parameters=sized.active,
            compute_log10_micro=_log10_micro(model.compute_flop),
            domain=model.domain or None,
            hub_id=hub_id,
        )
    yield from _epoch_boards(data, seen)


def _epoch_boards(data: Path, seen: set[str]) -> Iterator[Row]:
    """Yield models that only the capability index names, newest vintage first."""
    rows = [r for r in baseline.rows("scores") if r["board"] == "eci"]
    for row in sorted(rows, key=lambda r: (str(r["board_on"]), str(r["model_name"])), reverse=True):
        name = str(row["model_name"])
        if name in seen:
            continue
        seen.add(name)
        hub_id = _names("eci").get(name)
        # the index may not know that weights are out; a repository that we name holds them
        openness = "open" if row["openness"] == "open" else str(row["openness"])
        hub_id = hub_id if openness == "open" else None
        sized = size(data, hub_id)
        listed = row["board_on"] if isinstance(row["board_on"], date) else EPOCH_ON
        yield _row(
            listed,
            listed,
            source="epoch",
            source_url="https://epoch.ai/data/eci_scores.csv",
            model_name=name,
            organisation=row["organisation"],
            jurisdictions=row["jurisdictions"],
            released_on=row["released_on"],
            weights_released_on=_on_hub(data, hub_id),
            openness=openness,
            licence=row["licence"],
            parameters=sized.total,
            active_parameters=sized.active,
            domain="Language",
            hub_id=hub_id,
        )


def _arena(data: Path) -> Iterator[Row]:
    """Yield the open models of the Arena whose repository is known."""
    newest: dict[str, dict[str, object]] = {}
    for row in baseline.rows("scores"):
        if row["board"] == "arena_text":
            newest[str(row["model_name"])] = row
    for name, hub_id in _names("arena").items():
        row = newest[name]
        sized = size(data, hub_id)
        listed = row["board_on"] if isinstance(row["board_on"], date) else TRACKED_ON
        yield _row(
            listed,
            listed,
            source="lmarena",
            source_url="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
            model_name=name,
            organisation=row["organisation"],
            jurisdictions=row["jurisdictions"],
            released_on=_corrections(data).get(hub_id),
            weights_released_on=_on_hub(data, hub_id),
            openness=row["openness"],
            licence=row["licence"],
            parameters=sized.total,
            active_parameters=sized.active,
            domain="Language",
            hub_id=hub_id,
        )


def _hub_url(weights: list[dict[str, str]]) -> str | None:
    start = "https://huggingface.co/"
    for entry in weights:
        if entry.get("url", "").startswith(start):
            return "/".join(entry["url"].removeprefix(start).split("/")[:2])
    return None


def _full_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text and len(text) == 10 else None


def _models_dev(data: Path) -> Iterator[Row]:
    for file in sorted((data / "models_dev" / "models").glob("*/*.toml")):
        model = tomllib.loads(file.read_text(encoding="utf-8"))
        lab, name = file.parent.name, file.stem
        hub_id = _hub_url(model.get("weights", [])) if model.get("open_weights") else None
        sized = size(data, hub_id)
        yield _row(
            MODELS_DEV_ON,
            MODELS_DEV_ON,
            source="models_dev",
            source_url=f"https://github.com/anomalyco/models.dev/blob/dev/models/{lab}/{name}.toml",
            row_licence="MIT",
            model_name=f"{lab}/{name}",
            organisation=lab,
            jurisdictions=places.of_organisation(lab),
            released_on=_full_day(model.get("release_date")),
            weights_released_on=_on_hub(data, hub_id),
            openness="open" if model.get("open_weights") else "closed",
            licence=model.get("license"),
            parameters=sized.total,
            active_parameters=sized.active,
            hub_id=hub_id,
        )


def _tracked(data: Path) -> Iterator[Row]:
    places_of = {str(p["account"]): p for p in registry.publishers() if p["hub"] == "huggingface"}
    listed: dict[str, str] = {}
    for name in ("models.csv", "extra_models.csv"):
        with (data / "org_regions" / name).open(encoding="utf-8", newline="") as lines:
            listed |= {line["modelId"]: line["org"] for line in csv.DictReader(lines)}
    for hub_id, account in sorted(listed.items()):
        if words_in_name(hub_id):
            continue
        publisher = places_of.get(account.lower())
        sized = size(data, hub_id)
        released = _on_hub(data, hub_id)
        yield _row(
            TRACKED_ON,
            TRACKED_ON,
            source="tracked_models",
            source_url="https://github.com/Interconnects-AI/tracked-models",
            row_licence="Apache-2.0",
            model_name=hub_id,
            organisation=publisher["organisation"] if publisher else account,
            jurisdictions=publisher["jurisdiction"] if publisher else "unknown",
            released_on=released,
            weights_released_on=released,
            openness="open",
            parameters=sized.total,
            active_parameters=sized.active,
            hub_id=hub_id,
        )


def rows(data: Path) -> Iterator[Row]:
    """Yield releases of 2022 and later from all four catalogues, one key each."""
    yield from _epoch(data)
    yield from _arena(data)
    yield from _models_dev(data)
    yield from _tracked(data)
