"""Every collector, one line each: what is not named here is never asked."""

from types import ModuleType

from collectors import (
    aiid,
    artificial_analysis,
    atlas,
    cac,
    civitai,
    epoch,
    federal_register,
    feeds,
    github_advisories,
    govcn,
    huggingface,
    kev,
    lmarena,
    models_dev,
    modelscope,
    ollama,
    openrouter,
    osv,
)
from collectors.base import Collector

MODULES: tuple[ModuleType, ...] = (
    huggingface, modelscope, models_dev, openrouter, ollama, civitai,
    epoch, lmarena, artificial_analysis,
    aiid, atlas, osv, github_advisories, kev,
    federal_register, govcn, cac, feeds,
)  # fmt: skip
"""One module per source, each with its `COLLECTOR`."""

COLLECTORS: tuple[Collector, ...] = tuple(m.COLLECTOR for m in MODULES)
"""In the order in which a cycle asks them."""


def by_id(source: str) -> Collector:
    """Return the collector of a source; raise KeyError for a name that nobody bears."""
    for collector in COLLECTORS:
        if collector.source.id == source:
            return collector
    raise KeyError(source)


def register_rows() -> tuple[dict[str, str], ...]:
    """Return the source register for reports: one row a source, every value as text.

    `every` and `stale_after` are in whole hours; `redistributable` is "yes" or "no".
    """
    return tuple(
        {
            "id": source.id,
            "title": source.title,
            "url": source.base_url,
            "homepage": source.homepage,
            "licence": source.licence,
            "terms": source.terms,
            "redistributable": "yes" if source.redistributable else "no",
            "every_hours": str(round(source.every.total_seconds() / 3600)),
            "stale_after_hours": str(round(source.stale_after.total_seconds() / 3600)),
            "seen": source.seen.value,
            "key": source.needs_key or "",
            "tables": ", ".join(source.tables),
        }
        for source in (c.source for c in COLLECTORS)
    )
