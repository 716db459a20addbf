"""Tags read from the JSON text are those that a decoder would find, or the text is left to it."""

import json
from datetime import datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.document import iso_day
from collectors.huggingface_pages import days_of
from collectors.huggingface_tags import Tags
from collectors.schema import BY_NUMBER, days

PLAIN = st.text(st.characters(exclude_characters='"\\', exclude_categories=("C", "Z")), max_size=9)
ROWS = st.lists(st.lists(PLAIN, max_size=5), min_size=1, max_size=6)


def raw(document: str) -> msgspec.Raw:
    return msgspec.Raw(document.encode())


def rows_of(tags: Tags) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(tags.rows)]
    for owner, text in zip(tags.owners, tags.texts.to_pylist(), strict=True):
        found[owner].append(text)
    return found


def compact(rows: list[list[str]]) -> list[msgspec.Raw]:
    return [raw(json.dumps(row, separators=(",", ":"), ensure_ascii=False)) for row in rows]


@given(ROWS)
@example([[""], ["", "", "a"], [], ["],["], [",", "[]", "],"]])
@example([["中文", "naïve"], ["a,b", "license:mit"]])
def test_compact_pages_are_read_without_being_decoded(rows: list[list[str]]) -> None:
    tags = Tags.read(compact(rows))
    assert tags is not None
    assert rows_of(tags) == rows
    tags.texts.validate(full=True)


@given(st.lists(st.lists(st.text(max_size=5), max_size=4), min_size=1, max_size=5), st.booleans())
def test_whatever_is_read_is_what_a_decoder_finds(rows: list[list[str]], ascii_only: bool) -> None:
    texts = [json.dumps(r, ensure_ascii=ascii_only).encode("utf-8", "replace") for r in rows]
    tags = Tags.read([msgspec.Raw(t) for t in texts])
    if tags is not None:
        assert rows_of(tags) == [msgspec.json.decode(t) for t in texts]


@pytest.mark.parametrize(
    "odd",
    [
        '["a", "b"]', '[ "a"]', '["a" ,"b"]', "null", "{}", '"a"', '["a",1,"b"]', '["a",null]',
        r'["a\"b"]', r'["\u0000"]', '["a\x7f"]', '["a\u202e"]', '[["a"]]', '["a",["b"]]', "[1]",
    ],
)  # fmt: skip
def test_anything_else_is_left_to_the_decoder(odd: str) -> None:
    assert Tags.read([raw('["x"]'), raw(odd), raw("[]")]) is None


def test_bytes_that_are_no_text_are_left_to_the_decoder() -> None:
    assert Tags.read([msgspec.Raw(b'["\xc3","\xa9"]')]) is None


@given(ROWS)
@example([["a", "a", "b", "a"], [], ["b", "b"]])
def test_each_tag_of_a_row_counts_once_and_rows_do_not_mix(rows: list[list[str]]) -> None:
    assert rows_of(Tags.of(rows).distinct()) == [list(dict.fromkeys(r)) for r in rows]


@given(ROWS, st.data())
def test_rows_taken_out_keep_their_tags(rows: list[list[str]], data: st.DataObject) -> None:
    kept = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    assert rows_of(Tags.of(rows).of_rows(kept)) == [rows[n] for n in kept]


@given(st.lists(st.lists(st.sampled_from(["p:", "p:x", "p:y", "x", "p"])), min_size=1))
def test_what_begins_so_comes_in_order(rows: list[list[str]]) -> None:
    expected = [(n, t[2:]) for n, row in enumerate(rows) for t in row if t.startswith("p:")]
    assert list(Tags.of(rows).beginning("p:")) == expected


@given(st.lists(st.lists(st.sampled_from(["p:", "p:x", "p:y", "x", "p"])), min_size=1))
def test_the_first_that_begins_so_is_found_row_by_row(rows: list[list[str]]) -> None:
    expected = [next((t[2:] for t in row if t.startswith("p:")), None) for row in rows]
    assert Tags.of(rows).first("p:").to_pylist() == expected


EARLY, LATE = datetime(1890, 1, 1), datetime(2110, 1, 1)  # noqa: DTZ001  (zones are added below)
MOMENTS = st.datetimes(EARLY, LATE).map(datetime.isoformat)
ODD = st.sampled_from(["", "Z", "2026-W01-1T00:00:00Z", "2026-02-30T00:00:00Z", "2026-5-01T00Z"])


@given(st.lists(st.none() | MOMENTS | MOMENTS.map("{}Z".format) | MOMENTS.map("{}+08:00".format)))
@example(["2026-05-01T23:59:59.000Z", None])
@example(["1969-12-31T00:00:00Z", "2100-01-01T00:00:00Z"])
def test_days_of_a_page_are_those_of_each_moment(moments: list[str | None]) -> None:
    assert days_of(moments).to_pylist() == [one_day(m) for m in moments]


@given(st.lists(ODD | MOMENTS.map("{}Z".format), min_size=1))
def test_wild_moments_spoil_no_other(moments: list[str]) -> None:
    assert days_of(moments).to_pylist() == [one_day(m) for m in moments]


def test_a_wild_day_on_a_whole_page_spoils_no_other() -> None:
    form = "2026-02-{:02}T00:00:00.000Z"
    moments = [form.format(n % 30 + 1) for n in range(1000)]
    assert days_of(moments).to_pylist() == [one_day(m) for m in moments]


def one_day(moment: str | None) -> int | None:
    """The day by the plain rule: of UTC moments the first ten characters, else as ISO says."""
    found = iso_day(moment[:10] if moment and moment.endswith("Z") else moment)
    return None if found is None else days(found)


def test_tags_that_cannot_be_shown_are_named_and_left_out() -> None:
    tags, wrong = Tags.of([["fine", "be\x07ll"], ["x" * 300, "fine"]]).plain()
    assert rows_of(tags) == [["fine"], ["fine"]]
    assert wrong == [(0, "be\x07ll"), (1, "x" * 300)]


def test_a_page_without_tags_is_a_page() -> None:
    tags = Tags.read([raw("[]"), raw("[]")])
    assert tags is not None
    assert tags.texts.type == BY_NUMBER
    assert rows_of(tags.distinct().plain()[0]) == [[], []]
