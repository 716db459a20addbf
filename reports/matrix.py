"""The diffusion matrix as it is printed: hazard by lag and compute, models in their cells."""

from collections.abc import Sequence

from reports.chapters import DiffusionRow

MatrixRow = tuple[str, list[tuple[str, list[str]]]]
"""Words of the hazard row; per column the class and the models that stand there."""

GRID = (
    ("high", "high", "high", "high", "high"),
    ("high", "high", "medium", "medium", "medium"),
    ("high", "medium", "medium", "medium", "medium"),
    ("high", "medium", "medium", "low", "unknown"),
    ("high", "medium", "medium", "unknown", "unknown"),
)
"""Class by hazard row and lag-and-compute column, as the method's matrix has it."""


def hazard_row(hazard: float | None) -> int:
    """Return the row for a hazard score; the last row is unknown."""
    if hazard is None:
        return 4
    return next((n for n, least in enumerate((1.0, 0.75, 0.5)) if hazard >= least), 3)


def lag_column(row: DiffusionRow) -> int:
    """Return the column; compute of 10^25 comes first, while the lag is at most 18 months."""
    compute, lag = row.log10_compute, row.lag_months
    if compute is not None and compute >= 25 and lag is not None and lag <= 18:
        return 0
    if lag is not None and lag <= 3:
        return 1
    if (lag is not None and lag <= 12) or (compute is not None and compute >= 24):
        return 2
    return 4 if compute is None else 3


def matrix(rows: Sequence[DiffusionRow]) -> list[list[tuple[str, list[DiffusionRow]]]]:
    """Return five rows of five cells, each with its class and the models that stand in it."""
    cells: dict[tuple[int, int], list[DiffusionRow]] = {}
    for row in rows:
        cells.setdefault((hazard_row(row.hazard), lag_column(row)), []).append(row)
    return [[(GRID[r][c], cells.get((r, c), [])) for c in range(5)] for r in range(5)]
