"""Frontier: how many months one group of models lies behind another, and by how many points.

The lag at day t is t minus the first day on which the leaders' best had reached the followers'
best at t. It is measured at the last release that the board knows, not at the clock: after that
day the board says nothing, and silence is not a growing lag. Between releases the lag still grows
a month every month, so what is *judged* is the mean of the last three month ends.

Published comparisons (epoch.ai/data-insights/open-closed-eci-gap) average over score levels
instead; `horizontal_mean` is that estimator, under its own name.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rules.reduction import (
    Outcome,
    Params,
    Row,
    absent,
    day_of,
    names,
    number,
    numbers,
    settled,
    text,
    whole,
)
from rules.types import Why

MONTH_DAYS = 30.4375
MICRO = 1_000_000


@dataclass(frozen=True)
class Board:
    """One board: releases of leaders and followers as (day, score in millionths), day order."""

    published: int
    leaders: tuple[tuple[int, int], ...]
    followers: tuple[tuple[int, int], ...]

    @property
    def last(self) -> int:
        """Day of the last release that the board knows."""
        return max(self.leaders[-1][0], self.followers[-1][0])


def lag(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the lag in months on the first board; every board of `boards` votes, judged.

    `tolerance` (points of the first board) lets a leader count only once it is ahead by more than
    that; `band` lists the tolerances printed beside it. `per_point` turns points of the first
    board into points of each. A required board without rows makes the lag Missing; boards of
    `shown` (one that needs a key, say) widen the band where they are known, and never vote.
    """
    boards = _boards(rows, names(params, "boards"))
    if boards is None:
        return absent(Why.NO_DATA, rows, boards=", ".join(names(params, "boards")))
    per_point, labels = numbers(params, "per_point"), names(params, "labels")
    tolerance = number(params, "tolerance")
    points, votes, beside = [], {}, {}
    for board, label, unit in zip(boards, labels, per_point, strict=True):
        now = lag_at(board, board.last, tolerance * unit)
        judged = judged_at(board, board.last, tolerance * unit)
        if now is None or judged is None:
            return absent(Why.TOO_SHORT, rows, board=label)
        points.append(now)
        votes[label] = judged
        beside[f"point_{label}"] = now
        beside[f"judged_{label}"] = votes[label]
    for wider in numbers(params, "band"):
        for board, label, unit in zip(boards, labels, per_point, strict=True):
            if (other := lag_at(board, board.last, wider * unit)) is not None:
                beside[f"tolerance_{wider:g}_{label}"] = other
    for name, board in _shown(rows, params):
        if (theirs := lag_at(board, board.last)) is not None:
            beside[f"point_{name}"] = theirs
    mean = horizontal_mean(boards[0], tolerance * per_point[0])
    if mean is not None:
        beside["horizontal_mean"] = mean
    spread = [v for k, v in beside.items() if k.startswith(("point_", "tolerance_"))]
    return settled(
        points[0],
        rows,
        votes=votes,
        bounds=(min(spread), max(spread)),
        companions=beside,
        series=_series(boards[0], tolerance * per_point[0]),
        newest_on=day_of(min(b.published for b in boards)),
    )


def lead(rows: Sequence[Row], params: Params) -> Outcome:
    """Return by how many points of the first board the leaders' best exceeds the followers'.

    Every board of `boards` votes, turned into points of the first by `per_point`; those of `shown`
    are printed beside in their own points.
    """
    boards = _boards(rows, names(params, "boards"))
    if boards is None:
        return absent(Why.NO_DATA, rows, boards=", ".join(names(params, "boards")))
    votes = {}
    for board, label, unit in zip(
        boards, names(params, "labels"), numbers(params, "per_point"), strict=True
    ):
        votes[label] = _gap(board) / unit
    return settled(
        next(iter(votes.values())),
        rows,
        votes=votes,
        bounds=(min(votes.values()), max(votes.values())),
        companions={f"points_{label}": v for label, v in votes.items()}
        | {f"points_{name}": _gap(board) for name, board in _shown(rows, params)},
        newest_on=day_of(min(b.published for b in boards)),
    )


def _gap(board: Board) -> float:
    ours, theirs = max(s for _, s in board.leaders), max(s for _, s in board.followers)
    return (ours - theirs) / MICRO


def _shown(rows: Sequence[Row], params: Params) -> list[tuple[str, Board]]:
    """Return the boards that are printed beside where known, by the first word of their name."""
    found = []
    for name in names(params, "shown"):
        if name and (board := _boards(rows, [name])):
            found.append((name.split("_")[0], board[0]))
    return found


def horizontal_mean(board: Board, tolerance: float, since: int = 0) -> float | None:
    """Return the mean lag in months over score levels, each from leaders' day to followers'.

    This is how published comparisons average: not at one day, but over all levels that both have
    reached (followers within `tolerance` points, on or after day `since`), each level weighing
    alike. It is not S05, and is compared with publications under this name.
    """
    slack = round(tolerance * MICRO)
    leaders = _records(board.leaders)
    followers = [(day, score + slack) for day, score in _records(board.followers)]
    low = max(leaders[0][1], followers[0][1])
    high = min(leaders[-1][1], followers[-1][1])
    levels = sorted({s for _, s in leaders + followers if low < s <= high})
    width = months = 0.0
    below = low
    for level in levels:
        reached = next(day for day, score in followers if score >= level)
        if reached >= since:
            led = next(day for day, score in leaders if score >= level)
            width += level - below
            months += (level - below) * (reached - led) / MONTH_DAYS
        below = level
    return months / width if width else None


def _records(releases: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the releases that beat all before them."""
    found: list[tuple[int, int]] = []
    for day, score in releases:
        if not found or score > found[-1][1]:
            found.append((day, score))
    return found


def _boards(rows: Sequence[Row], wanted: Sequence[str]) -> list[Board] | None:
    found = []
    for name in wanted:
        mine = [r for r in rows if text(r, "board") == name]
        sides = [
            tuple(sorted((whole(r, "day"), whole(r, "score_micro")) for r in mine
                         if text(r, "side") == side))
            for side in ("lead", "follow")
        ]  # fmt: skip
        if not all(sides):
            return None
        found.append(Board(max(whole(r, "board_day") for r in mine), sides[0], sides[1]))
    return found


def judged_at(board: Board, day: int, tolerance: float = 0.0) -> float | None:
    """Return the mean lag of the last three month ends up to `day`; None if one is not known."""
    ends = [lag_at(board, end, tolerance) for end in _month_ends(day, 3)]
    known = [e for e in ends if e is not None]
    return sum(known) / 3 if len(known) == 3 else None


def lag_at(board: Board, day: int, tolerance: float = 0.0) -> float | None:
    """Return months behind at `day`: 0 if the leaders were never there, None before the start."""
    best = max((s for d, s in board.followers if d <= day), default=None)
    if best is None or board.leaders[0][0] > day:
        return None
    reached = _reached(board, best, day, tolerance)
    return 0.0 if reached is None else (day - reached) / MONTH_DAYS


def _reached(board: Board, score: int, until: int, tolerance: float) -> int | None:
    over = score + round(tolerance * MICRO)
    for day, theirs in board.leaders:
        if day > until:
            return None
        if theirs > over if tolerance else theirs >= score:
            return day
    return None


def _month_ends(until: int, count: int) -> list[int]:
    """Return the last `count` month ends at or before `until`, oldest first."""
    found: list[int] = []
    last = day_of(until)
    end = (last + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    while len(found) < count:
        found.append(until - (last - end).days)
        end = end.replace(day=1) - timedelta(days=1)
    return found[::-1]


def _series(board: Board, tolerance: float) -> list[tuple[date, float]]:
    """Return the lag at the last 36 month ends and at the last day known."""
    days = _month_ends(board.last, 36)
    days = days[: bisect_right(days, board.last)]
    if days[-1] != board.last:
        days.append(board.last)
    found = [(day_of(d), lag_at(board, d, tolerance)) for d in days]
    return [(d, v) for d, v in found if v is not None]
