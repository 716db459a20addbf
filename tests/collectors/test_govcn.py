"""gov.cn: days of Shanghai, relative addresses, words that choose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from collectors import govcn
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged, SourceRefused
from collectors.record import PolicyEvent
from tests.collectors.conftest import Shelf, samples


@pytest.fixture
def listing() -> Payload:
    return next(s.payload for s in samples() if s.source == "govcn")


def events(payload: Payload) -> list[PolicyEvent]:
    return [e for e in govcn.parse(payload) if isinstance(e, PolicyEvent)]


def test_all_four_lists_are_asked(options: Callable[..., Options]) -> None:
    shelf = Shelf({f"https://gov.example.cn{path}": b"[]" for path in govcn.LISTS.values()})
    payloads = list(govcn.fetch(shelf, {}, options("https://gov.example.cn")))
    assert [p.context["list"] for p in payloads] == list(govcn.LISTS)
    assert all("人工智能" in p.context["words"] for p in payloads)


def test_a_list_that_is_gone_does_not_keep_the_others_away(
    options: Callable[..., Options],
) -> None:
    paths = list(govcn.LISTS.values())[1:]
    shelf = Shelf({f"https://gov.example.cn{path}": b"[]" for path in paths})
    got: list[str] = []
    with pytest.raises(SourceRefused, match="ZUIXINZHENGCE"):
        got.extend(p.sweep for p in govcn.fetch(shelf, {}, options("https://gov.example.cn")))
    assert got == list(govcn.LISTS)[1:]


def test_a_day_ends_in_shanghai(listing: Payload) -> None:
    first, last = events(listing)
    assert first.known_from == datetime(2026, 8, 17, 16, tzinfo=UTC)
    assert last.known_from is None, "its day has not ended: known from the fetch"


def test_relative_addresses_are_completed(listing: Payload) -> None:
    assert events(listing)[1].source_url == "https://www.gov.cn/zhengce/202608/content_9000003.htm"


def test_without_words_everything_is_kept(listing: Payload) -> None:
    assert len(events(replace(listing, context={}))) == 3


@pytest.mark.parametrize("body", ["[]", '{"TITLE": "x"}', '[{"TITLE": "人工智能", "URL": "x"}]'])
def test_a_list_of_another_shape_is_refused(listing: Payload, body: str) -> None:
    with pytest.raises(PayloadChanged):
        events(replace(listing, body=body.encode()))
