"""Every registered collector keeps the contract over the payloads that we wrote for it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from collectors import registry
from collectors.base import KEPT_HEADERS, Columns, Parsed, Payload, Refused, Seen
from collectors.errors import CollectError, PayloadChanged
from collectors.record import Record
from collectors.redaction import without_secrets
from collectors.schema import arrow_schema, columns

if TYPE_CHECKING:
    from tests.collectors.conftest import Sample

SIGN_IN = b"""<!DOCTYPE html><html><head><title>Sign in</title></head>
<body><form action="/login"><ul><li><a href="/help">Help</a></li></ul></form></body></html>"""


def parse(payload: Payload) -> list[Parsed]:
    return list(registry.by_id(payload.source).parse(payload))


def own(parsed: list[Parsed]) -> list[Record]:
    return [item for item in parsed if isinstance(item, Record)]


def refusal(payload: Payload) -> PayloadChanged | None:
    """Return why parse refuses the payload; None if it does not. Any other error passes on."""
    try:
        parse(payload)
    except PayloadChanged as error:
        return error
    return None


def test_every_registered_source_has_payloads_of_ours(request: pytest.FixtureRequest) -> None:
    folder = request.path.parent / "payloads"
    written = {listing.parent.name for listing in folder.glob("*/payloads.yaml")}
    assert {collector.source.id for collector in registry.COLLECTORS} <= written


def test_sources_say_where_they_come_from_and_on_what_terms() -> None:
    for collector in registry.COLLECTORS:
        source = collector.source
        assert source.title
        assert source.licence
        assert source.homepage.startswith("https://")
        assert source.tables
        assert source.every <= source.stale_after
        assert source.seen in Seen


def test_gives_the_records_that_the_payload_holds(sample: "Sample") -> None:
    parsed = parse(sample.payload)
    found = Counter[str]()
    for item in parsed:
        if isinstance(item, Columns):
            found[item.record.TABLE] += len(next(iter(item.columns.values())))
        elif isinstance(item, Record):
            found[item.TABLE] += 1
    assert dict(found) == dict(sample.records)
    assert sum(isinstance(item, Refused) for item in parsed) == sample.refused
    assert set(found) <= set(registry.by_id(sample.source).source.tables)


def test_is_a_pure_function_of_the_payload(sample: "Sample") -> None:
    assert parse(sample.payload) == parse(sample.payload)


class _Kept(dict[str, str]):
    """Headers of which only the kept ones may be looked at."""

    def get(self, name: str, default: Any = None) -> Any:
        assert name in KEPT_HEADERS, f"parse looks at {name!r}: see KEPT_HEADERS"
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        return str(self.get(name))

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("parse looks at all headers: see KEPT_HEADERS")


def test_reads_a_kept_payload_as_the_live_one(sample: "Sample") -> None:
    live = replace(sample.payload, headers=_Kept(sample.payload.headers))
    kept = without_secrets(sample.payload, "the source's key")
    assert parse(live) == parse(kept) == parse(sample.payload)


def test_gives_each_key_once(sample: "Sample") -> None:
    keys = Counter(
        (r.TABLE, *(getattr(r, field) for field in r.KEY if field != "source"))
        for r in own(parse(sample.payload))
    )
    assert [key for key, times in keys.items() if times > 1] == []


def test_nothing_is_known_before_it_was_fetched_without_evidence(sample: "Sample") -> None:
    for record in own(parse(sample.payload)):
        if record.known_from is not None:
            assert record.known_from.tzinfo is not None
            assert record.known_from <= sample.payload.fetched_at
            evidence = record.published_on or record.occurred_on
            assert evidence is not None
            assert record.known_from.date() >= evidence


def test_the_lake_can_hold_every_value(sample: "Sample") -> None:
    for record in own(parse(sample.payload)):
        own_schema = arrow_schema(type(record))
        for column in columns(type(record)):
            value = getattr(record, column.field)
            if value is not None and column.convert is not None:
                value = column.convert(value)
            pa.array([value], own_schema.field(column.name).type)
        assert record.source_url.startswith(("https://", "http://"))


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf", SIGN_IN, b"\x00" * 64])
def test_refuses_what_is_no_answer(sample: "Sample", body: bytes) -> None:
    with pytest.raises(PayloadChanged) as caught:
        parse(replace(sample.payload, body=body))
    assert caught.value.source == sample.source
    assert caught.value.path
    assert caught.value.expected


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_a_truncated_answer_is_refused_or_gives_only_what_is_whole(
    sample: "Sample", share: float
) -> None:
    body = sample.payload.body
    cut = replace(sample.payload, body=body[: int(len(body) * share)])
    try:
        found = own(parse(cut))
    except CollectError:
        return
    assert len(found) <= len(own(parse(sample.payload)))


def test_truncated_json_is_always_refused(json_sample: "Sample") -> None:
    body = json_sample.payload.body.rstrip()
    for cut in range(1, len(body), max(1, len(body) // 40)):
        with pytest.raises(PayloadChanged):
            parse(replace(json_sample.payload, body=body[:cut]))


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _places(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _places(value, (*path, number))


def _with(document: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> bytes:
    copy = json.loads(json.dumps(document))
    node = copy
    for step in path[:-1]:
        node = node[step]
    change(node, path[-1])
    return json.dumps(copy).encode()


@pytest.mark.parametrize(
    "value", [None, 7, -1.5, 10**30, "text", "", True, [], {}, [[]], [None], "2026-13-45", "\ud800"]
)
def test_wrong_types_in_json_are_refused_by_place_or_read_as_absent(
    json_sample: "Sample", value: object
) -> None:
    document = json.loads(json_sample.payload.body)
    for path in _places(document):
        if not path:
            continue
        body = _with(document, path, lambda node, key: node.__setitem__(key, value))
        error = refusal(replace(json_sample.payload, body=body))
        assert error is None or error.path


def test_a_missing_field_is_refused_by_place_or_read_as_absent(json_sample: "Sample") -> None:
    document = json.loads(json_sample.payload.body)
    for path in _places(document):
        if not path or not isinstance(path[-1], str):
            continue
        body = _with(document, path, lambda node, key: node.__delitem__(key))
        error = refusal(replace(json_sample.payload, body=body))
        assert error is None or error.path
