"""The tags of a page of the Hub's list: most of its bytes, so they become a column unread.

`Tags.read` finds the tags in the JSON text itself, a page at a time, without making 15,000 Python
strings. It takes only what it is sure of (compact JSON, nothing escaped) and says None of anything
else, which is then decoded tag by tag.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.huggingface_ids import are_plain, are_shown, is_plain

_QUOTE = ord('"')
_BETWEEN = re.compile(rb'"(?:,|\](?: \[\])* \[)"')
"""What stands between two tags: of one row, or of two that may have empty ones between them."""


class Tags:
    """All tags of a page in one flat column; `owners` says which row of the page has each.

    `texts` (the different ones, and by number) and `owners` are equally long; `owners` ascends from
    0 to `rows` - 1. What is asked of the texts is asked of the few different ones.
    """

    def __init__(self, texts: pa.DictionaryArray, owners: NDArray[np.int32], rows: int) -> None:
        self.texts, self.owners, self.rows = texts, owners, rows

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
        owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        flat = pa.array(chain.from_iterable(own or () for own in lists), pa.string())
        return cls(flat.dictionary_encode(), owners, len(counts))

    @classmethod
    def read(cls, raws: Sequence[msgspec.Raw]) -> "Tags | None":
        """Return the tags of undecoded JSON arrays; None where a closer look is needed.

        Cut at its quotes, text without backslashes is by turns a tag and what stands between two.
        """
        text = b" ".join((b'"]', *raws, b'["'))  # so it stands before the first and last one, too
        cuts = np.flatnonzero(np.frombuffer(text, np.uint8) == _QUOTE).astype(np.int32)
        if b"\\" in text or len(cuts) % 2:
            return None
        cuts[1::2] += 1  # the quotes are no part of the tag
        buffers = pa.py_buffer(cuts), pa.py_buffer(text)
        pieces = pa.StringArray.from_buffers(len(cuts) - 1, *buffers).dictionary_encode()
        codes = numbers_of(pieces)
        ended = _rows_ended(pieces.dictionary, codes[::2])
        if ended is None:
            return None
        is_tag = ended < 0
        words = pieces.dictionary.filter(pa.array(is_tag))
        owners = np.cumsum(ended.take(codes[::2]), dtype=np.int32) - 1
        if owners[-1] != len(raws) or not are_shown(words):
            return None
        numbers = (np.cumsum(is_tag, dtype=np.int32) - 1).take(codes[1::2])
        texts = pa.DictionaryArray.from_arrays(pa.array(numbers), words)
        return cls(texts, owners[:-1], len(raws))

    def where(self, mask: NDArray[np.bool_]) -> "Tags":
        """Return those of the tags that the mask names; rows stay as they are."""
        texts = self.texts.filter(pa.array(mask))
        return Tags(texts, self.owners[mask], self.rows)

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
        if are_plain(self._words):
            return self, []
        words = self._words.to_pylist()
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
    """Return where each pair of row and text stands first; None if no pair comes twice.

    What belongs to one row stands side by side.
    """
    numbers = numbers_of(texts)
    if len(texts.dictionary) <= 1 << 16:
        numbers = numbers.astype(np.uint16)  # short numbers are sorted without being compared
    order = np.argsort(numbers, kind="stable")
    alike, owners = numbers[order], rows[order]
    again = order[1:][(alike[1:] == alike[:-1]) & (owners[1:] == owners[:-1])]
    if not len(again):
        return None
    first = np.ones(len(order), np.bool_)
    first[again] = False
    return first


def numbers_of(texts: pa.DictionaryArray) -> NDArray[np.int32]:
    """Return the number of each text, without a copy."""
    # Arrow's own way to numpy would load pandas wherever that is installed.
    return np.frombuffer(texts.indices.buffers()[1], np.int32, len(texts))


def _rows_ended(words: pa.StringArray, between: NDArray[np.int32]) -> NDArray[np.int32] | None:
    """Return how many rows end in each of the words, -1 for tags.

    None if a word of those `between` is not what compact JSON has there.
    """
    found = np.full(len(words), -1, np.int32)
    found[between] = 0
    for number in np.flatnonzero(found == 0).tolist():
        word = bytes(words[number].as_buffer())
        if not _BETWEEN.fullmatch(word):
            return None
        found[number] = word.count(b" ")
    return found
