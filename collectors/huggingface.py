"""Models of the Hugging Face Hub: counters daily, new models hourly, everything weekly.

Documented at https://huggingface.co/docs/hub/api and in the Hub's OpenAPI document, where the list
of models is missing; its traps are told in `huggingface_pages`. Four passes: **active** (most
downloaded first until under the floor: counters alone, and descriptions the first time), **new**
(newest first, back to the watermark with an overlap, because repositories are made public later
than they are created), **census** (everything, oldest mark kept page by page, so that a killed
sweep goes on), **detail** (the watch list, in `huggingface_detail`). The list is walked with a
keyset cursor: rows whose sort key moves meanwhile come twice or not at all, so rows are upserted,
and no absence is ever inferred from a sweep.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Response,
    Seen,
    Source,
    Watermark,
)
from collectors.document import iso_moment
from collectors.errors import PayloadChanged, SourceRefused
from collectors.huggingface_detail import fetch_detail, parse_detail, parse_tree
from collectors.huggingface_items import ends
from collectors.huggingface_link import next_page
from collectors.huggingface_pages import parse_page

_LOG = logging.getLogger(__name__)

PAGE = 1000
"""Models a page; the Hub caps larger wishes by itself."""
OVERLAP = timedelta(days=2)
FIRST_LOOK_BACK = timedelta(days=7)
ACTIVE_EVERY, CENSUS_EVERY, DETAIL_EVERY = (
    timedelta(hours=20),
    timedelta(days=7),
    timedelta(hours=20),
)
CURSOR_KEEPS = timedelta(days=14)
"""How long the census may be interrupted before it begins again."""
MAX_PAGE_BYTES = 64 << 20

_COUNTERS = ("downloads", "downloadsAllTime", "likes")
_EVERYTHING = (
    "author", "createdAt", "lastModified", "downloads", "downloadsAllTime", "likes", "tags",
    "gated", "disabled", "pipeline_tag", "library_name", "safetensors", "baseModels", "sha",
)  # fmt: skip

_IN_DOUBT = frozenset({"baseModels", "disabled", "sha", "safetensors"})
"""Fields that the list is only known to give, not documented to: done without if it refuses."""

SOURCE = Source(
    id="huggingface",
    title="Hugging Face Hub",
    base_url="https://huggingface.co",
    homepage="https://huggingface.co/docs/hub/api",
    licence="no licence on the list itself; only facts about repositories are taken",
    redistributable=True,
    every=timedelta(hours=1),
    stale_after=timedelta(days=3),
    seen=Seen.RECORDED,
    terms="Name the Hub and the day; cards and weights keep their authors' licences.",
    deadline=timedelta(minutes=45),
    hosts=("huggingface.co",),
    tables=("models", "tags", "bases", "counters", "files", "scans", "presence"),
    inventory=("active", "census"),
)


@dataclass(frozen=True)
class _Walk:
    """One pass over the list: where it begins, when it is done, what it leaves as marks."""

    sweep: str
    shape: str
    sort: str
    expand: Sequence[str]
    enough: Callable[[bytes], bool]
    start: str = ""
    """Query of the page to go on from; empty = the first page."""
    resumable: bool = False


def _authorised(options: Options) -> dict[str, str]:
    return {"Authorization": f"Bearer {options.key}"} if options.key else {}


def _payload(answer: Response, walk: _Walk, marks: Watermark, *, last: bool) -> Payload:
    return Payload(
        source=SOURCE.id, shape=walk.shape, url=answer.url, status=answer.status,
        headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at, watermark=marks,
        sweep=walk.sweep, resumable=walk.resumable, last=last,
    )  # fmt: skip


def _asked(walk: _Walk, expand: Sequence[str]) -> list[tuple[str, str]]:
    return [("sort", walk.sort), ("limit", str(PAGE)), *(("expand", e) for e in expand)]


def _page(
    http: Http,
    options: Options,
    url: str,
    params: Sequence[tuple[str, str]],
    accept: tuple[int, ...] = (),
) -> Response:
    headers = _authorised(options)
    return http.get(url, params=params, headers=headers, max_bytes=MAX_PAGE_BYTES, accept=accept)


def _pages(
    http: Http,
    options: Options,
    walk: _Walk,
    marks: Callable[[Response, str | None], Watermark],
) -> Iterator[Payload]:
    """Yield the pages; `marks` gives the marks of a page from its answer and the next query."""
    root = f"{options.base_url.rstrip('/')}/api/models"
    url, params = (f"{root}?{walk.start}", []) if walk.start else (root, _asked(walk, walk.expand))
    while True:
        answer = _page(http, options, url, params, accept=(400,) if params else ())
        if answer.status == 400:
            _LOG.warning("huggingface: the list refuses a field; asked again for the sure ones")
            sure = [e for e in walk.expand if e not in _IN_DOUBT]
            answer = _page(http, options, url, _asked(walk, sure))
        following = next_page(answer.headers.get("link", ""))
        if following == answer.url:
            raise PayloadChanged(SOURCE.id, "Link", "a cursor that moves on")
        done = following is None or walk.enough(answer.body)
        query = None if done or following is None else urlsplit(following).query
        yield _payload(answer, walk, marks(answer, query), last=done)
        if done or following is None:
            return
        url, params = following, []


def _active(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the most downloaded models down to the floor; the first time with descriptions."""
    first = "active.done" not in since

    def enough(body: bytes) -> bool:
        rows = ends(body)
        return rows is None or (rows[1].downloads or 0) < options.floor

    def marks(answer: Response, following: str | None) -> Watermark:
        done = answer.fetched_at.isoformat()
        begun = since.get("active.first", done)
        return {} if following else {"active.done": done, "active.first": begun}

    walk = _Walk(
        "first" if first else "active", "models" if first else "counters",
        "downloads", _EVERYTHING if first else _COUNTERS, enough,
    )  # fmt: skip
    yield from _pages(http, options, walk, marks)


def _new(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the newest models back to two days before the newest one of the last time."""
    mark = iso_moment(since.get("new.created")) or options.now - FIRST_LOOK_BACK + OVERLAP
    newest: list[datetime] = []

    def enough(body: bytes) -> bool:
        rows = ends(body)
        oldest = iso_moment(rows[1].created) if rows else None
        return oldest is None or oldest < mark - OVERLAP

    def marks(answer: Response, following: str | None) -> Watermark:
        if not newest:
            rows = ends(answer.body)
            found = iso_moment(rows[0].created) if rows else None
            # A date in the future would blind every later pass.
            newest.append(min(found or mark, answer.fetched_at))
        return {} if following else {"new.created": max(newest[0], mark).isoformat()}

    walk = _Walk("new", "models", "createdAt", _EVERYTHING, enough)
    yield from _pages(http, options, walk, marks)


def _census(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield everything, newest first: the day of creation never moves, so every id comes once."""
    begun = iso_moment(since.get("census.started"))
    fresh = begun is not None and options.now - begun < CURSOR_KEEPS
    start = since.get("census.cursor", "") if fresh else ""
    started = since.get("census.started", "") if start else options.now.isoformat()

    def marks(answer: Response, following: str | None) -> Watermark:
        if following:
            return {"census.cursor": following, "census.started": started}
        done = answer.fetched_at.isoformat()
        return {"census.cursor": "", "census.started": "", "census.done": done}

    def never(_: bytes) -> bool:
        return False

    walk = _Walk("census", "models", "createdAt", _EVERYTHING, never, start, resumable=True)
    yield from _pages(http, options, walk, marks)


def _due(since: Watermark, now: datetime, mark: str, every: timedelta) -> bool:
    last = iso_moment(since.get(mark))
    return last is None or now - last >= every


def passes_due(since: Watermark, options: Options) -> tuple[str, ...]:
    """Return the passes to run now, in order; the first census comes a week after the start."""
    if options.passes:
        return options.passes
    due = ["active"] if _due(since, options.now, "active.done", ACTIVE_EVERY) else []
    due.append("new")
    last = "census.done" if since.get("census.done") else "active.first"
    if since.get("census.cursor") or (
        last in since and _due(since, options.now, last, CENSUS_EVERY)
    ):
        due.append("census")
    if options.watch and _due(since, options.now, "detail.done", DETAIL_EVERY):
        due.append("detail")
    return tuple(due)


_PASSES = {"active": _active, "new": _new, "census": _census, "detail": fetch_detail}


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the answers of the passes that are due, each pass a sweep of its own.

    Raises SourceRefused for a pass that does not exist.
    """
    for name in passes_due(since, options):
        if name not in _PASSES:
            known = ", ".join(_PASSES)
            raise SourceRefused(f"huggingface: there is no pass {name!r}, only {known}")
        yield from _PASSES[name](http, since, options)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield what the answer says, by its shape."""
    if payload.shape == "detail":
        return parse_detail(payload)
    if payload.shape == "tree":
        return parse_tree(payload)
    return parse_page(payload)


COLLECTOR = Collector(SOURCE, fetch, parse)
