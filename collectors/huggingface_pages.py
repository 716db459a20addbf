"""Pages of the Hub's list of models as columns, fast enough for a whole hub in a few minutes."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.base import Columns, Parsed, Payload, Refused
from collectors.document import iso_day
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import (
    are_model_ids,
    is_model_id,
    plain_column,
    printable,
    refusal,
)
from collectors.huggingface_items import Described, decode_page
from collectors.huggingface_lineage import lineage
from collectors.huggingface_tags import Tags
from collectors.record import Counter, Model, Tag
from collectors.schema import days

_LICENCE = "license:"
_FORM = b"2026-05-01T00:00:00.000Z\n"
_FIXED = [4, 7, 10, 23, 24]
_USUAL = days(date(2100, 1, 1))
_GATED: dict[bool | str | None, str] = {False: "no", "auto": "auto", "manual": "manual"}


def parse_page(payload: Payload) -> Iterator[Parsed]:
    """Yield the columns of a page: `models`, `tags`, `bases`, `counters`; or counters alone.

    Rows that cannot be the Hub's are yielded as `Refused`. Raises PayloadChanged with the JSON
    path when the page has lost the documented shape.
    """
    items, tags, refused = decode_page(payload)
    yield from refused
    ids, kept = ids_of(items), items
    rows, refused = _kept(items, ids)
    yield from refused
    if not rows:
        return
    if len(rows) < len(items):
        kept, tags = [items[n] for n in rows], tags.of_rows(rows)
        ids = ids_of(kept)
    if all(i.downloads is None for i in kept):
        raise PayloadChanged(payload.source, "$[*].downloads", "a count of downloads in 30 days")
    if payload.shape == "models":
        if all(i.created is None for i in kept):
            raise PayloadChanged(payload.source, "$[*].createdAt", "the moment of creation")
        yield from describe(payload, kept, ids, tags)
    yield counters(payload, kept, ids)


def _kept(items: Sequence[Described], ids: pa.StringArray) -> tuple[Sequence[int], list[Refused]]:
    """Return the places of the rows that count, ascending, and why others do not."""
    names = [i.id for i in items]
    refused: list[Refused] = []
    places: Sequence[int] = range(len(items))
    if not are_model_ids(ids):
        places = [n for n in places if is_model_id(names[n])]
        refused += [refusal("models", name) for name in names if not is_model_id(name)]
    if len(set(names)) < len(names):
        last = {names[n]: n for n in places}
        # Rows of one page bear one moment, so a later one could not be told from an earlier one.
        why = "twice on one page; the later row counts"
        refused += [Refused("models", names[n], why) for n in places if last[names[n]] != n]
        places = sorted(last.values())
    return places, refused


class _DayNumbers(dict[str, int | None]):
    """Days since 1970 by ISO day; remembers real days only, so it cannot grow without bound."""

    def __missing__(self, text: str) -> int | None:
        day = iso_day(text)
        if day is None:
            return None
        self[text] = days(day)
        return self[text]


_DAYS = _DayNumbers()


def days_of(moments: Sequence[str | None]) -> pa.Array:
    """Return the UTC days of ISO moments, days since 1970; null where absent or wild."""
    found = _utc_days(moments)
    if found is not None:
        return found
    return pa.array(
        [None if m is None else _DAYS[m[:10] if m[-1:] == "Z" else m] for m in moments],
        pa.int32(),
    )


def _utc_days(moments: Sequence[str | None]) -> pa.Array | None:
    """Return the days if all are of today's usual form, `2026-05-01T00:00:00.000Z`."""
    try:
        lines = "\n".join((*moments, "")).encode("ascii")  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError):
        return None
    if len(lines) != len(moments) * len(_FORM) or lines.count(b"\n") != len(moments):
        return None
    letters = np.frombuffer(lines, np.uint8).reshape(-1, len(_FORM))
    if not np.all(letters[:, _FIXED] == np.frombuffer(_FORM, np.uint8)[_FIXED]):
        return None
    cuts = np.arange(0, 10 * len(moments) + 1, 10, dtype=np.int32)
    buffers = pa.py_buffer(cuts), pa.py_buffer(letters[:, :10].tobytes())
    try:
        # Arrow's, for numpy's own dies of a wild day (a signal, no error) if it has 500 to read.
        found = pa.StringArray.from_buffers(len(moments), *buffers).cast(pa.date32())
    except pa.ArrowInvalid:
        return None
    numbers = np.frombuffer(found.buffers()[1] or b"", np.int32)
    usual = numbers.min(initial=0) >= 0 and numbers.max(initial=0) < _USUAL
    return found.view(pa.int32()) if usual else None


def ids_of(items: Sequence[Described]) -> pa.StringArray:
    """Return the names of the items as a column."""
    return pa.array([i.id for i in items], pa.string())


def counters(payload: Payload, items: Sequence[Described], ids: pa.StringArray) -> Columns:
    """Return the counters of the items on the day of the fetch."""
    today = payload.fetched_at.date()
    return Columns(
        Counter,
        {
            "model_id": ids,
            "downloads_30d": pa.array([i.downloads for i in items], pa.int64()),
            "downloads_all_time": pa.array([i.all_time for i in items], pa.int64()),
            "likes": pa.array([i.likes for i in items], pa.int64()),
        },
        {
            "observed_on": today,
            "occurred_on": today,
            "published_on": today,
            "source_url": place_of(payload),
        },
    )


def place_of(payload: Payload) -> str:
    """Return the address without its cursor: 300 characters that lead nowhere the day after."""
    return payload.url.split("?", 1)[0]


def describe(
    payload: Payload, items: Sequence[Described], ids: pa.StringArray, tags: Tags
) -> Iterator[Parsed]:
    """Yield the columns of `models`, `tags` and `bases` of the items."""
    shared = {"source_url": place_of(payload)}
    tags, wrong = tags.distinct().plain()
    yield from (
        Refused("tags", items[n].id, f"tag not printable or too long: {printable(text)[:80]}")
        for n, text in wrong
    )
    created = days_of([i.created for i in items])
    yield Columns(
        Model,
        {
            "model_id": ids,
            "author": pc.list_element(pc.split_pattern(ids, "/"), 0),
            "created_on": created,
            "occurred_on": created,
            "modified_on": days_of([i.modified for i in items]),
            "pipeline": plain_column([i.pipeline for i in items]),
            "library": plain_column([i.library for i in items]),
            "licence": tags.first(_LICENCE),
            "gated": pa.array([_GATED.get(i.gated, "unknown") for i in items]),
            "disabled": [i.disabled for i in items],
            "parameters": [_parameters(i) for i in items],
            "sha": plain_column([i.sha for i in items]),
        },
        shared,
    )  # fmt: skip
    if len(tags.texts):
        owners = pa.DictionaryArray.from_arrays(pa.array(tags.owners), ids)
        yield Columns(Tag, {"model_id": owners, "tag": tags.texts}, shared)
    yield from lineage(items, ids, tags, shared)


def _parameters(item: Described) -> int | None:
    if item.safetensors is not None and item.safetensors.total:
        return item.safetensors.total
    return item.gguf.total or None if item.gguf is not None else None
