"""Pages of the Hub's list of models as columns, fast enough for a whole hub in a few minutes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.base import Columns, Parsed, Payload, Refused
from collectors.document import iso_day
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import (
    MAX_TEXT,
    all_plain,
    are_model_ids,
    is_model_id,
    is_plain,
    plain,
    printable,
    refusal,
)
from collectors.huggingface_items import Bases, Item, Named, decode_page
from collectors.record import Base, Counter, Model, Tag
from collectors.schema import days

_LICENCE, _BASE = "license:", "base_model:"
_RELATIONS = frozenset({"finetune", "adapter", "quantized", "merge"})
_GATED = {False: "no", "auto": "auto", "manual": "manual"}


def parse_page(payload: Payload) -> Iterator[Parsed]:
    """Yield the columns of a page: `models`, `tags`, `bases`, `counters`; or counters alone.

    Rows that cannot be the Hub's are yielded as `Refused`. Raises PayloadChanged with the JSON
    path when the page has lost the documented shape.
    """
    items, refused = decode_page(payload)
    yield from refused
    kept = items
    if not are_model_ids([i.id for i in items]):
        kept = [i for i in items if is_model_id(i.id)]
        yield from (refusal("models", i.id) for i in items if not is_model_id(i.id))
    if not kept:
        return
    last = {i.id: n for n, i in enumerate(kept)}
    if len(last) < len(kept):
        # Rows of one page bear one moment, so a later one could not be told from an earlier one.
        again = [i.id for n, i in enumerate(kept) if last[i.id] != n]
        yield from (
            Refused("models", name, "twice on one page; the later row counts") for name in again
        )
        kept = [kept[n] for n in sorted(last.values())]
    if all(i.downloads is None for i in kept):
        raise PayloadChanged(payload.source, "$[*].downloads", "a count of downloads in 30 days")
    if payload.shape == "models":
        if all(i.created is None for i in kept):
            raise PayloadChanged(payload.source, "$[*].createdAt", "the moment of creation")
        yield from describe(payload, kept)
    yield counters(payload, kept)


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
    return pa.array(
        [None if m is None else _DAYS[m[:10] if m[-1:] == "Z" else m] for m in moments],
        pa.int32(),
    )


def counters(payload: Payload, items: Sequence[Item]) -> Columns:
    """Return the counters of the items on the day of the fetch."""
    today = payload.fetched_at.date()
    return Columns(
        Counter,
        {
            "model_id": [i.id for i in items],
            "downloads_30d": [i.downloads for i in items],
            "downloads_all_time": [i.all_time for i in items],
            "likes": [i.likes for i in items],
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


def describe(payload: Payload, items: Sequence[Item]) -> Iterator[Parsed]:
    """Yield the columns of `models`, `tags` and `bases` of the items."""
    shared = {"source_url": place_of(payload)}
    ids = pa.array([i.id for i in items], pa.string())
    tagged = _Tagged(items, payload.body)
    yield from tagged.refused
    pipelines, libraries = [i.pipeline for i in items], [i.library for i in items]
    if not all_plain([t for t in (*pipelines, *libraries) if t is not None]):
        pipelines, libraries = plain(pipelines), plain(libraries)
    created = days_of([i.created for i in items])
    yield Columns(
        Model,
        {
            "model_id": ids,
            "author": pc.list_element(pc.split_pattern(ids, "/"), 0),
            "created_on": created,
            "occurred_on": created,
            "modified_on": days_of([i.modified for i in items]),
            "pipeline": _texts(pipelines),
            "library": _texts(libraries),
            "licence": _texts(tagged.licences(len(items))),
            "gated": [_GATED.get(i.gated, "unknown") if i.gated is not None else "unknown"
                      for i in items],
            "disabled": [i.disabled for i in items],
            "parameters": [_parameters(i) for i in items],
            "sha": [i.sha if i.sha is None or is_plain(i.sha) else None for i in items],
        },
        shared,
    )  # fmt: skip
    if len(tagged.tags):
        yield Columns(Tag, {"model_id": ids.take(tagged.owners), "tag": tagged.tags}, shared)
    yield from _lineage(items, tagged, shared)


def _texts(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


class _Tagged:
    """The tags of a page in one flat Arrow array, each with the number of the item that has it."""

    def __init__(self, items: Sequence[Item], body: bytes) -> None:
        lists = [_distinct(i.tags) for i in items]
        self.refused: list[Refused] = []
        self._fill(lists)
        if not _printable(self.tags, body):
            wrong = [(n, t) for n, own in enumerate(lists) for t in own if not is_plain(t)]
            self.refused = [
                Refused("tags", items[n].id, f"tag not printable or too long: {printable(t)[:80]}")
                for n, t in wrong
            ]
            self._fill([[t for t in own if is_plain(t)] for own in lists])

    def _fill(self, lists: Sequence[Sequence[str]]) -> None:
        self.tags = pa.array(list(chain.from_iterable(lists)), pa.string())
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        self._numbers = np.repeat(np.arange(len(lists), dtype=np.int32), lengths)
        self.owners = pa.array(self._numbers)

    def _beginning(self, prefix: str, wanted: NDArray[np.bool_] | None = None) -> Iterator[Any]:
        """Return (item, rest of the tag) for each tag that begins so, in order."""
        found = pc.starts_with(self.tags, prefix)
        if wanted is not None:
            found = pc.and_(found, pa.array(wanted[self._numbers]))
        rests = pc.utf8_slice_codeunits(self.tags.filter(found), len(prefix))
        return zip(self.owners.filter(found).to_pylist(), rests.to_pylist(), strict=True)

    def licences(self, count: int) -> list[str | None]:
        """Return the first licence tag of each of the `count` items."""
        found: list[str | None] = [None] * count
        for number, licence in self._beginning(_LICENCE):
            if found[number] is None:
                found[number] = licence
        return found

    def bases(self, wanted: NDArray[np.bool_]) -> dict[int, dict[str, str]]:
        """Return base → relation by item, from `base_model:ID` and `base_model:RELATION:ID`."""
        found: dict[int, dict[str, str]] = {}
        for number, rest in self._beginning(_BASE, wanted):
            relation, _, base = rest.rpartition(":")
            own = found.setdefault(number, {})
            if relation in _RELATIONS or base not in own:
                own[base] = relation if relation in _RELATIONS else "unknown"
        return found


def _distinct(tags: list[str] | None) -> list[str]:
    """Return the tags each once: rows of a snapshot are read as they stand, so none comes twice."""
    if not tags:
        return []
    return tags if len(set(tags)) == len(tags) else list(dict.fromkeys(tags))


def _printable(tags: pa.StringArray, body: bytes) -> bool:
    """Return whether every tag is printable and of sane length.

    A page in ASCII without a backslash cannot hold a control character: JSON forbids raw ones.
    """
    if (pc.max(pc.utf8_length(tags)).as_py() or 0) > MAX_TEXT:
        return False
    if b"\\" in body or b"\x7f" in body:
        return "".join(tags.to_pylist()).isprintable()
    if body.isascii():
        return True
    foreign = tags.filter(pc.invert(pc.string_is_ascii(tags)))
    return "".join(foreign.to_pylist()).isprintable()


def _parameters(item: Item) -> int | None:
    if item.safetensors is not None and item.safetensors.total:
        return item.safetensors.total
    return item.gguf.total or None if item.gguf is not None else None


def _lineage(items: Sequence[Item], tagged: _Tagged, shared: dict[str, str]) -> Iterator[Parsed]:
    edges = _Edges()
    unsaid = np.zeros(len(items), np.bool_)
    for number, item in enumerate(items):
        found = item.bases
        if isinstance(found, Bases) and found.relation in _RELATIONS and found.models:
            edges.add(item.id, found.models, found.relation)
        else:
            unsaid[number] = True
    for number, relations in tagged.bases(unsaid).items():
        found = items[number].bases
        named = found.models if isinstance(found, Bases) else found
        edges.add(items[number].id, named or list(relations), "unknown", relations)
        unsaid[number] = False
    for number in map(int, np.flatnonzero(unsaid)):
        found = items[number].bases
        named = found.models if isinstance(found, Bases) else found
        if named:
            edges.add(items[number].id, named, "unknown")
    if not are_model_ids(edges.bases):
        yield from edges.refuse()
    if edges.bases:
        yield Columns(Base, edges.columns(), shared)


class _Edges:
    """Declared bases as columns, each base of a model once; no model is its own base."""

    def __init__(self) -> None:
        self.models: list[str] = []
        self.positions: list[int] = []
        self.bases: list[str] = []
        self.relations: list[str] = []

    def add(
        self,
        own: str,
        named: Sequence[Named | str],
        relation: str,
        by_base: Mapping[str, str] | None = None,
    ) -> None:
        names = [b if isinstance(b, str) else b.id for b in named]
        if len(names) > 1 or names[0] == own:
            names = [n for n in dict.fromkeys(names) if n != own]
        self.models += [own] * len(names)
        self.positions += range(len(names))
        self.bases += names
        if by_base:
            self.relations += [by_base.get(n, relation) for n in names]
        else:
            self.relations += [relation] * len(names)

    def columns(self) -> dict[str, Sequence[object]]:
        return {
            "model_id": self.models,
            "position": self.positions,
            "base_id": self.bases,
            "relation": self.relations,
        }

    def refuse(self) -> Iterator[Refused]:
        """Take out, and yield, what can be no id; the places of the others close up."""
        every = list(zip(self.models, self.bases, self.relations, strict=True))
        self.models, self.positions, self.bases, self.relations = [], [], [], []
        place: dict[str, int] = {}
        for own, base, relation in every:
            if not is_model_id(base):
                yield Refused("bases", own, f"base {refusal('bases', base).reason}")
                continue
            self.models.append(own)
            self.positions.append(place.get(own, 0))
            self.bases.append(base)
            self.relations.append(relation)
            place[own] = place.get(own, 0) + 1
