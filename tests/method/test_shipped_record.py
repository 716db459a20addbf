"""The method on the record that ships, reconstructed at its cut-off, for two homes."""

from csv import DictReader
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.baseline import manifest, rows
from config.method import Method
from config.settings import load_settings
from monitor.asof import View
from monitor.baseline import load_baseline
from monitor.context import Context
from monitor.indicators import evaluate
from monitor.method_table import page
from rules.reduce_frontier import Board, horizontal_mean, judged_at, lag_at
from rules.types import Reading, Why

CUTOFF = manifest().cutoff


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Return an installation that holds the shipped record and nothing else."""
    context = Context(
        tmp_path_factory.mktemp("home"),
        load_settings(None),
        None,
        now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert load_baseline(context) > 100_000
    return context


def readings(context: Context, method: Method, home: str) -> dict[str, Reading]:
    """Return every indicator's reading at the cut-off, as the world could know it."""
    view = View(
        context.lake, context.lake.visible(), home=home, views=method.views, reconstructed=True
    )
    connection = view.at(CUTOFF)
    try:
        return {
            i.code: evaluate(connection, i, CUTOFF, home=home, vintage="test")
            for i in method.indicators
        }
    finally:
        view.close()


@pytest.fixture(scope="module")
def at_home(shipped: Context, method: Method) -> dict[str, Reading]:
    """Return the readings for the home that is the default."""
    return readings(shipped, method, "CN")


def test_every_indicator_has_a_value_or_a_named_reason(at_home: dict[str, Reading]) -> None:
    assert len(at_home) == 35
    valued = {code for code, reading in at_home.items() if reading.value is not None}
    assert len(valued) >= 10
    for code, reading in at_home.items():
        assert (reading.value is None) != (reading.missing is None), code
        if reading.missing:
            assert reading.missing.why is not Why.FAILED, code


def test_the_lag_is_the_one_that_rulings_settle(at_home: dict[str, Reading]) -> None:
    """On the shipped index: 4.86 / 4.86 / 3.25 / 3.25 at tolerance 0–3; judged 6.2 ± 0.3."""
    lag = at_home["S05"]
    assert lag.value == pytest.approx(4.86, abs=0.005)
    assert lag.series[-1][0] == date(2026, 7, 31)
    expected = (4.86, 4.86, 3.25, 3.25)
    for tolerance, months in enumerate(expected):
        assert lag.companions[f"tolerance_{tolerance}_eci"] == pytest.approx(months, abs=0.005)
    assert lag.votes["eci"] == pytest.approx(6.2, abs=0.3)
    assert "horizontal_mean" in lag.companions


def test_another_home_gives_other_values(
    shipped: Context, method: Method, at_home: dict[str, Reading]
) -> None:
    abroad = readings(shipped, method, "US")
    for code in ("G01", "G03", "G04", "G05", "G10", "B03", "B04"):
        assert at_home[code].value != abroad[code].value, code
        assert abroad[code].value is not None, code
    assert abroad["S05"] == at_home["S05"]


def test_running_it_again_gives_the_same_to_the_last_digit(
    shipped: Context, method: Method, at_home: dict[str, Reading]
) -> None:
    assert readings(shipped, method, "CN") == at_home


def test_judging_three_month_ends_is_steadier_and_says_what_it_costs(method: Method) -> None:
    """The words of S05 state both figures; on the shipped index they are these."""
    epoch = date(1970, 1, 1).toordinal()
    groups: dict[str, list[tuple[int, int]]] = {"closed": [], "open": []}
    for row in rows("scores"):
        released = row["released_on"]
        if (row["board"], row["board_on"]) != ("eci", date(2026, 8, 11)):
            continue
        if isinstance(released, date) and row["openness"] in groups:
            day = released.toordinal() - epoch
            groups[str(row["openness"])].append((day, int(str(row["score_micro"]))))
    board = Board(0, tuple(sorted(groups["closed"])), tuple(sorted(groups["open"])))
    changes: dict[str, list[date]] = {"point": [], "judged": []}
    before: dict[str, int] = {}
    for day in range(date(2024, 7, 31).toordinal() - epoch, board.last + 1):
        for name, value in (("point", lag_at(board, day)), ("judged", judged_at(board, day))):
            assert value is not None
            level = (value <= 6) + (value <= 3)
            if name in before and before[name] != level:
                changes[name].append(date.fromordinal(day + epoch))
            before[name] = level
    assert (len(changes["point"]), len(changes["judged"])) == (12, 4)
    first_yellow, first_red = changes["judged"][:2]
    assert (first_yellow - changes["point"][0]).days == 51
    assert (first_red - date(2025, 1, 20)).days == 39
    assert date(2025, 1, 20) in changes["point"]
    words = method.indicator("S05").weaknesses.en
    assert "12 times" in words
    assert "4 times" in words
    assert "39 to 51 days" in words


def test_the_page_of_all_indicators_is_fresh(shipped: Context, method: Method) -> None:
    file = Path(__file__).parents[2] / "docs" / "indicators.md"
    said = "run `python -m monitor.method_table > docs/indicators.md`"
    assert file.read_text("utf-8") == page(shipped, method), said


def sides(file: Path, side: str, lead: str, follow: str, until: date) -> Board:
    """Return a board of the index's own file: `side` is the column, `lead`/`follow` its words."""
    found: dict[str, list[tuple[int, int]]] = {lead: [], follow: []}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in DictReader(lines):
            if not row["date"] or not row["eci"] or row["date"] > until.isoformat():
                continue
            day, score = date.fromisoformat(row["date"][:10]), round(float(row["eci"]) * 1e6)
            for word in found:
                if word in row[side]:
                    found[word].append((day.toordinal(), score))
    return Board(0, tuple(sorted(found[lead])), tuple(sorted(found[follow])))


def test_published_lags_compare_with_the_estimator_of_their_own_name(shared: Path) -> None:
    """Publications average over score levels; S05 looks at one day, and is not compared so."""
    old = shared / "data/epoch_eci/2025-12_eci_scores.csv"
    new = shared / "data/epoch_eci/2026-08/eci_scores.csv"
    column = ("Accessibility group", "Closed weights", "Open weights")
    gap = sides(old, *column, until=date(2025, 12, 31))
    # Epoch 2025-10-30: 3.5 months, 90 % interval 1.1–5.3
    for tolerance in (1.0, 2.0, 3.0):
        found = horizontal_mean(gap, tolerance)
        assert found is not None
        assert 1.1 <= found <= 5.3
    # Epoch 2026-05-29: 4 months since January 2026, differences within error left out (3 points)
    recent = sides(new, *column, until=date(2026, 5, 29))
    assert horizontal_mean(recent, 3.0, date(2026, 1, 1).toordinal()) == pytest.approx(4, abs=0.75)
    # Epoch 2026-01: seven months between the two largest producers, on average since 2023
    producers = ("Country (of organization)", "United States", "China")
    largest = sides(old, *producers, until=date(2025, 12, 31))
    assert horizontal_mean(largest, 1.0) == pytest.approx(7, abs=1)
