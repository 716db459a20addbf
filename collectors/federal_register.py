"""Rules, notices and presidential documents of the United States on AI, from the Federal Register.

Documented at https://www.federalregister.gov/developers/documentation/api/v1 (OpenAPI); moves on
working days at 6 h Washington time; public domain, no key. Public inspection shows a document a
day or more before it is published: a real head start.

Traps: a query gives at most 2,000 rows, so it is asked by windows of days; executive orders have no
abstract, and are signed 2–8 days before they are published; a withdrawn document disappears from
public inspection without trace.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    decode_json,
    end_of_day,
    iso_day,
    iso_moment,
    known,
    twice,
    web_address,
)  # fmt: skip
from collectors.errors import PayloadChanged
from collectors.record import PolicyEvent
from collectors.topic import concerns, words

SOURCE = Source(
    id="federal_register",
    title="Federal Register of the United States",
    base_url="https://www.federalregister.gov/api/v1",
    homepage="https://www.federalregister.gov",
    licence="public domain",
    redistributable=True,
    terms="None; the printed edition is the official one.",
    every=timedelta(hours=12),
    stale_after=timedelta(days=7),
    seen=Seen.RECORDED,
    tables=("policy_events",),
)

SETTINGS = {
    "extra.since": "first day of publication to ask for (YYYY-MM-DD), to fill in the past",
}
"""What an operator may set under `sources.federal_register`, and what it does."""

FIELDS = (
    "document_number", "title", "type", "subtype", "abstract", "publication_date", "signing_date",
    "html_url",
)  # fmt: skip
INSPECTED = ("document_number", "title", "type", "html_url", "publication_date", "filed_at")
QUESTIONS = {
    "ai": (("conditions[term]", '"artificial intelligence"'),),
    "entity_list": (
        ("conditions[term]", '"Entity List"'),
        ("conditions[agencies][]", "industry-and-security-bureau"),
        ("conditions[type][]", "RULE"),
    ),
}
"""What is asked, by name: conditions. The Entity List is the control that hits laboratories."""

_FORCE = {"Rule": "regulation", "Presidential Document": "regulation", "Notice": "guidance"}
_FIRST = timedelta(days=90)
_WINDOW = timedelta(days=90)
_OVERLAP = timedelta(days=7)
_MAX_ROWS = 2_000


class _Document(msgspec.Struct):
    document_number: str
    title: str
    publication_date: str | None = None
    type: str | None = None
    subtype: str | None = None
    abstract: str | None = None
    signing_date: str | None = None
    filed_at: str | None = None
    html_url: str | None = None


class _Found(msgspec.Struct):
    count: int
    results: list[_Document] = []
    next_page_url: str | None = None


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the documents of each question published since the mark, then public inspection."""
    today = options.now.date()
    mark = iso_day(since.get("published_on"))
    start = mark - _OVERLAP if mark else today - _FIRST
    start = iso_day(options.extra.get("since")) or start
    for name, conditions in QUESTIONS.items():
        for first, last in windows(start, today):
            asked = [
                *conditions,
                ("conditions[publication_date][gte]", first.isoformat()),
                ("conditions[publication_date][lte]", last.isoformat()),
                ("order", "newest"), ("per_page", "1000"),
                *(("fields[]", field) for field in FIELDS),
            ]  # fmt: skip
            answer = http.get(f"{options.base_url}/documents.json", params=asked)
            while True:
                payload = answered(SOURCE, "documents", answer, context={"question": name})
                found = _found(payload)
                yield payload
                following = web_address(found.next_page_url, answer.url)
                if following is None or not found.results:
                    break
                answer = http.get(following)
    asked = [("fields[]", field) for field in INSPECTED]
    url = f"{options.base_url}/public-inspection-documents/current.json"
    context = {"question": "inspection", "words": "\n".join((*words(), "entity list"))}
    mark_now = {"published_on": today.isoformat()}
    yield answered(SOURCE, "inspection", http.get(url, params=asked), mark_now, context)


def windows(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield spans of days that cover start to end, each short enough for one query."""
    while start <= end:
        last = min(start + _WINDOW, end)
        yield start, last
        start = last + timedelta(days=1)


def _found(payload: Payload) -> _Found:
    found = decode_json(payload, _Found)
    if found.count > _MAX_ROWS and payload.shape == "documents":
        raise PayloadChanged(SOURCE.id, "$.count", f"at most {_MAX_ROWS} documents a window")
    return found


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `policy_events` record for each document; of public inspection, those on AI."""
    wanted = [word for word in payload.context.get("words", "").split("\n") if word]
    seen: set[str] = set()
    for number, row in enumerate(_found(payload).results):
        if not concerns(f"{row.title} {row.abstract or ''}", wanted):
            continue
        event = _event(payload, number, row)
        yield twice("policy_events", event.event_id) if event.event_id in seen else event
        seen.add(event.event_id)


def _event(payload: Payload, number: int, row: _Document) -> PolicyEvent:
    place = f"{payload.url.split('?', 1)[0]} $.results[{number}]"
    id_, title = clip(row.document_number, 60), clip(row.title)
    if id_ is None or title is None:
        raise PayloadChanged(SOURCE.id, place, "a document_number and a title")
    published = iso_day(row.publication_date)
    filed = iso_moment(row.filed_at)
    if published is None and filed is None:
        raise PayloadChanged(SOURCE.id, f"{place}.publication_date", "a date YYYY-MM-DD")
    public = _first_public(published, filed, payload)
    signed = iso_day(row.signing_date)
    entity_list = payload.context.get("question") == "entity_list"
    return PolicyEvent(
        source_url=web_address(row.html_url) or "https://www.federalregister.gov",
        occurred_on=signed or published,
        published_on=published if payload.shape == "documents" else filed.date() if filed else None,
        known_from=public,
        event_id=id_,
        title=title,
        jurisdiction="US",
        kind="policy",
        measure="export_control" if entity_list else None,
        force=_FORCE.get(row.type or ""),
        verification="verified",
        day_verified=True,
    )


def _first_public(
    published: date | None, filed: datetime | None, payload: Payload
) -> datetime | None:
    if payload.shape == "inspection":
        return known(filed, payload)
    return known(end_of_day(published), payload)


COLLECTOR = Collector(SOURCE, fetch, parse)
