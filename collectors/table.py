"""CSV as sources really send it: encodings found out, broken rows named, never guessed at."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from charset_normalizer import from_bytes

from collectors.document import iso_day, looks_like_html
from collectors.errors import PayloadChanged, PayloadTooLarge

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LIKELY = ["big5", "shift_jis", "euc_kr", "cp1252", "cp1251"]
MAX_ROWS = 2_000_000


def decode(body: bytes, encoding: str | None = None) -> str:
    """Return the body as text: byte order mark first, then `encoding`, UTF-8, the likeliest.

    Raises UnicodeDecodeError where `encoding` is given and wrong. GB18030 holds every GBK and
    GB2312 text, so Chinese files without declaration are read by it.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.decode(name)
    if encoding is not None:
        return body.decode(encoding)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        chinese = _as_chinese(body)
    if chinese is not None:
        return chinese
    best = from_bytes(body[: 1 << 16], cp_isolation=_LIKELY).best()
    return body.decode(best.encoding if best else "gb18030", errors="replace")


def _as_chinese(body: bytes) -> str | None:
    """Return the body read as GB18030 if that gives words in everyday characters, else None.

    Bytes of other encodings often are valid GB18030 too, but then give rare characters: those of
    GB 2312 (1980) are the everyday ones.
    """
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError:
        return None
    foreign = [c for c in text if c > "\x7f"]
    everyday = len("".join(foreign).encode("gb2312", errors="ignore")) // 2
    return text if everyday >= 0.9 * len(foreign) else None


@dataclass(frozen=True)
class Row:
    """One row by column name; every error it raises names source, row and column."""

    source: str
    number: int
    """1 is the first row under the header."""
    cells: Mapping[str, str]

    def wrong(self, column: str, expected: str) -> PayloadChanged:
        """Return the error that says what the column of this row should hold."""
        return PayloadChanged(self.source, f"row {self.number}, column {column!r}", expected)

    def text(self, column: str) -> str | None:
        """Return the trimmed cell; None if it is blank or the column is absent."""
        return self.cells.get(column, "").strip() or None

    def first(self, *columns: str) -> str | None:
        """Return the first cell that is not blank, for a column that has been renamed."""
        return next((t for c in columns if (t := self.text(c))), None)

    def required(self, column: str) -> str:
        """Return the trimmed cell; raise PayloadChanged if it is blank."""
        text = self.text(column)
        if text is None:
            raise self.wrong(column, "a value")
        return text

    def day(self, column: str) -> date | None:
        """Return the cell's ISO day, None if blank; raise PayloadChanged for anything else."""
        text = self.text(column)
        if text is None:
            return None
        day = iso_day(text)
        if day is None:
            raise self.wrong(column, f"a date YYYY-MM-DD of 1900–2099, not {text[:40]!r}")
        return day

    def number_of(self, column: str, low: float, high: float) -> float | None:
        """Return the cell as a number from `low` to `high`; None if blank, else PayloadChanged."""
        text = self.text(column)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError as error:
            raise self.wrong(column, f"a number, not {text[:40]!r}") from error
        if not math.isfinite(value) or not low <= value <= high:
            raise self.wrong(column, f"a number from {low:g} to {high:g}, not {text[:40]}")
        return value


def read_rows(
    source: str,
    body: bytes,
    required: Sequence[str],
    *,
    encoding: str | None = None,
    max_rows: int = MAX_ROWS,
) -> Iterator[Row]:
    """Yield the rows of a CSV whose header holds at least the `required` columns.

    Raises PayloadChanged: a web page, an empty or undecodable body, a missing column, a row of
    another length, quoting that does not close; PayloadTooLarge over `max_rows`.
    """
    if not body.strip():
        raise PayloadChanged(source, "header", f"{', '.join(required)}; not an empty answer")
    if looks_like_html(body):
        raise PayloadChanged(source, "header", f"{', '.join(required)}; not a web page")
    try:
        text = decode(body, encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise PayloadChanged(source, "body", f"text in {encoding or 'UTF-8'}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from _rows(source, reader, required, max_rows)
    except csv.Error as error:
        raise PayloadChanged(source, f"line {reader.line_num}", f"CSV ({error})") from error


def _rows(
    source: str, reader: Iterator[list[str]], required: Sequence[str], max_rows: int
) -> Iterator[Row]:
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in required if name not in header]
    if missing:
        raise PayloadChanged(source, "header", f"column {', '.join(map(repr, missing))}")
    if len(set(header)) < len(header):
        raise PayloadChanged(source, "header", "each column only once")
    number = 0
    for cells in reader:
        if not cells:
            continue
        number += 1
        if number > max_rows:
            raise PayloadTooLarge(source, f"row {number}", f"at most {max_rows} rows")
        if len(cells) != len(header):
            raise PayloadChanged(source, f"row {number}", f"{len(header)} cells, not {len(cells)}")
        yield Row(source, number, dict(zip(header, cells, strict=True)))


def micro(value: float | None) -> int | None:
    """Return millionths of a value, rounded half to even, so that engines agree to the digit."""
    return None if value is None else round(value * 1_000_000)
