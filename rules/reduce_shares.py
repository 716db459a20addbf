"""Shares: a ratio with its vote without the largest and its bounds; concentration (HHI)."""

from collections.abc import Sequence

from rules.reduction import Outcome, Params, Row, maybe, meta, nothing, number, settled, whole


def ratio(rows: Sequence[Row], params: Params) -> Outcome:
    """Return `scale` × `num` ÷ `den` of one row.

    With `without_largest` the value votes beside the share without its `largest` repository (a
    share that is nothing else votes 0). With `bounds`, `low_num` and `high_num` over `all_den`
    say what the share would be if everything unknown were counted out, or in. Under `min_den`
    the window is empty, and the share Missing, never 0.
    """
    scale = number(params, "scale")
    if len(rows) != 1 or meta(rows).newest_on is None:
        return nothing(rows, scale)
    if whole(rows[0], "den") < max(1, number(params, "min_den")):
        return nothing(rows, scale)
    row = rows[0]
    num, den = whole(row, "num"), whole(row, "den")
    value = scale * num / den
    votes: dict[str, float] = {}
    if number(params, "without_largest"):
        largest = min(whole(row, "largest"), num)
        rest = scale * (num - largest) / (den - largest) if den > largest else 0.0
        votes = {"point": value, "without_largest": rest}
    bounds = None
    if number(params, "bounds") and (every := maybe(row, "all_den")):
        bounds = (scale * whole(row, "low_num") / every, scale * whole(row, "high_num") / every)
    return settled(value, rows, scale=scale, votes=votes, bounds=bounds)


def hhi(rows: Sequence[Row], params: Params) -> Outcome:
    """Return the Herfindahl–Hirschman index, 0–10,000, of `n` by group.

    Where `n_then` gives the same half a year before, a rise of `change_yellow` or `change_red`
    points counts like a value of `yellow` or `red`: the vote is whichever is redder.
    """
    now = _index([whole(r, "n") for r in rows])
    if now is None:
        return nothing(rows)
    total = sum(whole(r, "n") for r in rows)
    beside = {
        "groups": float(sum(whole(r, "n") > 0 for r in rows)),
        "largest_share": 100 * max(whole(r, "n") for r in rows) / total,
    }
    then = _index([whole(r, "n_then") for r in rows])
    if then is None:
        return settled(now, rows, companions=beside)
    change = now - then
    counts_as = now
    for colour in ("yellow", "red"):
        if change >= number(params, f"change_{colour}"):
            counts_as = max(counts_as, number(params, colour))
    return settled(
        now,
        rows,
        votes={"judged": counts_as},
        companions={**beside, "change_26_weeks": change},
    )


def _index(sizes: Sequence[int]) -> float | None:
    total = sum(sizes)
    return None if total <= 0 else 10_000 * sum(s * s for s in sizes) / (total * total)
