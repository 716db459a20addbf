"""Whether a text is about AI: authorities' lists hold everything that they publish."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import yaml

from config.errors import ConfigError


@cache
def words(name: str = "ai") -> tuple[str, ...]:
    """Return a word list of config/registry/feeds.yaml, case folded; raises ConfigError."""
    path = files("config") / "registry" / "feeds.yaml"
    lists = yaml.safe_load(path.read_text(encoding="utf-8")).get("words", {})
    if not isinstance(lists, dict) or not isinstance(lists.get(name), list):
        raise ConfigError("config/registry/feeds.yaml", f"words.{name}", "a list of words")
    return tuple(str(word).casefold() for word in lists[name])


def concerns(text: str, wanted: Iterable[str]) -> bool:
    """Return whether the text contains one of the words; with no words, every text does."""
    folded = text.casefold()
    found = False
    for word in wanted:
        found = True
        if word in folded:
            return True
    return not found
