"""Payloads that we wrote in each source's documented shape, and a shelf that answers requests."""

import bz2
import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from collectors.base import Options, Payload, Response
from collectors.errors import SourceRefused

HERE = Path(__file__).parent / "payloads"
NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """One response of a source, and what parse must make of it."""

    source: str
    name: str
    payload: Payload
    records: Mapping[str, int]
    refused: int


def _parquet(text: str) -> bytes:
    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = ("rating", "rating_lower", "rating_upper", "variance", "vote_count", "rank")
    columns: dict[str, list[object]] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in numbers:
        columns[name] = [float(row[name]) for row in rows]
    columns["leaderboard_publish_date"] = [
        date.fromisoformat(row["leaderboard_publish_date"]) for row in rows
    ]
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def _archive(kind: str, members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, body in members.items():
                bundle.writestr(name, body)
        return out.getvalue()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return bz2.compress(out.getvalue())


def _body(folder: Path, entry: Mapping[str, Any]) -> bytes:
    match entry.get("build"):
        case "parquet":
            return _parquet((folder / entry["file"]).read_text(encoding="utf-8"))
        case "zip" | "tar.bz2" as kind:
            members = {n: (folder / file).read_bytes() for n, file in entry["members"].items()}
            return _archive(kind, members)
        case _:
            return (folder / str(entry["file"])).read_bytes()


def samples() -> list[Sample]:
    """Return every response that `payloads/SOURCE/payloads.yaml` lists."""
    found = []
    for listing in sorted(HERE.glob("*/payloads.yaml")):
        source = listing.parent.name
        for entry in yaml.safe_load(listing.read_text(encoding="utf-8")):
            name = f"{source}/{entry.get('file', entry['shape'])}"
            payload = Payload(
                source=source,
                shape=entry["shape"],
                url=entry.get("url", f"https://{source}.example.org/{entry['shape']}"),
                status=200,
                headers=entry.get("headers", {}),
                body=_body(listing.parent, entry),
                fetched_at=NOW,
                context=entry.get("context", {}),
            )
            found.append(Sample(source, name, payload, entry["records"], entry.get("refused", 0)))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `sample` (or `json_sample`) once for each of them."""
    for name in {"sample", "json_sample"} & set(metafunc.fixturenames):
        every = [
            sample
            for sample in samples()
            if name == "sample" or sample.payload.body.startswith((b"{", b"["))
        ]
        metafunc.parametrize(name, every, ids=[s.name for s in every])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests of the real sources out unless they are asked for by `-m online`."""
    if "online" in str(config.option.markexpr):
        return
    online = [item for item in items if item.get_closest_marker("online")]
    if online:
        config.hook.pytest_deselected(items=online)
        items[:] = [item for item in items if item not in online]


@pytest.fixture
def payload_of() -> Callable[..., Payload]:
    """Return a maker of payloads: source, shape, body, and what else differs."""

    def make(source: str, shape: str, body: bytes | str, **more: Any) -> Payload:
        raw = body.encode() if isinstance(body, str) else body
        settings: dict[str, Any] = {
            "url": f"https://{source}.example.org/x",
            "headers": {},
            "fetched_at": NOW,
        }
        return Payload(source=source, shape=shape, status=200, body=raw, **(settings | more))

    return make


Answer = bytes | str | object


@dataclass
class Shelf:
    """The network's edge in tests: answers by address, and notes what was asked.

    An answer is bytes, a document for JSON, a Response, or an error to raise; a list is used up
    answer by answer. An address that is not on the shelf is refused as 404.
    """

    answers: dict[str, Any]
    asked: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def get(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
        accept: tuple[int, ...] = (),
        revalidate: bool = False,
    ) -> Response:
        return self._answer(url, list(params), headers, accept)

    def post_json(
        self,
        url: str,
        document: object,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 64 << 20,
    ) -> Response:
        return self._answer(url, document, headers, ())

    def _answer(
        self, url: str, asked: Any, headers: Mapping[str, str] | None, accept: tuple[int, ...]
    ) -> Response:
        self.asked.append((url, asked))
        self.headers.append(headers or {})
        found = self.answers.get(url)
        if isinstance(found, list):
            found = found.pop(0)
        if found is None:
            if 404 in accept:
                return Response(url, 404, {}, b"", NOW)
            raise SourceRefused(f"HTTP 404 from {url}")
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Response):
            return found
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return Response(url, 200, {}, body, NOW)


@pytest.fixture
def shelf() -> type[Shelf]:
    """Return the class of the network's edge."""
    return Shelf


@pytest.fixture
def options() -> Callable[..., Options]:
    """Return a maker of options: base address, and what else an operator set."""

    def make(base_url: str, **more: Any) -> Options:
        return Options(now=more.pop("now", NOW), base_url=base_url, **more)

    return make


@pytest.fixture
def read_own() -> Callable[[str], bytes]:
    """Return a reader of our own payloads, by `source/file`."""
    return lambda name: (HERE / name).read_bytes()
