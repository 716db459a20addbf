"""What a reducer takes and gives: whole-number rows in, one outcome out, rounded to six decimals.

Columns with a fixed meaning in every query:

- `newest_day`, `oldest_day`: newest and oldest observation used, days since 1970;
- `n_rows`: observations used; `covered`, `expected`: what was seen and what should have been seen
  (the same figure on every row, where there are several);
- `attested`: number of attested reviews whose period holds the day of assessment;
- `also_NAME`: a figure printed beside the value; `also_NAME_num` with `also_NAME_den`: a ratio,
  in the value's own scale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import quantiles

from rules.types import Missing, Why

Cell = int | str | None
Row = Mapping[str, Cell]
Param = float | int | str | Sequence[str] | Sequence[float] | Sequence[int]
Params = Mapping[str, Param]

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Meta:
    """What the rows say about themselves."""

    newest_on: date | None
    oldest_on: date | None
    rows: int
    coverage: float | None
    attested: bool


@dataclass(frozen=True)
class Outcome:
    """A value with what belongs to it, or why there is none."""

    value: float | None
    missing: Missing | None
    meta: Meta
    votes: Mapping[str, float] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    companions: Mapping[str, float] = field(default_factory=dict)
    series: tuple[tuple[date, float], ...] = ()


def settled(
    value: float,
    rows: Sequence[Row],
    *,
    scale: float = 1.0,
    votes: Mapping[str, float] | None = None,
    bounds: tuple[float, float] | None = None,
    companions: Mapping[str, float] | None = None,
    series: Sequence[tuple[date, float]] = (),
    newest_on: date | None = None,
) -> Outcome:
    """Return the outcome of a value; every number is rounded to six decimals here, once."""
    found = meta(rows)
    if newest_on is not None:
        found = Meta(newest_on, found.oldest_on, found.rows, found.coverage, found.attested)
    beside = {**also(rows, scale), **(companions or {})}
    return Outcome(
        value=_six(value),
        missing=None,
        meta=found,
        votes={name: _six(v) for name, v in (votes or {}).items()},
        low=None if bounds is None else _six(bounds[0]),
        high=None if bounds is None else _six(bounds[1]),
        companions={name: _six(v) for name, v in sorted(beside.items())},
        series=tuple((day, _six(v)) for day, v in series),
    )


def absent(why: Why, rows: Sequence[Row], scale: float = 1.0, **detail: str) -> Outcome:
    """Return an outcome without value; companions stay, for they may still be known."""
    beside = {name: _six(v) for name, v in sorted(also(rows, scale).items())}
    return Outcome(None, Missing(why, detail), meta(rows), companions=beside)


def nothing(rows: Sequence[Row], scale: float = 1.0) -> Outcome:
    """Return `no_data` where nothing was ever observed, else `empty_window`."""
    return absent(Why.NO_DATA if meta(rows).newest_on is None else Why.EMPTY_WINDOW, rows, scale)


def meta(rows: Sequence[Row]) -> Meta:
    """Return what the meta columns say; `rows` counts the rows where there is no `n_rows`."""
    newest = [n for n in (_whole(r, "newest_day") for r in rows) if n is not None]
    oldest = [n for n in (_whole(r, "oldest_day") for r in rows) if n is not None]
    counts = [n for n in (_whole(r, "n_rows") for r in rows) if n is not None]
    covered, expected = _most(rows, "covered"), _most(rows, "expected")
    return Meta(
        newest_on=day_of(max(newest)) if newest else None,
        oldest_on=day_of(min(oldest)) if oldest else None,
        rows=max(counts) if counts else len(rows),
        coverage=_six(covered / expected) if covered is not None and expected else None,
        attested=bool(_most(rows, "attested")),
    )


def also(rows: Sequence[Row], scale: float) -> dict[str, float]:
    """Return the `also_…` figures of the first row that has them."""
    found: dict[str, float] = {}
    for row in rows:
        for column in row:
            name = column.removeprefix("also_")
            if name == column or name.endswith("_den") or name in found:
                continue
            if name.endswith("_num"):
                num, den = _whole(row, column), _whole(row, f"{column[:-4]}_den")
                if num is not None and den:
                    found.setdefault(name[:-4], scale * num / den)
            elif (value := _whole(row, column)) is not None:
                found[name] = float(value)
    return found


def whole(row: Row, column: str) -> int:
    """Return a column that must hold a whole number; NULL counts as 0."""
    return _whole(row, column) or 0


def maybe(row: Row, column: str) -> int | None:
    """Return a whole number, or None where the column is absent or NULL."""
    return _whole(row, column)


def text(row: Row, column: str) -> str:
    """Return a text column; NULL or absent is the empty text."""
    found = row.get(column)
    return "" if found is None else str(found)


def day_of(days: int) -> date:
    """Return the date that lies `days` after 1970-01-01."""
    return date.fromordinal(_EPOCH + days)


def number(params: Params, name: str) -> float:
    """Return a parameter as a number; `check` has seen to it that it is one."""
    found = params[name]
    if not isinstance(found, int | float):
        raise TypeError(f"parameter {name} is not a number: {found!r}")
    return float(found)


def numbers(params: Params, name: str) -> list[float]:
    """Return a parameter as a list of numbers."""
    found = params[name]
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise TypeError(f"parameter {name} is not a list: {found!r}")
    return [float(n) for n in found]


def names(params: Params, name: str) -> list[str]:
    """Return a parameter as a list of words."""
    found = params[name]
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise TypeError(f"parameter {name} is not a list: {found!r}")
    return [str(n) for n in found]


def upper_quartile(values: Sequence[float]) -> float:
    """Return the 75th percentile, linear between order statistics (R's type 7)."""
    return quantiles(values, n=4, method="inclusive")[2] if len(values) > 1 else values[0]


def _six(value: float) -> float:
    return round(value, 6) + 0.0  # + 0.0 turns −0.0 into 0.0


def _whole(row: Row, column: str) -> int | None:
    found = row.get(column)
    return None if found is None else int(found)


def _most(rows: Sequence[Row], column: str) -> int | None:
    found = [n for n in (_whole(r, column) for r in rows) if n is not None]
    return max(found) if found else None
