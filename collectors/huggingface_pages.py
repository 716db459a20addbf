"""Pages of the Hub's list of models, as columns: only the wanted fields are ever decoded.

The answer is not in the Hub's published OpenAPI document. `downloads` counts the last 30 days,
`downloadsAllTime` everything since; `safetensors.total` is a number of weights, not bytes;
`baseModels` is an object where the client's types say list; `gated` is false, "auto" or "manual".
Model cards and chat templates are hostile-capable text of strangers: neither asked for nor read.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated

import msgspec

from collectors.base import Columns, Parsed, Payload, Refused
from collectors.document import iso_day, refuse_html
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import (
    all_plain,
    is_model_id,
    is_plain,
    plain,
    printable,
    refusal,
)
from collectors.record import Base, Counter, Model, Tag

TOLERATED_SHARE = 0.1
"""Share of a page's rows that may be refused before the page itself counts as changed."""

_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_LICENCE, _BASE = "license:", "base_model:"
_RELATIONS = frozenset({"finetune", "adapter", "quantized", "merge"})


class _Total(msgspec.Struct, gc=False):
    total: _Whole | None = None


class _Named(msgspec.Struct, gc=False):
    id: str


class _Bases(msgspec.Struct, gc=False):
    relation: str | None = None
    models: list[_Named | str] | None = None


class Item(msgspec.Struct, gc=False):
    """The wanted fields of one model, list and detail alike; absent ones are None."""

    id: str
    created: str | None = msgspec.field(name="createdAt", default=None)
    modified: str | None = msgspec.field(name="lastModified", default=None)
    downloads: _Whole | None = None
    all_time: _Whole | None = msgspec.field(name="downloadsAllTime", default=None)
    likes: _Whole | None = None
    tags: list[str] | None = None
    pipeline: str | None = msgspec.field(name="pipeline_tag", default=None)
    library: str | None = msgspec.field(name="library_name", default=None)
    gated: bool | str | None = None
    disabled: bool | None = None
    sha: str | None = None
    safetensors: _Total | None = None
    gguf: _Total | None = None
    bases: _Bases | list[_Named | str] | None = msgspec.field(name="baseModels", default=None)


_PAGE = msgspec.json.Decoder(list[Item])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(Item)


class _Peek(msgspec.Struct, gc=False):
    downloads: int | None = None
    created: str | None = msgspec.field(name="createdAt", default=None)


_PEEK = msgspec.json.Decoder(list[_Peek])


def ends(body: bytes) -> tuple[_Peek, _Peek] | None:
    """Return first and last row of a page (what `fetch` steers by); None if there is neither."""
    try:
        rows = _PEEK.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # parse says what is wrong with it
    return (rows[0], rows[-1]) if rows else None


def parse_page(payload: Payload) -> Iterator[Parsed]:
    """Yield the columns of a page: `models`, `tags`, `bases`, `counters`; or counters alone.

    Rows that cannot be the Hub's are yielded as `Refused`. Raises PayloadChanged with the JSON
    path when the page, or more than a tenth of its rows, has lost the documented shape.
    """
    items, refused = _decode(payload)
    yield from refused
    kept = [i for i in items if is_model_id(i.id)]
    if len(kept) < len(items):
        yield from (refusal("models", i.id) for i in items if not is_model_id(i.id))
    if not kept:
        return
    if all(i.downloads is None for i in kept):
        raise PayloadChanged(payload.source, "$[*].downloads", "a count of downloads in 30 days")
    if payload.shape == "models":
        if all(i.created is None for i in kept):
            raise PayloadChanged(payload.source, "$[*].createdAt", "the moment of creation")
        yield from describe(payload, kept)
    yield counters(payload, kept)


def _decode(payload: Payload) -> tuple[list[Item], list[Refused]]:
    refuse_html(payload, "a JSON list of models")
    try:
        return _PAGE.decode(payload.body), []
    except msgspec.ValidationError as error:
        return _row_by_row(payload, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadChanged(payload.source, "$", f"a whole JSON document ({error})") from error


def _row_by_row(payload: Payload, first: str) -> tuple[list[Item], list[Refused]]:
    """Take the good rows of a page on which some row has the wrong shape."""
    said, _, path = first.partition(" - at `")
    changed = PayloadChanged(
        payload.source, path.rstrip("`") or "$", f"the documented shape ({said})"
    )
    try:
        raw = _ROWS.decode(payload.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise changed from error
    items: list[Item] = []
    refused: list[Refused] = []
    for number, row in enumerate(raw):
        try:
            items.append(_ROW.decode(row))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            wrong = str(error).replace("`$", f"`$[{number}]")
            refused.append(Refused("models", _name(row) or f"row {number}", printable(wrong)))
    if len(refused) > max(1, TOLERATED_SHARE * len(raw)) or not items:
        raise changed
    return items, refused


def _name(row: msgspec.Raw) -> str | None:
    try:
        return printable(msgspec.json.decode(row, type=_Named).id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=20_000)
def _day_of(text: str) -> date | None:
    return iso_day(text)


def day(text: str | None) -> date | None:
    """Return the UTC day of a moment as the Hub writes it; None if absent or wild."""
    if text is None:
        return None
    return _day_of(text[:10] if text.endswith("Z") else text)


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
            "source_url": payload.url,
        },
    )


def describe(payload: Payload, items: Sequence[Item]) -> Iterator[Parsed]:
    """Yield the columns of `models`, `tags` and `bases` of the items."""
    shared = {"source_url": payload.url}
    tagged, tags, refused = _tags(items)
    yield from refused
    pipelines, libraries = [i.pipeline for i in items], [i.library for i in items]
    if not all_plain([t for t in (*pipelines, *libraries) if t is not None]):
        pipelines, libraries = plain(pipelines), plain(libraries)
    created = [day(i.created) for i in items]
    yield Columns(
        Model,
        {
            "model_id": [i.id for i in items],
            "author": [i.id.partition("/")[0] for i in items],
            "created_on": created,
            "occurred_on": created,
            "modified_on": [day(i.modified) for i in items],
            "pipeline": pipelines,
            "library": libraries,
            "licence": [_licence(i.tags) for i in items],
            "gated": [_gated(i.gated) for i in items],
            "disabled": [i.disabled for i in items],
            "parameters": [_parameters(i) for i in items],
            "sha": [i.sha if i.sha is None or is_plain(i.sha) else None for i in items],
        },
        shared,
    )
    if tags:
        yield Columns(Tag, {"model_id": tagged, "tag": tags}, shared)
    yield from _lineage(items, shared)


def _tags(items: Sequence[Item]) -> tuple[list[str], list[str], list[Refused]]:
    owners: list[str] = []
    tags: list[str] = []
    for item in items:
        own = item.tags
        if own:
            if len(set(own)) != len(own):
                own = item.tags = list(dict.fromkeys(own))
            tags += own
            owners += [item.id] * len(own)
    if all_plain(tags):
        return owners, tags, []
    refused = [
        Refused("tags", o, f"tag not printable or too long: {printable(t)[:80]}")
        for o, t in zip(owners, tags, strict=True)
        if not is_plain(t)
    ]
    kept = [(o, t) for o, t in zip(owners, tags, strict=True) if is_plain(t)]
    return [o for o, _ in kept], [t for _, t in kept], refused


def _licence(tags: list[str] | None) -> str | None:
    for tag in tags or ():
        if tag.startswith(_LICENCE):
            return tag[len(_LICENCE) :] if is_plain(tag) else None
    return None


def _gated(value: bool | str | None) -> str:
    if value is None:
        return "unknown"
    if value is False:
        return "no"
    return value if value in ("auto", "manual") else "unknown"


def _parameters(item: Item) -> int | None:
    if item.safetensors is not None and item.safetensors.total:
        return item.safetensors.total
    return item.gguf.total or None if item.gguf is not None else None


def _lineage(items: Sequence[Item], shared: dict[str, str]) -> Iterator[Parsed]:
    models: list[str] = []
    positions: list[int] = []
    bases: list[str] = []
    relations: list[str] = []
    for item in items:
        found = _declared(item)
        position = 0
        for base, relation in found:
            if not is_model_id(base):
                yield Refused("bases", item.id, f"base {refusal('bases', base).reason}")
                continue
            models.append(item.id)
            positions.append(position)
            bases.append(base)
            relations.append(relation)
            position += 1
    if models:
        yield Columns(
            Base,
            {"model_id": models, "position": positions, "base_id": bases, "relation": relations},
            shared,
        )


def _declared(item: Item) -> list[tuple[str, str]]:
    """Return (base, relation) in the order declared, each base once; a model is not its own."""
    bases = item.bases
    relation = "unknown"
    if isinstance(bases, _Bases):
        relation = bases.relation if bases.relation in _RELATIONS else "unknown"
        bases = bases.models
    if not bases:
        return _declared_in_tags(item.tags)
    names = (b if isinstance(b, str) else b.id for b in bases)
    by_tag = dict(_declared_in_tags(item.tags)) if relation == "unknown" else {}
    return [(n, by_tag.get(n, relation)) for n in dict.fromkeys(names) if n != item.id]


def _declared_in_tags(tags: list[str] | None) -> list[tuple[str, str]]:
    """Return the same from `base_model:ID` and `base_model:RELATION:ID`, which say it twice."""
    found: dict[str, str] = {}
    for tag in tags or ():
        if tag.startswith(_BASE):
            relation, _, base = tag[len(_BASE) :].rpartition(":")
            if relation in _RELATIONS or base not in found:
                found[base] = relation if relation in _RELATIONS else "unknown"
    return list(found.items())
