"""The list of feeds: config/registry/feeds.yaml, or the operator's file of the same form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from collectors.document import web_address
from config.errors import ConfigError

KINDS = ("policy", "incident", "advisory", "research", "release")
_ID = re.compile(r"\A[a-z0-9][a-z0-9-]{0,39}\Z")


@dataclass(frozen=True)
class Feed:
    """One feed: where it is, and what its entries are taken for."""

    id: str
    url: str
    title: str
    jurisdiction: str
    kind: str
    measure: str | None
    encoding: str | None
    words: tuple[str, ...]

    def context(self) -> dict[str, str]:
        """Return what parse must know of the feed, kept with each of its payloads."""
        return {
            "feed": self.id,
            "jurisdiction": self.jurisdiction,
            "kind": self.kind,
            "measure": self.measure or "",
            "encoding": self.encoding or "",
            "words": "\n".join(self.words),
        }


def load(file: str | None = None) -> tuple[Feed, ...]:
    """Return the feeds of a file, by default those of config/registry; raises ConfigError."""
    if file is None:
        return _shipped()
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(file, "sources.feeds.extra.file", "a readable file") from error
    return _feeds(file, text)


@cache
def _shipped() -> tuple[Feed, ...]:
    path = files("config") / "registry" / "feeds.yaml"
    return _feeds("config/registry/feeds.yaml", path.read_text(encoding="utf-8"))


def _feeds(file: str, text: str) -> tuple[Feed, ...]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(file, "(file)", "YAML") from error
    if not isinstance(document, dict) or not isinstance(document.get("feeds"), list):
        raise ConfigError(file, "feeds", "a list")
    lists = document.get("words") or {}
    found = [_feed(file, n, entry, lists) for n, entry in enumerate(document["feeds"])]
    if len({feed.id for feed in found}) < len(found):
        raise ConfigError(file, "feeds", "each id only once")
    return tuple(found)


def _feed(file: str, number: int, entry: Any, lists: Mapping[str, list[str]]) -> Feed:
    def wrong(key: str, expected: str) -> ConfigError:
        return ConfigError(file, f"feeds[{number}].{key}", expected)

    if not isinstance(entry, dict):
        raise ConfigError(file, f"feeds[{number}]", "a mapping")
    unknown = set(entry) - {*Feed.__dataclass_fields__}
    if unknown:
        raise wrong(min(map(str, unknown)), "a key of a feed")
    url, id_, kind = entry.get("url"), entry.get("id"), entry.get("kind", "policy")
    if not isinstance(id_, str) or not _ID.match(id_):
        raise wrong("id", "lower-case letters, digits and hyphens")
    if not isinstance(url, str) or web_address(url) is None:
        raise wrong("url", "an http(s) address")
    if kind not in KINDS:
        raise wrong("kind", f"one of {', '.join(KINDS)}")
    if any(name not in lists for name in entry.get("words") or ()):
        raise wrong("words", f"names of word lists: {', '.join(lists)}")
    words = [str(word).casefold() for name in entry.get("words") or () for word in lists[name]]
    return Feed(
        id=id_, url=url, title=str(entry.get("title", id_)),
        jurisdiction=str(entry.get("jurisdiction", "unknown")), kind=kind,
        measure=entry.get("measure"), encoding=entry.get("encoding"), words=tuple(words),
    )  # fmt: skip
