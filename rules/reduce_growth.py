"""Growth and order: excess growth, doubling time, median, minimum."""

from collections.abc import Sequence
from math import fsum, log

from rules.reduction import (
    Outcome,
    Params,
    Row,
    absent,
    maybe,
    meta,
    nothing,
    number,
    settled,
    whole,
)
from rules.types import Why

QUARTER_DAYS = 91.3125  # three months of 30.4375 days


def excess_growth(rows: Sequence[Row], _params: Params) -> Outcome:
    """Return the log growth of a part minus that of the whole, in % a quarter.

    One row: `part_now`, `part_then`, `all_now`, `all_then`, `span_days` between them, and
    `recent`, the part's additions in the window that must not be empty (a frozen stock has no
    growth, it has no news).
    """
    if len(rows) != 1 or meta(rows).newest_on is None:
        return nothing(rows)
    row = rows[0]
    if whole(row, "recent") == 0:
        return absent(Why.EMPTY_WINDOW, rows)
    if min(whole(row, "part_then"), whole(row, "all_then"), whole(row, "span_days")) <= 0:
        return absent(Why.TOO_SHORT, rows)
    per_quarter = 100 * QUARTER_DAYS / whole(row, "span_days")
    part = per_quarter * log(whole(row, "part_now") / whole(row, "part_then"))
    every = per_quarter * log(whole(row, "all_now") / whole(row, "all_then"))
    beside = {"part_growth": part, "all_growth": every, "stock": float(whole(row, "part_now"))}
    return settled(part - every, rows, companions=beside)


def doubling(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the doubling time in days of `stock` by `day`, log-linear over the rows.

    `at_most` stands for "so long or longer, or not growing": a flat stock is an answer. Fewer than
    `min_points` points are too short a history, and a stock below `min_stock` has no trend.
    """
    points = [(whole(r, "day"), whole(r, "stock")) for r in rows if maybe(r, "day") is not None]
    points = sorted((d, s) for d, s in points if s > 0)
    if not points:
        return nothing(rows)
    if len(points) < number(params, "min_points") or points[-1][1] < number(params, "min_stock"):
        return absent(Why.TOO_SHORT, rows, points=str(len(points)))
    centre = fsum(d for d, _ in points) / len(points)
    spread = fsum((d - centre) ** 2 for d, _ in points)
    slope = fsum((d - centre) * log(s) for d, s in points) / spread if spread else 0.0
    longest = number(params, "at_most")
    value = min(log(2) / slope, longest) if slope > 0 else longest
    return settled(value, rows, companions={"stock": float(points[-1][1])})


def median(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the median of `num` ÷ `den` (den 1 where absent) × `scale` over the rows.

    A NULL `num` has not happened yet: it counts as longer than all others, and a median that
    falls there is `at_most`. All NULL, or fewer than `min_rows` rows, is an empty window.
    """
    known, open_ended = _fractions(rows), sum(_waits(r) for r in rows)
    if not known or len(known) + open_ended < number(params, "min_rows"):
        return nothing(rows)
    scale, at_most = number(params, "scale"), number(params, "at_most")
    ordered = [min(scale * v, at_most) for v in sorted(known)] + [at_most] * open_ended
    middle = len(ordered) // 2
    value = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    beside = {"items": float(len(ordered)), "not_yet": float(open_ended)}
    return settled(value, rows, scale=scale, companions=beside)


def minimum(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the smallest `num` ÷ `den` × `scale` over the rows, and how many rows had one."""
    known = _fractions(rows)
    if not known:
        return nothing(rows)
    scale = number(params, "scale")
    return settled(scale * min(known), rows, scale=scale, companions={"items": float(len(known))})


def _waits(row: Row) -> bool:
    return "num" in row and row["num"] is None and bool(row.get("item"))


def _fractions(rows: Sequence[Row]) -> list[float]:
    found = []
    for row in rows:
        num, den = maybe(row, "num"), maybe(row, "den") if "den" in row else 1
        if num is not None and den:
            found.append(num / den)
    return found
