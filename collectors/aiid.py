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
from datetime import timedelta

import msgspec

from collectors import snapshot
from collectors.aiid_incident import SOURCE_ID, incident
from collectors.aiid_table import classes_of, duplicates_of, incidents_of
from collectors.base import (
    Collector,
    Http,
    Options,
    Parsed,
    Payload,
    Seen,
    Source,
    Watermark,
)
from collectors.document import (
    answered,
    at,
    decode_json,
    iso_moment,
    web_address,
)  # fmt: skip
from collectors.errors import PayloadChanged, SourceRefused

SOURCE = Source(
    id=SOURCE_ID,
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

SETTINGS = {
    "key": "token of a free account; without one the weekly snapshot may have to do",
    "passes": "[snapshot] reads the weekly snapshot in any case",
    "extra.hosts": "host of the snapshot, should it move",
}
"""What an operator may set under `sources.aiid`, and what it does."""

_PAGE = 500
_MAX_PAGES = 100
_OVERLAP = timedelta(days=2)
_BACKUP = re.compile(r'href="([^"]{1,500}/backup-(\d{14})\.tar\.bz2)"')
_QUERY = """query Incidents($filter: IncidentFilterType, $limit: Int!, $skip: Int!) {
  incidents(filter: $filter, sort: {incident_id: ASC}, pagination: {limit: $limit, skip: $skip}) {
    incident_id title date created_at date_modified
    AllegedDeployerOfAISystem { entity_id }
    AllegedDeveloperOfAISystem { entity_id }
    implicated_systems { entity_id }
  }
  classifications(filter: {namespace: {EQ: "MIT"}}, pagination: {limit: 20000, skip: 0}) {
    namespace publish incidents { incident_id } attributes { short_name value_json }
  }
}"""


class _Entity(msgspec.Struct):
    entity_id: str


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
    answer = http.get(at(SOURCE, options, url), max_bytes=1 << 30)
    yield answered(SOURCE, "snapshot", answer, {"snapshot": stamp})


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `incidents` record for each incident of a GraphQL answer, snapshot or CSV."""
    if payload.shape == "graphql":
        yield from _graphql(payload)
        return
    tables = {"incidents.csv": payload.body}
    if payload.shape == "snapshot":
        wanted = ("incidents.csv", "classifications_MIT.csv", "duplicates.csv")
        tables = snapshot.members(SOURCE.id, payload.body, wanted)
        if "incidents.csv" not in tables:
            raise PayloadChanged(SOURCE.id, payload.url, "incidents.csv in the snapshot")
    classes = classes_of(tables.get("classifications_MIT.csv"))
    duplicates = duplicates_of(tables.get("duplicates.csv"))
    yield from incidents_of(payload, tables["incidents.csv"], classes, duplicates)


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
        made_by = [*(row.implicated_systems or ()), *(row.AllegedDeveloperOfAISystem or ())]
        run_by = row.AllegedDeployerOfAISystem or ()
        yield incident(
            payload,
            number=row.incident_id,
            title=row.title,
            occurred=row.date,
            listed=iso_moment(row.created_at),
            made_by=[entity.entity_id for entity in made_by],
            run_by=[entity.entity_id for entity in run_by],
            classes=classes,
        )


def _classes_of(found: Sequence[_Class]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for entry in found:
        if entry.namespace != "MIT" or entry.publish is False:
            continue
        values = {a.short_name: _plain_value(a.value_json) for a in entry.attributes or ()}
        for concerned in entry.incidents or ():
            yield concerned.incident_id, values


def _plain_value(value_json: str | None) -> str:
    """Return a classification's value, which the API wraps in JSON once more."""
    try:
        value = json.loads(value_json or '""')
    except (ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


COLLECTOR = Collector(SOURCE, fetch, parse)
