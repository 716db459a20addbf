"""Unpack an answer while it comes in, within a limit; the bytes as they came stay at hand."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"


class Coding(StrEnum):
    """How bytes are packed; what else a host may call a Content-Encoding was not asked for."""

    PLAIN = ""
    GZIP = "gzip"
    DEFLATE = "deflate"


class UnknownCoding(Exception):  # noqa: N818  (the name says what is the case)
    """A Content-Encoding that we neither asked for nor can unpack within a limit."""


class TooLarge(Exception):  # noqa: N818  (the name says what is the case)
    """More bytes than allowed, packed or unpacked."""


class Broken(Exception):  # noqa: N818  (the name says what is the case)
    """Not what its coding promises, or cut short."""


@dataclass(frozen=True)
class Packed:
    """A body as it came off the wire."""

    coding: Coding
    data: bytes


class _Inflating(Protocol):
    """What `zlib.decompressobj` returns."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def coding_of(header: str) -> Coding:
    """Return the coding that a Content-Encoding names; UnknownCoding for any other, or several."""
    names = [n for n in (p.strip().lower() for p in header.split(",")) if n not in ("", "identity")]
    if not names:
        return Coding.PLAIN
    name = names[0].removeprefix("x-")
    if len(names) > 1 or name not in (Coding.GZIP, Coding.DEFLATE):
        raise UnknownCoding(header)
    return Coding(name)


class Unpacking:
    """One body in the making: `feed` it what comes, then ask for `body`.

    Takes what browsers take: gzip of several members, with padding or other things behind the
    last; deflate with zlib's frame (as the standard says) or without (as some hosts send it).
    """

    def __init__(self, coding: Coding, limit: int) -> None:
        self.coding, self.limit = coding, limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._stream: _Inflating | None = None
        self._waiting = b""
        self._members = 0
        self._over = False

    def feed(self, piece: bytes) -> None:
        """Take a piece as it came; TooLarge at the first byte over the limit, Broken if it is."""
        if self.coding is Coding.PLAIN:
            self._take(piece)
            return
        piece = self._waiting + piece
        self._waiting = b""
        while piece and not self._over:
            if self._stream is None and not self._begin(piece):
                return
            piece = self._inflate(piece)

    def _begin(self, piece: bytes) -> bool:
        """Open the next member; false where it takes another byte to know, or nothing follows."""
        if len(piece) < len(_MAGIC):
            self._waiting = piece
            return False
        if self.coding is Coding.DEFLATE:
            framed = piece[0] & 0x0F == zlib.DEFLATED and int.from_bytes(piece[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(_ZLIB if framed else _RAW)
        elif self._members and not piece.startswith(_MAGIC):
            self._over = True
            return False
        else:
            self._stream = zlib.decompressobj(_GZIP)
        return True

    def _inflate(self, piece: bytes) -> bytes:
        """Unpack into the body and return what belongs to the next member."""
        stream = self._stream
        if stream is None:
            raise AssertionError("a member was begun")
        try:
            # One byte more than may come: enough to tell a bomb, whatever it would still hold.
            self._take(stream.decompress(piece, self.limit - self._size + 1))
        except zlib.error as error:
            raise Broken(str(error)) from error
        if not stream.eof:
            return stream.unconsumed_tail
        self._stream = None
        self._members += 1
        self._over = self.coding is Coding.DEFLATE
        return stream.unused_data

    def _take(self, plain: bytes) -> None:
        self._size += len(plain)
        if self._size > self.limit:
            raise TooLarge
        self._pieces.append(plain)

    def body(self) -> bytes:
        """Return the whole body; Broken where the packed stream ended too early."""
        if self._stream is not None or (self._waiting and not self._members):
            raise Broken("cut short")
        return b"".join(self._pieces)


def unpack(pieces: Iterable[bytes], coding: Coding, limit: int) -> tuple[bytes, Packed | None]:
    """Return the body, and how it came where that was packed.

    At most `limit` bytes are taken in, packed and unpacked. Raises TooLarge and Broken, and lets
    through what the pieces raise.
    """
    unpacking = Unpacking(coding, limit)
    came: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        unpacking.feed(piece)
        if coding is not Coding.PLAIN:
            came.append(piece)
    body = unpacking.body()
    return body, Packed(coding, b"".join(came)) if came else None
