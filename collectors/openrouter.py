"""What OpenRouter serves and, with a key, how many tokens a day: open and closed weights apart.

Documented at https://openrouter.ai/docs: `GET /api/v1/models` (no key) and
`GET /api/v1/datasets/rankings-daily` (key; from 2025-01-01; the 50 largest of each UTC day and one
row `other`; `total_tokens` is a decimal string). Traps: `created` is the day of listing, not of
release; a model without `hugging_face_id` is closed or merely unmapped, so its openness is unknown;
one model has several ids (`…:free`), which share `canonical_slug`, and the ranking counts variants
apart: they are added up here. One platform's users are no sample of the world's.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Refused,
    Response,
    Seen,
    Source,
    Watermark,
)
from collectors.document import decode_json, iso_day
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import is_model_id, is_plain, printable
from collectors.record import Openness, Release, Usage

SOURCE = Source(
    id="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai",
    homepage="https://openrouter.ai/rankings",
    licence="list of models: terms of service; rankings: CC BY 4.0",
    redistributable=True,
    every=timedelta(days=1),
    stale_after=timedelta(days=10),
    seen=Seen.RECORDED,
    terms="Source: OpenRouter (openrouter.ai/rankings), as of the day shown; CC BY 4.0.",
    tables=("releases", "usage"),
)

_NAME = re.compile(r"~?[\w.:@+-]{1,100}(?:/[\w.:@+-]{1,150}){1,2}", re.ASCII)
FIRST_DAY = date(2025, 1, 1)
SPAN, OVERLAP = timedelta(days=90), timedelta(days=3)
"""Days asked for at once; days asked for again, because a day's total still grows."""
MOST_TOKENS = 10**17
"""No router serves more in a day; what is over it is refused."""


class _Model(msgspec.Struct):
    id: str
    canonical_slug: str | None = None
    hugging_face_id: str | None = None
    created: int | float | None = None


class Listed(msgspec.Struct):
    """The list of models as it is sent."""

    data: list[_Model]


class _Ranked(msgspec.Struct):
    date: str
    model_permaslug: str
    total_tokens: str


class _Ranking(msgspec.Struct):
    data: list[_Ranked]


def _payload(answer: Response, shape: str, marks: Watermark) -> Payload:
    return Payload(
        source=SOURCE.id, shape=shape, url=answer.url, status=answer.status,
        headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at, watermark=marks,
    )  # fmt: skip


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the list of models; with a key also the ranking, from the last day seen."""
    root = f"{options.base_url.rstrip('/')}/api/v1"
    yield _payload(http.get(f"{root}/models"), "models", {})
    if not options.key:
        return
    headers = {"Authorization": f"Bearer {options.key}"}
    mark = iso_day(since.get("rankings.day"))
    start = FIRST_DAY if mark is None else max(FIRST_DAY, mark - OVERLAP)
    today = options.now.date()
    while start <= today:
        end = min(start + SPAN, today)
        params = [("start_date", start.isoformat()), ("end_date", end.isoformat())]
        answer = http.get(f"{root}/datasets/rankings-daily", params=params, headers=headers)
        yield _payload(answer, "rankings", {"rankings.day": end.isoformat()})
        start = end + timedelta(days=1)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield `releases` of the list of models, or `usage` by day and model of the ranking."""
    return _rankings(payload) if payload.shape == "rankings" else _models(payload)


def _models(payload: Payload) -> Iterator[Parsed]:
    """Yield one release for each canonical name; its ids differ in price and speed alone."""
    found = decode_json(payload, Listed).data
    if not found:
        raise PayloadChanged(payload.source, "$.data", "at least one model")
    by_name: dict[str, _Model] = {}
    for model in found:
        name = model.canonical_slug or model.id
        if _NAME.fullmatch(name) is None:
            yield Refused("releases", printable(name), "not maker/name")
        elif not (name in by_name and by_name[name].hugging_face_id):
            by_name[name] = model
    for name, model in by_name.items():
        yield _release(payload, name, model)


def _release(payload: Payload, name: str, model: _Model) -> Release:
    hub_id = model.hugging_face_id or None
    if hub_id is not None and not is_model_id(hub_id):
        hub_id = None
    return Release(
        source_url=payload.url, published_on=_listed_on(model.created), model_name=name,
        organisation=name.partition("/")[0].lstrip("~"), hub_id=hub_id,
        openness=Openness.OPEN if hub_id else Openness.UNKNOWN,
    )  # fmt: skip


def _listed_on(created: float | None) -> date | None:
    if created is None or not 0 < created < 4_000_000_000:
        return None
    return datetime.fromtimestamp(created, UTC).date()


def _rankings(payload: Payload) -> Iterator[Parsed]:
    totals: dict[tuple[date, str], int] = {}
    for row in decode_json(payload, _Ranking).data:
        day, name = iso_day(row.date), row.model_permaslug.partition(":")[0]
        if day is None or not is_plain(name) or not name:
            yield Refused("usage", printable(row.model_permaslug), "no day or no name")
            continue
        digits = row.total_tokens.isascii() and row.total_tokens.isdigit()
        tokens = int(row.total_tokens) if digits and len(row.total_tokens) < 20 else MOST_TOKENS
        if tokens >= MOST_TOKENS:
            yield Refused("usage", printable(name), "no believable number of tokens")
            continue
        totals[day, name] = totals.get((day, name), 0) + tokens
    for (day, name), tokens in totals.items():
        yield Usage(
            source_url=payload.url, occurred_on=day, published_on=day, served_on=day,
            model_name=name, tokens=tokens,
        )  # fmt: skip


COLLECTOR = Collector(SOURCE, fetch, parse)
