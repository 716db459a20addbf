"""The facts of 2022–2026 that are shipped with the program, as plain typed rows.

`tables.yaml` declares files, columns and keys; `manifest.yaml` the cut-off and every file's hash.
A row is a dict of the record's fields plus `source` and `row_licence`; whoever writes the lake
turns it into a record. Nothing here knows the collectors.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import yaml

from config.errors import ConfigError

_HOME: Final = files("config") / "baseline"

ENVELOPE: Final[dict[str, str]] = {
    "source": "str",
    "source_url": "str",
    "row_licence": "str",
    "known_from": "moment",
    "occurred_on": "date?",
    "published_on": "date?",
}
"""Columns of every table besides its own, with their types."""

_WORDS: Final = {"true": True, "false": False}


def _moment(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"a moment with its zone, not {text!r}")
    return value.astimezone(UTC)


_PARSE: Final[dict[str, Callable[[str], object]]] = {
    "str": str,
    "int": int,
    "bool": _WORDS.__getitem__,
    "date": cache(date.fromisoformat),
    "moment": cache(_moment),
}


@dataclass(frozen=True)
class Table:
    """One shipped table: its file, its columns with their types, its key, how it is checked."""

    name: str
    file: str
    key: tuple[str, ...]
    columns: dict[str, str]
    dropped: tuple[str, ...]
    checked: str


def _load(name: str) -> object:
    file = _HOME / name
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(str(file), "(file)", f"a readable YAML file ({error})") from error


@cache
def spec() -> dict[str, Table]:
    """Return every table's declaration, in the order in which a batch is written."""
    raw = _load("tables.yaml")
    if not isinstance(raw, dict) or not isinstance(raw.get("tables"), dict):
        raise ConfigError("config/baseline/tables.yaml", "tables", "a mapping of tables")
    return {
        name: Table(
            name=name,
            file=body["file"],
            key=tuple(body["key"]),
            columns={**body["columns"], **ENVELOPE},
            dropped=tuple(body.get("drop", ())),
            checked=" ".join(str(body["checked"]).split()),
        )
        for name, body in raw["tables"].items()
    }


def tables() -> tuple[str, ...]:
    """Return the names of the shipped tables; each is a table of the lake."""
    return tuple(spec())


def path(table: str) -> Traversable:
    """Return the file of one table, wherever the package is installed."""
    name = spec()[table].file
    if name.startswith("../"):
        return files("config") / name.removeprefix("../")
    return _HOME / name


def _text(table: str) -> str:
    body = path(table).read_bytes()
    if spec()[table].file.endswith(".gz"):
        body = gzip.decompress(body)
    return body.decode("utf-8")


def _parser(table: str, column: str) -> Callable[[str], object]:
    kind = spec()[table].columns[column]
    parse = _PARSE[kind.removesuffix("?")]
    if not kind.endswith("?"):
        return parse
    return lambda text: parse(text) if text else None


def _header(table: str, header: list[str]) -> None:
    expected = list(spec()[table].columns)
    if header != expected:
        raise ConfigError(spec()[table].file, "(header)", ", ".join(expected))


def rows(table: str) -> Iterator[dict[str, object]]:
    """Yield the rows of one table: record fields plus `source` and `row_licence`, typed.

    An empty cell of a column that may be empty is None. Raises ConfigError that names file,
    line and column.
    """
    declared = spec()[table]
    reader = csv.reader(io.StringIO(_text(table), newline=""))
    _header(table, next(reader, []))
    parsers = [(c, _parser(table, c), c not in declared.dropped) for c in declared.columns]
    for line in reader:
        row: dict[str, object] = {}
        for (column, parse, kept), text in zip(parsers, line, strict=True):
            if not kept:
                continue
            try:
                row[column] = parse(text)
            except (ValueError, KeyError) as error:
                where = f"line {reader.line_num}, {column}"
                raise ConfigError(declared.file, where, declared.columns[column]) from error
        yield row


@cache
def titles() -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return the titles that we gave our own rows: (table, id) → Chinese and English words.

    They stand beside the tables and not in them, so that better words make no new vintage of facts.
    """
    text = (_HOME / "titles.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames != ["table", "id", "zh", "en"]:
        raise ConfigError("config/baseline/titles.csv", "(header)", "table, id, zh, en")
    return {(line["table"], line["id"]): (line["zh"], line["en"]) for line in reader}


def sha256(*names: str) -> str:
    """Return the hash of the whole baseline, or of the named tables: names and bytes in order."""
    digest = hashlib.sha256()
    for name in names or tables():
        digest.update(name.encode())
        digest.update(hashlib.sha256(path(name).read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Manifest:
    """The baseline's cut-off with its reason, and each file's hash and number of rows."""

    cutoff: datetime
    reason: str
    files: dict[str, tuple[str, int]]


@cache
def manifest() -> Manifest:
    """Return `manifest.yaml`; raises ConfigError where it lacks something."""
    raw = _load("manifest.yaml")
    try:
        if not isinstance(raw, dict):
            raise TypeError("a mapping")
        listed = {k: (str(v["sha256"]), int(v["rows"])) for k, v in raw["files"].items()}
        return Manifest(_moment(raw["cutoff"]), str(raw["reason"]), listed)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            "config/baseline/manifest.yaml", str(error), "a complete entry"
        ) from error


def __getattr__(name: str) -> datetime:
    """`CUTOFF`: up to this moment the shipped record says what the world could know."""
    if name == "CUTOFF":
        return manifest().cutoff
    raise AttributeError(name)
