"""CPU time of a page of 1,000 models from the wire to Parquet, beside merely decoding it.

Run `python -m benchmarks.sweep_page [--data DIR] [--pages N] [--json]`. With the folder of real
pages the rows are real (4,167 models, reused); without it they are generated. Three figures, in
milliseconds of CPU a page: *decode* (unzip and msgspec into the wanted fields, nothing else),
*floor* (the same and the same Parquet files, from tables made beforehand) and *all* (unzip, decode,
check, quarantine's facts, columns, Parquet). No program reaches the floor, for columns have to be
made; `python -m benchmarks --only a` sets a plain program beside it that makes them.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from collectors import huggingface
from collectors.base import Payload
from collectors.huggingface_items import Item
from collectors.quarantine_gather import Gathering
from collectors.schema import TABLES, arrow_schema
from monitor.batch import ROW_GROUP, BatchWriter
from monitor.lake import Lake
from monitor.memory import settle
from monitor.store.engine import open_store

PAGE = 1000
ASKED = (
    "_id", "id", "author", "createdAt", "lastModified", "downloads", "downloadsAllTime", "likes",
    "tags", "gated", "disabled", "pipeline_tag", "library_name", "safetensors", "baseModels", "sha",
)  # fmt: skip
BEGUN = datetime(2026, 8, 22, tzinfo=UTC)


def real_items(data: Path) -> Iterator[dict[str, object]]:
    """Yield the real models of the folder."""
    with gzip.open(data / "hf_api_pages_reshaped" / "models_api_shaped.jsonl.gz") as lines:
        yield from (json.loads(line) for line in lines)


def generated_items(count: int) -> Iterator[dict[str, object]]:
    """Yield models of about the size of real ones."""
    for n in range(count):
        base = f"lab-{n % 97}/base-{n % 1009}"
        yield {
            "id": f"owner-{n % 4001}/model-{n:07d}-instruct-GGUF",
            "author": f"owner-{n % 4001}",
            "createdAt": "2026-05-01T00:00:00.000Z",
            "lastModified": "2026-06-01T00:00:00.000Z",
            "downloads": n % 5000,
            "downloadsAllTime": n % 90000,
            "likes": n % 400,
            "tags": ["transformers", "safetensors", "text-generation", "en", "zh",
                     f"base_model:{base}", f"base_model:quantized:{base}", "region:us",
                     "license:apache-2.0", "conversational", "endpoints_compatible"],
            "gated": False,
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "safetensors": {"parameters": {"BF16": 7241732096}, "total": 7241732096},
            "baseModels": {"relation": "quantized", "models": [{"_id": f"{n:024x}", "id": base}]},
        }  # fmt: skip


def pages_of(items: Sequence[dict[str, object]], count: int) -> list[bytes]:
    """Return `count` zipped pages of 1,000 rows as the list call gives them with `expand`."""
    found = []
    for number in range(count):
        start = number * PAGE % max(1, len(items) - PAGE + 1)
        rows = [{k: i[k] for k in ASKED if k in i} for i in items[start : start + PAGE]]
        found.append(
            gzip.compress(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode(), 6)
        )
    return found


def cpu_ms(work: Callable[[], None], pages: int, rounds: int = 3) -> float:
    """Return the least CPU time of some rounds, in milliseconds a page."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent) / pages * 1000


def payload_of(page: bytes, number: int) -> Payload:
    """Return the page as the client hands it on."""
    return Payload(
        source="huggingface", shape="models", url="https://huggingface.co/api/models?cursor=x",
        status=200, headers={"content-type": "application/json"}, body=gzip.decompress(page),
        fetched_at=BEGUN + timedelta(seconds=number), sweep="census", resumable=True,
    )  # fmt: skip


def decode_only(pages: Sequence[bytes]) -> None:
    """Unzip and decode, and let go."""
    decoder = msgspec.json.Decoder(list[Item])
    for page in pages:
        decoder.decode(gzip.decompress(page))


def whole(pages: Sequence[bytes], lake: Lake) -> None:
    """Do all that a sweep does with a page, short of the network and the manifest."""
    writer = BatchWriter(lake, f"b{time.monotonic_ns()}", "huggingface", is_live=True)
    gathering = Gathering(huggingface.SOURCE, "census")
    for number, page in enumerate(pages):
        payload = payload_of(page, number)
        gathering.answer(payload)
        parsed = list(huggingface.parse(payload))
        writer.add(parsed, payload.fetched_at)
        for item in parsed:
            gathering.rows(item)
    gathering.facts()
    writer.finish()


def tables_of(pages: Sequence[bytes], lake: Lake) -> dict[str, pa.Table]:
    """Return the tables that the sweep of these pages writes, in memory."""
    writer = BatchWriter(lake, f"t{time.monotonic_ns()}", "huggingface", is_live=True)
    files = []
    for number, page in enumerate(pages):
        payload = payload_of(page, number)
        writer.add(list(huggingface.parse(payload)), payload.fetched_at)
    files = writer.finish()
    return {f.table: pq.read_table(lake.full(f.path)) for f in files}


def write_only(tables: dict[str, pa.Table], folder: Path) -> None:
    """Write the same Parquet files from finished tables."""
    for name, table in tables.items():
        path = folder / f"{name}-{time.monotonic_ns()}.parquet"
        with pq.ParquetWriter(
            path, arrow_schema(TABLES[name]), compression="zstd", compression_level=1
        ) as writer:
            writer.write_table(table, row_group_size=ROW_GROUP)


def measure(items: Sequence[dict[str, object]], count: int) -> dict[str, float | int]:
    """Return the three figures and their ratio."""
    pages = pages_of(items, count)
    settle()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lake = Lake(str(home / "lake"), open_store(f"sqlite:///{home / 'store.db'}"))
        decode = cpu_ms(lambda: decode_only(pages), count)
        tables = tables_of(pages, lake)
        floor = decode + cpu_ms(lambda: write_only(tables, home), count)
        everything = cpu_ms(lambda: whole(pages, lake), count)
    return {
        "pages": count,
        "rows_a_page": PAGE,
        "page_kb": round(sum(map(len, pages)) / count / 1024),
        "decode_ms": round(decode, 2),
        "floor_ms": round(floor, 2),
        "all_ms": round(everything, 2),
        "all_over_floor": round(everything / floor, 2),
        "minutes_cpu_for_3_million": round(everything * 3000 / 60_000, 2),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="CPU a page of a sweep")
    parser.add_argument("--data", type=Path, help="folder of real pages (../shared/data)")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    items = list(real_items(asked.data) if asked.data else generated_items(4 * PAGE))
    found = measure(items, asked.pages)
    if asked.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
