"""Word lists, packages, licences, publishers and jurisdictions that indicators look things up in.

Each file stands beside this one; every function reads it once and raises ConfigError that names
file and key.
"""

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from config import baseline
from config.errors import ConfigError

_HOME: Final = files("config") / "registry"
_OPENNESS: Final = frozenset({"open", "closed", "unknown"})


@dataclass(frozen=True)
class Package:
    """One package whose flaws are watched; `on_load_path`: it reads or runs a model's files."""

    ecosystem: str
    package: str
    on_load_path: bool


@dataclass(frozen=True)
class Jurisdiction:
    """One jurisdiction: ISO alpha-2 (or `EU`, `INT`, `unknown`), its group, its names."""

    code: str
    group: str | None
    zh: str
    en: str


def _yaml(name: str) -> dict[str, object]:
    try:
        raw = yaml.safe_load((_HOME / name).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"config/registry/{name}", "(file)", "readable YAML") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"config/registry/{name}", "(file)", "a mapping")
    return raw


def _csv(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        text = (_HOME / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"config/registry/{name}", "(file)", "a readable CSV file") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != columns:
        raise ConfigError(f"config/registry/{name}", "(header)", ", ".join(columns))
    return list(reader)


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """Return every word list by name; words are lower-case, none twice."""
    lists: dict[str, tuple[str, ...]] = {}
    for name, body in _yaml("lexicons.yaml").items():
        words = body.get("words") if isinstance(body, dict) else None
        if not isinstance(words, list) or not words:
            raise ConfigError("config/registry/lexicons.yaml", f"{name}.words", "a list of words")
        clean = tuple(str(w) for w in words)
        if len(set(clean)) != len(clean) or any(w != w.lower() for w in clean):
            expected = "lower-case words, none twice"
            raise ConfigError("config/registry/lexicons.yaml", f"{name}.words", expected)
        lists[name] = clean
    return lists


@cache
def packages() -> tuple[Package, ...]:
    """Return the watched packages, ecosystem and name as OSV spells them."""
    listed = _yaml("packages.yaml").get("packages")
    if not isinstance(listed, list):
        raise ConfigError("config/registry/packages.yaml", "packages", "a list")
    found = []
    for number, entry in enumerate(listed):
        try:
            flag = entry["on_load_path"]
            found.append(Package(str(entry["ecosystem"]), str(entry["package"]), bool(flag)))
        except (TypeError, KeyError) as error:
            key = f"packages[{number}]"
            expected = "ecosystem, package, on_load_path"
            raise ConfigError("config/registry/packages.yaml", key, expected) from error
    return tuple(found)


@cache
def licences() -> dict[str, str]:
    """Return openness (open, closed, unknown) by a source's spelling of a licence or access."""
    found: dict[str, str] = {}
    for line in _csv("licences.csv", ("spelling", "openness", "source", "note")):
        if line["openness"] not in _OPENNESS or line["spelling"] in found:
            expected = "open, closed or unknown, each spelling once"
            raise ConfigError("config/registry/licences.csv", line["spelling"], expected)
        found[line["spelling"]] = line["openness"]
    return found


@cache
def jurisdictions() -> dict[str, Jurisdiction]:
    """Return every jurisdiction by code; `group` says whose member it counts as (EU, CN, US)."""
    return {
        line["code"]: Jurisdiction(line["code"], line["group"] or None, line["zh"], line["en"])
        for line in _csv("jurisdictions.csv", ("code", "group", "zh", "en"))
    }


def group(code: str) -> str:
    """Return the group of a jurisdiction, or the code itself where it has none."""
    entry = jurisdictions().get(code)
    return entry.group if entry is not None and entry.group is not None else code


@cache
def publishers() -> tuple[dict[str, object], ...]:
    """Return the publisher registry as rows of the `publishers` table."""
    return tuple(baseline.rows("publishers"))
