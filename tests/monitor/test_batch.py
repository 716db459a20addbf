"""What a batch leaves in its files: plain texts for every reader, each text once in a group."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.base import Columns
from collectors.record import Counter, Model, Record, Tag
from collectors.schema import BY_NUMBER, TABLES, arrow_schema
from monitor.batch import ROW_GROUP, BatchWriter
from monitor.context import Context, open_context
from monitor.lake import Lake

AT = datetime(2026, 8, 3, 6, tzinfo=UTC)
URL = "https://hub.example"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return open_context(tmp_path, now=lambda: AT)


def written(context: Context, parsed: Sequence[Record | Columns]) -> dict[str, pq.ParquetFile]:
    writer = BatchWriter(context.lake, "batch", "huggingface", is_live=True)
    for item in parsed:
        writer.add([item], AT)
    return {f.table: pq.ParquetFile(context.lake.full(f.path)) for f in writer.finish()}


@contextmanager
def nobody() -> Iterator[Path]:
    """Act as a user who is not root, as a daemon does; yields a folder of that user's own."""
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        if root:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)


def test_a_part_that_a_kill_left_sealed_is_written_anew(context: Context) -> None:
    row = Counter(source_url=URL, model_id="a/b", observed_on=AT.date(), likes=1)
    written(context, [row])  # what is imported on the way lies where only root may read
    with nobody() as home:
        apart = replace(context, home=home)
        apart.__dict__["lake"] = Lake(str(home / "lake"), context.engine)
        for likes in (1, 2):  # the second process finds the first one's file, read-only
            files = written(apart, [msgspec.structs.replace(row, likes=likes)])
            assert files["counters"].read()["likes"].to_pylist() == [likes]


def test_who_reads_a_file_gets_plain_texts_and_the_columns_of_the_lake(context: Context) -> None:
    files = written(
        context,
        [
            Model(source_url=URL, model_id="lab/one", licence="mit", disabled=True),
            Counter(source_url=URL, model_id="lab/one", observed_on=date(2026, 8, 3), likes=3),
            Tag(source_url=URL, model_id="lab/one", tag="zh"),
        ],
    )
    assert files.keys() == {"models", "counters", "tags"}
    for table, file in files.items():
        assert file.schema_arrow.equals(arrow_schema(TABLES[table]))
    (row,) = files["models"].read().to_pylist()
    assert (row["licence"], row["disabled"], row["gated"]) == ("mit", 1, "unknown")


def test_columns_by_number_and_one_by_one_are_the_same_rows(context: Context) -> None:
    words = ["zh", "en", None, "zh"]
    names = [f"lab/{n}" for n in range(4)]
    by_number = pa.array(words, pa.string()).dictionary_encode()
    assert by_number.type == BY_NUMBER
    shared = {"source_url": URL}
    chunks = [Columns(Tag, {"model_id": names, "tag": tags}, shared) for tags in (words, by_number)]
    found = written(context, chunks)["tags"].read(["model_id", "tag"]).to_pylist()
    assert found[:4] == found[4:] == [
        {"model_id": m, "tag": t} for m, t in zip(names, words, strict=True)
    ]  # fmt: skip


def test_no_short_group_carries_every_text_once_more(context: Context) -> None:
    names = [f"lab/{n}" for n in range(1000)]
    pages = -(-ROW_GROUP // 1000) + 1
    chunk = Columns(Model, {"model_id": names, "library": ["gguf"] * 1000}, {"source_url": URL})
    large = Columns(
        Tag, {"model_id": names * 270, "tag": ["zh"] * 270_000}, {"source_url": URL}
    )  # fmt: skip
    files = written(context, [*[chunk] * pages, large])
    groups = {
        table: [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        for table, file in files.items()
    }
    assert groups == {"models": [ROW_GROUP, 1000], "tags": [135_000, 135_000]}


def test_names_of_one_row_each_are_written_without_a_dictionary(context: Context) -> None:
    names = [f"lab/{n}" for n in range(50)]
    chunk = Columns(Model, {"model_id": names, "library": ["gguf"] * 50}, {"source_url": URL})
    group = written(context, [chunk])["models"].metadata.row_group(0)
    columns = {
        c.path_in_schema: c.dictionary_page_offset is not None
        for c in map(group.column, range(group.num_columns))
    }
    assert (columns["model_id"], columns["library"], columns["batch_id"]) == (False, True, True)
