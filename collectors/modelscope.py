"""Models of ModelScope, owner by owner: its lists end after 3,000 rows.

Documented at https://modelscope.cn/docs (OpenAPI v1, `GET /openapi/v1/models`); anonymous. Traps:
`page_size` is 50 at most and `page_number × page_size` 3,000; `downloads` is cumulative since the
beginning, never "the last 30 days"; there is no lineage and no scan status; accounts differ from
those on other hubs (InternLM is `Shanghai_AI_Laboratory`). An owner with more rows than the window
is cut further by search words, so rows may come twice and are upserted.
"""

import string
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec

from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Refused,
    Seen,
    Source,
    Watermark,
)
from collectors.document import decode_json, iso_day
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import is_model_id, is_plain, plain, refusal
from collectors.record import Counter, Model, Tag

PAGE, WINDOW = 50, 3000
_LETTERS = string.ascii_lowercase + string.digits
_LIBRARY = "library:"

SOURCE = Source(
    id="modelscope",
    title="ModelScope 魔搭社区",
    base_url="https://modelscope.cn",
    homepage="https://modelscope.cn/docs",
    licence="no licence on the list itself; only facts about repositories are taken",
    redistributable=True,
    every=timedelta(days=1),
    stale_after=timedelta(days=4),
    seen=Seen.DOCUMENTED,
    terms="Name ModelScope and the day.",
    deadline=timedelta(minutes=30),
    pause=timedelta(seconds=1),
    tables=("models", "tags", "counters"),
    inventory=("",),
)

_Whole = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Model(msgspec.Struct):
    id: str
    license: str | None = None
    downloads: _Whole | None = None
    likes: _Whole | None = None
    created_at: str | None = None
    last_modified: str | None = None
    tags: list[str] | None = None
    tasks: list[str] | None = None
    gated: bool | None = None


class _Data(msgspec.Struct):
    models: list[_Model]
    total_count: int


class _Answer(msgspec.Struct):
    data: _Data
    success: bool = True


class _Id(msgspec.Struct):
    id: str = ""


class _Total(msgspec.Struct):
    total_count: int = 0
    models: list[_Id] = msgspec.field(default_factory=list)


class _Peek(msgspec.Struct):
    data: _Total | None = None


@cache
def owners() -> tuple[str, ...]:
    """Return the accounts to list, from config/registry/modelscope_owners.txt."""
    text = (files("config") / "registry" / "modelscope_owners.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and line[0] != "#")


def _peek(body: bytes) -> _Total:
    """Return total and ids of a page; nothing where it does not say, which parse will tell."""
    try:
        return msgspec.json.decode(body, type=_Peek).data or _Total()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Total()


def _slice(
    http: Http, options: Options, wanted: Mapping[str, str]
) -> Iterator[tuple[Payload, _Total]]:
    """Yield the pages of one list within its window, each with what `fetch` steers by."""
    root = f"{options.base_url.rstrip('/')}/openapi/v1/models"
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    number, total = 1, 1
    while (number - 1) * PAGE < min(total, WINDOW):
        place = [("page_number", str(number)), ("page_size", str(PAGE))]
        answer = http.get(root, params=[*wanted.items(), *place], headers=headers)
        found = _peek(answer.body)
        total = found.total_count
        payload = Payload(
            source=SOURCE.id, shape="models", url=answer.url, status=answer.status,
            headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at,
        )  # fmt: skip
        yield payload, found
        number += 1


def _owner(http: Http, options: Options, owner: str) -> Iterator[Payload]:
    """Yield one owner's lists: by other orders, then by search words, until every row was seen."""
    seen: set[str] = set()
    total = 0
    orders = [{"owner": owner, "sort": s} for s in ("downloads", "last_modified", "likes")]
    letters = [{**orders[0], "search": letter} for letter in _LETTERS]
    for number, wanted in enumerate([*orders, *letters]):
        for payload, found in _slice(http, options, wanted):
            total = found.total_count if number == 0 else total
            seen.update(m.id for m in found.models)
            yield payload
        if len(seen) >= total:
            return


def fetch(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the lists of each owner, most downloaded first (`extra.owners`: comma-joined names)."""
    named = options.extra.get("owners", "")
    chosen = tuple(n.strip() for n in named.split(",") if n.strip()) or owners()
    for owner in chosen:
        yield from _owner(http, options, owner)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield `models`, `tags` and `counters` of one page."""
    answer = decode_json(payload, _Answer)
    if not answer.success:
        raise PayloadChanged(payload.source, "$.success", "true")
    today = payload.fetched_at.date()
    for found in answer.data.models:
        if not is_model_id(found.id):
            yield refusal("models", found.id)
            continue
        yield _described(payload, found)
        for tag in _tags(found):
            if is_plain(tag):
                yield Tag(source_url=payload.url, model_id=found.id, tag=tag)
            else:
                yield Refused("tags", found.id, "tag not printable or too long")
        yield Counter(
            source_url=payload.url, occurred_on=today, published_on=today, model_id=found.id,
            observed_on=today, downloads_all_time=found.downloads, likes=found.likes,
        )  # fmt: skip


def _tags(found: _Model) -> Iterator[str]:
    seen = dict.fromkeys([*(found.tags or ()), *(found.tasks or ())])
    if found.license:
        seen.setdefault(f"license:{found.license.lower()}")
    yield from seen


def _described(payload: Payload, found: _Model) -> Model:
    created = iso_day(found.created_at)
    library = next((t[len(_LIBRARY) :] for t in found.tags or () if t.startswith(_LIBRARY)), None)
    pipeline = found.tasks[0] if found.tasks else None
    licence, library, pipeline = plain([found.license or None, library, pipeline])
    return Model(
        source_url=payload.url, occurred_on=created, model_id=found.id,
        author=found.id.partition("/")[0], created_on=created,
        modified_on=iso_day(found.last_modified), pipeline=pipeline, library=library,
        licence=licence.lower() if licence else None,
        gated="unknown" if found.gated is None else "auto" if found.gated else "no",
    )  # fmt: skip


COLLECTOR = Collector(SOURCE, fetch, parse)
