"""Policy events and advisories from any RSS or Atom feed of an allow-listed host.

Formats: https://www.rssboard.org/rss-specification and RFC 4287, read by feedparser. The feeds are
listed in config/registry/feeds.yaml, or in the operator's file of the same form.

Traps: Chinese feeds in GB2312 that declare nothing (feedparser would read them as windows-1252 and
not say so), truncated XML, entries without link or date, an "empty" feed that lists one sentence.
What comes from a feed is unverified until a person has looked: anyone may write anything there.
"""

import calendar
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import feedparser
from charset_normalizer import from_bytes

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
)  # fmt: skip
from collectors.document import answered, at, clip, known, refuse_html, twice, web_address
from collectors.errors import CollectError, PayloadChanged, SourceRefused, SourceUnavailable
from collectors.feed_list import load
from collectors.record import PolicyEvent

MAX_ENTRIES = 2_000
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
_ENDED = re.compile(
    r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--[^>]*-->\s*)?\Z", re.IGNORECASE
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LIKELY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "koi8_r", "cp1255", "tis_620"]


SOURCE = Source(
    id="feeds",
    title="RSS and Atom feeds of authorities and institutes",
    base_url="",
    homepage="https://www.rssboard.org/rss-specification",
    licence="of each publisher; titles, dates and links only",
    redistributable=True,
    terms="Only title, date and link are kept, with the publisher's name.",
    every=timedelta(hours=3),
    stale_after=timedelta(days=14),
    seen=Seen.RECORDED,
    hosts=tuple(sorted({urlsplit(feed.url).hostname or "" for feed in load()})),
    tables=("policy_events",),
)


SETTINGS = {
    "extra.file": "a file in the form of config/registry/feeds.yaml that takes its place",
    "extra.hosts": "hosts of that file that may be asked, comma-joined",
}
"""What an operator may set under `sources.feeds`, and what it does."""


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield each feed that has changed; one that fails does not keep the others away."""
    failed: list[CollectError] = []
    feeds = load(options.extra.get("file"))
    for feed in feeds:
        try:
            answer = http.get(at(SOURCE, options, feed.url), max_bytes=8 << 20, revalidate=True)
        except (SourceUnavailable, SourceRefused) as error:
            failed.append(error)
            continue
        if answer.status != 304:
            yield answered(SOURCE, "feed", answer, context=feed.context(), whole=feed.id)
    if failed:
        said = f"{len(failed)} of {len(feeds)} feeds failed; first: {failed[0]}"
        raise type(failed[0])(said) from failed[0]


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `policy_events` record for each entry with a title and an address.

    Entries without either are refused by name; one that ends too early is refused as a whole.
    """
    document = _parsed(payload)
    entries = document.entries[:MAX_ENTRIES]
    if not document.version and not entries:
        raise PayloadChanged(SOURCE.id, payload.url, "RSS or Atom")
    if not entries and document.bozo:
        said = clip(str(document.get("bozo_exception")), 200)
        raise PayloadChanged(SOURCE.id, payload.url, f"a feed with entries ({said})")
    words = [word for word in payload.context.get("words", "").split("\n") if word]
    seen: set[str] = set()
    for entry in entries:
        text = f"{entry.get('title', '')} {entry.get('summary', '')}"[:20_000].casefold()
        if words and not any(word in text for word in words):
            continue
        event = _event(payload, entry)
        if isinstance(event, PolicyEvent):
            yield twice("policy_events", event.event_id) if event.event_id in seen else event
            seen.add(event.event_id)
        else:
            yield event


def _parsed(payload: Payload) -> Any:
    """Return feedparser's document of the body, which it gets as UTF-8 that says so."""
    refuse_html(payload, "RSS or Atom")
    text = decode(
        payload.body,
        charset=payload.headers.get("content-type", ""),
        fallback=payload.context.get("encoding") or None,
        host=urlsplit(payload.url).hostname or "",
    )
    if not _ENDED.search(text[-2000:]):
        raise PayloadChanged(SOURCE.id, payload.url, "a feed to its end: it was cut off")
    utf8 = '<?xml version="1.0" encoding="utf-8"?>' + _DECLARATION.sub("", text, count=1)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": payload.url}
    try:  # a stream: feedparser would open a text that looks like an address
        return feedparser.parse(io.BytesIO(utf8.encode("utf-8")), response_headers=headers)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # feedparser promises to set `bozo` instead of raising, and does not always keep it.
        raise PayloadChanged(SOURCE.id, payload.url, f"a feed ({type(error).__name__})") from error


def decode(body: bytes, charset: str = "", fallback: str | None = None, host: str = "") -> str:
    """Return the text of a feed: by byte order mark, declaration, UTF-8, then the likeliest.

    What is declared nowhere and is no UTF-8 is read as `fallback`, on .gov.cn as GB18030 (which
    holds GBK and GB2312), else as charset-normalizer judges. Broken bytes become U+FFFD.
    """
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(name, errors="replace")
    declared = _DECLARED.match(body)
    found = _CHARSET.search(charset)
    for name in (
        found[1] if found else "",
        declared[1].decode("ascii") if declared else "",
        "utf-8",
    ):
        try:
            return body.decode("gb18030" if name.lower() in ("gb2312", "gbk") else name)
        except (LookupError, UnicodeDecodeError):
            continue
    name = fallback or ("gb18030" if host.endswith(".gov.cn") else _guess(body))
    try:
        return body.decode(name, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _guess(body: bytes) -> str:
    """Return the likeliest encoding, judged by the words alone: markup is ASCII in all of them."""
    words = b" ".join(re.findall(rb"[^<>\x00-\x7f][^<>]*", body[: 1 << 16]))
    best = from_bytes(words or body[: 1 << 16], cp_isolation=_LIKELY).best()
    return best.encoding if best else "gb18030"


def _event(payload: Payload, entry: Any) -> PolicyEvent | Refused:
    title = clip(_words_of(entry.get("title")))
    link = web_address(entry.get("link"), payload.url)
    if title is None or link is None:
        what = "address" if title else "title"
        return Refused(
            "policy_events", title or clip(str(entry.get("id")), 200) or "?", f"no {what}"
        )
    feed = payload.context.get("feed", "feed")
    digest = hashlib.sha256(str(entry.get("id") or link).encode("utf-8", "replace")).hexdigest()
    moment = _moment(entry)
    return PolicyEvent(
        source_url=link,
        occurred_on=moment.date() if moment else None,
        published_on=moment.date() if moment else None,
        known_from=known(moment, payload),
        event_id=f"{feed}:{digest[:20]}",
        title=title,
        title_zh=title if _HAN.search(title) else None,
        jurisdiction=payload.context.get("jurisdiction", "unknown"),
        kind=payload.context.get("kind", "policy"),
        measure=payload.context.get("measure") or None,
        verification="unverified",
    )


def _words_of(markup: str | None) -> str | None:
    """Return a title without tags: feeds put markup where text belongs."""
    return re.sub(r"<[^>]{0,500}>", " ", markup[:4000]) if isinstance(markup, str) else None


def _moment(entry: Any) -> datetime | None:
    """Return when the entry was published, else updated, in UTC; None if it does not say."""
    for key in ("published_parsed", "updated_parsed"):
        parts = entry.get(key)
        if parts is None:
            continue
        try:
            moment = datetime.fromtimestamp(calendar.timegm(parts), UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            continue
        if 1990 <= moment.year < 2100:
            return moment
    return None


COLLECTOR = Collector(SOURCE, fetch, parse)
