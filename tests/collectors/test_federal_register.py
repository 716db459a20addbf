"""Federal Register: windows, questions, public inspection and its head start."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collectors import federal_register as register
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged
from collectors.record import PolicyEvent
from tests.collectors.conftest import Shelf, samples

BASE = "https://fr.example.org/api/v1"
DOCUMENTS = f"{BASE}/documents.json"
INSPECTION = f"{BASE}/public-inspection-documents/current.json"
NONE: dict[str, Any] = {"count": 0, "results": []}


def events(name: str) -> dict[str, PolicyEvent]:
    payload = next(s.payload for s in samples() if s.name == f"federal_register/{name}")
    return {e.event_id: e for e in register.parse(payload) if isinstance(e, PolicyEvent)}


@pytest.mark.parametrize("days", [0, 1, 90, 91, 400])
def test_windows_cover_each_day_once(days: int) -> None:
    start = date(2025, 3, 1)
    spans = list(register.windows(start, start + timedelta(days=days)))
    covered = [f + timedelta(days=n) for f, last in spans for n in range((last - f).days + 1)]
    assert covered == [start + timedelta(days=n) for n in range(days + 1)]


def test_every_question_is_asked_from_the_mark_with_overlap(
    options: Callable[..., Options],
) -> None:
    shelf = Shelf({DOCUMENTS: [NONE, NONE], INSPECTION: NONE})
    payloads = list(register.fetch(shelf, {"published_on": "2026-08-20"}, options(BASE)))
    asked = [dict(params) for url, params in shelf.asked if url == DOCUMENTS]
    assert [a["conditions[publication_date][gte]"] for a in asked] == ["2026-08-13"] * 2
    assert {a["conditions[term]"] for a in asked} == {'"artificial intelligence"', '"Entity List"'}
    assert [p.watermark for p in payloads] == [{}, {}, {"published_on": "2026-08-22"}]


def test_further_pages_are_followed(options: Callable[..., Options], read_own: Any) -> None:
    page = {"count": 2, "results": [], "next_page_url": f"{DOCUMENTS}?page=2"}
    row = {"document_number": "1", "title": "x", "publication_date": "2026-08-01"}
    first = page | {"results": [row]}
    shelf = Shelf({DOCUMENTS: [first, NONE], f"{DOCUMENTS}?page=2": NONE, INSPECTION: NONE})
    assert len(list(register.fetch(shelf, {"published_on": "2026-08-20"}, options(BASE)))) == 4


def test_an_order_occurs_when_signed_and_is_known_when_published() -> None:
    order = events("documents.json")["2026-90002"]
    assert (order.occurred_on, order.published_on) == (date(2026, 7, 31), date(2026, 8, 6))
    assert order.known_from == datetime(2026, 8, 7, tzinfo=UTC)
    assert order.verification == "verified"


def test_public_inspection_is_known_before_publication() -> None:
    found = events("inspection.json")
    assert set(found) == {"2026-90003"}, "fireworks are not about AI"
    assert found["2026-90003"].known_from == datetime(2026, 8, 20, 12, 45, tzinfo=UTC)


def test_the_entity_list_is_export_control(payload_of: Callable[..., Payload]) -> None:
    sample = next(s.payload for s in samples() if s.name == "federal_register/documents.json")
    entity = replace(sample, context={"question": "entity_list"})
    measures = {e.measure for e in register.parse(entity) if isinstance(e, PolicyEvent)}
    assert measures == {"export_control"}
    assert {e.measure for e in events("documents.json").values()} == {None}


def test_more_than_the_source_can_give_is_refused(payload_of: Callable[..., Payload]) -> None:
    body = '{"count": 2001, "results": []}'
    with pytest.raises(PayloadChanged, match="2000 documents"):
        list(register.parse(payload_of("federal_register", "documents", body)))
