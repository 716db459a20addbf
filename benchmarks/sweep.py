"""(a) A census sweep: the whole pipeline against decoding alone and the hub's own client."""

import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import requests
from huggingface_hub import HfApi

from benchmarks.hub import serving
from benchmarks.measure import Measured, task, tocsin
from collectors.base import Columns, Parsed, Payload
from collectors.huggingface import _EVERYTHING
from collectors.huggingface_items import Item
from collectors.huggingface_pages import parse_page
from collectors.record import Base, Counter, Model, Tag
from monitor.batch import BatchWriter
from monitor.context import open_context

_PAGE = 1000
_NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)


def _writer(home: str) -> BatchWriter:
    lake = open_context(Path(home)).lake
    return BatchWriter(lake, "benchmark", "huggingface", is_live=True)


def _raw_pages(url: str) -> Iterator[tuple[str, bytes]]:
    """Yield the address and the packed bytes of each page, as they come off the wire."""
    asked = [("sort", "createdAt"), ("limit", str(_PAGE)), *(("expand", e) for e in _EVERYTHING)]
    place: str | None = f"{url}/huggingface/api/models?{urlencode(asked)}"
    with requests.Session() as session:
        while place:
            with session.get(place, stream=True, timeout=60) as answer:
                body = answer.raw.read(decode_content=False)
                yield place, body
                place = answer.links.get("next", {}).get("url")


def decode_alone(url: str) -> dict[str, float]:
    """Return the CPU of unzipping and decoding every page, the network left out."""
    decoder = msgspec.json.Decoder(list[Item])
    spent, models, pages = 0.0, 0, 0
    for _, packed in _raw_pages(url):
        begun = time.process_time()
        models += len(decoder.decode(gzip.decompress(packed)))
        spent += time.process_time() - begun
        pages += 1
    return {"cpu_s": spent, "models": models, "pages": pages}


def decode_and_write(url: str, home: str) -> dict[str, float]:
    """Return the CPU of decoding every page and writing the same Parquet; shaping is left out."""
    decoder = msgspec.json.Decoder(list[Item])
    writer = _writer(home)
    spent, models, pages = 0.0, 0, 0
    for place, packed in _raw_pages(url):
        begun = time.process_time()
        body = gzip.decompress(packed)
        models += len(decoder.decode(body))
        spent += time.process_time() - begun
        shaped: list[Parsed] = list(parse_page(_payload(place, body)))
        begun = time.process_time()
        writer.add(shaped, _NOW)
        spent += time.process_time() - begun
        pages += 1
    begun = time.process_time()
    writer.finish()
    spent += time.process_time() - begun
    return {"cpu_s": spent, "models": models, "pages": pages}


def _payload(url: str, body: bytes) -> Payload:
    return Payload("huggingface", "models", url, 200, {}, body, _NOW)


def client_and_write(url: str, home: str) -> dict[str, float]:
    """Return the CPU of `HfApi.list_models` feeding the same writer, imports left out."""
    begun = time.process_time()
    writer = _writer(home)
    api = HfApi(endpoint=f"{url}/huggingface", token=False)
    listed = api.list_models(sort="created_at", expand=list(_EVERYTHING))  # type: ignore[arg-type]
    models = 0
    while page := list(islice(listed, _PAGE)):
        writer.add(_columns(page), _NOW)
        models += len(page)
    writer.finish()
    return {"cpu_s": time.process_time() - begun, "models": models, "pages": -(-models // _PAGE)}


def _columns(page: Sequence[Any]) -> list[Parsed]:
    """Return the client's objects as the columns of the lake, done as plainly as can be."""
    shared = {"source_url": "benchmark"}
    day = _NOW.date()
    tagged = [(m.id, t) for m in page for t in m.tags or ()]
    edges = [
        (m.id, n, base["id"], m.base_models["relation"])
        for m in page
        if m.base_models
        for n, base in enumerate(m.base_models["models"])
    ]
    licences = [next((t[8:] for t in m.tags or () if t.startswith("license:")), None) for m in page]
    created = [m.created_at.date() for m in page]
    found: list[Parsed] = [
        Columns(
            Model,
            {
                "model_id": [m.id for m in page],
                "author": [m.author for m in page],
                "created_on": created,
                "occurred_on": created,
                "modified_on": [m.last_modified.date() for m in page],
                "pipeline": [m.pipeline_tag for m in page],
                "library": [m.library_name for m in page],
                "licence": licences,
                "gated": [m.gated or "no" for m in page],
                "disabled": [m.disabled for m in page],
                "parameters": [m.safetensors.total if m.safetensors else None for m in page],
                "sha": [m.sha for m in page],
            },
            shared,
        ),
        Columns(
            Counter,
            {
                "model_id": [m.id for m in page],
                "downloads_30d": [m.downloads for m in page],
                "downloads_all_time": [m.downloads_all_time for m in page],
                "likes": [m.likes for m in page],
            },
            {"observed_on": day, "occurred_on": day, "published_on": day, **shared},
        ),
    ]
    if tagged:
        names, tags = zip(*tagged, strict=True)
        found.append(Columns(Tag, {"model_id": names, "tag": tags}, shared))
    if edges:
        names, places, bases, relations = zip(*edges, strict=True)
        values = {"model_id": names, "position": places, "base_id": bases, "relation": relations}
        found.append(Columns(Base, values, shared))
    return found


def pipeline(url: str, home: Path) -> Measured:
    """Return what `tocsin collect huggingface` takes for a census, from its start to its end."""
    return tocsin(
        "--home", str(home), "collect", "huggingface", "--json",
        env={
            "TOCSIN_SOURCES__HUGGINGFACE__BASE_URL": f"{url}/huggingface",
            "TOCSIN_SOURCES__HUGGINGFACE__PASSES": '["census"]',
            "TOCSIN_SOURCES__HUGGINGFACE__DEADLINE_SECONDS": "86400",
        },
    )  # fmt: skip


@contextmanager
def hub(models: int, home: Path) -> Iterator[str]:
    """Yield the address of a hub whose pages are kept beside the home as long as it is asked."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as pages, serving(models, Path(pages)) as url:
        yield url


def compare(models: int, home: Path) -> dict[str, Any]:
    """Return the figures of the four ways to sweep a hub; `home` keeps the lake."""
    start = tocsin("--home", str(home / "empty"), "doctor").cpu_s
    with hub(models, home) as url:
        # First what needs every page made, so that all others are served alike.
        alone = json.loads(task("decode", url).output)
        whole = pipeline(url, home)
        outcome = json.loads(whole.output)[0]
        if outcome["state"] != "done":
            raise RuntimeError(f"the sweep ended {outcome['state']}: {outcome['message']}")
        floor = json.loads(task("floor", url, str(home / "floor")).output)
        client = task("client", url, str(home / "client"))
    counted = json.loads(client.output)
    return {
        "models": models,
        "rows": outcome["rows"],
        "start_s": start,
        "pipeline_s": whole.cpu_s,
        "wall_s": whole.wall_s,
        "peak_mb": whole.peak_mb,
        "memory": whole.thin(),
        "decode_s": alone["cpu_s"],
        "floor_s": floor["cpu_s"],
        "client_s": counted["cpu_s"],
        "client_peak_mb": client.peak_mb,
        "pages": alone["pages"],
        "lake_mb": sum(f.stat().st_size for f in (home / "lake").rglob("*.parquet")) / 1e6,
    }
