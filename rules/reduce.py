"""The closed list of reducers: an indicator names one, and nothing else turns rows into a value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rules.reduce_counts import attested_value, c2_cusum, count, decay_sum, own_quantile
from rules.reduce_frontier import lag, lead
from rules.reduce_growth import doubling, excess_growth, median, minimum
from rules.reduce_shares import hhi, ratio
from rules.reduction import Outcome, Param, Params, Row

_BOARDS: Mapping[str, Param] = {
    "boards": ["eci", "arena_text"], "labels": ["eci", "arena"], "per_point": [1.0, 6.0],
    "shown": [""],
}  # fmt: skip


@dataclass(frozen=True)
class ReducerSpec:
    """One reducer: its function, its parameters with their defaults, the columns it must find."""

    run: Callable[[Sequence[Row], Params], Outcome]
    params: Mapping[str, Param]
    columns: tuple[str, ...]


REDUCERS: Mapping[str, ReducerSpec] = {
    "ratio": ReducerSpec(
        ratio,
        {"scale": 100, "without_largest": 0, "bounds": 0, "min_den": 1},
        ("num", "den", "newest_day"),
    ),
    "hhi": ReducerSpec(
        hhi,
        {"yellow": 6000, "red": 8000, "change_yellow": 500, "change_red": 1000},
        ("n", "newest_day"),
    ),
    "count": ReducerSpec(count, {"attested": 0}, ("n", "newest_day")),
    "attested_value": ReducerSpec(
        attested_value, {}, ("value_micro", "period_to_day", "attested", "newest_day")
    ),
    "decay_sum": ReducerSpec(
        decay_sum, {"half_life_days": 180, "attested": 0}, ("severity", "age_days", "newest_day")
    ),
    "own_quantile": ReducerSpec(
        own_quantile,
        {"history": 8, "red_at": 2.0},
        ("period", "n", "red", "reach", "newest_day"),
    ),
    "c2_cusum": ReducerSpec(
        c2_cusum,
        {
            "length": 12, "guard": 2, "min_sigma": 0.5, "k": 0.5, "h": 4.0, "delay_days": 180,
            "red_at": 3.0,
        },
        ("series", "day", "n", "newest_day"),
    ),
    "excess_growth": ReducerSpec(
        excess_growth,
        {},
        ("part_now", "part_then", "all_now", "all_then", "span_days", "recent", "newest_day"),
    ),
    "doubling": ReducerSpec(
        doubling,
        {"at_most": 3650, "min_points": 6, "min_stock": 10},
        ("day", "stock", "newest_day"),
    ),
    "median": ReducerSpec(
        median,
        {"scale": 1.0, "at_most": 1e12, "min_rows": 1},
        ("num", "newest_day"),
    ),
    "minimum": ReducerSpec(minimum, {"scale": 1.0}, ("num", "newest_day")),
    "lag": ReducerSpec(
        lag,
        {**_BOARDS, "tolerance": 0.0, "band": [0.0, 1.0, 2.0, 3.0]},
        ("board", "board_day", "side", "day", "score_micro"),
    ),
    "lead": ReducerSpec(lead, _BOARDS, ("board", "board_day", "side", "day", "score_micro")),
}  # fmt: skip


def reduce_rows(name: str, params: Params, rows: Sequence[Row]) -> Outcome:
    """Return what the named reducer makes of the rows; KeyError if there is no such reducer."""
    spec = REDUCERS[name]
    return spec.run(rows, {**spec.params, **params})


def check_reducer(name: str, params: Params) -> list[str]:
    """Return what is wrong with a reducer's name or parameters, in words; empty if nothing."""
    spec = REDUCERS.get(name)
    if spec is None:
        return [f"no reducer {name}; there are {', '.join(sorted(REDUCERS))}"]
    wrong = [f"{name} takes no {p}" for p in params if p not in spec.params]
    for key, given in params.items():
        default = spec.params.get(key)
        if default is not None and _shape(given) != _shape(default):
            wrong.append(f"{name}.{key}: expected {_shape(default)}, found {_shape(given)}")
    whole = {**spec.params, **params}
    lists = [len(_list(whole[k])) for k in ("boards", "labels", "per_point") if k in whole]
    if len(set(lists)) > 1:
        wrong.append(f"{name}: boards, labels and per_point differ in length")
    return wrong


def _list(value: Param) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _shape(value: Param) -> str:
    if isinstance(value, str):
        return "a word"
    if isinstance(value, Sequence):
        return "a list of words" if any(isinstance(v, str) for v in value) else "a list of numbers"
    return "a number"
