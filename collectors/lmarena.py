"""Arena boards: people's blind votes between models, as LMArena publishes them.

Documented on the card of https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset, CC BY;
a board every 1–11 days. `latest` is the newest board (0.6 MB), `full` all since 2023-05 (56 MB,
asked once and then every quarter, because old boards do not move).

Traps: the repository's commit date is not `leaderboard_publish_date`; ratings with style control
are another scale; `organization` is empty for an eighth of the rows (the start of the name stands
in, as in the baseline); 39 licence spellings, which config/registry/licences.csv maps; the website
arena.ai shows truncated tables: never scraped.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    end_of_day,
    iso_day,
    known,
    refuse_html,
    twice,
)  # fmt: skip
from collectors.errors import PayloadChanged, PayloadTooLarge
from collectors.licence import openness_of
from collectors.record import Openness, Score
from collectors.table import micro
from config.baseline.build.places import of_organisation
from config.baseline.build.scores import by_name

SOURCE = Source(
    id="lmarena",
    title="LMArena leaderboards",
    base_url="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset/resolve/main",
    homepage="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
    licence="CC BY 4.0",
    redistributable=True,
    terms="Credit LMArena.",
    every=timedelta(days=1),
    stale_after=timedelta(days=21),
    seen=Seen.RECORDED,
    hosts=("cdn-lfs.huggingface.co", "cdn-lfs.hf.co", "cas-bridge.xethub.hf.co"),
    tables=("scores",),
    inventory=("latest", "full"),
)

SETTINGS = {
    "extra.categories": "categories to keep, comma-joined; default overall,coding,chinese,expert",
}
"""What an operator may set under `sources.lmarena`, and what it does."""

COLUMNS = (
    "model_name", "organization", "license", "rating", "rating_lower", "rating_upper",
    "category", "leaderboard_publish_date",
)  # fmt: skip
CATEGORIES = ("overall", "coding", "chinese", "expert")
"""Kept unless `sources.lmarena.categories` (comma-joined) says otherwise."""

_QUARTER = timedelta(days=91)
_MAX_ROWS = 20_000_000


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the newest text board, and once a quarter the file of all boards."""
    categories = options.extra.get("categories", ",".join(CATEGORIES))
    context = {"subset": "text", "categories": categories}
    url = f"{options.base_url}/text/latest-00000-of-00001.parquet"
    answer = http.get(url, max_bytes=32 << 20, revalidate=True)
    if answer.status != 304:
        yield answered(SOURCE, "latest", answer, context=context, whole="latest")
    last = iso_day(since.get("full_on"))
    if last is None or options.now.date() - last >= _QUARTER:
        url = f"{options.base_url}/text/full-00000-of-00001.parquet"
        mark = {"full_on": options.now.date().isoformat()}
        answer = http.get(url, max_bytes=256 << 20)
        yield answered(SOURCE, "full", answer, mark, context, whole="full")


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `scores` record for each board day, category and model of a board's parquet."""
    refuse_html(payload, "parquet")
    wanted = set(payload.context.get("categories", ",".join(CATEGORIES)).split(","))
    subset = payload.context.get("subset", "text")
    seen: set[str] = set()
    for number, row in enumerate(_rows(payload, wanted)):
        score = _score(payload, f"arena_{subset}", number, row)
        key = f"{score.board} {score.board_on} {score.model_name}"
        yield twice("scores", key) if key in seen else score
        seen.add(key)
    if not seen:
        raise PayloadChanged(SOURCE.id, payload.url, f"rows of category {sorted(wanted)}")


def _rows(payload: Payload, categories: set[str]) -> Iterator[Mapping[str, object]]:
    """Yield the rows of the wanted categories; only they are ever held in memory."""
    try:
        file = pq.ParquetFile(pa.BufferReader(payload.body))
        if file.metadata.num_rows > _MAX_ROWS:
            raise PayloadTooLarge(SOURCE.id, payload.url, f"at most {_MAX_ROWS} rows")
        missing = [name for name in COLUMNS if name not in file.schema_arrow.names]
        if missing:
            raise PayloadChanged(SOURCE.id, f"{payload.url} schema", f"column {missing}")
        for batch in file.iter_batches(batch_size=65_536, columns=list(COLUMNS)):
            kinds = batch.column("category").to_pylist()
            keep = [i for i, kind in enumerate(kinds) if kind in categories]
            yield from batch.take(pa.array(keep, pa.int64())).to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise PayloadChanged(SOURCE.id, payload.url, f"parquet ({str(error)[:200]})") from error


def _score(payload: Payload, board: str, number: int, row: Mapping[str, object]) -> Score:
    def number_in(column: str) -> float | None:
        value = row[column]
        if value is None:
            return None
        if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 10_000:
            raise wrong(column, "a rating within ±10,000")
        return float(value)

    def wrong(column: str, expected: str) -> PayloadChanged:
        return PayloadChanged(SOURCE.id, f"{payload.url} row {number + 1} {column!r}", expected)

    name, category = row["model_name"], row["category"]
    board_on = _day(row["leaderboard_publish_date"])
    rating = micro(number_in("rating"))
    if not isinstance(name, str) or not (model := clip(name, 200)):
        raise wrong("model_name", "a name")
    if board_on is None:
        raise wrong("leaderboard_publish_date", "a date")
    if rating is None:
        raise wrong("rating", "a rating")
    if category != "overall":
        board = f"{board}_{category}"
    licence = row["license"]
    spelling = clip(licence, 100) if isinstance(licence, str) else None
    stated = row["organization"]
    named, openness = by_name(model)
    organisation = clip(stated, 200) if isinstance(stated, str) else None
    organisation = organisation or named
    by_licence = openness_of(spelling)
    return Score(
        source_url=payload.url,
        occurred_on=board_on,
        published_on=board_on,
        known_from=known(end_of_day(board_on), payload),
        board=board,
        board_on=board_on,
        model_name=model,
        organisation=organisation,
        jurisdictions=of_organisation(organisation),
        openness=Openness(openness) if by_licence is Openness.UNKNOWN else by_licence,
        licence=spelling,
        score_micro=rating,
        low_micro=micro(number_in("rating_lower")),
        high_micro=micro(number_in("rating_upper")),
    )


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return iso_day(value) if isinstance(value, str) else None


COLLECTOR = Collector(SOURCE, fetch, parse)
