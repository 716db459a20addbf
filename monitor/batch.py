"""Write one batch: parsed rows in, Parquet files out, memory bounded whatever the sweep's size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.base import Columns, Parsed, Refused
from collectors.record import Record
from collectors.schema import BY_NUMBER, TABLES, Column, columns, days, gathered_schema, seconds
from monitor.lake import Lake, LakeFile

_AT_LEAST = 1000
"""Rows of one value made at once; most pages have as many."""
ROW_GROUP = 120_000
"""Rows gathered, page by page, before they are written: some MB a table, however long the sweep."""


@dataclass
class _Part:
    """An open file of one table."""

    path: str
    writer: pq.ParquetWriter
    sink: Any
    rows: int = 0
    known: list[int] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)


class BatchWriter:
    """Collects the rows of one batch by table; `finish` closes the files and returns them.

    `part` numbers the files of a sweep that is written in several pieces, so that a killed sweep
    can go on behind its last finished piece.
    """

    def __init__(
        self, lake: Lake, batch_id: str, source: str, *, is_live: bool, part: int = 0
    ) -> None:
        self.lake, self.batch_id, self.source, self.is_live = lake, batch_id, source, is_live
        self.part = part
        self.rows: dict[str, int] = defaultdict(int)
        self.refused: list[Refused] = []
        self._constants: dict[tuple[object, Any], pa.Array] = {}
        self._open: dict[str, _Part] = {}
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self._waiting_rows: dict[str, int] = defaultdict(int)

    def add(self, parsed: Sequence[Parsed], fetched_at: datetime) -> None:
        """Take what one payload gave; rows of one table are written together."""
        fetched = seconds(fetched_at)
        records: dict[type[Record], list[Record]] = defaultdict(list)
        for item in parsed:
            if isinstance(item, Columns):
                self._gather(item.record, self._columnar(item, fetched))
            elif isinstance(item, Refused):
                self.refused.append(item)
            else:
                records[type(item)].append(item)
        for kind, rows in records.items():
            self._gather(kind, self._rowwise(kind, rows, fetched))

    def _rowwise(self, kind: type[Record], records: Sequence[Record], fetched: int) -> pa.Table:
        arrays = {c.field: [getattr(r, c.field) for r in records] for c in columns(kind)}
        known = [r.known_from for r in records]
        return self._table(kind, arrays, {}, known, fetched, len(records))

    def _columnar(self, chunk: Columns, fetched: int) -> pa.Table:
        count = len(next(iter(chunk.columns.values())))
        known = list(chunk.columns.get("known_from", ()))
        if not known and chunk.shared.get("known_from") is not None:
            known = [chunk.shared["known_from"]] * count
        return self._table(chunk.record, chunk.columns, chunk.shared, known, fetched, count)

    def _table(
        self,
        kind: type[Record],
        given: Mapping[str, Sequence[Any]],
        shared: Mapping[str, Any],
        known: Sequence[Any],
        fetched: int,
        count: int,
    ) -> pa.Table:
        schema = gathered_schema(kind)
        arrays: list[pa.Array] = []
        for column, type_ in _typed_columns(kind):
            if column.field in given:
                arrays.append(_typed(_array(column, given[column.field]), type_))
                continue
            value = shared.get(column.field, _default(kind, column.field))
            value = value if value is None or column.convert is None else column.convert(value)
            arrays.append(self._same((kind, column.name), value, type_, count))
        # What the world could know later than we fetched it would be a lie about time.
        moments = [fetched if k is None else min(seconds(k), fetched) for k in known]
        fetched_at = pa.repeat(pa.scalar(fetched, pa.int64()), count)
        arrays += [
            self._same("source", self.source, BY_NUMBER, count),
            self._same("batch_id", self.batch_id, BY_NUMBER, count),
            fetched_at,
            pa.array(moments, pa.int64()) if moments else fetched_at,
            self._same("is_live", int(self.is_live), pa.int8(), count),
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _same(self, column: object, value: Any, type_: pa.DataType, count: int) -> pa.Array:
        """Return the value `count` times; what all pages of a batch share is made only once."""
        kept = self._constants.get((column, value))
        if kept is None or len(kept) < count:
            kept = _repeated(value, type_, max(count, _AT_LEAST))
            self._constants[column, value] = kept
        return kept.slice(0, count)

    def _gather(self, kind: type[Record], table: pa.Table) -> None:
        name = kind.TABLE
        self._waiting[name].append(table)
        self._waiting_rows[name] += table.num_rows
        self.rows[name] += table.num_rows
        if self._waiting_rows[name] >= ROW_GROUP:
            self._write(name)

    def _write(self, name: str) -> None:
        tables = self._waiting.pop(name, [])
        self._waiting_rows[name] = 0
        if not tables:
            return
        part = self._open.get(name) or self._start(name)
        table = pa.concat_tables(tables).unify_dictionaries()
        # A short last group would carry every text of the first once more.
        groups = max(1, table.num_rows // ROW_GROUP)
        part.writer.write_table(table, row_group_size=-(-table.num_rows // groups))
        part.rows += table.num_rows
        for bounds, column in ((part.known, "known_from_s"), (part.fetched, "fetched_at_s")):
            span = pc.min_max(table[column])
            bounds[:] = _widen(bounds, span["min"].as_py(), span["max"].as_py())

    def _start(self, name: str) -> _Part:
        path = f"{name}/{self.batch_id}-{self.part:04d}.parquet"
        self.lake.files.makedirs(self.lake.full(name), exist_ok=True)
        if self.lake.files.exists(self.lake.full(path)):
            self.lake.remove(path)  # sealed before a kill: nobody but root could write over it
        sink = self.lake.files.open(self.lake.full(path), "wb")
        schema = gathered_schema(TABLES[name])
        writer = pq.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=1,
            # Who reads the file gets plain texts, however they came to it.
            store_schema=False,
            # A dictionary of names that each row has to itself would be built to be given up.
            use_dictionary=[f.name for f in schema if f.type != pa.string()],
            write_statistics=[f.name for f in schema if _has_bounds(f)],
        )
        part = self._open[name] = _Part(path, writer, sink)
        return part

    def finish(self) -> list[LakeFile]:
        """Close the files and return them, sealed and hashed; visible to nobody yet."""
        for name in list(self._waiting):
            self._write(name)
        return [self._close(name, part) for name, part in sorted(self._open.items())]

    def _close(self, name: str, part: _Part) -> LakeFile:
        part.writer.close()
        part.sink.close()
        sha256, size = self.lake.seal(part.path)
        return LakeFile(
            path=part.path, table=name, sha256=sha256, rows=part.rows, bytes=size,
            min_known_s=part.known[0], max_known_s=part.known[1],
            min_fetched_s=part.fetched[0], max_fetched_s=part.fetched[1],
            batch_id=self.batch_id,
        )  # fmt: skip

    def abandon(self) -> None:
        """Close and remove what was written; nothing was ever visible."""
        for part in self._open.values():
            part.writer.close()
            part.sink.close()
            self.lake.remove(part.path)
        self._open.clear()


def _array(column: Column, values: Any) -> pa.Array:
    """Return the values in the column's type; what Arrow can convert, it converts."""
    if isinstance(values, pa.Array):
        return values
    if column.convert is days:
        return pa.array(values, pa.date32()).cast(pa.int32())
    if column.convert is int:
        return pa.array(values, pa.bool_()).cast(column.type)
    if column.convert is not None:
        values = [None if v is None else column.convert(v) for v in values]
    return pa.array(values, column.type)


@cache
def _typed_columns(kind: type[Record]) -> tuple[tuple[Column, pa.DataType], ...]:
    schema = gathered_schema(kind)
    return tuple((c, schema.field(c.name).type) for c in columns(kind))


def _typed(values: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return the texts by number, or one by one, as the column has them."""
    if values.type == type_:
        return values
    return values.dictionary_encode() if type_ == BY_NUMBER else values.cast(type_)


def _repeated(value: Any, type_: pa.DataType, count: int) -> pa.Array:
    """Return the value `count` times."""
    if type_ != BY_NUMBER:
        return pa.repeat(pa.scalar(value, type_), count)
    words = pa.array([] if value is None else [value], pa.string())
    numbers = pa.repeat(pa.scalar(None if value is None else 0, pa.int32()), count)
    return pa.DictionaryArray.from_arrays(numbers, words)


def _has_bounds(field: "pa.Field[pa.DataType]") -> bool:
    """Return whether lowest and highest are worth the comparing: numbers, and `source` (pieces)."""
    return field.name == "source" or not (field.type == BY_NUMBER or field.type == pa.string())


def _default(kind: type[Record], name: str) -> Any:
    fields = kind.__struct_fields__
    defaults = kind.__struct_defaults__
    index = fields.index(name) - (len(fields) - len(defaults))
    return defaults[index] if index >= 0 else None


def _widen(bounds: Sequence[int], low: int, high: int) -> list[int]:
    return [min([low, *bounds[:1]]), max([high, *bounds[1:]])]
