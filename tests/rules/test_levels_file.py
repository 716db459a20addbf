"""`levels.yaml` that ships: every rule says why in both languages, and fills its own words."""

from pathlib import Path

import pytest

from config.documents import read_document
from config.levels import ClauseKind, Levels, parse_levels
from config.method import FOLDER
from rules.clauses import Bench, evaluate


@pytest.fixture(scope="module")
def shipped() -> Levels:
    file = Path(FOLDER / "2026" / "levels.yaml")
    return parse_levels(read_document(file, file.read_text("utf-8")), file)


def test_the_published_composition_is_what_ships(shipped: Levels) -> None:
    found = {c.id: (c.level, c.kind, c.at_least, c.min_sources) for c in shipped.clauses}
    assert found == {
        "red_two_independent": ("red", ClauseKind.COUNT_RED, 2, 2),
        "red_tripwire": ("red", ClauseKind.TRIPWIRE, 1, 1),
        "yellow_one_red": ("yellow", ClauseKind.COUNT_RED, 1, 1),
        "yellow_three": ("yellow", ClauseKind.COUNT_YELLOW, 3, 2),
    }
    assert shipped.coverage.gate == 0.60
    assert (shipped.weights.A, shipped.weights.B, shipped.weights.C) == (1.0, 0.7, 0.0)
    assert (shipped.watch.days, shipped.backtest.horizon_weeks) == (
        28, {"misuse": 26, "spillover": 13, "backdoor": 8},
    )  # fmt: skip


def test_grade_c_never_counts_towards_red_but_as_a_confirmed_tripwire(shipped: Levels) -> None:
    for clause in shipped.clauses:
        if clause.level == "red" and "C" in clause.grades:
            assert clause.kind is ClauseKind.TRIPWIRE
            assert clause.confirmed_by >= 2


def test_every_clause_fills_its_words(shipped: Levels) -> None:
    for rule in shipped.clauses:
        found = evaluate(rule, Bench(shipped, {}, [], {}))
        assert "{" not in found.because["zh"] + found.because["en"]
        assert "（无）" in found.because["zh"]
        assert not found.holds
