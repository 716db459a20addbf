"""Indicators and readings made short: each test says only what matters to it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.method import Indicator
from rules.types import Missing, Reading, Why

MakeIndicator = Callable[..., Indicator]
MakeReading = Callable[..., Reading]


def _words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _threshold(value: float | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {"value": value, "basis": {"kind": "expert", "source": "test", "note": _words("x")}}


@pytest.fixture(scope="session")
def make_indicator() -> MakeIndicator:
    """Return a maker of indicators: code first, then whatever differs from a plain one."""

    def make(
        code: str = "S01", yellow: float | None = 10, red: float | None = 20, **changes: Any
    ) -> Indicator:
        risk = {"S": "misuse", "G": "spillover", "B": "backdoor"}[code[0]]
        plain: dict[str, Any] = {
            "id": f"{risk}.{code.lower()}", "code": code, "risk": risk, "decimals": 1,
            "direction": "up", "grade": "A", "every_days": 1, "stale_after_days": 3,
            "missing_after_days": 30, "sources": [f"source_{code.lower()}"], "sql": "SELECT 1",
            "reducer": {"name": "ratio"}, "yellow": _threshold(yellow), "red": _threshold(red),
            "cases": [{"name": "x", "as_of": "2026-01-01", "given": {}, "expect": {}}],
        }  # fmt: skip
        for field in ("name", "measures", "why", "reading", "weaknesses", "unit"):
            plain[field] = _words(code)
        return Indicator.model_validate(plain | changes)

    return make


@pytest.fixture(scope="session")
def make_reading() -> MakeReading:
    """Return a maker of readings: day, value (None: missing), and whatever else is said."""

    def make(day: date, value: float | None, **changes: Any) -> Reading:
        plain: dict[str, Any] = {
            "indicator": "misuse.s01",
            "as_of": datetime(day.year, day.month, day.day, tzinfo=UTC),
            "value": value,
            "missing": Missing(Why.NO_DATA) if value is None else None,
            "vintage": day.isoformat(),
        }
        return Reading(**plain | changes)

    return make
