"""Counts of what is new on Civitai, by day and kind; never a name, a number or a picture.

Documented at https://developer.civitai.com (`GET /api/v1/models`, cursor pages of 100). Likenesses
of real persons (`poi`), removals (`mode: TakenDown`) and adult content are what the counts are
about, so a monitor must not become a guide to them: `fetch` reduces each page to what is counted
before anything is kept. Traps: `page` with `query` is refused, so the cursor is followed; a day is
counted only if the pages reach past its beginning and it has ended.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import msgspec

from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Seen,
    Source,
    Watermark,
)
from collectors.document import decode_json, iso_day
from collectors.errors import PayloadChanged
from collectors.record import Figure

SOURCE = Source(
    id="civitai",
    title="Civitai",
    base_url="https://civitai.com",
    homepage="https://developer.civitai.com/docs/api/public-rest",
    licence="terms of service; counts alone are kept",
    redistributable=False,
    every=timedelta(days=1),
    stale_after=timedelta(days=4),
    seen=Seen.DOCUMENTED,
    terms="Used as counts; nothing of the catalogue is shown.",
    pause=timedelta(seconds=1),
    deadline=timedelta(minutes=15),
    tables=("figures",),
)

PAGE, MAX_PAGES = 100, 120
FIRST_LOOK_BACK, OVERLAP = timedelta(days=3), timedelta(days=1)
_KINDS = frozenset(
    {"Checkpoint", "LORA", "LoCon", "DoRA", "TextualInversion", "Hypernetwork", "Controlnet"}
)


class _Version(msgspec.Struct):
    published: str | None = msgspec.field(name="publishedAt", default=None)


class _Model(msgspec.Struct):
    type: str
    mode: str | None = None
    nsfw: bool = False
    poi: bool = False
    versions: list[_Version] = msgspec.field(name="modelVersions", default_factory=list)


class _Metadata(msgspec.Struct):
    cursor: str | int | None = msgspec.field(name="nextCursor", default=None)


class _Page(msgspec.Struct):
    items: list[_Model]
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class Counted(msgspec.Struct):
    """What is kept of one model: its day and its kind."""

    day: str | None
    kind: str
    likeness: bool
    adult: bool
    removed: bool


class _Kept(msgspec.Struct):
    whole_from: str
    rows: list[Counted]


_MEASURES: dict[str, Callable[[Counted], bool]] = {
    "civitai_new": lambda _: True,
    "civitai_new_lora": lambda row: row.kind == "LORA",
    "civitai_new_likeness": lambda row: row.likeness,
    "civitai_new_adult": lambda row: row.adult,
    "civitai_new_removed": lambda row: row.removed,
}
"""What is counted, by the name of the measure."""


def _first_day(model: _Model) -> date | None:
    days = [d for v in model.versions if (d := iso_day(v.published))]
    return min(days, default=None)


def _days(models: list[_Model]) -> list[date]:
    return [d for m in models if (d := _first_day(m))]


def _reduced(model: _Model) -> Counted:
    day = _first_day(model)
    return Counted(
        day=day.isoformat() if day else None,
        kind=model.type if model.type in _KINDS else "other",
        likeness=model.poi,
        adult=model.nsfw,
        removed=model.mode == "TakenDown",
    )


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield one document of reduced rows, newest first, back to the last day counted.

    Raises PayloadChanged where a page has lost the documented shape: what cannot be reduced is
    not handed on.
    """
    root = f"{options.base_url.rstrip('/')}/api/v1/models"
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    mark = iso_day(since.get("civitai.day"))
    until = (options.now.date() - FIRST_LOOK_BACK) if mark is None else mark - OVERLAP
    rows: list[Counted] = []
    cursor: str | int | None = None
    reached = options.now.date()
    for _ in range(MAX_PAGES):
        params = [("limit", str(PAGE)), ("sort", "Newest"), ("nsfw", "true")]
        if cursor is not None:
            params.append(("cursor", str(cursor)))
        answer = http.get(root, params=params, headers=headers)
        raw = Payload(
            source=SOURCE.id, shape="page", url=answer.url, status=answer.status,
            headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at,
        )  # fmt: skip
        page = decode_json(raw, _Page)
        rows += [_reduced(m) for m in page.items]
        reached = min(reached, max(_days(page.items), default=reached))
        if page.metadata.cursor in (None, cursor):
            reached = until
        if reached <= until:
            break
        cursor = page.metadata.cursor
    # The day that the last page reaches into is not counted whole.
    whole = until if reached <= until else reached + timedelta(days=1)
    body = msgspec.json.encode(_Kept(whole.isoformat(), rows))
    marks = {"civitai.day": (options.now.date() - timedelta(days=1)).isoformat()}
    yield replace(raw, shape="counted", url=root, body=body, watermark=marks)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield a `figures` record per ended day and measure; a day without any is a count of 0."""
    kept = decode_json(payload, _Kept)
    day, today = iso_day(kept.whole_from), payload.fetched_at.date()
    if day is None:
        raise PayloadChanged(payload.source, "$.whole_from", "a day")
    counts: Tally[tuple[str | None, str]] = Tally()
    for row in kept.rows:
        counts.update((row.day, measure) for measure, holds in _MEASURES.items() if holds(row))
    while day < today:
        for measure in _MEASURES:
            yield Figure(
                source_url=payload.url, occurred_on=day, published_on=day, figure_id=measure,
                measure=measure, period_on=day, unit="models",
                value_micro=counts[day.isoformat(), measure] * 1_000_000,
            )  # fmt: skip
        day += timedelta(days=1)


COLLECTOR = Collector(SOURCE, fetch, parse)
