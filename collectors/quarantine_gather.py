"""Gather the facts of a batch while it streams by: bounded memory, little work a page."""

import re
from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.base import Columns, Parsed, Payload, Refused, Source
from collectors.document import looks_like_html
from collectors.quarantine_facts import BatchFacts, CounterChange, PathSeen
from collectors.quarantine_paths import Fingerprint
from collectors.quarantine_repeats import Repeats
from collectors.record import Counter, Model, Presence, Record
from collectors.schema import days, from_days

SAMPLE_EVERY = 25
"""Of each shape the first answer and every 25th after it is looked into."""
KEPT_IDS = 50
ABSURD_ALL_TIME, ABSURD_30D = 10_000_000, 10
LARGEST_COUNT = 10**12
YOUNG = timedelta(days=30)
SPIKE_DOWNLOADS, DOWNLOADS_PER_LIKE = 100_000, 20_000
SPRUNG_TIMES = 20
FLOOR_30D, FLOOR_ALL_TIME = 10, 100

_BINARY = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF", b"\x89PNG")
_DECLARES_DATA = re.compile(r"json|csv|xml|octet-stream|zip|parquet")


def kind_of(body: bytes) -> str:
    """Return what the bytes are, whatever they were declared: json, html, xml, text, binary."""
    if not body.strip():
        return "empty"
    if body.startswith(_BINARY) or b"\x00" in body[:1024]:
        return "binary"
    if looks_like_html(body):
        return "html"
    head = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"{", b"[")):
        return "json"
    return "xml" if head.startswith(b"<") else "text"


def encoding_doubt(body: bytes) -> str | None:
    """Return what is odd about a text's encoding, or None: it is UTF-8 and nothing was lost."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        declared = re.search(rb"(?:encoding|charset)\s*=\s*[\"']?([\w-]{2,20})", body[:1024])
        if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
            return None  # it says what it is
        return "not UTF-8 and not declared"
    if "\ufffd" in text:
        return "replacement characters"
    return None


class Gathering:
    """The facts of one batch in the making; give it every answer and everything parsed from it."""

    def __init__(self, source: Source, scope: str = "") -> None:
        self._source, self._scope = source, scope
        self._answers: Tally[str] = Tally()
        self._rows: Tally[str] = Tally()
        self._filled: Tally[str] = Tally()
        self._kinds: Tally[str] = Tally()
        self._encodings: Tally[str] = Tally()
        self._refused: Tally[str] = Tally()
        self._presence: Tally[str] = Tally()
        self._mislabelled = self._absurd = 0
        self._absurd_ids: list[str] = []
        self._spikes: list[str] = []
        self._newest: date | None = None
        self._print = Fingerprint()
        self._described: Columns | None = None
        self._repeats = Repeats()

    def answer(self, payload: Payload) -> None:
        """Take an answer as it came, before it is parsed."""
        number = self._answers[payload.shape]
        self._answers[payload.shape] += 1
        if payload.status != 200:
            return
        kind = kind_of(payload.body[:4096])
        self._kinds[kind] += 1
        declared = payload.headers.get("content-type", "").lower()
        if kind == "html" and _DECLARES_DATA.search(declared):
            self._mislabelled += 1
        if number % SAMPLE_EVERY == 0:
            if kind == "json":
                self._print.see(payload.body, payload.shape)
            if kind not in ("binary", "empty"):
                doubt = encoding_doubt(payload.body)
                self._encodings.update([doubt] if doubt else [])

    def rows(self, parsed: Parsed) -> None:
        """Take what parse gave: a record, many as columns, or a row refused."""
        if isinstance(parsed, Refused):
            self._refused[f"{parsed.table}: {parsed.reason}"[:200]] += 1
        elif isinstance(parsed, Columns):
            self._many(parsed)
        else:
            self._one(parsed)

    def _one(self, record: Record) -> None:
        table = record.TABLE
        self._rows[table] += 1
        for name in record.__struct_fields__:
            if getattr(record, name) is not None:
                self._filled[f"{table}.{name}"] += 1
        if isinstance(record, Presence):
            self._presence[record.state] += 1
        if isinstance(record, Counter):
            self._see_day(record.observed_on)
            self._counted([record.model_id], [record.downloads_30d], [record.downloads_all_time],
                          [record.likes], record.observed_on)  # fmt: skip
        if isinstance(record, Model):
            self._described = Columns(
                Model, {"model_id": [record.model_id], "created_on": [record.created_on]}
            )

    def _many(self, chunk: Columns) -> None:
        table = chunk.record.TABLE
        count = len(next(iter(chunk.columns.values()), ()))
        self._rows[table] += count
        for name, values in chunk.columns.items():
            self._filled[f"{table}.{name}"] += count - _nones(values)
        if chunk.record is Model:
            self._described = chunk
        if chunk.record is Counter:
            on: Any = chunk.shared.get("observed_on") or max(
                chunk.columns["observed_on"], default=None
            )  # type: ignore[type-var]
            if on is not None:
                self._see_day(on)
            columns: Any = chunk.columns
            blank = [None] * count
            self._counted(
                columns["model_id"],
                columns.get("downloads_30d", blank),
                columns.get("downloads_all_time", blank),
                columns.get("likes", blank),
                on,
            )

    def _see_day(self, day: date) -> None:
        self._newest = day if self._newest is None else max(self._newest, day)

    def _counted(
        self,
        ids: Sequence[str],
        last_30d: Sequence[int | None],
        all_time: Sequence[int | None],
        likes: Sequence[int | None],
        on: date | None,
    ) -> None:
        """Look for contradictions, for spikes of young repositories, and for repetitions."""
        self._repeats.see(ids.to_pylist() if isinstance(ids, pa.Array) else ids)
        described, self._described = self._described, None
        for place in _remarkable(last_30d, all_time):
            name, month, ever, liked = (_at(c, place) for c in (ids, last_30d, all_time, likes))
            if month is None:
                continue
            if _contradict(month, ever):
                self._absurd += 1
                if len(self._absurd_ids) < KEPT_IDS:
                    self._absurd_ids.append(name)
            if month < SPIKE_DOWNLOADS or (liked or 0) * DOWNLOADS_PER_LIKE >= month:
                continue
            since = _created(described, name)
            young = since is not None and on is not None and on - since <= YOUNG
            if young and len(self._spikes) < KEPT_IDS and name not in self._spikes:
                self._spikes.append(name)

    def facts(self, counters: CounterChange | None = None) -> BatchFacts:
        """Return the facts; `counters` comes from `compare_counters`, where there is a before."""
        paths: dict[str, PathSeen] = self._print.paths()
        return BatchFacts(
            source=self._source.id,
            scope=self._scope,
            inventory=self._scope in self._source.inventory,
            answers=self._answers.total(),
            rows=dict(self._rows),
            repeated=self._repeats.count(),
            refused=dict(self._refused.most_common(200)),
            filled={k: v for k, v in self._filled.items() if v},
            paths=paths,
            kinds=dict(self._kinds),
            mislabelled=self._mislabelled,
            encodings=dict(self._encodings),
            newest_day=None if self._newest is None else days(self._newest),
            presence=dict(self._presence),
            absurd=self._absurd,
            absurd_ids=self._absurd_ids,
            spikes=self._spikes,
            counters=counters,
        )


def _created(chunk: Columns | None, model_id: str) -> date | None:
    """Return the day on which a model of a page was created; asked where a count stands out."""
    if chunk is None or "created_on" not in chunk.columns:
        return None
    ids, moments = (_arrow(chunk.columns[name]) for name in ("model_id", "created_on"))
    place = pc.index(ids, model_id).as_py()
    moment = None if place < 0 else moments[place].as_py()
    return from_days(moment) if isinstance(moment, int) else moment


def _arrow(values: Any) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values)


def _nones(values: Sequence[object]) -> int:
    if isinstance(values, pa.Array):
        return int(values.null_count)
    return values.count(None) if isinstance(values, list) else sum(v is None for v in values)


def _at(values: Any, place: int) -> Any:
    return values[place].as_py() if isinstance(values, pa.Array) else values[place]


def _remarkable(last_30d: Any, all_time: Any) -> Sequence[int]:
    """Return the places that bear a closer look: of columns, those whose counts are many or odd."""
    if not (isinstance(last_30d, pa.Array) and isinstance(all_time, pa.Array)):
        return range(len(last_30d))
    # Unsigned, a negative count is a large one; what stands in place of a null does no harm.
    month, ever = (
        np.frombuffer(c.buffers()[1], np.uint64)[c.offset : c.offset + len(c)]
        for c in (last_30d, all_time)
    )
    odd = (month >= SPIKE_DOWNLOADS) | (ever > LARGEST_COUNT)
    odd |= (ever >= ABSURD_ALL_TIME) & (month <= ABSURD_30D)
    return np.flatnonzero(odd).tolist()


def _contradict(month: int, ever: int | None) -> bool:
    """Return whether two counters cannot both be true: 71 million ever, 1 in the last 30 days."""
    if month < 0 or month > LARGEST_COUNT:
        return True
    if ever is None:
        return False
    if ever < 0 or ever > LARGEST_COUNT:
        return True
    return ever >= ABSURD_ALL_TIME and month <= ABSURD_30D


def compare_counters(before: pa.Table, now: Iterable[pa.Table]) -> CounterChange:
    """Return how the counters moved from the last good batch to the candidate.

    Both sides hold `model_id`, `downloads_30d`, `downloads_all_time` and `likes` (the lake's
    columns); `now` may come in pieces. Only models over the floor before (10 in 30 days, or 100
    ever) are compared: small counts halve every day. Memory: the `before` models over the floor.
    """
    over = pc.or_kleene(
        pc.greater_equal(before["downloads_30d"], FLOOR_30D),
        pc.greater_equal(before["downloads_all_time"], FLOOR_ALL_TIME),
    )
    was = before.filter(over).combine_chunks()
    ids = was["model_id"].combine_chunks()
    total: Tally[str] = Tally()
    sprung: list[str] = []
    for piece in now:
        place = pc.index_in(piece["model_id"], value_set=ids)
        known = pc.is_valid(place)
        then, here = was.take(place.filter(known)), piece.filter(known)
        _compare(then, here, total, sprung)
    return CounterChange(
        compared=total["compared"], halved=total["halved"],
        all_time_compared=total["all_time"], all_time_fell=total["fell"],
        sprung=sprung[:KEPT_IDS],
    )  # fmt: skip


def _count(mask: Any) -> int:
    return int(pc.sum(pc.fill_null(mask, False)).as_py() or 0)


def _compare(then: pa.Table, here: pa.Table, total: Tally[str], sprung: list[str]) -> None:
    old, new = then["downloads_30d"], here["downloads_30d"]
    comparable = pc.and_kleene(pc.greater_equal(old, FLOOR_30D), pc.is_valid(new))
    total["compared"] += _count(comparable)
    total["halved"] += _count(pc.and_kleene(comparable, pc.less(pc.multiply(new, 2), old)))
    old_all, new_all = then["downloads_all_time"], here["downloads_all_time"]
    total["all_time"] += _count(pc.and_kleene(pc.is_valid(old_all), pc.is_valid(new_all)))
    total["fell"] += _count(pc.less(new_all, old_all))
    leapt = pc.and_kleene(
        pc.greater_equal(new, SPIKE_DOWNLOADS),
        pc.greater_equal(new, pc.multiply(old, SPRUNG_TIMES)),
    )
    likes = pc.fill_null(here["likes"], 0)
    unliked = pc.less(pc.multiply(likes, DOWNLOADS_PER_LIKE), new)
    found = here["model_id"].filter(pc.fill_null(pc.and_kleene(leapt, unliked), False))
    sprung.extend(found.slice(0, KEPT_IDS).to_pylist())
