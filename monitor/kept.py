"""Read kept pages back: which batches there are, and their payloads as parse was given them.

Nothing is taken on trust: every member against its sha256, their headers against that of
`end.json`, every part against the number it should have. What does not fit is a LakeError that
names the file and what is wrong with it, and the mend where there is one: nobody else has the
pages, so what is damaged is lost.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from fsspec.implementations.local import LocalFileSystem
from sqlmodel import select

from collectors.base import Payload
from collectors.unpacking import Broken, Coding, TooLarge, unpack
from monitor.errors import LakeError
from monitor.lake import Lake
from monitor.raw import BEGIN, END, HEADER, Begin, End, Ends, digestible, raw_files
from monitor.store.engine import reading
from monitor.store.runs import Batch, Sweep

T = TypeVar("T")

_LIST = "tocsin collect --list-kept"
_UNREADABLE = (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, msgspec.MsgspecError)
"""What damaged bytes raise, in the tar, in JSON and in what stands there."""


@dataclass(frozen=True)
class KeptBatch:
    """The pages of one batch, part by part."""

    id: str
    source: str
    at: datetime | None
    """When it was begun; None where the operator named files."""
    files: tuple[str, ...]
    """As the file system knows them."""
    bytes: int
    where: Any
    """The file system."""


def kept_batches(lake: Lake) -> list[KeptBatch]:
    """Return what the lake keeps, oldest first, as far as its names tell."""
    found = []
    for (id_, owner), group in groupby(raw_files(lake), key=lambda f: (f.batch, f.source)):
        parts = list(group)
        paths = tuple(lake.full(f.path) for f in parts)
        size = sum(f.bytes for f in parts)
        found.append(KeptBatch(id_, owner, parts[0].at, paths, size, lake.files))
    return found


def find(lake: Lake, names: Sequence[str]) -> list[KeptBatch]:
    """Return the batches of these names: identifiers, their beginnings, or tar files.

    Files of one batch are put together, in the order of their parts. Raises LakeError.
    """
    known = kept_batches(lake)
    batches = [_by_name(known, n) for n in names if not n.endswith(".tar")]
    return list(dict.fromkeys(batches)) + _by_file([n for n in names if n.endswith(".tar")])


def _by_name(known: Sequence[KeptBatch], name: str) -> KeptBatch:
    found = [b for b in known if b.id.startswith(name)]
    if len(found) != 1:
        what = "several kept batches begin so" if found else "no kept batch begins so"
        raise LakeError(f"{name}: {what} ({_LIST})")
    return found[0]


def _by_file(names: Sequence[str]) -> list[KeptBatch]:
    local = LocalFileSystem()
    parts: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name in names:
        path = str(Path(name).resolve())
        if not local.isfile(path):
            raise LakeError(f"{name}: no such file ({_LIST})")
        begin = _begin(local, path)
        parts.setdefault((begin.batch, begin.source), []).append((begin.part, path))
    return [
        KeptBatch(
            id_, source, None, tuple(path for _, path in sorted(found)),
            sum(local.size(path) for _, path in found), local,
        )
        for (id_, source), found in parts.items()
    ]  # fmt: skip


def described(lake: Lake, batches: Sequence[KeptBatch]) -> list[dict[str, object]]:
    """Return kept batches as JSON values, with what became of them.

    `state` is the batch's, `in_hand` for a sweep that may still go on, null for what never became
    a batch: the run failed, or gave no rows.
    """
    with reading(lake.engine) as session:
        rows = {b.id: b for b in session.exec(select(Batch))}
        in_hand = {s.batch_id: s.name for s in session.exec(select(Sweep))}
    found: list[dict[str, object]] = []
    for batch in batches:
        row = rows.get(batch.id)
        state = "in_hand" if batch.id in in_hand else None
        found.append(
            {
                "id": batch.id,
                "source": batch.source,
                "sweep": row.sweep if row else in_hand.get(batch.id),
                "state": row.state if row else state,
                "at": batch.at.isoformat() if batch.at else None,
                "rows": row.rows if row else None,
                "bytes": batch.bytes,
                "files": list(batch.files),
            }
        )
    return found


def begin_of(batch: KeptBatch) -> Begin:
    """Return what the first part says of the batch; raises LakeError."""
    return _begin(batch.where, batch.files[0])


def payloads(batch: KeptBatch, *, incomplete: bool = False) -> Iterator[tuple[Payload, int]]:
    """Yield the payloads in the order they came, each with the bytes of its batch read so far.

    Raises LakeError, at the latest behind the last one, where a member was changed, a part is
    missing, or the pages are not the whole batch; the latter is let pass with `incomplete`.
    """
    read = 0
    for number, path in enumerate(batch.files):
        final = number == len(batch.files) - 1
        held: Payload | None = None
        end: End | None = None
        for item, size in _read(batch, path, number, incomplete=incomplete):
            if isinstance(item, End):
                end = item
                continue
            if held is not None:
                yield held, read
            held = item
            read += size
        # What parse refused in the middle was asked for again when the sweep went on.
        if held is not None and (final or end is None or end.taken):
            yield held, read
        if not incomplete:
            _must_follow(path, end, final=final)


def _must_follow(path: str, end: End | None, *, final: bool) -> None:
    mend = "--incomplete makes a batch of what is there"
    if end is None:
        raise LakeError(f"{path}: unfinished (a kill left it) or damaged; {mend}")
    if final and end.ends is Ends.BROKEN:
        raise LakeError(f"{path}: the run ended here, what would follow was not fetched; {mend}")
    if final and end.ends is Ends.PART:
        raise LakeError(f"{path}: another part should follow; {mend}")
    if not final and end.ends is not Ends.PART:
        raise LakeError(f"{path}: it ends its batch, yet another part follows; name one batch")


def _read(
    batch: KeptBatch, path: str, number: int, *, incomplete: bool
) -> Iterator[tuple[Payload | End, int]]:
    """Yield the payloads of one file, each with its size, checked, and its end if it has one."""
    digest, count, source = hashlib.sha256(), 0, batch.source
    with _opened(batch.where, path) as tar:
        begin = _json(tar, tar.next(), BEGIN, Begin)
        if (begin.batch, begin.source) != (batch.id, batch.source):
            raise LakeError(f"{path}: holds pages of {begin.batch}, its name says {batch.id}")
        if begin.part != number and not incomplete:
            raise LakeError(
                f"{path}: part {number} is missing before it; --incomplete makes a batch of what "
                "is there"
            )
        while True:
            try:
                member = tar.next()
                if member is None:
                    return
                if member.name == END:
                    end = _json(tar, member, END, End)
                    break
                data = _bytes(tar, member)
            except tarfile.ReadError:
                return  # ends in the middle, as a kill leaves it: not damage
            headers = {
                k.removeprefix(HEADER): v
                for k, v in member.pax_headers.items()
                if k.startswith(HEADER)
            }
            digest.update(digestible(headers))
            count += 1
            place = f"{path}: {member.name}"
            yield _payload(source, begin.sweep, headers, data, place), len(data)
    if (end.payloads, end.sha256) != (count, digest.hexdigest()):
        raise LakeError(f"{path}: its headers are not what they were when it was written")
    yield end, 0


def _begin(where: Any, path: str) -> Begin:
    with _opened(where, path) as tar:
        return _json(tar, tar.next(), BEGIN, Begin)


@contextmanager
def _opened(where: Any, path: str) -> Iterator[tarfile.TarFile]:
    """Give a tar that is read once through; what damage raises becomes a LakeError."""
    try:
        with where.open(path, "rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
            yield tar
    except OSError as error:
        raise LakeError(f"{path}: cannot be read now ({_line(error)})") from error
    except _UNREADABLE as error:
        raise LakeError(f"{path}: damaged or not one of ours ({_line(error)})") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    data = file.read()
    if len(data) != member.size:
        raise tarfile.ReadError("unexpected end of data")
    return data


def _json(tar: tarfile.TarFile, member: tarfile.TarInfo | None, name: str, shape: type[T]) -> T:
    if member is None or member.name != name:
        raise ValueError(f"{name} should stand where {member.name if member else 'nothing'} does")
    return msgspec.json.decode(_bytes(tar, member), type=shape)


def _payload(
    source: str, sweep: str, headers: Mapping[str, str], data: bytes, place: str
) -> Payload:
    """Return the payload as parse was given it; marks are left out, so none is ever moved."""
    if hashlib.sha256(data).hexdigest() != headers["sha256"]:
        raise LakeError(f"{place}: damaged, it is not what its sha256 says")
    size = int(headers["bytes"])
    try:
        body, _ = unpack([data], Coding(headers["coding"]), max(size, len(data)))
    except (Broken, TooLarge) as error:
        raise LakeError(f"{place}: damaged, it cannot be unpacked ({error})") from error
    return Payload(
        source=source,
        shape=headers["shape"],
        url=headers["url"],
        status=int(headers["status"]),
        headers=msgspec.json.decode(headers["headers"], type=dict[str, str]),
        body=body,
        fetched_at=datetime.fromisoformat(headers["fetched_at"]),
        sweep=sweep,
        last=headers["last"] == "1",
        context=msgspec.json.decode(headers["context"], type=dict[str, str]),
    )
