"""Policies, readings and news on AI of the State Council of China, from the lists of gov.cn.

The lists stand behind https://www.gov.cn/zhengce/ as JSON arrays of TITLE, URL and
DOCRELPUBTIME; undocumented, seen by several independent users; they move daily.

Traps: the date has no time and means a day in Asia/Shanghai; addresses may be relative; the lists
hold everything that government publishes, so titles are chosen by words. A web search for the same
documents is poisoned by spam: only the official host is ever asked.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    decode_json,
    iso_day,
    known,
    twice,
    web_address,
)  # fmt: skip
from collectors.errors import CollectError, PayloadChanged, SourceRefused, SourceUnavailable
from collectors.record import PolicyEvent
from collectors.topic import concerns, words

SOURCE = Source(
    id="govcn",
    title="中国政府网 (State Council of China)",
    base_url="https://www.gov.cn",
    homepage="https://www.gov.cn/zhengce/",
    licence="official documents; titles, dates and links only",
    redistributable=True,
    terms="Name www.gov.cn as the source and link to it.",
    every=timedelta(hours=6),
    stale_after=timedelta(days=7),
    seen=Seen.DOCUMENTED,
    tables=("policy_events",),
)

LISTS = {
    "ZUIXINZHENGCE": "/zhengce/zuixin/ZUIXINZHENGCE.json",
    "ZCJD_QZ": "/zhengce/jiedu/ZCJD_QZ.json",
    "TONGYONGGAILAN": "/zhengce/zhengceku/bmwj/TONGYONGGAILAN.json",
    "YAOWENLIEBIAO": "/yaowen/liebiao/YAOWENLIEBIAO.json",
}
"""Newest policies, readings, documents of ministries, news."""

ZONE = ZoneInfo("Asia/Shanghai")
_MAX_ROWS = 20_000


class _Item(msgspec.Struct):
    TITLE: str
    URL: str
    DOCRELPUBTIME: str
    SUB_TITLE: str | None = None


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield each list that has changed; one that is gone does not keep the others away."""
    failed: CollectError | None = None
    for name, path in LISTS.items():
        try:
            answer = http.get(f"{options.base_url}{path}", max_bytes=16 << 20, revalidate=True)
        except (SourceRefused, SourceUnavailable) as error:
            failed = failed or error
            continue
        if answer.status != 304:
            context = {"list": name, "words": "\n".join(words())}
            yield answered(SOURCE, "list", answer, context=context, whole=name)
    if failed is not None:
        raise failed


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `policy_events` record for each item of a list that is about AI."""
    items = decode_json(payload, list[_Item])
    if not items or len(items) > _MAX_ROWS:
        raise PayloadChanged(SOURCE.id, f"{payload.url} $", f"1 to {_MAX_ROWS} items")
    wanted = [word for word in payload.context.get("words", "").split("\n") if word]
    seen: set[str] = set()
    for number, item in enumerate(items):
        if not concerns(f"{item.TITLE} {item.SUB_TITLE or ''}", wanted):
            continue
        place = f"{payload.url} $[{number}]"
        day, title = iso_day(item.DOCRELPUBTIME[:10]), clip(item.TITLE)
        link = web_address(item.URL, payload.url)
        if day is None:
            raise PayloadChanged(SOURCE.id, f"{place}.DOCRELPUBTIME", "a date YYYY-MM-DD")
        if title is None or link is None:
            raise PayloadChanged(SOURCE.id, place, "a TITLE and an http(s) URL")
        event = official(payload, link, title, day)
        yield twice("policy_events", link) if event.event_id in seen else event
        seen.add(event.event_id)


def official(payload: Payload, link: str, title: str, day: date) -> PolicyEvent:
    """Return the event of an official list: title, day and address; its codes are a person's work.

    The day is one of Asia/Shanghai; the document was public for certain when that day had ended.
    """
    ended = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1)
    return PolicyEvent(
        source_url=link,
        occurred_on=day,
        published_on=day,
        known_from=known(ended.astimezone(UTC), payload),
        event_id=hashlib.sha256(link.encode()).hexdigest()[:20],
        title=title,
        title_zh=title,
        jurisdiction="CN",
        kind="policy",
        verification="verified",
        day_verified=True,
    )


COLLECTOR = Collector(SOURCE, fetch, parse)
