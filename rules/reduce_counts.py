"""Counts: plain, attested, decaying with age, against their own past, aberrant by month."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from rules.aberration import cusum, ears_c2
from rules.reduction import (
    Outcome,
    Params,
    Row,
    absent,
    day_of,
    maybe,
    meta,
    nothing,
    number,
    settled,
    text,
    upper_quartile,
    whole,
)
from rules.types import Why


def count(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the sum of `n` over the rows.

    With `attested`, zero is said only inside a review period that a second person attested;
    without one the count is Missing (RULINGS: looked, found n).
    """
    if number(params, "attested"):
        if not meta(rows).attested:
            return absent(Why.NOT_ATTESTED, rows)
    elif meta(rows).newest_on is None:
        return nothing(rows)
    return settled(float(sum(whole(r, "n") for r in rows)), rows)


def attested_value(rows: Sequence[Row], _params: Params) -> Outcome:
    """Return the newest figure (`value_micro`, by `period_to_day`) that two people stand for."""
    attested = [r for r in rows if maybe(r, "value_micro") is not None and whole(r, "attested")]
    if not attested:
        return absent(Why.NOT_ATTESTED, rows)
    newest = max(attested, key=lambda r: (whole(r, "period_to_day"), whole(r, "value_micro")))
    return settled(whole(newest, "value_micro") / 1_000_000, rows)


def decay_sum(rows: Sequence[Row], params: Params) -> Outcome:
    """Return Σ `severity` × 2^(−`age_days` ÷ `half_life_days`) × `weight_milli` ÷ 1,000.

    A row without severity is no event (it only carries the meta columns).
    """
    if number(params, "attested") and not meta(rows).attested:
        return absent(Why.NOT_ATTESTED, rows)
    half_life = number(params, "half_life_days")
    events = [r for r in rows if maybe(r, "severity") is not None]
    if not events and not number(params, "attested"):
        return nothing(rows)
    total = 0.0
    for row in sorted(events, key=lambda r: (whole(r, "age_days"), whole(r, "severity"))):
        weight = maybe(row, "weight_milli")
        share = 1.0 if weight is None else weight / 1000
        total += whole(row, "severity") * 2 ** (-whole(row, "age_days") / half_life) * share
    return settled(total, rows, companions={"events": float(len(events))})


def own_quantile(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the count of `period` 0 as a multiple of the 75th percentile of the periods before.

    Rows: `period` (0 = newest), `n`; a period without row had none. `history` periods must lie
    inside the record (`reach` periods are known). `red` counts what makes red by itself: then the
    vote is `red_at`, and short of it the count alone never reaches that.
    """
    history = int(number(params, "history"))
    if not rows or meta(rows).newest_on is None:
        return nothing(rows)
    if max(whole(r, "reach") for r in rows) < history:
        return absent(Why.TOO_SHORT, rows, periods=str(max(whole(r, "reach") for r in rows)))
    counts: Counter[int] = Counter()
    for row in rows:
        counts[whole(row, "period")] += whole(row, "n")
    quartile = upper_quartile([float(counts[p]) for p in range(1, history + 1)])
    value = counts[0] / max(quartile, 1.0)
    red_at = number(params, "red_at")
    alarm = max(whole(r, "red") for r in rows) > 0
    vote = red_at if alarm else min(value, red_at - 1e-6)
    beside = {"count": float(counts[0]), "own_75th_percentile": quartile}
    return settled(value, rows, votes={"judged": vote}, companions=beside)


def c2_cusum(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the C2 statistic, in standard deviations, of the newest month that can be judged.

    Rows: `series` (`seen` or `occurred`), `day`, `n`. Days first seen are preferred, and whole
    months of them are judged at once; by occurrence the newest `delay_days` are not judged, for
    they are still filling. Red needs CUSUM too: without its alarm the vote stays under `red_at`.
    """
    newest = meta(rows).newest_on
    if newest is None:
        return nothing(rows)
    seen = [r for r in rows if text(r, "series") == "seen"]
    chosen = seen or [r for r in rows if text(r, "series") == "occurred"]
    until = newest if seen else newest - timedelta(days=int(number(params, "delay_days")))
    months = _months(chosen, until)
    length, guard = int(number(params, "length")), int(number(params, "guard"))
    counts = [n for _, n in months]
    c2 = ears_c2(counts, length=length, guard=guard, min_sigma=number(params, "min_sigma"))
    if not c2 or (last := c2[-1]) is None:
        return absent(Why.TOO_SHORT, rows, periods=str(len(counts)))
    sums = cusum(
        counts, length=length, guard=guard, k=number(params, "k"), h=number(params, "h"),
        min_sigma=number(params, "min_sigma"),
    )  # fmt: skip
    step = sums[-1]
    alarm, total = (step.alarm, step.total) if step else (False, 0.0)
    z = last.statistic
    return settled(
        z,
        rows,
        votes={"point": z, "judged": z if alarm else min(z, number(params, "red_at") - 1e-6)},
        companions={"count": float(counts[-1]), "cusum": total},
        series=[(m, float(n)) for m, n in months][-36:],
    )


def _months(rows: Sequence[Row], until: date) -> list[tuple[date, int]]:
    """Return (first of month, count) of every month that ended by `until`, gaps as 0."""
    by_month: Counter[date] = Counter()
    for row in rows:
        if (day := maybe(row, "day")) is not None:
            by_month[day_of(day).replace(day=1)] += whole(row, "n")
    found: list[tuple[date, int]] = []
    month = min(by_month, default=until)
    while (following := _next(month)) <= until + timedelta(days=1):
        found.append((month, by_month[month]))
        month = following
    return found


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
