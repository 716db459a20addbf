"""Tallies over one family's or publisher's rows: names, months, licences, comparable days."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from reports.profile import (
    Account,
    DownloadPoint,
    LicenceSpan,
    ProfileKind,
    ReleaseLine,
    ReleaseMonth,
)

SAME_PANEL = 0.9
"""A day counts in the history of downloads where so much of the newest day's panel was counted."""


def display(listed: Sequence[Account], kind: ProfileKind) -> str:
    """Return how most entries spell the name; among equals the one with capitals."""
    family = kind is ProfileKind.FAMILY
    names = Counter(a.family if family else a.organisation for a in listed)
    return min(names, key=lambda n: (-names[n], n))


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Return each word once, whatever its capitals, as it was spelled first."""
    seen: dict[str, str] = {}
    for word in words:
        seen.setdefault(word.casefold(), word)
    return tuple(seen.values())


def months(lines: Sequence[ReleaseLine]) -> tuple[ReleaseMonth, ...]:
    """Return the releases by month from the first dated one on, months without any included."""
    tally = Counter((line.on.replace(day=1), line.openness) for line in lines if line.on)
    if not tally:
        return ()
    month, last = min(m for m, _ in tally), max(m for m, _ in tally)
    found = []
    while month <= last:
        counts = (tally[month, kind] for kind in ("open", "closed", "unknown"))
        found.append(ReleaseMonth(month, *counts))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return tuple(found)


def licences(lines: Sequence[ReleaseLine]) -> tuple[LicenceSpan, ...]:
    """Return the licences in the order of their first use."""
    used: dict[tuple[str, str], list[date]] = defaultdict(list)
    for line in lines:
        if line.licence and line.on:
            used[line.licence, line.openness].append(line.on)
    spans = [LicenceSpan(n, o, len(d), min(d), max(d)) for (n, o), d in used.items()]
    return tuple(sorted(spans, key=lambda s: (s.first, s.licence, s.openness)))


def panel(points: Sequence[DownloadPoint]) -> tuple[DownloadPoint, ...]:
    """Return the days on which nearly the same repositories were counted as on the newest."""
    if not points:
        return ()
    least = SAME_PANEL * points[-1].models
    return tuple(p for p in points if least <= p.models <= points[-1].models / SAME_PANEL)
