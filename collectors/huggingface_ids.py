"""Which names the Hub can have given: whatever else stands in an answer is refused, and kept."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.base import Refused

MAX_ID, MAX_TEXT = 256, 256
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F))

_LONGEST_OWNER, _LONGEST_NAME = 96, 159
_LETTERS = "A-Za-z0-9_.-"
_ID = re.compile(rf"[{_LETTERS}]{{1,{_LONGEST_OWNER}}}/[{_LETTERS}]{{1,{_LONGEST_NAME}}}", re.ASCII)
"""`owner/name`: the Hub allows letters, digits, `-`, `_` and `.` only; 256 characters in all."""
_ALLOWED = bytes(n for n in range(128) if re.match(rf"[{_LETTERS}]", chr(n)))
_SLASH = ord("/")


def is_model_id(text: str) -> bool:
    """Return whether the text can be the id of a model: `owner/name`, at most 256 characters."""
    return _ID.fullmatch(text) is not None


def are_model_ids(texts: pa.StringArray) -> bool:
    """Return whether all of them can be ids; their bytes are asked at once, for speed."""
    data, offsets = _joined(texts), _offsets(texts)
    if data.translate(None, _ALLOWED) != b"/" * len(texts):
        return False
    slashes = np.flatnonzero(np.frombuffer(data, np.uint8) == _SLASH)
    owners, names = slashes - offsets[:-1], offsets[1:] - slashes - 1
    return bool(
        owners.min(initial=1) > 0
        and names.min(initial=1) > 0
        and owners.max(initial=0) <= _LONGEST_OWNER
        and names.max(initial=0) <= _LONGEST_NAME
    )


def may_be_asked(text: str) -> bool:
    """Return whether a watched name may be asked for: an id, or an old name without owner."""
    return is_model_id(text) or is_model_id(f"owner/{text}")


def printable(text: str) -> str:
    """Return the text as it may stand in a log or a list: escaped where needed, 256 at most."""
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    return text if text.isprintable() else text.encode("unicode_escape").decode()[:MAX_TEXT]


def refusal(table: str, text: str) -> Refused:
    """Return why this id is not taken."""
    if len(text) > MAX_ID:
        reason = f"id of {len(text)} characters, at most {MAX_ID}"
    elif not text.isprintable():
        reason = "id with control characters"
    elif "/" not in text:
        reason = "id without owner"
    else:
        reason = "id with characters that the hub does not allow"
    return Refused(table, printable(text), reason)


def is_plain(text: str) -> bool:
    """Return whether free text (a tag, a library, a path) is printable and of sane length."""
    return len(text) <= MAX_TEXT and text.isprintable()


def are_printable(data: bytes, but: bytes = b"") -> bool:
    """Return whether it is UTF-8 and, apart from the bytes of `but`, printable.

    Nearly all of it is ASCII, which goes first: `isprintable` looks characters up one by one.
    """
    try:
        if not data.isascii():
            data.decode()  # what follows would join what an ASCII byte had broken
        return data.translate(None, _PRINTABLE_ASCII + but).decode().isprintable()
    except UnicodeDecodeError:
        return False


def are_shown(texts: pa.StringArray) -> bool:
    """Return whether all are UTF-8 and printable; bytes that never were Python's may be neither."""
    try:
        texts.validate(full=True)  # each by itself: halves of a character would join
    except pa.ArrowInvalid:
        return False
    return are_printable(_joined(texts))


def are_plain(texts: pa.StringArray) -> bool:
    """Return whether all are printable and surely of sane length: they have few enough bytes."""
    longest = np.diff(_offsets(texts)).max(initial=0)
    return longest <= MAX_TEXT and are_printable(_joined(texts))


def _offsets(texts: pa.StringArray) -> NDArray[np.int32]:
    """Return where each text begins and ends, in an array that is no part of another."""
    return np.frombuffer(texts.buffers()[1] or b"\0" * 4, np.int32, len(texts) + 1)


def _joined(texts: pa.StringArray) -> bytes:
    """Return the bytes of all texts, of an array that is no part of another."""
    data = texts.buffers()[2]
    return b"" if data is None else data.to_pybytes()


def plain(texts: Sequence[str | None]) -> list[str | None]:
    """Return the texts with None in place of what is not plain."""
    return [t if t is None or is_plain(t) else None for t in texts]


def plain_column(texts: Sequence[str | None]) -> pa.StringArray:
    """Return the texts as a column, null where one is not plain; asked of all at once."""
    found = pa.array(texts, pa.string())
    return found if are_plain(found) else pa.array(plain(texts), pa.string())
