"""Pulls of the models in Ollama's library, read from its search page.

There is no public list or search interface, so this reads https://ollama.com/search as people see
it; the attributes `x-test-…` are what others read it by, and the page has broken such readers
before (July 2026). Pulls are rounded ("10.6K"), cumulative, and count every re-pull.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import lxml.html
from lxml.etree import ParserError

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
from collectors.errors import PayloadChanged
from collectors.huggingface_ids import is_model_id, printable
from collectors.record import Counter, Model

SOURCE = Source(
    id="ollama",
    title="Ollama library",
    base_url="https://ollama.com",
    homepage="https://ollama.com/library",
    licence="no licence; only counts are taken",
    redistributable=False,
    every=timedelta(days=7),
    stale_after=timedelta(days=21),
    seen=Seen.RECORDED,
    terms="Used as counts.",
    pause=timedelta(seconds=2),
    tables=("models", "counters"),
    inventory=("",),
)

MAX_PAGES = 25
_CARD = re.compile(rb"<li[^>]*\bx-test-model\b")
_PLACE = re.compile(r"^/((?:library/)?[\w.-]{1,96}(?:/[\w.-]{1,96})?)$", re.ASCII)
_PULLS = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s*([KMB]?)", re.IGNORECASE)
_TIMES = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}


def fetch(http: Http, _: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the pages of the library, most pulled first, until one brings no card."""
    before = b""
    for number in range(1, MAX_PAGES + 1):
        params = [("o", "popular"), *([("p", str(number))] if number > 1 else [])]
        answer = http.get(f"{options.base_url.rstrip('/')}/search", params=params)
        if number > 1 and (answer.body == before or _CARD.search(answer.body) is None):
            return  # past the end
        yield Payload(
            source=SOURCE.id, shape="search", url=answer.url, status=answer.status,
            headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at,
        )  # fmt: skip
        before = answer.body


def pulls(text: str) -> int | None:
    """Return the number that "10.6K", "1.2M" or "845" stands for; None for anything else."""
    match = _PULLS.fullmatch(text.strip().replace(",", ""))
    if match is None:
        return None
    whole, _, part = match[1].partition(".")
    thousandths = int(whole) * 1000 + int(part.ljust(3, "0") or 0)
    return thousandths * _TIMES[match[2].upper()] // 1000


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield a `models` and a `counters` record for each card of the page."""
    if not payload.body.strip() or not payload.body.lstrip().startswith(b"<"):
        raise PayloadChanged(payload.source, "html", "the search page")
    try:
        page: Any = lxml.html.document_fromstring(payload.body)
    except (ParserError, ValueError) as error:
        raise PayloadChanged(payload.source, "html", f"the search page ({error})") from error
    cards = page.xpath("//li[@x-test-model]")
    if not cards or b"</html>" not in payload.body[-2000:].lower():
        raise PayloadChanged(payload.source, "html li[x-test-model]", "cards of models, to the end")
    today = payload.fetched_at.date()
    for card in cards:
        place = next((m[1] for a in card.xpath(".//a/@href") if (m := _PLACE.match(a))), None)
        shown = "".join(card.xpath(".//*[@x-test-pull-count]//text()"))
        count = pulls(shown)
        if place is None or not is_model_id(place) or count is None:
            what = printable(place or "card without address")
            yield Refused("counters", what, f"pulls not readable: {printable(shown)[:40]}")
            continue
        yield Model(source_url=payload.url, model_id=place, author=place.partition("/")[0])
        yield Counter(
            source_url=payload.url, occurred_on=today, published_on=today, model_id=place,
            observed_on=today, downloads_all_time=count,
        )  # fmt: skip


COLLECTOR = Collector(SOURCE, fetch, parse)
