"""What a collector is: a source, a fetch that meets the network, a parse that does not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from collectors.record import Record


class Seen(StrEnum):
    """What a source's parser was built from; only a live fetch makes it `live`."""

    RECORDED = "recorded"
    DOCUMENTED = "documented"
    RECALLED = "recalled"


@dataclass(frozen=True)
class Source:
    """One place that facts come from, and on what terms."""

    id: str
    title: str
    base_url: str
    """Default address; `sources.ID.base_url` overrides it."""
    homepage: str
    licence: str
    redistributable: bool
    """Whether rows may be exported or shown beyond counts."""
    every: timedelta
    stale_after: timedelta
    seen: Seen
    terms: str = ""
    """One sentence on what the licence asks of a report (attribution, share-alike)."""
    needs_key: str | None = None
    """Name of the setting under `sources.ID` without which the source is skipped."""
    deadline: timedelta = timedelta(minutes=10)
    pause: timedelta = timedelta(0)
    """Least time between two requests, for a source that asks for it without telling a quota."""
    hosts: tuple[str, ...] = ()
    """Further hosts that an answer may lead to (downloads, list pages)."""
    tables: tuple[str, ...] = ()
    """Tables of the lake that this source writes."""
    inventory: tuple[str, ...] = ()
    """Sweeps that list everything there is, so that a fall in rows is a collapse; "" for the run
    of a source without sweeps."""


KEPT_HEADERS = frozenset(
    {
        *("content-type", "date", "etag", "last-modified", "location"),
        *("x-error-code", "x-error-message"),
    }
)
"""Headers of an answer that are kept with it. A parse that looks at another would not read a kept
payload as it read the live one, so add it here; never one that may hold a key (Set-Cookie)."""


@dataclass(frozen=True)
class Payload:
    """One answer as it came; `shape` tells parse which of the source's documents it is."""

    source: str
    shape: str
    url: str
    status: int
    headers: Mapping[str, str]
    """Lower-cased names; parse looks at KEPT_HEADERS alone."""
    body: bytes
    """Decoded from any content encoding."""
    fetched_at: datetime
    watermark: Mapping[str, str] = field(default_factory=dict)
    """Marks that may be advanced once everything up to this payload is safely in the lake."""
    sweep: str = ""
    """Name of the batch that this payload is a page of. Pages of one name follow each other and
    become visible together, after the page that is `last`; empty = one batch with the whole run.
    """
    resumable: bool = False
    """Whether the sweep may go on in a later run from this page's `watermark`; if not, an
    interrupted sweep is abandoned and begun again."""
    last: bool = False
    """Whether this page completes its sweep."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What parse must know of the request besides the body (a feed's settings); kept with it."""


@dataclass(frozen=True)
class Columns:
    """Many rows of one table at once, already columnar: the fast road for whole-hub sweeps.

    `columns` maps *record field names* to equally long lists, dates and moments still as such, or
    to Arrow arrays that already have the type of the lake's column;
    `shared` holds the fields that are equal in all rows (envelope included).
    """

    record: type[Record]
    columns: Mapping[str, Sequence[object]]
    shared: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A row that was not taken into the lake: counted, kept in quarantine, never dropped silently.

    `key` is printable and at most 256 characters; it may be hostile text, so escape it.
    """

    table: str
    key: str
    reason: str


Parsed = Record | Columns | Refused


@dataclass(frozen=True)
class Options:
    """What the operator set for one source, plus what the run knows."""

    now: datetime
    base_url: str
    key: str | None = None
    """The secret, if any; never logged."""
    floor: int = 10
    """30-day downloads under which the active pass stops."""
    passes: tuple[str, ...] = ()
    """Which passes to run, for a source that has several; empty = those that are due."""
    watch: tuple[str, ...] = ()
    """Repositories to look at in detail."""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """An HTTP answer read to its end within limits. 304 has an empty body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime


class Http(Protocol):
    """The network as a collector sees it: paced, bounded, allow-listed, retried.

    Raises SourceUnavailable, SourceRefused or PayloadTooLarge; never returns 4xx or 5xx unless
    `accept` names the status.
    """

    def get(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
        accept: tuple[int, ...] = (),
        revalidate: bool = False,
    ) -> Response:
        """Return the answer; `revalidate` sends ETag and Last-Modified, so 304 may come."""
        ...

    def post_json(
        self,
        url: str,
        document: object,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
    ) -> Response:
        """Send a JSON document and return the answer."""
        ...


Watermark = Mapping[str, str]
"""What the last complete run reached, by the collector's own keys; empty on the first run."""

Fetch = Callable[[Http, Watermark, Options], Iterator[Payload]]
Parse = Callable[[Payload], Iterator[Parsed]]


@dataclass(frozen=True)
class Collector:
    """A source with its two halves."""

    source: Source
    fetch: Fetch
    parse: Parse
