"""Raw pages: what a run took, byte for byte as it came, in one tar a part of a batch.

`raw/SOURCE/BATCH-PART.tar` beside the tables. Any tar opens it: `begin.json`, a member a payload in
the order they came (`00001.json.gz`), `end.json`. What came gzipped is not packed again; what came
plain is packed by gzip, unless it is an archive itself. PAX headers (`TOCSIN.…`) tell the request
without its secrets, and the sha256 of the member. A tar without `end.json` is one that a kill left:
nothing reads it but who asks for it by name, and it goes when its time has come.

No manifest names these files: indicators, backups and bundles know nothing of them. A write that
fails is a failed write like any other, so the run ends and says so: a page that is missing from the
record of pages must not be missing silently.
"""

import gzip
import hashlib
import json
import logging
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from collectors.base import Payload
from collectors.document import iso_moment
from collectors.quarantine_gather import kind_of
from collectors.unpacking import Coding, Packed
from monitor.lake import Lake

log = logging.getLogger(__name__)

FOLDER = "raw"
BEGIN, END = "begin.json", "end.json"
HEADER = "TOCSIN."
"""What our PAX headers begin with, as the standard asks of a vendor's own."""
_BLOCK = 512
_BUFFER = 8 << 20
"""What a bucket is sent at once: a sweep must not hold more in memory."""
_NAME = re.compile(r"(?P<batch>(?P<at>\d{8}T\d{6}Z)-[^/]+)-(?P<part>\d{4,})\.tar")
_ENDINGS = {"json": ".json", "html": ".html", "xml": ".xml", "text": ".txt", "empty": ".empty"}
_ARCHIVES = {
    b"PK\x03\x04": ".zip", b"PAR1": ".parquet", b"\x1f\x8b": ".gz", b"BZh": ".bz2",
    b"%PDF": ".pdf", b"\x89PNG": ".png",
}  # fmt: skip
"""Packed already, by how they begin."""


class Ends(StrEnum):
    """How a tar ends: what of its batch follows it."""

    PART = "part"
    """Another part may follow: the sweep went on, or was broken off where it can go on."""
    WHOLE = "whole"
    """The last page of the batch is here."""
    BROKEN = "broken"
    """The run ended here; what would have followed was never fetched."""


@dataclass(frozen=True)
class Begin:
    """What stands in `begin.json`: which pages these are."""

    batch: str
    part: int
    source: str
    sweep: str
    is_live: bool


@dataclass(frozen=True)
class End:
    """What stands in `end.json`: how many payloads, the hash of all their headers, what follows."""

    payloads: int
    sha256: str
    ends: Ends
    taken: bool
    """Whether the last payload became rows; if not, a sweep that went on asked for it again."""


@dataclass(frozen=True)
class RawFile:
    """One tar as its name tells it."""

    path: str
    """Inside the lake."""
    source: str
    batch: str
    part: int
    at: datetime
    """When its batch was begun."""
    bytes: int


class RawWriter:
    """Writes one part; opened with the first payload, so that an empty one leaves no file."""

    def __init__(self, lake: Lake, begin: Begin) -> None:
        self.lake, self.begin = lake, begin
        self.path = f"{FOLDER}/{begin.source}/{begin.batch}-{begin.part:04d}.tar"
        self.taken = False
        self._sink: Any = None
        self._payloads = 0
        self._digest = hashlib.sha256()

    @property
    def is_used(self) -> bool:
        """Whether any payload was kept in it, even if a failed write then took it away."""
        return self._payloads > 0

    def keep(self, payload: Payload, packed: Packed | None) -> None:
        """Write a payload that bears no secret; `packed` is its body as it came, if it did so.

        Raises OSError where it cannot be written; what was written of this part is then removed.
        """
        ending, coding, data = _stored(payload.body, packed)
        headers = _headers(payload, coding, data, packed)
        try:
            if self._sink is None:
                self._open()
            name = f"{self._payloads + 1:05d}{ending}"
            self._member(name, data, payload.fetched_at, headers)
        except OSError:
            self._give_up()
            raise
        self._payloads += 1
        self.taken = False
        self._digest.update(digestible(headers))

    def finish(self, ends: Ends) -> None:
        """End the part and close it; raises OSError as `keep`."""
        if self._sink is None:
            return
        try:
            end = End(self._payloads, self._digest.hexdigest(), ends, self.taken)
            self._json(END, asdict(end))
            self._sink.write(bytes(2 * _BLOCK))
            self._sink.close()
        except OSError:
            self._give_up()
            raise
        self._sink = None

    def leave(self) -> None:
        """End the part of a run that failed; should that fail as well, the log says so."""
        try:
            self.finish(Ends.BROKEN)
        except OSError as error:
            log.warning("%s: its raw pages were lost: %s", self.path, error)

    def _open(self) -> None:
        folder = self.lake.full(f"{FOLDER}/{self.begin.source}")
        self.lake.files.makedirs(folder, exist_ok=True)
        self._sink = self.lake.files.open(self.lake.full(self.path), "wb", block_size=_BUFFER)
        self._json(BEGIN, asdict(self.begin))

    def _give_up(self) -> None:
        sink, self._sink = self._sink, None
        for undo in (sink.close if sink else None, lambda: self.lake.remove(self.path)):
            if undo is not None:
                with suppress(OSError):
                    undo()

    def _json(self, name: str, document: Mapping[str, object]) -> None:
        data = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
        self._member(name, data, None, {})

    def _member(
        self, name: str, data: bytes, at: datetime | None, headers: Mapping[str, str]
    ) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o444
        entry.mtime = int(at.timestamp()) if at else 0
        entry.pax_headers = {HEADER + key: value for key, value in headers.items()}
        # Written block by block: TarFile.addfile copies, and remembers every member to its end.
        self._sink.write(entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        for start in range(0, len(data), _BUFFER):
            self._sink.write(memoryview(data)[start : start + _BUFFER])
        self._sink.write(bytes(-len(data) % _BLOCK))


def digestible(headers: Mapping[str, str]) -> bytes:
    """Return a payload's headers as `End.sha256` is made of them, one after another."""
    return json.dumps(dict(sorted(headers.items()))).encode() + b"\n"


def _stored(body: bytes, packed: Packed | None) -> tuple[str, Coding, bytes]:
    """Return the ending of the member's name, how it is packed, and its bytes."""
    kind = kind_of(body[:4096])
    ending = _ENDINGS.get(kind, ".bin")
    if kind == "binary":
        ending = next((e for magic, e in _ARCHIVES.items() if body.startswith(magic)), ending)
    elif body.startswith(b"BZh"):
        ending = ".bz2"
    if packed is not None:
        return f"{ending}.{_SUFFIX[packed.coding]}", packed.coding, packed.data
    if not body or ending in _ARCHIVES.values():
        return ending, Coding.PLAIN, body
    return f"{ending}.gz", Coding.GZIP, gzip.compress(body, 1, mtime=0)


_SUFFIX = {Coding.GZIP: "gz", Coding.DEFLATE: "deflate"}


def _headers(
    payload: Payload, coding: Coding, data: bytes, packed: Packed | None
) -> dict[str, str]:
    return {
        "url": payload.url,
        "shape": payload.shape,
        "status": str(payload.status),
        "fetched_at": payload.fetched_at.isoformat(),
        "headers": json.dumps(dict(payload.headers)),
        "context": json.dumps(dict(payload.context)),
        "last": str(int(payload.last)),
        "coding": coding.value,
        "wire": packed.coding.value if packed else "",
        "bytes": str(len(payload.body)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def raw_files(lake: Lake) -> Iterator[RawFile]:
    """Yield what is kept, oldest first; files that bear no name of ours are nobody's business."""
    lake.files.invalidate_cache()
    found = lake.files.find(lake.full(FOLDER), detail=True)
    named = []
    for place, about in found.items():
        path = place[len(lake.root) + 1 :]
        owner, _, name = path.removeprefix(f"{FOLDER}/").partition("/")
        match = _NAME.fullmatch(name)
        if match and (at := iso_moment(match["at"])):
            size = int(about["size"])
            named.append(RawFile(path, owner, match["batch"], int(match["part"]), at, size))
    yield from sorted(named, key=lambda file: (file.at, file.batch, file.part))


def raw_bytes(lake: Lake) -> int:
    """Return the size of all that is kept."""
    return sum(file.bytes for file in raw_files(lake))


def forget_raw(lake: Lake, before: datetime) -> list[RawFile]:
    """Remove the pages of batches that were begun before then; returns what went."""
    old = [file for file in raw_files(lake) if file.at < before]
    for file in old:
        with suppress(FileNotFoundError):  # another round of housekeeping was faster
            lake.remove(file.path)
    return old
