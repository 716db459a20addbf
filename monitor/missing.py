"""Why an indicator has no value, in the words of the terminal and of docs/indicators.md."""

from collections.abc import Mapping
from typing import Any

from rules.types import Why

WORDS = {
    Why.NO_DATA: "nothing of the kind was known",
    Why.STALE: "newest observation too old",
    Why.EMPTY_WINDOW: "nothing inside the window",
    Why.TOO_SHORT: "history too short",
    Why.LOW_COVERAGE: "too little seen",
    Why.NOT_ATTESTED: "no review attested by a second person",
    Why.SOURCE_OFF: "source disabled or without key",
    Why.QUARANTINED: "newest batch held in quarantine",
    Why.FAILED: "query failed",
}


def said(missing: Mapping[str, Any]) -> str:
    """Return a missing value of an assessment's document (`why`, `detail`) in words."""
    detail = ", ".join(f"{name} {value}" for name, value in missing["detail"].items())
    words = WORDS[Why(missing["why"])]
    return f"{words} ({detail})" if detail else words
