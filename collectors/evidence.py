"""What a person enters: evaluations, verified incidents, policy codes, scores; CSV or YAML.

A CSV holds one table, named by its column `table` (default `evidence`); a YAML file holds lists of
entries by table. Columns are the fields of the record (collectors/record.py), and `value`, `score`,
`low`, `high` stand for the fields in millionths. Every entry names its source (`source_url`), bears
the author who enters it, and may name a second person (`attested_by`), who is never the author.

Traps: a period that ends in the future attests nothing; a spreadsheet saves Chinese text as GBK;
what is entered today is known from today, unless `known_from` is evidenced by the address given.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

import msgspec
import yaml

from collectors.base import Seen, Source
from collectors.document import clip, iso_day, iso_moment, web_address
from collectors.errors import PayloadChanged, PayloadTooLarge
from collectors.record import Evidence, Figure, Incident, PolicyEvent, Record, Score
from collectors.table import read_rows

SOURCE = Source(
    id="evidence",
    title="Evidence entered by the analysts of this centre",
    base_url="",
    homepage="",
    licence="of each source that an entry names",
    redistributable=True,
    terms="Each entry names its source, its author and who attested it.",
    every=timedelta(days=1),
    stale_after=timedelta(days=120),
    seen=Seen.DOCUMENTED,
    tables=("evidence", "incidents", "policy_events", "scores", "figures"),
)

TABLES: Mapping[str, type[Record]] = {
    kind.TABLE: kind for kind in (Evidence, Incident, PolicyEvent, Score, Figure)
}
MAX_ROWS = 10_000
MAX_BYTES = 8 << 20
MAX_TEXT = 4_000

_MICRO = {"value": "value_micro", "score": "score_micro", "low": "low_micro", "high": "high_micro"}


def parse_file(name: str, body: bytes, author: str, now: datetime) -> list[Record]:
    """Return the records of an intake file; `now` is the moment of entry, aware.

    Raises PayloadChanged, which names file, entry and column; nothing is taken from a file of
    which one entry is wrong.
    """
    if len(body) > MAX_BYTES:
        raise PayloadTooLarge(SOURCE.id, name, f"at most {MAX_BYTES} bytes")
    if not author.strip():
        raise PayloadChanged(SOURCE.id, name, "an author")
    suffix = name.rsplit(".", 1)[-1].lower()
    if suffix == "csv":
        entries = _of_csv(name, body)
    elif suffix in ("yaml", "yml"):
        entries = _of_yaml(name, body)
    else:
        raise PayloadChanged(SOURCE.id, name, "a .csv, .yaml or .yml file")
    records: list[Record] = []
    seen: set[tuple[str, ...]] = set()
    for place, table, entry in entries:
        if len(records) >= MAX_ROWS:
            raise PayloadTooLarge(SOURCE.id, place, f"at most {MAX_ROWS} entries")
        record = _record(place, table, entry, author.strip(), now)
        key = (table, *(str(getattr(record, field)) for field in record.KEY if field != "source"))
        if key in seen:
            raise PayloadChanged(SOURCE.id, place, f"each {'/'.join(key)} only once")
        seen.add(key)
        records.append(record)
    if not records:
        raise PayloadChanged(SOURCE.id, name, "at least one entry")
    return records


_Entry = tuple[str, str, dict[str, object]]
"""Where it stands, its table, its fields."""


def _of_csv(name: str, body: bytes) -> Iterator[_Entry]:
    try:
        for row in read_rows(SOURCE.id, body, ("source_url",), max_rows=MAX_ROWS):
            entry: dict[str, object] = {c: t for c in row.cells if (t := row.text(c)) is not None}
            yield f"{name} row {row.number}", str(entry.pop("table", Evidence.TABLE)), entry
    except PayloadChanged as error:
        if error.path.startswith(name):
            raise
        raise PayloadChanged(SOURCE.id, f"{name} {error.path}", error.expected) from error


def _of_yaml(name: str, body: bytes) -> Iterator[_Entry]:
    try:
        document = yaml.safe_load(body)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise PayloadChanged(SOURCE.id, name, f"YAML ({said})") from error
    if not isinstance(document, dict):
        raise PayloadChanged(SOURCE.id, name, f"lists by table: {', '.join(TABLES)}")
    for table, entries in document.items():
        if not isinstance(entries, list):
            raise PayloadChanged(SOURCE.id, f"{name} {str(table)[:80]}", "a list of entries")
        for number, entry in enumerate(entries, start=1):
            place = f"{name} {str(table)[:80]} entry {number}"
            if not isinstance(entry, dict):
                raise PayloadChanged(SOURCE.id, place, "a mapping")
            yield place, str(table), {str(k): v for k, v in entry.items() if v is not None}


def _record(
    place: str, table: str, entry: Mapping[str, object], author: str, now: datetime
) -> Record:
    kind = TABLES.get(table)
    if kind is None:
        raise PayloadChanged(SOURCE.id, f"{place}, column 'table'", f"one of {', '.join(TABLES)}")
    fields = _fields(place, kind, entry)
    if kind is Evidence:
        stated = fields.setdefault("author", author)
        if stated != author:
            raise _wrong(place, "author", f"{author!r}, who enters the file, or nothing")
        if fields.get("attested_by") == author:
            raise _wrong(place, "attested_by", "another person than the author (four eyes)")
    try:
        record = msgspec.convert(fields, kind, strict=False)
    except (msgspec.ValidationError, OverflowError) as error:
        said, _, path = str(error).partition(" - at `")
        column = path.strip("`").removeprefix("$.") or said.split("`")[-2:][0]
        raise _wrong(place, column, said[:200]) from error
    _check_times(place, record, now)
    return record


def _fields(place: str, kind: type[Record], entry: Mapping[str, object]) -> dict[str, object]:
    """Return the entry by field name, its texts checked and its numbers in millionths."""
    known = set(kind.__struct_fields__)
    fields: dict[str, object] = {}
    for column, value in entry.items():
        field = _MICRO.get(column, column)
        if field not in known or column.endswith("_micro"):
            columns = known - set(_MICRO.values()) | {c for c, f in _MICRO.items() if f in known}
            raise _wrong(place, column[:80], f"one of {', '.join(sorted(columns))}")
        fields[field] = _millionths(place, column, value) if column in _MICRO else value
        if isinstance(value, str) and clip(value, MAX_TEXT) != value.strip():
            raise _wrong(place, column, f"one line of at most {MAX_TEXT} printable characters")
    address = fields.get("source_url")
    if not isinstance(address, str) or web_address(address) is None:
        raise _wrong(place, "source_url", "the http(s) address of the source")
    moment = fields.get("known_from")
    if isinstance(moment, str):
        fields["known_from"] = iso_moment(moment)
        if fields["known_from"] is None:
            raise _wrong(place, "known_from", "an ISO 8601 moment")
    return fields


def _millionths(place: str, column: str, value: object) -> int:
    if isinstance(value, bool):
        raise _wrong(place, column, "a number")
    try:
        exact = Decimal(str(value)) * 1_000_000
    except InvalidOperation as error:
        raise _wrong(place, column, f"a number, not {str(value)[:40]!r}") from error
    if not exact.is_finite() or abs(exact) > 10**18:
        raise _wrong(place, column, "a number below 10^12")
    if exact != exact.to_integral_value():
        raise _wrong(place, column, "at most six decimals")
    return int(exact)


def _check_times(place: str, record: Record, now: datetime) -> None:
    today = now.date()
    for column in ("occurred_on", "published_on", "board_on", "period_from", "period_to"):
        day = getattr(record, column, None)
        if day is not None and (day > today or iso_day(day.isoformat()) is None):
            raise _wrong(place, column, f"a day from 1900 to {today.isoformat()}")
    moment = record.known_from
    if moment is not None and (moment.tzinfo is None or moment > now):
        raise _wrong(place, "known_from", "a moment with zone, not in the future")
    if isinstance(record, Evidence) and record.period_to < record.period_from:
        raise _wrong(place, "period_to", f"{record.period_from.isoformat()} or later")


def _wrong(place: str, column: str, expected: str) -> PayloadChanged:
    return PayloadChanged(SOURCE.id, f"{place}, column {column!r}", expected)
