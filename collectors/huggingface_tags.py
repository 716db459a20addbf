"""The tags of a page of the Hub's list: most of its bytes, so they become a column unread.

`Tags.read` finds the tags in the JSON text itself, a page at a time, without making 15,000 Python
strings. It takes only what it is sure of (compact JSON, nothing escaped) and says None of anything
else, which is then decoded tag by tag.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.huggingface_ids import MAX_TEXT, all_plain, are_printable, is_plain

_QUOTE, _COMMA, _OPEN, _SHUT, _BREAK = b'",[]\n'


class Tags:
    """All tags of a page in one flat column; `owners` says which row of the page has each.

    `texts` (the different ones, and by number) and `owners` are equally long; `owners` ascends from
    0 to `rows` - 1. What is asked of the texts is asked of the few different ones. `printable`: all
    of them are known to be.
    """

    def __init__(
        self, texts: pa.DictionaryArray, owners: NDArray[np.int32], rows: int, *, printable: bool
    ) -> None:
        self.texts, self.owners, self.rows, self.printable = texts, owners, rows, printable

    @property
    def _words(self) -> pa.StringArray:
        return self.texts.dictionary

    @property
    def _codes(self) -> NDArray[np.int32]:
        return numbers_of(self.texts)

    @classmethod
    def of(cls, lists: Sequence[Sequence[str] | None]) -> "Tags":
        """Return the tags of rows that were decoded one by one."""
        counts = np.fromiter((len(own or ()) for own in lists), np.int64, len(lists))
        flat = list(chain.from_iterable(own or () for own in lists))
        return cls._spread(pa.array(flat, pa.string()), counts, printable=False)

    @classmethod
    def read(cls, raws: Sequence[msgspec.Raw]) -> "Tags | None":
        """Return the tags of undecoded JSON arrays; None where a closer look is needed.

        Every array is `["a","b"]` or `[]`, so without backslashes each quote opens or closes a tag.
        """
        joined = b"\n".join(raws)  # Raw is a buffer
        if b"\\" in joined or not are_printable(joined, but=b"\n"):
            return None
        text = np.frombuffer(joined, np.uint8)
        breaks = np.flatnonzero(text == _BREAK)
        quotes = np.flatnonzero(text == _QUOTE)
        if len(breaks) != len(raws) - 1 or len(quotes) % 2:
            return None
        lines = np.append(0, breaks + 1), np.append(breaks, len(text))
        starts, ends = quotes[::2], quotes[1::2]
        if not _are_arrays(text, *lines) or not _are_listed(text, *lines, starts, ends):
            return None
        offsets = np.zeros(len(starts) + 1, np.int32)
        np.cumsum(ends - starts - 1, out=offsets[1:])
        inside = np.ones(len(text), np.bool_)
        for structure in (quotes, ends + 1, lines[0], lines[1] - 1, breaks):
            inside[structure] = False
        buffers = pa.py_buffer(offsets), pa.py_buffer(text[inside])
        texts = pa.StringArray.from_buffers(len(starts), *buffers)
        counts = np.diff(np.searchsorted(starts, lines[1]), prepend=0)
        return cls._spread(texts, counts, printable=True)

    @classmethod
    def _spread(
        cls, texts: pa.StringArray, counts: NDArray[np.int64], *, printable: bool
    ) -> "Tags":
        owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return cls(texts.dictionary_encode(), owners, len(counts), printable=printable)

    def where(self, mask: NDArray[np.bool_]) -> "Tags":
        """Return those of the tags that the mask names; rows stay as they are."""
        texts = self.texts.filter(pa.array(mask))
        return Tags(texts, self.owners[mask], self.rows, printable=self.printable)

    def of_rows(self, kept: Sequence[int]) -> "Tags":
        """Return the tags of these rows (ascending), numbered anew."""
        place = np.full(self.rows, -1, np.int32)
        place[np.asarray(kept, np.int64)] = np.arange(len(kept), dtype=np.int32)
        left = self.where(place[self.owners] >= 0)
        owners = place[left.owners]
        return Tags(left.texts, owners, len(kept), printable=self.printable)

    def distinct(self) -> "Tags":
        """Return each tag of a row once: rows of a snapshot are read as they stand."""
        first = first_of_pairs(self.owners, self.texts)
        return self if first is None else self.where(first)

    def plain(self) -> tuple["Tags", list[tuple[int, str]]]:
        """Return the printable tags of sane length, and (row, tag) of the others."""
        if self.printable and (pc.max(pc.binary_length(self._words)).as_py() or 0) <= MAX_TEXT:
            return self, []
        words = self._words.to_pylist()
        if all_plain(words):
            return self, []
        good = np.fromiter(map(is_plain, words), np.bool_, len(words))[self._codes]
        wrong = [(int(self.owners[n]), words[self._codes[n]]) for n in np.flatnonzero(~good)]
        return self.where(good), wrong

    def beginning(
        self, prefix: str, wanted: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[int, str]]:
        """Return (row, rest of the tag) for each tag that begins so, in order."""
        found = self._begin(prefix)[self._codes]
        if wanted is not None:
            found &= wanted[self.owners]
        if not found.any():
            return iter(())
        texts = self._words.take(pa.array(self._codes[found]))
        rests = pc.utf8_slice_codeunits(texts, len(prefix))
        return zip(self.owners[found].tolist(), rests.to_pylist(), strict=True)

    def first(self, prefix: str) -> pa.DictionaryArray:
        """Return, row by row, the rest of the first tag that begins so; null where none does."""
        begin = self._begin(prefix)
        places = np.flatnonzero(begin[self._codes])[::-1]
        number = np.cumsum(begin, dtype=np.int32) - 1
        nearest = np.full(self.rows, -1, np.int32)
        nearest[self.owners[places]] = number[self._codes[places]]  # the last written is the first
        rests = pc.utf8_slice_codeunits(self._words.filter(pa.array(begin)), len(prefix))
        return pa.DictionaryArray.from_arrays(pa.array(nearest, mask=nearest < 0), rests)

    def _begin(self, prefix: str) -> NDArray[np.bool_]:
        """Return which of the different words begin so."""
        mask = pc.indices_nonzero(pc.starts_with(self._words, prefix))
        begin = np.zeros(len(self._words), np.bool_)
        begin[np.frombuffer(mask.buffers()[1], np.uint64)] = True
        return begin


def first_of_pairs(rows: NDArray[np.int32], texts: pa.DictionaryArray) -> NDArray[np.bool_] | None:
    """Return where each pair of row and text stands first; None if no pair comes twice."""
    pairs = rows * np.int64(len(texts)) + numbers_of(texts)
    ordered = np.sort(pairs)
    if not np.any(ordered[1:] == ordered[:-1]):
        return None
    first = np.zeros(len(pairs), np.bool_)
    first[np.unique(pairs, return_index=True)[1]] = True
    return first


def numbers_of(texts: pa.DictionaryArray) -> NDArray[np.int32]:
    """Return the number of each text, without a copy."""
    # Arrow's own way to numpy would load pandas wherever that is installed.
    return np.frombuffer(texts.indices.buffers()[1], np.int32, len(texts))


def _are_arrays(
    text: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> bool:
    """Return whether each line is `[]`, or begins `["` and ends `"]`."""
    if np.min(ends - begins) < 2 or not np.all(text[begins] == _OPEN):
        return False
    if not np.all(text[ends - 1] == _SHUT):
        return False
    full = ends - begins > 2
    return bool(np.all(text[begins[full] + 1] == _QUOTE) and np.all(text[ends[full] - 2] == _QUOTE))


def _are_listed(
    text: NDArray[np.uint8],
    line_begins: NDArray[np.int64],
    line_ends: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> bool:
    """Return whether nothing but one comma stands between the tags of a line."""
    commas = (starts[1:] - ends[:-1] == 2) & (text[ends[:-1] + 1] == _COMMA)
    lines_with_tags = np.sum(line_ends - line_begins > 2)
    return bool(np.sum(commas) == len(starts) - lines_with_tags)
