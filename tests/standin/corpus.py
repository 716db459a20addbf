"""Where documents come from: real files where they are, our own small ones otherwise."""

import csv
import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent / "documents"


class Corpus:
    """The folder of real files, if there is one, and the documents beside this module."""

    def __init__(self, data: Path | None = None, vintage: str = "2026-08") -> None:
        self.data = data
        self.vintage = vintage

    def real(self, name: str) -> Path | None:
        """Return the place of a real file, or None when the folder lacks it."""
        if self.data is None:
            return None
        path = self.data / name
        return path if path.exists() else None

    def read(self, real: str, own: str) -> bytes:
        """Return a real file unpacked from .gz, or our own document."""
        return _unpacked(self.real(real) or OWN / own)

    def json(self, real: str, own: str) -> Any:
        """Return the same, decoded."""
        return json.loads(self.read(real, own))

    def csv(self, real: str, own: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file with its header."""
        return list(csv.DictReader(io.StringIO(self.read(real, own).decode("utf-8-sig"))))

    def members(self, real: str) -> dict[str, bytes]:
        """Return the files of a real archive by name; empty when it is not there."""
        path = self.real(real)
        if path is None:
            return {}
        with tarfile.open(path) as archive:
            return dict(_files(archive))

    def own(self, name: str) -> bytes:
        """Return one of our own documents."""
        return (OWN / name).read_bytes()


def _files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        handle = archive.extractfile(member) if member.isfile() else None
        if handle is not None:
            yield member.name.removeprefix("./"), handle.read()


def _unpacked(path: Path) -> bytes:
    body = path.read_bytes()
    return gzip.decompress(body) if path.suffix == ".gz" else body
