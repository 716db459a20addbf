"""Rows of the Hub's list of models: only the wanted fields are ever decoded.

`downloads` counts the last 30 days, `downloadsAllTime` everything since; `safetensors.total` is a
number of weights, not bytes; `baseModels` is an object where the client's types say list; `gated`
is false, "auto" or "manual". Model cards and chat templates are hostile-capable text of strangers:
neither asked for nor read.
"""

import contextlib
from collections.abc import Sequence
from typing import Annotated

import msgspec

from collectors.base import Payload, Refused
from collectors.document import refuse_html
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import printable
from collectors.huggingface_tags import Tags

TOLERATED_SHARE = 0.1
"""Share of a page's rows that may be refused before the page itself counts as changed."""

_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Total(msgspec.Struct, gc=False):
    total: _Whole | None = None


class Named(msgspec.Struct, gc=False):
    id: str


class Bases(msgspec.Struct, gc=False):
    relation: str | None = None
    models: list[Named | str] | None = None


class Described(msgspec.Struct, gc=False):
    """The wanted fields of one model but its tags; absent ones are None."""

    id: str
    created: str | None = msgspec.field(name="createdAt", default=None)
    modified: str | None = msgspec.field(name="lastModified", default=None)
    downloads: _Whole | None = None
    all_time: _Whole | None = msgspec.field(name="downloadsAllTime", default=None)
    likes: _Whole | None = None
    pipeline: str | None = msgspec.field(name="pipeline_tag", default=None)
    library: str | None = msgspec.field(name="library_name", default=None)
    gated: bool | str | None = None
    disabled: bool | None = None
    sha: str | None = None
    safetensors: Total | None = None
    gguf: Total | None = None
    bases: Bases | list[Named | str] | None = msgspec.field(name="baseModels", default=None)


class Item(Described, gc=False):
    """One model, its tags decoded: for a detail, and for a page that needs a closer look."""

    tags: list[str] | None = None


class _Swift(Described, gc=False):
    """One model of a page, its tags still JSON."""

    tags: msgspec.Raw = msgspec.Raw(b"[]")


_SWIFT = msgspec.json.Decoder(list[_Swift])
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


def decode_page(payload: Payload) -> tuple[Sequence[Described], Tags, list[Refused]]:
    """Return the rows of a page, their tags, and the rows that have the wrong shape.

    Raises PayloadChanged with the JSON path when the page, or more than a tenth of its rows, has
    lost the documented shape.
    """
    refuse_html(payload, "a JSON list of models")
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        rows = _SWIFT.decode(payload.body)
        if rows and (tags := Tags.read([r.tags for r in rows])) is not None:
            return rows, tags, []
    items, refused = _closely(payload)
    return items, Tags.of([i.tags for i in items]), refused


def _closely(payload: Payload) -> tuple[list[Item], list[Refused]]:
    """Decode everything, tags too, and say what is wrong where something is."""
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
        return printable(msgspec.json.decode(row, type=Named).id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
