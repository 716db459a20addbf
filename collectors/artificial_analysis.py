"""Intelligence index of language models, from the keyed API of Artificial Analysis.

Documented at https://artificialanalysis.ai/api/v2/openapi; moves daily. A key is needed (free tier
enough); redistribution needs their leave, so rows are used and never exported.

Traps: the index is re-based by version, and scores of two versions must not be joined; the free
tier states neither openness nor country, which then stay unknown.
"""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import answered, clip, decode_json, iso_day, twice
from collectors.errors import PayloadChanged
from collectors.record import Openness, Score
from collectors.table import micro

SOURCE = Source(
    id="artificial_analysis",
    title="Artificial Analysis intelligence index",
    base_url="https://artificialanalysis.ai/api/v2",
    homepage="https://artificialanalysis.ai",
    licence="own terms",
    redistributable=False,
    terms="Attribution on every tier; rows may not be passed on.",
    every=timedelta(days=1),
    stale_after=timedelta(days=14),
    seen=Seen.DOCUMENTED,
    needs_key="key",
    tables=("scores",),
    inventory=("models",),
)

SETTINGS = {
    "key": "the API key; without it the source is skipped",
    "extra.tier": "`free` (default), or `pro` for openness and country",
}
"""What an operator may set under `sources.artificial_analysis`, and what it does."""

_MAX_PAGES = 50


class _Creator(msgspec.Struct):
    name: str | None = None
    country: str | None = None


class _Licensing(msgspec.Struct):
    is_open_weights: bool | None = None


class _Evaluations(msgspec.Struct):
    artificial_analysis_intelligence_index: float | None = None


class _Model(msgspec.Struct):
    name: str
    slug: str | None = None
    release_date: str | None = None
    model_creator: _Creator | None = None
    evaluations: _Evaluations | None = None
    licensing: _Licensing | None = None


class _Pagination(msgspec.Struct):
    page: int
    has_more: bool


class _Answer(msgspec.Struct):
    data: list[_Model]
    intelligence_index_version: str | float | None = None
    pagination: _Pagination | None = None


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the pages of the language models."""
    headers = {"x-api-key": options.key or ""}
    tier = options.extra.get("tier", "free")
    url = f"{options.base_url}/language/models{'/free' if tier == 'free' else ''}"
    for page in range(1, _MAX_PAGES + 1):
        answer = http.get(url, params=[("page", str(page))], headers=headers)
        payload = answered(SOURCE, "models", answer)
        following = decode_json(payload, _Answer).pagination
        yield payload
        if following is None or not following.has_more:
            return
    raise PayloadChanged(SOURCE.id, url, f"an end within {_MAX_PAGES} pages")


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `scores` record (board `aa_index`, 0–100) for each model that has the index."""
    answer = decode_json(payload, _Answer)
    board_on = payload.fetched_at.date()
    version = answer.intelligence_index_version
    seen: set[str] = set()
    for number, model in enumerate(answer.data):
        evaluations = model.evaluations or _Evaluations()
        score = evaluations.artificial_analysis_intelligence_index
        name = clip(model.name, 200)
        if score is None or name is None:
            continue
        if not 0 <= score <= 100:
            place = f"$.data[{number}].evaluations.artificial_analysis_intelligence_index"
            raise PayloadChanged(SOURCE.id, place, "0 to 100")
        if name in seen:
            yield twice("scores", name)
            continue
        seen.add(name)
        creator = model.model_creator or _Creator()
        country = (creator.country or "").upper()
        yield Score(
            source_url=SOURCE.homepage,
            occurred_on=board_on,
            published_on=board_on,
            board="aa_index",
            board_on=board_on,
            model_name=name,
            organisation=clip(creator.name, 200),
            jurisdictions=country if len(country) == 2 and country.isalpha() else "unknown",
            openness=_openness(model),
            released_on=iso_day(model.release_date),
            score_micro=micro(score) or 0,
            index_version=None if version is None else clip(str(version), 40),
        )


def _openness(model: _Model) -> Openness:
    flag = model.licensing.is_open_weights if model.licensing else None
    if flag is None:
        return Openness.UNKNOWN
    return Openness.OPEN if flag else Openness.CLOSED


COLLECTOR = Collector(SOURCE, fetch, parse)
