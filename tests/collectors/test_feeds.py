"""Feeds: one that fails spoils none, entries are named or refused, encodings are found out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collectors import feeds
from collectors.base import Options, Payload, Refused, Response
from collectors.errors import SourceUnavailable
from collectors.feed_list import load
from collectors.record import PolicyEvent
from config.errors import ConfigError
from tests.collectors.conftest import NOW, Shelf, samples

LISTED = """
words: {ai: [llama]}
feeds:
  - {id: one, url: https://one.example.org/rss, jurisdiction: GB, words: [ai]}
  - {id: two, url: "https://two.example.org/atom?x=1", kind: research, encoding: gb18030}
"""
Opts = Callable[..., Options]


@pytest.fixture
def listed(tmp_path: Path) -> str:
    file = tmp_path / "feeds.yaml"
    file.write_text(LISTED, encoding="utf-8")
    return str(file)


def events(name: str) -> list[PolicyEvent]:
    payload = next(s.payload for s in samples() if s.name == f"feeds/{name}")
    return [e for e in feeds.parse(payload) if isinstance(e, PolicyEvent)]


def test_a_feed_that_fails_does_not_keep_the_others_away(options: Opts, listed: str) -> None:
    shelf = Shelf(
        {
            "https://one.example.org/rss": SourceUnavailable("down"),
            "https://two.example.org/atom?x=1": b"x",
        }
    )
    got: list[str] = []
    with pytest.raises(SourceUnavailable, match="1 of 2 feeds"):
        got.extend(p.sweep for p in feeds.fetch(shelf, {}, options("", extra={"file": listed})))
    assert got == ["two"]


def test_an_unchanged_feed_is_not_read_again(options: Opts, listed: str) -> None:
    same = Response("x", 304, {}, b"", NOW)
    shelf = Shelf({"https://one.example.org/rss": same, "https://two.example.org/atom?x=1": same})
    assert list(feeds.fetch(shelf, {}, options("", extra={"file": listed}))) == []


def test_behind_another_address_feeds_are_asked_under_their_hosts(
    options: Opts, listed: str
) -> None:
    base = "http://127.0.0.1:9/feeds"
    shelf = Shelf({f"{base}/one.example.org/rss": b"x", f"{base}/two.example.org/atom?x=1": b"y"})
    assert len(list(feeds.fetch(shelf, {}, options(base, extra={"file": listed})))) == 2


def test_the_shipped_feeds_are_of_listed_hosts() -> None:
    assert len(load()) >= 5
    assert all(feed.url.startswith("https://") for feed in load())
    assert "" not in feeds.SOURCE.hosts


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("id: one", "id: One!"), r"feeds\[0\]\.id"),
        (("https://one", "ftp://one"), r"feeds\[0\]\.url"),
        (("kind: research", "kind: gossip"), r"feeds\[1\]\.kind"),
        (("words: [ai]}", "words: [bi]}"), r"feeds\[0\]\.words"),
        (("kind: research", "colour: red"), r"feeds\[1\]\.colour"),
        (("id: two", "id: one"), "feeds: expected each id only once"),
        (("feeds:", "feed:"), "feeds"),
    ],
)
def test_a_wrong_list_is_refused_by_key(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(LISTED.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=key):
        load(str(file))


def test_a_hostile_title_is_text_and_its_link_is_of_the_web() -> None:
    titles = {e.title: e.source_url for e in events("rss.xml")}
    assert titles["Guidance on open-weight models"] == "https://policy.example.org/a?x=1&y=2"
    (other,) = set(titles) - {"Guidance on open-weight models"}
    assert "<" not in other
    assert titles[other] == "https://policy.example.org/b"


def test_entries_without_address_are_refused_by_name() -> None:
    payload = next(s.payload for s in samples() if s.name == "feeds/rss.xml")
    refused = [p for p in feeds.parse(payload) if isinstance(p, Refused)]
    assert [(p.key, p.reason) for p in refused] == [
        ("There are no reports yet.", "no address"),
        ("A link that is none: llama", "no address"),
    ]


def test_dates_are_those_of_the_entry_in_utc() -> None:
    first = events("rss.xml")[0]
    assert first.known_from == datetime(2026, 8, 3, 8, 30, tzinfo=UTC)
    assert first.published_on == date(2026, 8, 3)
    assert first.verification == "unverified"


def test_an_entry_of_the_future_is_known_from_the_fetch() -> None:
    payload = next(s.payload for s in samples() if s.name == "feeds/rss.xml")
    early = replace(payload, fetched_at=datetime(2026, 8, 1, tzinfo=UTC))
    found = [e for e in feeds.parse(early) if isinstance(e, PolicyEvent)]
    assert {e.known_from for e in found} == {None}


def test_gb2312_without_declaration_reads_as_chinese() -> None:
    (found,) = events("gb2312.xml")
    assert found.title == found.title_zh == "人工智能大模型备案公告（示例）"
    assert found.jurisdiction == "CN"


@pytest.mark.parametrize(
    ("body", "charset", "fallback", "host"),
    [
        ("警钟".encode("gbk"), "text/xml; charset=GB2312", None, ""),
        ("警钟".encode("gbk"), "", "gbk", ""),
        ("警钟".encode("gbk"), "", None, "www.miit.gov.cn"),
        ("警钟".encode(), "", None, "www.miit.gov.cn"),
        ("警钟".encode(), "text/xml; charset=no-such", None, ""),
        ("警钟".encode("utf-8-sig"), "text/xml; charset=iso-8859-1", None, ""),
        ("警钟".encode("utf-16"), "", None, ""),
        ('<?xml version="1.0" encoding="gb2312"?>警钟'.encode("gbk"), "", None, ""),
    ],
)
def test_encodings(body: bytes, charset: str, fallback: str | None, host: str) -> None:
    assert feeds.decode(body, charset, fallback, host).endswith("警钟")


def test_markup_cannot_grow_in_memory(payload_of: Callable[..., Payload]) -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{lines}]><rss><channel><item>'
    bomb += "<title>&e11;</title><link>https://a.example.org/</link></item></channel></rss>"
    found = list(feeds.parse(payload_of("feeds", "feed", bomb)))
    assert sum(len(str(item)) for item in found) < 5_000
