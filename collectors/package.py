"""The packages whose advisories count: those that lie on the path by which a model is loaded."""

from functools import cache
from importlib.resources import files

import yaml

from config.errors import ConfigError


@cache
def _registry() -> tuple[tuple[str, str], ...]:
    path = files("config") / "registry" / "packages.yaml"
    return _pairs(str(path), yaml.safe_load(path.read_text(encoding="utf-8")))


def _pairs(path: str, document: object) -> tuple[tuple[str, str], ...]:
    entries = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ConfigError(path, "packages", "a list of {ecosystem, package}")
    pairs = set()
    for position, entry in enumerate(entries):
        match entry:
            case {"ecosystem": str(ecosystem), "package": str(package)}:
                pairs.add((ecosystem, package))
            case _:
                raise ConfigError(path, f"packages[{position}]", "{ecosystem, package}")
    return tuple(sorted(pairs))


def watched(setting: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return (ecosystem, package) pairs, sorted: of the registry, or of the setting.

    `sources.osv.packages` may hold `PyPI/torch,Go/github.com/ollama/ollama`; else
    config/registry/packages.yaml counts. Raises ConfigError.
    """
    if not setting:
        return _registry()
    pairs = []
    for item in setting.split(","):
        ecosystem, slash, package = item.strip().partition("/")
        if not slash or not package:
            raise ConfigError("sources", "osv.packages", f"ECOSYSTEM/PACKAGE, not {item!r}")
        pairs.append((ecosystem, package))
    return tuple(sorted(set(pairs)))
