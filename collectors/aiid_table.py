"""The tables of an AIID snapshot: incidents, their MIT classes, and which repeat others."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from collectors.aiid_incident import SOURCE_ID, incident
from collectors.base import Parsed, Payload, Refused
from collectors.document import twice
from collectors.table import Row, read_rows

_OBJECT_ID = re.compile(r"\A(?:ObjectId\()?\"?([0-9a-f]{24})\"?\)?\Z")


def classes_of(body: bytes | None) -> dict[int, Mapping[str, str]]:
    if body is None:
        return {}
    columns = ("Incident ID", "Published", "Risk Domain", "Risk Subdomain", "Intent")
    found: dict[int, Mapping[str, str]] = {}
    for row in read_rows(SOURCE_ID, body, columns):
        number = row.number_of("Incident ID", 0, 1e9)
        if number is not None and row.text("Published") == "True":
            found.setdefault(int(number), row.cells)
    return found


def duplicates_of(body: bytes | None) -> dict[int, str]:
    """Return, for each incident that repeats another, the number of the true one."""
    columns = ("duplicate_incident_number", "true_incident_number")
    rows = () if body is None else read_rows(SOURCE_ID, body, columns)
    return {
        int(number): row.required(columns[1])
        for row in rows
        if (number := row.number_of(columns[0], 0, 1e9)) is not None
    }


def incidents_of(
    payload: Payload,
    body: bytes,
    classes: Mapping[int, Mapping[str, str]],
    duplicates: Mapping[int, str],
) -> Iterator[Parsed]:
    deployer, developer = "Alleged deployer of AI system", "Alleged developer of AI system"
    columns = ("_id", "incident_id", "date", deployer, developer, "title")
    seen: set[int] = set()
    for row in read_rows(SOURCE_ID, body, columns):
        number = row.number_of("incident_id", 0, 1e9)
        if number is None:
            raise row.wrong("incident_id", "a number")
        if int(number) in seen:
            yield twice("incidents", str(int(number)))
            continue
        seen.add(int(number))
        if (true := duplicates.get(int(number))) is not None:
            yield Refused("incidents", str(int(number)), f"repeats incident {true[:20]}")
            continue
        yield incident(
            payload,
            number=int(number),
            title=row.text("title"),
            occurred=row.required("date"),
            listed=made_at(row),
            made_by=_list_in_cell(row, developer),
            run_by=_list_in_cell(row, deployer),
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
