"""The tags of a page of the Hub's list: most of its bytes, so they become a column unread.

`Tags.read` finds the tags in the JSON text itself, a page at a time, without making 15,000 Python
strings. It takes only what it is sure of (compact JSON, nothing escaped) and says None of anything
else, which is then decoded tag by tag.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.huggingface_ids import MAX_TEXT, is_plain

_QUOTE, _OPEN, _SHUT, _BREAK = b'"[]\n'
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F))


class Tags:
    """All tags of a page in one flat column; `owners` says which row of the page has each.

    `texts` and `owners` are equally long; `owners` ascends from 0 to `rows` - 1.
    """

    def __init__(self, texts: pa.StringArray, owners: NDArray[np.int32], rows: int) -> None:
        self.texts, self.owners, self.rows = texts, owners, rows

    @classmethod
    def of(cls, lists: Sequence[Sequence[str] | None]) -> "Tags":
        """Return the tags of rows that were decoded one by one."""
        counts = np.fromiter((len(own or ()) for own in lists), np.int64, len(lists))
        flat = list(chain.from_iterable(own or () for own in lists))
        return cls._spread(pa.array(flat, pa.string()), counts)

    @classmethod
    def read(cls, raws: Sequence[msgspec.Raw]) -> "Tags | None":
        """Return the tags of undecoded JSON arrays; None where a closer look is needed.

        Every array is `["a","b"]` or `[]`, so without backslashes each quote opens or closes a tag.
        """
        joined = b"\n".join(raws)  # Raw is a buffer
        if b"\\" in joined or not _is_printable(joined, but=b"\n"):
            return None
        text = np.frombuffer(joined.replace(b'","', b'"'), np.uint8)
        breaks = np.flatnonzero(text == _BREAK)
        if len(breaks) != len(raws) - 1:
            return None
        starts, ends = np.append(0, breaks + 1), np.append(breaks, len(text))
        quotes = np.flatnonzero(text == _QUOTE)
        count = joined.count(b'"') // 2
        full = ends - starts > 2
        if not _are_arrays(text, starts, ends, full) or len(quotes) != count + np.sum(full):
            return None
        past = np.searchsorted(quotes, ends)  # quotes up to the end of each line
        counts = np.maximum(np.diff(past, prepend=0) - 1, 0)
        lengths = np.delete(np.diff(quotes) - 1, past[full][:-1] - 1)
        offsets = np.zeros(count + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        inside = np.ones(len(text), np.bool_)
        for structure in (quotes, starts, ends - 1, breaks):
            inside[structure] = False
        buffers = pa.py_buffer(offsets), pa.py_buffer(text[inside])
        return cls._spread(pa.StringArray.from_buffers(count, *buffers), counts)

    @classmethod
    def _spread(cls, texts: pa.StringArray, counts: NDArray[np.int64]) -> "Tags":
        owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return cls(texts, owners, len(counts))

    def where(self, mask: NDArray[np.bool_]) -> "Tags":
        """Return those of the tags that the mask names; rows stay as they are."""
        return Tags(self.texts.filter(pa.array(mask)), self.owners[mask], self.rows)

    def of_rows(self, kept: Sequence[int]) -> "Tags":
        """Return the tags of these rows (ascending), numbered anew."""
        place = np.full(self.rows, -1, np.int32)
        place[np.asarray(kept, np.int64)] = np.arange(len(kept), dtype=np.int32)
        left = self.where(place[self.owners] >= 0)
        return Tags(left.texts, place[left.owners], len(kept))

    def distinct(self) -> "Tags":
        """Return each tag of a row once: rows of a snapshot are read as they stand."""
        first = first_of_pairs(self.owners, self.texts)
        return self if first is None else self.where(first)

    def plain(self) -> tuple["Tags", list[tuple[int, str]]]:
        """Return the printable tags of sane length, and (row, tag) of the others."""
        if self._all_plain():
            return self, []
        texts = self.texts.to_pylist()
        good = np.fromiter(map(is_plain, texts), np.bool_, len(texts))
        wrong = [(int(self.owners[n]), texts[n]) for n in np.flatnonzero(~good)]
        return self.where(good), wrong

    def _all_plain(self) -> bool:
        if (pc.max(pc.binary_length(self.texts)).as_py() or 0) > MAX_TEXT:
            return False  # of bytes; characters are counted one by one
        data = self.texts.buffers()[2]
        return data is None or _is_printable(data.to_pybytes())

    def beginning(
        self, prefix: str, wanted: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Return (row, rest of the tag) for each tag that begins so, in order."""
        found = pc.starts_with(self.texts, prefix)
        if wanted is not None:
            found = pc.and_(found, pa.array(wanted[self.owners]))
        rests = pc.utf8_slice_codeunits(self.texts.filter(found), len(prefix)).to_pylist()
        rows = pa.array(self.owners).filter(found).to_pylist()
        return zip(rows, rests, strict=True)


def first_of_pairs(rows: NDArray[np.int32], texts: pa.StringArray) -> NDArray[np.bool_] | None:
    """Return where each pair of row and text stands first; None if no pair comes twice."""
    if len(texts) < 2:
        return None
    indices = texts.dictionary_encode().indices.buffers()[1]
    codes = np.frombuffer(indices, np.int32, len(texts))
    pairs = rows * np.int64(len(codes)) + codes
    ordered = np.sort(pairs)
    if not np.any(ordered[1:] == ordered[:-1]):
        return None
    first = np.zeros(len(codes), np.bool_)
    first[np.unique(pairs, return_index=True)[1]] = True
    return first


def _is_printable(data: bytes, but: bytes = b"") -> bool:
    """Return whether it is UTF-8 and, apart from the bytes of `but`, printable.

    Nearly all of it is ASCII, which goes first: `isprintable` looks characters up one by one.
    """
    try:
        if not data.isascii():
            data.decode()  # what follows would join what an ASCII byte had broken
        return data.translate(None, _PRINTABLE_ASCII + but).decode().isprintable()
    except UnicodeDecodeError:
        return False


def _are_arrays(
    text: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    full: NDArray[np.bool_],
) -> bool:
    """Return whether each line is `[]`, or begins `["` and ends `"]`."""
    if np.min(ends - starts) < 2 or not np.all(text[starts] == _OPEN):
        return False
    if not np.all(text[ends - 1] == _SHUT):
        return False
    return bool(np.all(text[starts[full] + 1] == _QUOTE) and np.all(text[ends[full] - 2] == _QUOTE))
