"""Whatever arrives, a parser gives records or says that the payload has changed: nothing else."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors import registry, table
from collectors.alias import Aliases, flaw_of
from collectors.base import Payload
from collectors.document import clip, iso_day, iso_moment, web_address
from collectors.errors import CollectError
from collectors.evidence import parse_file
from collectors.feeds import decode
from collectors.jurisdiction import jurisdictions
from collectors.severity import base_score_x10, newest_score_x10

if TYPE_CHECKING:
    from tests.collectors.conftest import Sample

SOON = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY = settings(max_examples=300, deadline=None)


def survives(payload: Payload) -> None:
    try:
        list(registry.by_id(payload.source).parse(payload))
    except CollectError:
        return


@SOON
@given(body=st.binary(max_size=400))
def test_any_bytes(sample: "Sample", body: bytes) -> None:
    survives(replace(sample.payload, body=body))


@SOON
@given(data=st.data())
def test_a_payload_with_bytes_replaced(sample: "Sample", data: st.DataObject) -> None:
    body = sample.payload.body
    start = data.draw(st.integers(0, len(body)))
    length = data.draw(st.integers(0, 40))
    piece = data.draw(st.one_of(st.binary(max_size=40), st.sampled_from(PIECES)))
    survives(replace(sample.payload, body=body[:start] + piece + body[start + length :]))


PIECES = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b",,,,", b"\r\n\r\n", b"[[[[[[[[", b"{{{{{{",
    b"&entity;", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<![CDATA[", b"9999-99-99", b"1e999", b"NaN",
    b"-0", b"null", b"\\ud800", b"!!python/object/apply:os.system [x]", b"&a [*a, *a]", b"\xf0\x9f",
]  # fmt: skip
"""What has broken parsers elsewhere."""


@SOON
@given(data=st.data())
def test_a_payload_with_a_piece_repeated(sample: "Sample", data: st.DataObject) -> None:
    body = sample.payload.body
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 200)))
    survives(replace(sample.payload, body=body[:end] + body[start:end] + body[end:]))


@MANY
@given(name=st.sampled_from(["a.csv", "a.yaml"]), body=st.binary(max_size=300))
def test_any_bytes_as_evidence(name: str, body: bytes) -> None:
    try:
        parse_file(name, body, "li.na", datetime(2026, 8, 22, tzinfo=UTC))
    except CollectError:
        return


@MANY
@given(text=st.text(max_size=300))
def test_clipped_text_fits_one_line_of_utf8(text: str) -> None:
    clipped = clip(text, 50)
    if clipped is not None:
        assert 0 < len(clipped) <= 50
        assert clipped.encode("utf-8").decode("utf-8") == clipped
        assert clipped.isprintable()
        assert clip(clipped, 50) == clipped


@MANY
@given(text=st.one_of(st.text(max_size=40), st.datetimes().map(str), st.dates().map(str)))
def test_dates_are_sane_or_none(text: str) -> None:
    day, moment = iso_day(text), iso_moment(text)
    assert day is None or 1899 <= day.year <= 2100
    assert moment is None or moment.utcoffset() is not None


@MANY
@given(link=st.text(max_size=80), base=st.sampled_from(["", "https://example.org/a/"]))
def test_addresses_are_of_the_web_or_none(link: str, base: str) -> None:
    address = web_address(link, base)
    assert address is None or address.startswith(("http://", "https://"))


@MANY
@given(body=st.binary(max_size=300), host=st.sampled_from(["", "www.gov.cn", "a.gov.cn"]))
def test_any_bytes_become_text(body: bytes, host: str) -> None:
    assert isinstance(decode(body, host=host), str)
    assert isinstance(table.decode(body), str)


@MANY
@given(text=st.text("一二三四五六七八九十人工智能大模型开源监测", min_size=2, max_size=60))
def test_everyday_chinese_in_gbk_reads_as_written(text: str) -> None:
    body = text.encode("gbk")
    with contextlib.suppress(UnicodeDecodeError):
        body.decode("utf-8")
        return  # a run of 一 happens to be valid UTF-8 too: undecidable
    assert table.decode(body) == text


@MANY
@given(names=st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=8))
def test_aliases_join_whatever_the_order(names: list[list[str]]) -> None:
    def joined(order: Callable[[list[list[str]]], list[list[str]]]) -> dict[str, frozenset[str]]:
        aliases = Aliases()
        for group in order(names):
            aliases.join(group)
        return {name: aliases.of(name) for name in "abcdefgh"}

    forward, backward = joined(list), joined(lambda groups: groups[::-1])
    assert forward == backward
    for name, group in forward.items():
        assert name in group
        assert all(forward[other] == group for other in group)


@MANY
@given(names=st.lists(st.text(min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=5))
def test_a_flaw_has_one_name_whatever_the_order(names: list[str]) -> None:
    assert flaw_of(names) == flaw_of(reversed(names))
    assert flaw_of([*names, "CVE-2026-1"]) <= "CVE-2026-1"


@MANY
@given(vector=st.one_of(st.text(max_size=80), st.text("CVSS:/AVNLPRUISH0123456789.", max_size=80)))
def test_a_vector_gives_a_score_or_none(vector: str) -> None:
    score = base_score_x10(vector)
    assert score is None or 0 <= score <= 100
    assert newest_score_x10([vector, vector]) == score


@MANY
@given(names=st.lists(st.sampled_from(["China", "United States of America", "Multinational", ""])))
def test_a_country_counts_once_whatever_the_order(names: list[str]) -> None:
    found = jurisdictions(",".join(names))
    assert found == jurisdictions(",".join(reversed(names)))
    assert found in ("unknown", "CN", "US", "CN,US")
