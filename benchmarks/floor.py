"""What a sweep is held against: the bound of finished tables, and the plain program.

Both decode each page with msgspec and write the same rows into Parquet files of the same layout as
pyarrow writes them by default; neither checks anything, and the network is left out. The bound gets
its columns for nothing, which no program can; the plain program makes them, a list a column.
"""

import gzip
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hub import raw_pages
from collectors.base import Parsed, Payload
from collectors.huggingface_items import Item
from collectors.huggingface_pages import parse_page
from collectors.record import Base, Counter, Model, Record, Tag
from collectors.schema import arrow_schema
from monitor.batch import ROW_GROUP, BatchWriter
from monitor.context import open_context

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
_TODAY = NOW.date()
_EPOCH = date(1970, 1, 1).toordinal()


class _PlainFiles:
    """Files of the lake's layout, written as pyarrow writes them by default."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._open: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        home.mkdir(parents=True, exist_ok=True)

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Take the rows of a page; those of a table are written 120,000 at a time."""
        for name, table in tables.items():
            self._waiting[name].append(table)
            if sum(t.num_rows for t in self._waiting[name]) >= ROW_GROUP:
                self._write(name)

    def finish(self) -> None:
        """Write what is left and close the files."""
        for name in list(self._waiting):
            self._write(name)
        for writer in self._open.values():
            writer.close()

    def _write(self, name: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(name))
        if name not in self._open:
            path = self._home / f"{name}.parquet"
            self._open[name] = pq.ParquetWriter(
                path, rows.schema, compression="zstd", compression_level=1
            )
        self._open[name].write_table(rows)


_Tables = Mapping[str, pa.Table]
_Columns = Mapping[str, Sequence[object]]


def _sweep(
    url: str, home: str, shape: Callable[[str, bytes], tuple[_Tables, float]]
) -> dict[str, float]:
    """Return pages and the CPU of unzipping, shaping and writing them; `shape` tells its own."""
    pa.array([""])  # Arrow looks for pandas once
    files, pages, unzip, spent = _PlainFiles(Path(home)), 0, 0.0, 0.0
    for place, packed in raw_pages(url):
        begun = time.process_time()
        body = gzip.decompress(packed)
        unzip += time.process_time() - begun
        tables, cost = shape(place, body)
        begun = time.process_time()
        files.add(tables)
        spent += cost + time.process_time() - begun
        pages += 1
    begun = time.process_time()
    files.finish()
    spent += unzip + time.process_time() - begun
    return {"pages": pages, "unzip_s": unzip, "cpu_s": spent}


class _Shaper(BatchWriter):
    """Makes the rows of a page as the program does, and writes none of them."""

    def page(self, parsed: Sequence[Parsed]) -> dict[str, pa.Table]:
        """Return the rows by table, with plain texts."""
        self._shaped: dict[str, pa.Table] = {}
        self.add(parsed, NOW)
        return self._shaped

    def _gather(self, kind: type[Record], table: pa.Table) -> None:
        self._shaped[kind.TABLE] = table.cast(arrow_schema(kind))


def bound(url: str, home: str) -> dict[str, float]:
    """Return the CPU of decoding every page and writing its rows, the making of columns free.

    `decode_s` is the decoding's part of it, unzipping included.
    """
    decoding = 0.0
    decoder = msgspec.json.Decoder(list[Item])
    shaper = _Shaper(open_context(Path(home)).lake, "benchmark", "huggingface", is_live=True)

    def shape(place: str, body: bytes) -> tuple[_Tables, float]:
        nonlocal decoding
        begun = time.process_time()
        decoder.decode(body)
        cost = time.process_time() - begun
        decoding += cost
        payload = Payload("huggingface", "models", place, 200, {}, body, NOW)
        return shaper.page(list(parse_page(payload))), cost

    found = _sweep(url, home, shape)
    return {**found, "decode_s": found["unzip_s"] + decoding}


def plain(url: str, home: str) -> dict[str, float]:
    """Return CPU and rows of the plain program: decode, a list a column, write."""
    decoder = msgspec.json.Decoder(list[Item])
    rows = 0

    def shape(place: str, body: bytes) -> tuple[_Tables, float]:
        nonlocal rows
        begun = time.process_time()
        tables = _tables(decoder.decode(body), place.split("?", 1)[0])
        rows += sum(t.num_rows for t in tables.values())
        return tables, time.process_time() - begun

    return {**_sweep(url, home, shape), "rows": rows}


def _tables(items: Sequence[Item], place: str) -> dict[str, pa.Table]:
    """Return the rows of a page by table; what is not given is empty."""
    ids = [i.id for i in items]
    tagged = [(i.id, tag) for i in items for tag in dict.fromkeys(i.tags or ())]
    edges = [(i.id, n, *edge) for i in items for n, edge in enumerate(_edges(i))]
    created = _days([i.created for i in items])
    today = _TODAY.toordinal() - _EPOCH
    models: _Columns = {
        "model_id": ids,
        "author": [i.id.partition("/")[0] for i in items],
        "created_day": created,
        "occurred_day": created,
        "modified_day": _days([i.modified for i in items]),
        "pipeline": [i.pipeline for i in items],
        "library": [i.library for i in items],
        "licence": [_licence(i) for i in items],
        "gated": [str(i.gated) if i.gated else "no" for i in items],
        "disabled": [None if i.disabled is None else int(i.disabled) for i in items],
        "parameters": [i.safetensors.total if i.safetensors else None for i in items],
        "sha": [i.sha for i in items],
    }
    counters: _Columns = {
        "model_id": ids,
        "downloads_30d": [i.downloads for i in items],
        "downloads_all_time": [i.all_time for i in items],
        "likes": [i.likes for i in items],
    }
    days = dict.fromkeys(("observed_day", "occurred_day", "published_day"), today)
    tags = {n: [t[at] for t in tagged] for at, n in enumerate(("model_id", "tag"))}
    named = ("model_id", "position", "base_id", "relation")
    bases = {n: [e[at] for e in edges] for at, n in enumerate(named)}
    return {
        "models": _table(Model, len(items), models, place),
        "counters": _table(Counter, len(items), counters, place, days),
        "tags": _table(Tag, len(tagged), tags, place),
        "bases": _table(Base, len(edges), bases, place),
    }


def _table(
    kind: type[Record],
    count: int,
    given: _Columns,
    place: str,
    shared: Mapping[str, object] | None = None,
) -> pa.Table:
    """Return the rows; what all of them share is repeated."""
    now = int(NOW.timestamp())
    same = {"source_url": place, "source": "huggingface", "batch_id": "plain", "is_live": 1}
    same |= {"fetched_at_s": now, "known_from_s": now, **(shared or {})}
    arrays = [
        pa.array(given[f.name], f.type)
        if f.name in given
        else pa.repeat(pa.scalar(same.get(f.name), f.type), count)
        for f in arrow_schema(kind)
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(kind))


def _days(moments: Sequence[str | None]) -> list[int | None]:
    return [date.fromisoformat(m[:10]).toordinal() - _EPOCH if m else None for m in moments]


def _licence(item: Item) -> str | None:
    return next((t[8:] for t in item.tags or () if t.startswith("license:")), None)


def _edges(item: Item) -> list[tuple[str, str]]:
    """Return base and relation of each declared base: the field's, else the tags'."""
    if item.bases and not isinstance(item.bases, list):
        relation = item.bases.relation or "unknown"
        models = item.bases.models or ()
        return [(m if isinstance(m, str) else m.id, relation) for m in models]
    tags = [t.split(":", 2)[1:] for t in item.tags or () if t.startswith("base_model:")]
    return [(t[-1], t[0]) for t in tags if len(t) == 2]
