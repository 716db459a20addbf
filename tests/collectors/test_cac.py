"""CAC: the date in the address counts, renamed lists are found again, other hosts are left out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from collectors import cac
from collectors.base import Options, Payload
from collectors.errors import PayloadChanged, SourceRefused
from collectors.record import PolicyEvent
from tests.collectors.conftest import Shelf, samples

BASE = "https://www.cac.gov.cn"
Opts = Callable[..., Options]


@pytest.fixture
def page() -> Payload:
    return next(s.payload for s in samples() if s.source == "cac")


def events(payload: Payload) -> list[PolicyEvent]:
    return [e for e in cac.parse(payload) if isinstance(e, PolicyEvent)]


def test_the_date_in_the_address_is_believed_before_the_printed_one(page: Payload) -> None:
    dated, printed = events(page)
    assert dated.occurred_on == date(2026, 8, 10)
    assert dated.source_url == f"{BASE}/2026-08/10/c_1790000000000001.htm"
    assert printed.occurred_on == date(2026, 8, 5)


def test_spam_that_links_elsewhere_is_left_out(page: Payload) -> None:
    assert not any("代开发票" in e.title for e in events(replace(page, context={})))


def test_a_list_without_items_is_refused(page: Payload) -> None:
    body = b"<html><body><div id='loadingInfoPage'></div></body></html>"
    with pytest.raises(PayloadChanged, match="loadingInfoPage"):
        events(replace(page, body=body))


def test_an_item_without_date_is_refused_by_place(page: Payload) -> None:
    body = page.body.replace(b" 2026-08-05 ", "昨天".encode())
    with pytest.raises(PayloadChanged, match=r"li\[3\]"):
        events(replace(page, body=body))


def test_a_renamed_list_is_found_from_the_index(options: Opts) -> None:
    found = {f"{BASE}{path}": b"x" for path in cac.LISTS[1:]}
    folder = f"{BASE}/wxzw/wxfb"
    index = b'<a href="/wxzw/zcfg/A1index_1.htm">other</a><a href="A777index_1.htm">here</a>'
    shelf = Shelf(found | {f"{folder}/index.htm": index, f"{folder}/A777index_1.htm": b"y"})
    bodies = [p.body for p in cac.fetch(shelf, {}, options(BASE))]
    assert bodies == [b"y", b"x", b"x", b"x", b"x"]


def test_a_list_that_is_gone_does_not_keep_the_others_away(options: Opts) -> None:
    shelf = Shelf({f"{BASE}{path}": b"x" for path in cac.LISTS[1:]})
    got: list[bytes] = []
    with pytest.raises(SourceRefused):
        got.extend(p.body for p in cac.fetch(shelf, {}, options(BASE)))
    assert len(got) == 4


def test_a_page_in_gbk_reads_as_chinese(page: Payload) -> None:
    text = page.body.decode().replace('charset="utf-8"', "").encode("gbk")
    assert [e.title for e in events(replace(page, body=text))] == [e.title for e in events(page)]
