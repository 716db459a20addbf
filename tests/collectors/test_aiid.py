"""AIID: increments, pages, tokens, and the snapshot when the API does not answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors import aiid
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged, SourceRefused
from collectors.record import Incident
from tests.collectors.conftest import Shelf, samples

BASE = "https://aiid.example.org"
API, PAGE = f"{BASE}/api/graphql", f"{BASE}/research/snapshots/"
BACKUP = "https://files.example.org/backup-20260817101010.tar.bz2"
MIRRORED = f"{BASE}/files.example.org/backup-20260817101010.tar.bz2"
Opts = Callable[..., Options]


def listed(number: int, created: str) -> dict[str, Any]:
    return {"incident_id": number, "date": "2026-01-01", "title": "x", "created_at": created}


def answer(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": {"incidents": rows, "classifications": []}}


def test_pages_are_asked_until_one_is_not_full(options: Opts, monkeypatch: Any) -> None:
    monkeypatch.setattr(aiid, "_PAGE", 2)
    rows = [listed(n, f"2026-06-0{n}T00:00:00Z") for n in range(1, 6)]
    shelf = Shelf({API: [answer(rows[:2]), answer(rows[2:4]), answer(rows[4:])]})
    payloads = list(aiid.fetch(shelf, {}, options(BASE)))
    assert [document["variables"]["skip"] for _, document in shelf.asked] == [0, 2, 4]
    assert [p.watermark for p in payloads] == [{}, {}, {"modified": "2026-06-05T00:00:00+00:00"}]


def test_increments_go_by_listing_and_change_with_overlap(options: Opts) -> None:
    shelf = Shelf({API: answer([])})
    since = {"modified": "2026-06-05T00:00:00+00:00"}
    (payload,) = aiid.fetch(shelf, since, options(BASE))
    moment = {"GTE": "2026-06-03T00:00:00.000Z"}
    wanted = {"OR": [{"created_at": moment}, {"date_modified": moment}]}
    assert shelf.asked[0][1]["variables"]["filter"] == wanted
    assert payload.watermark == since


def test_a_token_is_sent_where_there_is_one(options: Opts) -> None:
    shelf = Shelf({API: answer([])})
    list(aiid.fetch(shelf, {}, options(BASE, key="aiid_secret")))
    list(aiid.fetch(shelf, {}, options(BASE)))
    assert [h.get("Authorization") for h in shelf.headers] == ["Bearer aiid_secret", None]


def test_without_a_token_the_newest_snapshot_stands_in(options: Opts) -> None:
    page = b'<a href="/old/backup-20260810101010.tar.bz2">a</a><a href="%s">b</a>' % BACKUP.encode()
    shelf = Shelf({API: SourceRefused("401"), PAGE: page, MIRRORED: b"x"})
    (payload,) = aiid.fetch(shelf, {}, options(BASE))
    assert (payload.shape, payload.watermark) == ("snapshot", {"snapshot": "20260817101010"})
    again = Shelf({API: SourceRefused("401"), PAGE: page})
    assert list(aiid.fetch(again, payload.watermark, options(BASE))) == []


def test_a_refused_token_is_the_operators_to_mend(options: Opts) -> None:
    with pytest.raises(SourceRefused):
        list(aiid.fetch(Shelf({API: SourceRefused("401")}), {}, options(BASE, key="wrong")))


def test_an_error_in_the_answer_is_said(payload_of: Callable[..., Payload]) -> None:
    body = '{"errors": [{"message": "Unknown field"}], "data": null}'
    with pytest.raises(PayloadChanged, match="Unknown field"):
        list(aiid.parse(payload_of("aiid", "graphql", body)))


def incidents(shape: str) -> dict[str, Incident]:
    payload = next(s.payload for s in samples() if (s.source, s.payload.shape) == ("aiid", shape))
    return {i.incident_id: i for i in aiid.parse(payload) if isinstance(i, Incident)}


@pytest.mark.parametrize("shape", ["graphql", "snapshot"])
def test_classes_are_joined_and_unpublished_ones_are_not(shape: str) -> None:
    found = incidents(shape)["9001"]
    assert (found.risk_domain, found.risk_subdomain, found.intent) == ("4", "4.3", "Intentional")
    assert found.open_family == "Stable Diffusion"
    assert found.systems == "stability-ai", "a deployer may be a private person"
    others = [i for i in incidents(shape).values() if i.incident_id != "9001"]
    assert {i.risk_domain for i in others} == {None}


def test_an_incident_is_known_from_its_listing_not_its_date() -> None:
    found = incidents("graphql")["9001"]
    assert found.occurred_on == date(2026, 5, 2)
    assert found.known_from == datetime(2026, 6, 20, 8, 15, tzinfo=UTC)
    old = incidents("snapshot")["17"]
    assert (old.occurred_on, old.published_on) == (date(2018, 3, 1), date(2022, 4, 13))
