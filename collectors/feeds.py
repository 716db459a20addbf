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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import yaml
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
from collectors.record import PolicyEvent
from config.errors import ConfigError

MAX_ENTRIES = 2_000
KINDS = ("policy", "incident", "advisory", "research", "release")
_ID = re.compile(r"\A[a-z0-9][a-z0-9-]{0,39}\Z")
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
_ENDED = re.compile(
    r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>\s*(?:<!--[^>]*-->\s*)?\Z", re.IGNORECASE
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LIKELY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "koi8_r", "cp1255", "tis_620"]


@dataclass(frozen=True)
class Feed:
    """One feed: where it is, and what its entries are taken for."""

    id: str
    url: str
    title: str
    jurisdiction: str
    kind: str
    measure: str | None
    encoding: str | None
    words: tuple[str, ...]

    def context(self) -> dict[str, str]:
        """Return what parse must know of the feed, kept with each of its payloads."""
        return {
            "feed": self.id,
            "jurisdiction": self.jurisdiction,
            "kind": self.kind,
            "measure": self.measure or "",
            "encoding": self.encoding or "",
            "words": "\n".join(self.words),
        }


def load(file: str | None = None) -> tuple[Feed, ...]:
    """Return the feeds of a file, by default those of config/registry; raises ConfigError."""
    if file is None:
        return _shipped()
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(file, "sources.feeds.extra.file", "a readable file") from error
    return _feeds(file, text)


@cache
def _shipped() -> tuple[Feed, ...]:
    path = files("config") / "registry" / "feeds.yaml"
    return _feeds("config/registry/feeds.yaml", path.read_text(encoding="utf-8"))


def _feeds(file: str, text: str) -> tuple[Feed, ...]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(file, "(file)", "YAML") from error
    if not isinstance(document, dict) or not isinstance(document.get("feeds"), list):
        raise ConfigError(file, "feeds", "a list")
    lists = document.get("words") or {}
    found = [_feed(file, n, entry, lists) for n, entry in enumerate(document["feeds"])]
    if len({feed.id for feed in found}) < len(found):
        raise ConfigError(file, "feeds", "each id only once")
    return tuple(found)


def _feed(file: str, number: int, entry: Any, lists: Mapping[str, list[str]]) -> Feed:
    def wrong(key: str, expected: str) -> ConfigError:
        return ConfigError(file, f"feeds[{number}].{key}", expected)

    if not isinstance(entry, dict):
        raise ConfigError(file, f"feeds[{number}]", "a mapping")
    unknown = set(entry) - {*Feed.__dataclass_fields__}
    if unknown:
        raise wrong(min(map(str, unknown)), "a key of a feed")
    url, id_, kind = entry.get("url"), entry.get("id"), entry.get("kind", "policy")
    if not isinstance(id_, str) or not _ID.match(id_):
        raise wrong("id", "lower-case letters, digits and hyphens")
    if not isinstance(url, str) or web_address(url) is None:
        raise wrong("url", "an http(s) address")
    if kind not in KINDS:
        raise wrong("kind", f"one of {', '.join(KINDS)}")
    if any(name not in lists for name in entry.get("words") or ()):
        raise wrong("words", f"names of word lists: {', '.join(lists)}")
    words = [str(word).casefold() for name in entry.get("words") or () for word in lists[name]]
    return Feed(
        id=id_, url=url, title=str(entry.get("title", id_)),
        jurisdiction=str(entry.get("jurisdiction", "unknown")), kind=kind,
        measure=entry.get("measure"), encoding=entry.get("encoding"), words=tuple(words),
    )  # fmt: skip


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
    hosts=tuple(sorted({urlsplit(feed.url).hostname or "" for feed in _shipped()})),
    tables=("policy_events",),
)


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
