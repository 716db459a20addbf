"""The packages whose advisories are asked for: those that load, serve or build models."""

from config import registry
from config.errors import ConfigError


def watched(setting: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return (ecosystem, package) pairs as OSV spells them, sorted.

    `sources.osv.extra.packages` may hold `PyPI/torch,Go/github.com/ollama/ollama`; else
    config/registry/packages.yaml counts. Raises ConfigError.
    """
    if not setting:
        return tuple(sorted({(p.ecosystem, p.package) for p in registry.packages()}))
    pairs = set()
    for item in setting.split(","):
        ecosystem, slash, package = item.strip().partition("/")
        if not slash or not package:
            raise ConfigError("sources", "osv.extra.packages", f"ECOSYSTEM/PACKAGE, not {item!r}")
        pairs.add((ecosystem, package))
    return tuple(sorted(pairs))
