"""Unpacking within a limit: whatever the pieces, the whole body, or a clear word on why not."""

import gzip
import random
import zlib
from collections.abc import Iterator

import pytest

from collectors.unpacking import (
    Broken,
    Coding,
    Packed,
    TooLarge,
    UnknownCoding,
    coding_of,
    unpack,
)

BODY = b'[{"id": "a/b", "downloads": 7}]' * 500


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


WAYS = {
    "gzip": (Coding.GZIP, gzip.compress(BODY)),
    "two members": (Coding.GZIP, gzip.compress(BODY[:999]) + gzip.compress(BODY[999:])),
    "an empty member": (Coding.GZIP, gzip.compress(b"") + gzip.compress(BODY)),
    "padding behind": (Coding.GZIP, gzip.compress(BODY) + b"\0" * 512),
    "one byte behind": (Coding.GZIP, gzip.compress(BODY) + b"\x1f"),
    "deflate": (Coding.DEFLATE, zlib.compress(BODY)),
    "deflate unframed": (Coding.DEFLATE, raw_deflate(BODY)),
    "plain": (Coding.PLAIN, BODY),
}


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 16])
@pytest.mark.parametrize("way", WAYS)
def test_a_body_comes_out_whole_in_whatever_pieces_it_came(way: str, size: int) -> None:
    coding, data = WAYS[way]
    body, came = unpack(pieces(data, size), coding, len(BODY))
    assert body == BODY
    assert came == (None if way == "plain" else Packed(coding, data))


@pytest.mark.parametrize("way", WAYS)
def test_one_byte_over_the_limit_is_too_large(way: str) -> None:
    coding, data = WAYS[way]
    with pytest.raises(TooLarge):
        unpack(pieces(data, 100), coding, len(BODY) - 1)


def test_nothing_came_packed_is_nothing() -> None:
    assert unpack(iter([]), Coding.GZIP, 10) == (b"", None)


@pytest.mark.parametrize("way", ["gzip", "two members", "deflate", "deflate unframed"])
def test_every_cut_is_noticed(way: str) -> None:
    coding, data = WAYS[way]
    seam = len(gzip.compress(BODY[:999])) if way == "two members" else 0
    for end in range(1, len(data)):
        if end - seam in (0, 1):
            continue  # cut at the seam it is whole in itself: only Content-Length can tell
        with pytest.raises(Broken):
            unpack([data[:end]], coding, 1 << 20)


@pytest.mark.parametrize("way", ["gzip", "two members"])
def test_what_was_changed_on_the_way_is_broken(way: str) -> None:
    coding, data = WAYS[way]
    changed = bytearray(data)
    changed[-20] ^= 0xFF
    with pytest.raises(Broken):
        unpack([bytes(changed)], coding, 1 << 20)


@pytest.mark.parametrize("coding", [Coding.GZIP, Coding.DEFLATE])
def test_noise_is_broken(coding: Coding) -> None:
    noise = random.Random(7).randbytes(4096)
    with pytest.raises(Broken):
        unpack([b"\x07" + noise], coding, 1 << 30)


def test_a_bomb_is_left_after_one_byte_too_many() -> None:
    taken: list[int] = []

    def counted() -> Iterator[bytes]:
        for piece in pieces(gzip.compress(b"\0" * (32 << 20)), 64):
            taken.append(len(piece))
            yield piece

    with pytest.raises(TooLarge):
        unpack(counted(), Coding.GZIP, 1 << 16)
    assert sum(taken) < 1024  # of some 32 kB


def test_packed_bytes_are_limited_too() -> None:
    empty = gzip.compress(b"")
    with pytest.raises(TooLarge):
        unpack([empty] * 100, Coding.GZIP, 50 * len(empty))


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", Coding.PLAIN),
        ("identity", Coding.PLAIN),
        ("GZIP", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("deflate", Coding.DEFLATE),
        ("identity, gzip", Coding.GZIP),
    ],
)
def test_names_of_codings(header: str, coding: Coding) -> None:
    assert coding_of(header) is coding


@pytest.mark.parametrize("header", ["br", "zstd", "gzip, gzip", "none", "x-deflated"])
def test_other_codings_are_unknown(header: str) -> None:
    with pytest.raises(UnknownCoding):
        coding_of(header)
