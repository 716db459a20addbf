"""Tables: header, rows and cells are checked, and what is wrong is named."""

import pytest

from collectors.errors import PayloadChanged, PayloadTooLarge
from collectors.table import decode, micro, read_rows


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "header"),
        (b"<!doctype html><html></html>", "header"),
        (b"a,c\n1,2\n", "header"),
        (b"a,b,a\n1,2,3\n", "header"),
        (b"a,b\n1,2\n1\n", "row 2"),
        (b"a,b\n1,2,3\n", "row 1"),
        (b'a,b\n1,"2\n', "line"),
        (b'a,b\n1,"2"x\n', "line"),
        (b"a,b\n1,2\x00\n", "line"),
        (b'a,b\n1,"' + b"x" * 200_000 + b'"\n', "line"),
    ],
)
def test_a_broken_table_is_refused_by_place(body: bytes, place: str) -> None:
    if b"\x00" in body:  # Python 3.11 and later read the NUL as a character
        assert len(list(read_rows("s", body, ("a", "b")))) == 1
        return
    with pytest.raises(PayloadChanged, match=place):
        list(read_rows("s", body, ("a", "b")))


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(PayloadTooLarge, match="at most 2 rows"):
        list(read_rows("s", b"a\n1\n2\n3\n", ("a",), max_rows=2))


def test_an_encoding_that_is_wrong_is_said() -> None:
    with pytest.raises(PayloadChanged, match="text in ascii"):
        list(read_rows("s", "a\né\n".encode(), ("a",), encoding="ascii"))
    with pytest.raises(PayloadChanged, match="no-such"):
        list(read_rows("s", b"a\n1\n", ("a",), encoding="no-such"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("季度评测", "gbk"),
        ("名称,价格\n警钟,3 元", "gb18030"),
        ("café, señor Müller über", "cp1252"),
        ("臺灣開源模型評測報告", "big5"),
        ("日本のモデル評価", "shift_jis"),
        ("警钟", "utf-16"),
        ("警钟", "utf-8-sig"),
    ],
)
def test_text_without_declaration_reads_as_written(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), (0.0, 0), (1.5, 1_500_000), (-2.0000005, -2_000_000), (1e-7, 0)],
)
def test_millionths(value: float | None, expected: int | None) -> None:
    assert micro(value) == expected


def test_cells_say_what_they_should_hold() -> None:
    (row,) = read_rows("s", b"a,b,c\n ,2026-02-30,x\n", ("a",))
    assert row.text("a") is row.text("absent") is None
    assert row.first("a", "c") == "x"
    for column, read in (("a", row.required), ("b", row.day)):
        with pytest.raises(PayloadChanged, match=f"row 1, column '{column}'"):
            read(column)
    with pytest.raises(PayloadChanged, match="a number, not 'x'"):
        row.number_of("c", 0, 1)
