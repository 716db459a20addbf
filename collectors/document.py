"""Answers decoded within limits: what is not as documented raises PayloadChanged with its place."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec
import yaml

from collectors.base import Options, Payload, Refused, Response, Source
from collectors.errors import PayloadChanged

T = TypeVar("T")

_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html\b)",
    re.IGNORECASE | re.DOTALL,
)
_PLACE = re.compile(r"^(?P<said>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)
_TITLE = 500


def answered(
    source: Source,
    shape: str,
    answer: Response,
    mark: Mapping[str, str] | None = None,
    context: Mapping[str, str] | None = None,
    *,
    whole: str = "",
) -> Payload:
    """Return the answer as a payload of the source, with its watermark and its context.

    `whole` names a document that is complete in itself: it is committed as a batch of its own, so
    that a failure of the next document costs nothing of this one.
    """
    return Payload(
        source=source.id,
        shape=shape,
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        fetched_at=answer.fetched_at,
        watermark=mark or {},
        context=context or {},
        sweep=whole,
        last=bool(whole),
    )


def at(source: Source, options: Options, url: str) -> str:
    """Return `url`, or its place at the operator's address where that is not the source's own.

    Behind a mirror, proxy or stand-in, what a source asks of a host other than that of its
    `base_url` is asked under the other host's name: `{base_url}/api.example.org/path`.
    """
    if options.base_url == source.base_url or url.startswith(options.base_url):
        return url
    return f"{options.base_url.rstrip('/')}/{url.split('://', 1)[-1]}"


def looks_like_html(body: bytes) -> bool:
    """Return whether the body opens as a web page, as sign-in and error pages do."""
    return _HTML.match(body[:4096]) is not None


def refuse_html(payload: Payload, expected: str) -> None:
    """Raise PayloadChanged where a web page or nothing at all stands in place of `expected`."""
    if not payload.body.strip():
        raise PayloadChanged(payload.source, payload.url, f"{expected}, not an empty answer")
    if looks_like_html(payload.body):
        raise PayloadChanged(payload.source, payload.url, f"{expected}, not a web page")


def decode_json(payload: Payload, shape: type[T]) -> T:
    """Return the body as `shape` (a msgspec struct or list of them).

    Raises PayloadChanged with the JSON path of the first value that does not fit.
    """
    refuse_html(payload, "JSON")
    body = payload.body.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        match = _PLACE.match(str(error))
        path = (match["path"] if match else None) or "$"
        said = match["said"] if match else str(error)
        raise PayloadChanged(payload.source, f"{payload.url} {path}", said[:300]) from error


def load_yaml(payload: Payload) -> object:
    """Return the body as plain YAML; raise PayloadChanged for what is none.

    By the loader in Python: the faster one in C ends the whole process on deeply nested input.
    """
    refuse_html(payload, "YAML")
    try:
        return yaml.safe_load(payload.body)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise PayloadChanged(payload.source, payload.url, f"YAML ({said})") from error


def clip(text: str | None, limit: int = _TITLE) -> str | None:
    """Return the text on one line without control or format characters; None if nothing is left.

    At most `limit` characters. A title may be hostile: escaping is the page's work, but what no
    screen, mail header or column can hold ends here.
    """
    if text is None:
        return None
    shown = "".join(c for c in text[: limit * 8] if c.isspace() or c.isprintable())
    return " ".join(shown.split())[:limit].strip() or None


def clip_or(text: str | None, instead: str, limit: int = _TITLE) -> str:
    """Return the clipped text, or `instead` where nothing is left of it."""
    return clip(text, limit) or instead


def iso_day(text: str | None) -> date | None:
    """Return the day of an ISO date or moment (the UTC day of the latter); None if blank or wild.

    Days outside 1900–2099 are wild: no source of ours knows any.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = iso_moment(text)
        return moment.date() if moment else None
    return day if _EARLIEST <= day < _LATEST else None


def iso_moment(text: str | None) -> datetime | None:
    """Return an ISO moment in UTC; one without zone is taken as UTC; None if blank or wild."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _EARLIEST <= moment.date() < _LATEST:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def known(moment: datetime | None, payload: Payload) -> datetime | None:
    """Return the evidenced first public moment, or None (= when fetched) if it is none.

    A moment after the fetch proves nothing about when the row became public.
    """
    return moment if moment is not None and moment <= payload.fetched_at else None


def end_of_day(day: date | None) -> datetime | None:
    """Return the first moment (UTC) by which a thing dated `day` was public for certain."""
    if day is None:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def web_address(link: str | None, base: str = "", limit: int = 2000) -> str | None:
    """Return an absolute http(s) address, or None: other schemes never reach a page as a link."""
    if not link or len(link) > limit:
        return None
    try:
        address = urljoin(base, link.strip())
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return address if address.isprintable() and " " not in address else None


def twice(table: str, key: str) -> Refused:
    """Return the refusal of a row whose key the same answer has given before: the first stands."""
    return Refused(table, key[:256], "stands twice in one answer")
