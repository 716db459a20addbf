"""Families and publishers with what the record says of each, as known at a moment."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from duckdb import DuckDBPyConnection

from config import registry
from monitor.profile_ledger import Profiles
from reports.chapters import DiffusionRow, EventView
from reports.profile import PAGES, Profile, ProfileKind, Unnamed

HUB = frozenset({"models", "counters", "bases", "tags", "files", "scans", "presence"})
"""Tables in which a family or publisher with repositories has rows."""


def profiles(
    connection: DuckDBPyConnection,
    reads: Mapping[str, Iterable[str]],
    events: Sequence[EventView] = (),
    diffusion: Sequence[DiffusionRow] = (),
    *,
    removed_known: bool = True,
) -> tuple[tuple[Profile, ...], tuple[Profile, ...], Unnamed]:
    """Return the families and the publishers that have a page, and what has none.

    `reads` says by indicator code which tables its query rests on.
    """
    ledger = Profiles(connection, removed_known=removed_known)
    found = tuple(
        tuple(_tied(p, reads, events, diffusion) for p in ledger.told(kind)[:PAGES])
        for kind in (ProfileKind.FAMILY, ProfileKind.PUBLISHER)
    )
    return found[0], found[1], ledger.unnamed()


def _tied(
    known: Profile,
    reads: Mapping[str, Iterable[str]],
    events: Sequence[EventView],
    diffusion: Sequence[DiffusionRow],
) -> Profile:
    """Return the profile with what other parts of the record say of it."""
    tables = {
        name
        for name, has in (
            ("releases", known.released), ("scores", known.scores), ("incidents", known.incidents)
        )
        if has
    } | (HUB if known.standings else frozenset())  # fmt: skip
    named = _names(known)
    owners = {o.casefold() for o in known.organisations}
    family = known.name.casefold() if known.kind is ProfileKind.FAMILY else ""
    return replace(
        known,
        indicators=tuple(sorted(code for code, needs in reads.items() if tables & set(needs))),
        events=tuple(e for e in events if named is not None and named.search(e.words.en)),
        diffusion=tuple(
            d
            for d in diffusion
            if d.organisation.casefold() in owners and family in d.model.casefold()
        ),
    )


def _names(known: Profile) -> re.Pattern[str] | None:
    """Return what a title must contain to be about it, or None for a name that is a common word.

    Family names are mostly words of the language (Command, Step, Falcon): only those by which the
    registry recognises an incident's family count. Organisations are matched as they are spelled.
    """
    if known.kind is ProfileKind.PUBLISHER:
        return re.compile("|".join(rf"\b{re.escape(o)}\b" for o in known.organisations))
    if known.name.casefold().replace(" ", "-") not in registry.lexicon()["open_families"]:
        return None
    return re.compile(rf"\b{re.escape(known.name)}\b", re.IGNORECASE)
