"""Incidents of the AI Incident Database, with their MIT classification.

Documented at https://incidentdatabase.ai/research/snapshots/ and by its GraphQL schema; moves
daily, snapshots weekly. Since 2026-09 the API asks for the token of a (free) account; without one
it may answer 401, and then the newest snapshot is read instead.

Traps: incidents appear weeks to years after they occurred (median 30 days, p90 474), so an
incident is known from the day it was *listed*: `created_at`, or the time in its ObjectId; the ids
made by the move of April 2022 are later than the first listing, never earlier. Increments go by
`created_at` and `date_modified`, not by `date`. Lists stand inside CSV cells; rows are not in
order of id; classes are another table, joined here by incident.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from collectors import snapshot
from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    clip_or,
    decode_json,
    iso_day,
    iso_moment,
    known,
    twice,
    web_address,
)  # fmt: skip
from collectors.errors import PayloadChanged, SourceRefused
from collectors.record import Incident
from collectors.table import Row, read_rows
from config import registry

SOURCE = Source(
    id="aiid",
    title="AI Incident Database",
    base_url="https://incidentdatabase.ai",
    homepage="https://incidentdatabase.ai",
    licence="CC BY-SA 4.0",
    redistributable=True,
    terms="Credit the AI Incident Database, share alike; report texts keep their own rights.",
    every=timedelta(days=1),
    stale_after=timedelta(days=14),
    seen=Seen.RECORDED,
    hosts=("pub-a5fe3e44369c4cabb576fa0d2c09fdf6.r2.dev",),
    tables=("incidents",),
    inventory=("snapshot",),
)

_PAGE = 500
_MAX_PAGES = 100
_OVERLAP = timedelta(days=2)
_OBJECT_ID = re.compile(r"\A(?:ObjectId\()?\"?([0-9a-f]{24})\"?\)?\Z")
_BACKUP = re.compile(r'href="([^"]{1,500}/backup-(\d{14})\.tar\.bz2)"')
_QUERY = """query Incidents($filter: IncidentFilterType, $limit: Int!, $skip: Int!) {
  incidents(filter: $filter, sort: {incident_id: ASC}, pagination: {limit: $limit, skip: $skip}) {
    incident_id title date created_at date_modified
    AllegedDeployerOfAISystem { entity_id name }
    AllegedDeveloperOfAISystem { entity_id name }
    implicated_systems { entity_id name }
  }
  classifications(filter: {namespace: {EQ: "MIT"}}, pagination: {limit: 20000, skip: 0}) {
    namespace publish incidents { incident_id } attributes { short_name value_json }
  }
}"""


class _Entity(msgspec.Struct):
    entity_id: str
    name: str | None = None


class _Listed(msgspec.Struct):
    incident_id: int
    date: str
    title: str | None = None
    created_at: str | None = None
    date_modified: str | None = None
    AllegedDeployerOfAISystem: list[_Entity] | None = None
    AllegedDeveloperOfAISystem: list[_Entity] | None = None
    implicated_systems: list[_Entity] | None = None


class _Attribute(msgspec.Struct):
    short_name: str
    value_json: str | None = None


class _Number(msgspec.Struct):
    incident_id: int


class _Class(msgspec.Struct):
    namespace: str
    publish: bool | None = None
    incidents: list[_Number] | None = None
    attributes: list[_Attribute] | None = None


class _Data(msgspec.Struct):
    incidents: list[_Listed]
    classifications: list[_Class] | None = None


class _Complaint(msgspec.Struct):
    message: str = ""


class _Answer(msgspec.Struct):
    data: _Data | None = None
    errors: list[_Complaint] | None = None


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the incidents listed or changed since the mark; all of them the first time."""
    if "snapshot" not in options.passes:
        try:
            yield from _by_graphql(http, since, options)
            return
        except SourceRefused:
            if options.key is not None:  # a wrong token is for the operator to mend
                raise
    yield from _by_snapshot(http, since, options)


def _by_graphql(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    url = f"{options.base_url}/api/graphql"
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    mark = iso_moment(since.get("modified"))
    wanted: dict[str, object] = {}
    if mark is not None:
        moment = {"GTE": (mark - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        wanted = {"OR": [{"created_at": moment}, {"date_modified": moment}]}
    newest = mark
    for page in range(_MAX_PAGES):
        variables = {"filter": wanted, "limit": _PAGE, "skip": page * _PAGE}
        asked = {"query": _QUERY, "variables": variables}
        answer = http.post_json(url, asked, headers=headers, max_bytes=64 << 20)
        payload = answered(SOURCE, "graphql", answer)
        rows = _data(payload).incidents
        moments = [m for r in rows for m in (iso_moment(r.created_at), iso_moment(r.date_modified))]
        newest = max([m for m in (newest, *moments) if m is not None], default=None)
        last = len(rows) < _PAGE
        moved = {"modified": newest.isoformat()} if last and newest is not None else {}
        yield answered(SOURCE, "graphql", answer, moved)
        if last:
            return
    raise PayloadChanged(SOURCE.id, url, f"an end within {_MAX_PAGES} pages of {_PAGE}")


def _by_snapshot(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the newest weekly snapshot, if it has not been read yet."""
    page = http.get(f"{options.base_url}/research/snapshots/", max_bytes=8 << 20)
    found = sorted(
        (stamp, link)
        for link, stamp in _BACKUP.findall(page.body.decode("utf-8", errors="replace"))
    )
    if not found:
        raise PayloadChanged(SOURCE.id, page.url, "a link to backup-YYYYMMDDHHmmss.tar.bz2")
    stamp, link = found[-1]
    if stamp == since.get("snapshot"):
        return
    url = web_address(link, page.url)
    if url is None:
        raise PayloadChanged(SOURCE.id, page.url, "an http(s) link to the snapshot")
    yield answered(SOURCE, "snapshot", http.get(url, max_bytes=1 << 30), {"snapshot": stamp})


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `incidents` record for each incident of a GraphQL answer, snapshot or CSV."""
    if payload.shape == "graphql":
        yield from _graphql(payload)
        return
    tables = {"incidents.csv": payload.body}
    if payload.shape == "snapshot":
        wanted = ("incidents.csv", "classifications_MIT.csv")
        tables = snapshot.members(SOURCE.id, payload.body, wanted)
        if "incidents.csv" not in tables:
            raise PayloadChanged(SOURCE.id, payload.url, "incidents.csv in the snapshot")
    classes = _classes_of_table(tables.get("classifications_MIT.csv"))
    yield from _incidents_of_table(payload, tables["incidents.csv"], classes)


def _data(payload: Payload) -> _Data:
    answer = decode_json(payload, _Answer)
    if answer.errors:
        raise PayloadChanged(
            SOURCE.id, f"{payload.url} $.errors[0]", f"none ({answer.errors[0].message[:200]})"
        )
    if answer.data is None:
        raise PayloadChanged(SOURCE.id, f"{payload.url} $.data", "an object")
    return answer.data


def _graphql(payload: Payload) -> Iterator[Parsed]:
    data = _data(payload)
    classes = dict(_classes_of(data.classifications or ()))
    for row in data.incidents:
        entities = [
            entity
            for part in (
                row.AllegedDeployerOfAISystem,
                row.AllegedDeveloperOfAISystem,
                row.implicated_systems,
            )
            for entity in part or ()
        ]
        yield _incident(
            payload,
            number=row.incident_id,
            title=row.title,
            occurred=row.date,
            listed=iso_moment(row.created_at),
            names=[entity.name or entity.entity_id for entity in entities],
            slugs=[entity.entity_id for entity in entities],
            classes=classes,
        )


def _classes_of(found: Sequence[_Class]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for entry in found:
        if entry.namespace != "MIT" or entry.publish is False:
            continue
        values = {a.short_name: _plain_value(a.value_json) for a in entry.attributes or ()}
        for incident in entry.incidents or ():
            yield incident.incident_id, values


def _plain_value(value_json: str | None) -> str:
    """Return a classification's value, which the API wraps in JSON once more."""
    try:
        value = json.loads(value_json or '""')
    except (ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _classes_of_table(body: bytes | None) -> dict[int, Mapping[str, str]]:
    if body is None:
        return {}
    columns = ("Incident ID", "Published", "Risk Domain", "Risk Subdomain", "Intent")
    found: dict[int, Mapping[str, str]] = {}
    for row in read_rows(SOURCE.id, body, columns):
        number = row.number_of("Incident ID", 0, 1e9)
        if number is not None and row.text("Published") == "True":
            found.setdefault(int(number), row.cells)
    return found


def _incidents_of_table(
    payload: Payload, body: bytes, classes: Mapping[int, Mapping[str, str]]
) -> Iterator[Parsed]:
    deployer, developer = "Alleged deployer of AI system", "Alleged developer of AI system"
    columns = ("_id", "incident_id", "date", deployer, developer, "title")
    seen: set[int] = set()
    for row in read_rows(SOURCE.id, body, columns):
        number = row.number_of("incident_id", 0, 1e9)
        if number is None:
            raise row.wrong("incident_id", "a number")
        if int(number) in seen:
            yield twice("incidents", str(int(number)))
            continue
        seen.add(int(number))
        slugs = [*_list_in_cell(row, deployer), *_list_in_cell(row, developer)]
        yield _incident(
            payload,
            number=int(number),
            title=row.text("title"),
            occurred=row.required("date"),
            listed=made_at(row),
            names=slugs,
            slugs=slugs,
            classes=classes,
        )


def made_at(row: Row) -> datetime:
    """Return when the row was made: the first four bytes of its ObjectId are seconds since 1970."""
    match = _OBJECT_ID.match(row.required("_id"))
    if match is None:
        raise row.wrong("_id", "ObjectId(24 hexadecimal digits)")
    return datetime.fromtimestamp(int(match[1][:8], 16), UTC)


def _list_in_cell(row: Row, column: str) -> list[str]:
    text = row.text(column)
    if text is None:
        return []
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise row.wrong(column, "a JSON list of names") from error


def _incident(
    payload: Payload,
    *,
    number: int,
    title: str | None,
    occurred: str,
    listed: datetime | None,
    names: Sequence[str],
    slugs: Sequence[str],
    classes: Mapping[int, Mapping[str, str]],
) -> Incident:
    day = iso_day(occurred)
    if day is None:
        place = f"{payload.url} incident {number}"
        raise PayloadChanged(SOURCE.id, place, f"a date YYYY-MM-DD, not {occurred[:40]!r}")
    about = classes.get(number, {})
    return Incident(
        source_url=f"https://incidentdatabase.ai/cite/{number}",
        occurred_on=day,
        published_on=listed.date() if listed else None,
        known_from=known(listed, payload),
        incident_id=str(number),
        title=clip(title),
        risk_domain=_numeral(about.get("Risk Domain")),
        risk_subdomain=_numeral(about.get("Risk Subdomain")),
        intent=clip(about.get("Intent"), 40),
        systems=clip_or("; ".join(dict.fromkeys(names)), "", 1000),
        open_family=open_family(slugs),
        verification="verified_secondary",
    )


def _numeral(heading: str | None) -> str | None:
    """Return `4` of "4. Malicious Actors & Misuse", `4.1` of its sections."""
    match = re.match(r"\s*(\d{1,2}(?:\.\d{1,2})?)\b", heading or "")
    return match[1] if match else None


def open_family(slugs: Sequence[str]) -> str | None:
    """Return the first open-model family of the lexicon that a system or developer names."""
    words = registry.lexicon().get("open_families", ())
    text = " ".join(slug.casefold().replace(" ", "-") for slug in slugs)
    return next((word for word in words if word in text), None)


COLLECTOR = Collector(SOURCE, fetch, parse)
