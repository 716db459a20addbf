"""A home with a generated catalogue, made without a network: what the sweep of it would have left.

The pages are the stand-in's, parsed and written by the program's own code; further snapshots are
written from the first, counters alone, one a week back in time, as a daily pass leaves them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlmodel import Session

from collectors.base import Columns, Payload
from collectors.huggingface import _EVERYTHING
from collectors.huggingface_pages import parse_page
from collectors.record import Counter
from monitor.baseline import load_baseline
from monitor.batch import BatchWriter
from monitor.context import Context, open_context
from monitor.lake import LakeFile
from monitor.store.runs import Batch, BatchState
from tests.standin.catalogue import Item
from tests.standin.generate import Generated

_PAGE = 1000
_PART_PAGES = 100
_WEEK = timedelta(days=7)
_SOURCE = "huggingface"


def make_home(home: Path, models: int) -> Context:
    """Return the context of a home with the shipped facts and one census of so many models."""
    context = open_context(home)
    load_baseline(context)
    if not _census(context):
        _write_census(context, models)
    return context


def add_snapshots(home: Path, count: int) -> None:
    """Add counters until the home holds `count` snapshots, a week apart, the census the newest."""
    context = open_context(home)
    census = _census(context)
    seen_at = datetime.fromtimestamp(max(f.max_fetched_s for f in census), UTC)
    for back in range(1, count):
        name = f"{seen_at - back * _WEEK:%Y%m%dT%H%M%SZ}-{_SOURCE}-active"
        if not any(f.batch_id == name for f in context.lake.visible()):
            _write_snapshot(context, census, name, back, seen_at - back * _WEEK)


def _census(context: Context) -> list[LakeFile]:
    found = context.lake.visible()
    swept = {f.batch_id for f in found if f.table == "models" and "baseline" not in f.batch_id}
    return [f for f in found if f.batch_id in swept and f.table == Counter.TABLE]


def _write_census(context: Context, models: int) -> None:
    begun = context.now().replace(microsecond=0)
    name = f"{begun:%Y%m%dT%H%M%SZ}-{_SOURCE}-census"
    files: list[LakeFile] = []
    writer, pages = BatchWriter(context.lake, name, _SOURCE, is_live=True), 0
    for pages, body in enumerate(_pages(models), 1):
        at = begun - timedelta(seconds=60)
        writer.add(list(parse_page(Payload(_SOURCE, "models", "generated", 200, {}, body, at))), at)
        if pages % _PART_PAGES == 0:
            files += writer.finish()
            part = pages // _PART_PAGES
            writer = BatchWriter(context.lake, name, _SOURCE, is_live=True, part=part)
    _commit(context, name, begun, [*files, *writer.finish()])


def _pages(models: int) -> Iterator[bytes]:
    made = Generated(models)
    keys = ("_id", "id", *_EVERYTHING)
    last: Item | None = None
    while True:
        body, last = made.page("createdAt", last, _PAGE, keys)
        yield body
        if last is None:
            return


def _write_snapshot(
    context: Context, census: list[LakeFile], name: str, back: int, at: datetime
) -> None:
    """Write the census' counters as they stood so many weeks before."""
    writer = BatchWriter(context.lake, name, _SOURCE, is_live=True)
    shared = {"source_url": "generated", "observed_on": at.date(), "occurred_on": at.date()}
    for file in census:
        with context.lake.files.open(context.lake.full(file.path), "rb") as opened:
            for batch in pq.ParquetFile(opened).iter_batches(120_000):
                writer.add([Columns(Counter, _then(batch, back), shared)], at)
    _commit(context, name, at, writer.finish())


def _then(batch: pa.RecordBatch, back: int) -> dict[str, pa.Array]:
    """Return earlier counters: a hundredth fewer a week for the month, a month's share in all."""
    month, ever = batch.column("downloads_30d"), batch.column("downloads_all_time")
    earlier = pc.divide(pc.multiply(month, 100 - back), 100)
    return {
        "model_id": batch.column("model_id"),
        "downloads_30d": earlier,
        "downloads_all_time": pc.max_element_wise(pc.subtract(ever, month), earlier),
        "likes": batch.column("likes"),
    }


def _commit(context: Context, name: str, at: datetime, files: list[LakeFile]) -> None:
    batch = Batch(
        id=name, run_id=name, source=_SOURCE, sweep="census", state=BatchState.VISIBLE,
        is_live=True, fetched_at=at, visible_at=at, rows=sum(f.rows for f in files),
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()
