"""The source register as a page: `python -m collectors.register > docs/sources.md`."""

import inspect
import sys
from collections.abc import Mapping
from datetime import timedelta
from types import ModuleType

from collectors import evidence, registry
from collectors.base import Seen, Source

_SEEN = {
    Seen.RECORDED: "recorded: real files of the source",
    Seen.DOCUMENTED: "documented: the source's own or several users' description",
    Seen.RECALLED: "recalled: to be compared with the first live answer",
}
_HEAD = """# Sources

Generated from the code by `python -m collectors.register > docs/sources.md`; a test says when it is
old. Each source has a module in `collectors/` whose notes stand below. What its parser was built
from is *recorded*, *documented* or *recalled*; only a live fetch shows in `tocsin status` as seen
live, and neither `--offline` nor a stand-in counts as one.

An address is a setting (`sources.ID.base_url`). What `aiid`, `feeds` and `osv` would then ask of
another host is asked of that address, under the other host's name as the first part of the path.
"""


def page() -> str:
    """Return the register as Markdown: a table of terms, then the notes of each source."""
    modules: tuple[tuple[ModuleType, Source], ...] = (
        *((module, module.COLLECTOR.source) for module in registry.MODULES),
        (evidence, evidence.SOURCE),
    )
    rows = [
        "| source | tables | licence | passed on | asked | stale after | key |",
        "|---|---|---|---|---|---|---|",
        *(_row(source) for _, source in modules),
    ]
    notes = [_notes(module, source) for module, source in modules]
    return "\n".join([_HEAD, *rows, "", *notes]).rstrip() + "\n"


def _row(source: Source) -> str:
    cells = (
        f"[`{source.id}`](#{source.id})",
        ", ".join(f"`{table}`" for table in source.tables),
        source.licence,
        "yes" if source.redistributable else "**no**: used, never exported",
        f"every {span(source.every)}",
        span(source.stale_after),
        f"`sources.{source.id}.{source.needs_key}`" if source.needs_key else "",
    )
    return f"| {' | '.join(cells)} |"


def _notes(module: ModuleType, source: Source) -> str:
    facts = {
        "Address": f"`{source.base_url}`" if source.base_url else "",
        "Home": f"<{source.homepage}>" if source.homepage else "",
        "Further hosts": ", ".join(f"`{host}`" for host in source.hosts),
        "Terms": source.terms,
        "Parser built from": _SEEN[source.seen],
    }
    settings: Mapping[str, str] = getattr(module, "SETTINGS", {})
    facts |= {f"Setting `sources.{source.id}.{key}`": told for key, told in settings.items()}
    listed = "\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact)
    told = inspect.cleandoc(module.__doc__ or "")
    return f'<a id="{source.id}"></a>\n## {source.title}\n\n{listed}\n\n{told}\n'


def span(length: timedelta) -> str:
    """Return a length of time in the largest whole unit: `90 minutes`, `6 hours`, `14 days`."""
    minutes = round(length.total_seconds() / 60)
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes % size == 0:
            return _counted(minutes // size, unit)
    return _counted(minutes, "minute")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


if __name__ == "__main__":
    sys.stdout.write(page())
