"""(a) A census sweep: the whole pipeline against its floors and the hub's own client."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from benchmarks.floor import NOW
from benchmarks.hub import PAGE, serving
from benchmarks.measure import Measured, task, tocsin
from collectors.base import Columns, Parsed
from collectors.huggingface import _EVERYTHING
from collectors.record import Base, Counter, Model, Tag
from monitor.batch import BatchWriter
from monitor.context import open_context

ROUNDS = 3
"""On a machine shared with strangers the least of some rounds is nearest to what a way costs."""


def _writer(home: str) -> BatchWriter:
    lake = open_context(Path(home)).lake
    return BatchWriter(lake, "benchmark", "huggingface", is_live=True)


def client_and_write(url: str, home: str) -> dict[str, float]:
    """Return the CPU of `HfApi.list_models` feeding the same writer, imports left out."""
    begun = time.process_time()
    writer = _writer(home)
    api = HfApi(endpoint=f"{url}/huggingface", token=False)
    listed = api.list_models(sort="created_at", expand=list(_EVERYTHING))  # type: ignore[arg-type]
    models = 0
    while page := list(islice(listed, PAGE)):
        writer.add(_columns(page), NOW)
        models += len(page)
    writer.finish()
    return {"cpu_s": time.process_time() - begun, "models": models, "pages": -(-models // PAGE)}


def _columns(page: Sequence[Any]) -> list[Parsed]:
    """Return the client's objects as the columns of the lake, done as plainly as can be."""
    shared = {"source_url": "benchmark"}
    day = NOW.date()
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


def pipeline(url: str, home: Path, *, enabled: bool = True) -> Measured:
    """Return what `tocsin collect huggingface` takes for a census, from its start to its end.

    With the source switched off it is the command's start-up alone.
    """
    return tocsin(
        "--home", str(home), "collect", "huggingface", "--json",
        env={
            "TOCSIN_SOURCES__HUGGINGFACE__ENABLED": str(enabled).lower(),
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


@dataclass(frozen=True)
class _Round:
    """One go at each way to sweep, close together: what else the machine does meets all alike."""

    whole: Measured
    decode: float
    bound: float
    plain: float
    pages: int
    rows: int


def _round(url: str, home: Path, keep: Path) -> _Round:
    """Return CPU seconds of each way; the lake of the pipeline is left in `keep`."""
    whole = pipeline(url, keep)
    outcome = json.loads(whole.output)[0]
    if outcome["state"] != "done":
        raise RuntimeError(f"the sweep ended {outcome['state']}: {outcome['message']}")
    with tempfile.TemporaryDirectory(dir=home.parent) as aside:
        bound = json.loads(task("bound", url, f"{aside}/bound").output)
        plain = json.loads(task("plain", url, f"{aside}/plain").output)
    if plain["rows"] != outcome["rows"]:
        raise RuntimeError(
            f"{outcome['rows']:,} rows swept, {plain['rows']:,} by the plain program"
        )
    return _Round(
        whole, bound["decode_s"], bound["cpu_s"], plain["cpu_s"], bound["pages"], outcome["rows"]
    )


def compare(models: int, home: Path) -> dict[str, Any]:
    """Return the figures of the five ways to sweep a hub; `home` keeps the lake of the first."""
    with hub(models, home) as url, tempfile.TemporaryDirectory(dir=home.parent) as others:
        empty = Path(others) / "empty"
        start = min(pipeline(url, empty, enabled=False).cpu_s for _ in range(ROUNDS))
        keeps = (home, *(Path(others) / str(n) for n in range(1, ROUNDS)))
        rounds = [_round(url, home, keep) for keep in keeps]
        client = task("client", url, f"{others}/client")
    first, counted = rounds[0], json.loads(client.output)
    spent = {
        "pipeline_s": [r.whole.cpu_s - start for r in rounds],
        "decode_s": [r.decode for r in rounds],
        "bound_s": [r.bound for r in rounds],
        "plain_s": [r.plain for r in rounds],
    }
    return {
        "models": models,
        "rows": first.rows,
        "start_s": start,
        "rounds": spent,
        **{name: min(seconds) for name, seconds in spent.items()},
        "wall_s": first.whole.wall_s,
        "peak_mb": max(r.whole.peak_mb for r in rounds),
        "memory": first.whole.thin(),
        "client_s": counted["cpu_s"],
        "client_peak_mb": client.peak_mb,
        "pages": first.pages,
        "lake_mb": sum(f.stat().st_size for f in (home / "lake").rglob("*.parquet")) / 1e6,
    }
