"""Advisories on the packages that load models, from OSV.dev.

Documented at https://google.github.io/osv.dev/api/ and https://ossf.github.io/osv-schema/; moves
all day; no key, no stated rate limit. `modified_id.csv` of each ecosystem says what has changed,
querybatch which records concern our packages, /v1/vulns/{id} gives one record.

Traps: a clean package is `{}`; severity holds a vector, not a score; one flaw is known as GHSA,
PYSEC, CVE and BIT at once; mirrors (BIT-) bear the day of their import as `published`; without a
CVE among its own aliases a record may still share one through another record, so those are read
too and the ids are joined over all of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from collectors.alias import Aliases, flaw_of
from collectors.base import Collector, Http, Options, Payload, Response, Seen, Source, Watermark
from collectors.document import (
    answered,
    at,
    clip,
    decode_json,
    iso_moment,
    known,
    looks_like_html,
)  # fmt: skip
from collectors.errors import PayloadChanged, PayloadTooLarge, SourceRefused, SourceUnavailable
from collectors.package import watched
from collectors.record import Advisory, Record
from collectors.severity import newest_score_x10, rating

SOURCE = Source(
    id="osv",
    title="OSV.dev open source vulnerabilities",
    base_url="https://api.osv.dev",
    homepage="https://osv.dev",
    licence="CC BY 4.0, CC0 and Apache-2.0 by originating database",
    redistributable=True,
    terms="Credit the originating database, which the prefix of an id names.",
    every=timedelta(hours=6),
    stale_after=timedelta(days=3),
    seen=Seen.RECORDED,
    deadline=timedelta(minutes=30),
    hosts=("osv-vulnerabilities.storage.googleapis.com", "storage.googleapis.com"),
    tables=("advisories",),
)

SETTINGS = {
    "extra.packages": "PyPI/torch,Go/github.com/ollama/ollama instead of the registry's list",
}
"""What an operator may set under `sources.osv`, and what it does."""

BULK = "https://storage.googleapis.com/osv-vulnerabilities"
MIRRORS = ("BIT-",)
"""Prefixes of databases whose `published` is the day on which they imported the record."""

_CHUNK = 500  # querybatch takes 1,000 queries
_MAX_PAGES = 200
_MAX_RECORDS = 20_000
_MAX_BYTES = 256 << 20


class _Hit(msgspec.Struct):
    id: str
    modified: str = ""


class _Result(msgspec.Struct):
    vulns: list[_Hit] = []
    next_page_token: str | None = None


class _Batch(msgspec.Struct):
    results: list[_Result]


class _Severity(msgspec.Struct):
    score: str
    type: str = ""


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, str]] = []


class _Affected(msgspec.Struct):
    package: _Package | None = None
    severity: list[_Severity] | None = None
    ranges: list[_Range] | None = None


class _Vulnerability(msgspec.Struct):
    id: str
    modified: str
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    severity: list[_Severity] | None = None
    affected: list[_Affected] | None = None
    database_specific: msgspec.Raw = msgspec.Raw(b"{}")


class _Stated(msgspec.Struct):
    severity: str | None = None


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the records on watched packages that changed since the mark, joined to their aliases.

    The mark is the newest `modified` that has been read; it moves with the last payload.
    """
    mark = iso_moment(since.get("modified"))
    names = watched(options.extra.get("packages"))
    hits = _concerned(http, options, names)
    ecosystems = sorted({ecosystem for ecosystem, _ in names})
    changed = _changed(http, options, ecosystems, mark) if mark is not None else None
    due = sorted(
        id_
        for id_, modified in hits.items()
        if mark is None or modified is None or modified > mark or id_ in (changed or ())
    )
    answers, aliases = _read(http, options, due)
    newest = max((m for m in hits.values() if m is not None), default=mark)
    for position, (id_, answer) in enumerate(answers.items()):
        last = position == len(answers) - 1
        moved = {"modified": newest.isoformat()} if last and newest is not None else {}
        context = {"aliases": ",".join(sorted(aliases.of(id_)))}
        yield answered(SOURCE, "vulnerability", answer, moved, context)


def _concerned(
    http: Http, options: Options, names: Sequence[tuple[str, str]]
) -> dict[str, datetime | None]:
    """Return id → modified of every record on the packages, following each result's pages."""
    hits: dict[str, datetime | None] = {}
    url = f"{options.base_url}/v1/querybatch"
    pages = 0
    pending: list[dict[str, object]] = [
        {"package": {"ecosystem": ecosystem, "name": name}} for ecosystem, name in names
    ]
    while pending:
        pages += 1
        if pages > _MAX_PAGES:
            raise PayloadTooLarge(SOURCE.id, url, f"at most {_MAX_PAGES} pages")
        asked, pending = pending[:_CHUNK], pending[_CHUNK:]
        answer = http.post_json(url, {"queries": asked}, max_bytes=32 << 20)
        results = batch_results(answered(SOURCE, "batch", answer))
        if len(results) != len(asked):
            raise PayloadChanged(SOURCE.id, f"{url} $.results", f"{len(asked)} results in order")
        for query, (found, token) in zip(asked, results, strict=True):
            hits |= found
            if token:
                pending.append(query | {"page_token": token})
    return hits


def batch_results(payload: Payload) -> list[tuple[dict[str, datetime | None], str | None]]:
    """Return, for each query in order, id → modified and the token of the next page."""
    return [
        ({hit.id: iso_moment(hit.modified) for hit in result.vulns}, result.next_page_token)
        for result in decode_json(payload, _Batch).results
    ]


def _changed(http: Http, options: Options, ecosystems: Iterable[str], mark: datetime) -> set[str]:
    """Return the ids that the ecosystems' change lists show as newer than the mark.

    A list that cannot be had changes nothing: querybatch states `modified` as well.
    """
    ids: set[str] = set()
    for ecosystem in ecosystems:
        url = at(SOURCE, options, f"{BULK}/{quote(ecosystem)}/modified_id.csv")
        try:
            answer = http.get(url, max_bytes=128 << 20, revalidate=True)
        except (SourceRefused, SourceUnavailable):
            continue
        if answer.status != 304 and not looks_like_html(answer.body):
            ids |= changed_ids(answer.body, mark)
    return ids


def changed_ids(body: bytes, mark: datetime) -> set[str]:
    """Return the ids of a modified_id.csv (`moment,id` a line) that changed after the mark."""
    ids: set[str] = set()
    for line in body.decode("utf-8", errors="replace").splitlines():
        moment, _, id_ = line.partition(",")
        modified = iso_moment(moment.strip())
        if modified is not None and modified > mark:
            ids.add(id_.strip().rsplit("/", 1)[-1])
    return ids


def _read(http: Http, options: Options, due: Iterable[str]) -> tuple[dict[str, Response], Aliases]:
    """Return the records by id, and their aliases joined over all that were read."""
    answers: dict[str, Response] = {}
    aliases = Aliases()
    queue, asked, size = list(due), set[str](), 0
    while queue:
        id_ = queue.pop(0)
        if id_ in asked:
            continue
        asked.add(id_)
        url = f"{options.base_url}/v1/vulns/{quote(id_, safe='')}"
        answer = http.get(url, max_bytes=8 << 20, accept=(404,))
        if answer.status == 404:  # aliases may name records that OSV does not hold
            continue
        record = decode_json(answered(SOURCE, "vulnerability", answer), _Vulnerability)
        answers[id_] = answer
        aliases.join([record.id, *(record.aliases or ())])
        size += len(answer.body)
        if len(answers) > _MAX_RECORDS or size > _MAX_BYTES:
            raise PayloadTooLarge(SOURCE.id, url, f"at most {_MAX_RECORDS} records")
        if not any(name.startswith("CVE-") for name in aliases.of(id_)):
            queue.extend(record.aliases or ())
    return answers, aliases


def parse(payload: Payload) -> Iterator[Record]:
    """Yield one `advisories` record for each package that an OSV record affects."""
    record = decode_json(payload, _Vulnerability)
    id_ = clip(record.id, 100)
    modified = iso_moment(record.modified)
    if id_ is None or modified is None:
        raise PayloadChanged(SOURCE.id, f"{payload.url} $.id, $.modified", "an id and a moment")
    joined = [name for name in payload.context.get("aliases", "").split(",") if name]
    flaw = flaw_of([id_, *(record.aliases or ()), *joined])
    published = iso_moment(record.published)
    withdrawn = iso_moment(record.withdrawn)
    mirror = id_.startswith(MIRRORS)
    for (ecosystem, name), entries in _packages(record).items():
        score = _score(record, entries)
        yield Advisory(
            source_url=f"https://osv.dev/vulnerability/{id_}",
            published_on=published.date() if published else None,
            known_from=None if mirror else known(published, payload),
            advisory_id=id_,
            flaw_id=flaw,
            ecosystem=ecosystem,
            package=name,
            kind="malware" if id_.startswith("MAL-") else "vulnerability",
            cvss_x10=score,
            severity=_stated(record) or rating(score),
            fixed=_fixed(entries),
            withdrawn_on=withdrawn.date() if withdrawn else None,
            imported_in_bulk=mirror,
        )


def _packages(record: _Vulnerability) -> Mapping[tuple[str, str], list[_Affected]]:
    """Return the affected entries by package: a record may list one package several times."""
    found: dict[tuple[str, str], list[_Affected]] = {}
    for entry in record.affected or ():
        if entry.package is None:
            continue
        ecosystem, name = clip(entry.package.ecosystem, 50), clip(entry.package.name, 200)
        if ecosystem and name:
            found.setdefault((ecosystem, name), []).append(entry)
    return found


def _score(record: _Vulnerability, entries: Iterable[_Affected]) -> int | None:
    own = [s.score for entry in entries for s in entry.severity or ()]
    return newest_score_x10(own or [s.score for s in record.severity or ()])


def _stated(record: _Vulnerability) -> str | None:
    """Return the database's own word for the severity, lower-cased, where it gives one."""
    try:
        stated = msgspec.json.decode(record.database_specific, type=_Stated).severity
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # database_specific has no schema
    word = clip(stated, 20)
    return word.lower().replace("moderate", "medium") if word else None


def _fixed(entries: Iterable[_Affected]) -> bool | None:
    """Return whether a fixed version exists; None where the ranges do not speak of it."""
    events = [e for entry in entries for r in entry.ranges or () for e in r.events]
    if any("fixed" in event for event in events):
        return True
    return None if any("last_affected" in e for e in events) or not events else False


COLLECTOR = Collector(SOURCE, fetch, parse)
