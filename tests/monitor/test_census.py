"""A census broken off half-way: nothing of it is seen, it goes on, and every id is there once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors import huggingface
from config.settings import Settings, SourceSettings
from monitor.asof import View
from monitor.collect import Outcome, collect
from monitor.context import Context
from monitor.lake import rows_of
from monitor.store.runs import RunState
from tests.standin import StandIn
from tests.standin.generate import Generated

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
MODELS = 5500


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(catalogue=Generated(MODELS)) as running:
        yield running


class Installation:
    """One home folder whose every run asks for a census, on a clock that we move."""

    def __init__(self, home: Path, standin: StandIn) -> None:
        configured = SourceSettings.model_validate(
            {"base_url": f"{standin.url}/huggingface", "passes": ("census",), "deadline_seconds": 9}
        )
        self.moment = NOW
        self.context = Context(
            home, Settings(sources={"huggingface": configured}), None, now=lambda: self.moment
        )
        self.runs = 0

    def collect(self) -> Outcome:
        self.runs += 1
        self.moment += timedelta(hours=1)
        return collect(self.context, huggingface.COLLECTOR, f"run-{self.runs}")

    def seen(self) -> tuple[int, int]:
        """Return models and distinct ids that an indicator would see."""
        lake = self.context.lake
        view = View(lake, lake.visible(), home="CN", views={})
        rows = view.at(self.moment).execute("SELECT count(*), count(DISTINCT model_id) FROM models")
        (found,) = rows.fetchall()
        view.close()
        return found


def test_a_census_broken_off_is_not_seen_goes_on_and_is_whole(
    tmp_path: Path, standin: StandIn
) -> None:
    home = Installation(tmp_path / "var", standin)
    # Another 429 that asks for longer than the run may take: the sweep pauses where it is.
    standin.fault("huggingface", "rate_limited", after=3, times=1, seconds=3600)
    broken = home.collect()
    assert broken.state is RunState.UNAVAILABLE
    assert home.context.lake.visible() == []

    asked = len(standin.asked)
    whole = home.collect()
    assert whole.state is RunState.DONE, whole.message
    assert len(standin.asked) - asked == 3  # three of six pages were in hand
    assert home.seen() == (MODELS, MODELS)
    models = [f for f in home.context.lake.visible() if f.table == "models"]
    assert rows_of(models) == MODELS


def test_a_census_without_accident_gives_the_same(tmp_path: Path, standin: StandIn) -> None:
    home = Installation(tmp_path / "var", standin)
    assert home.collect().state is RunState.DONE
    assert home.seen() == (MODELS, MODELS)


def test_a_second_census_that_lost_a_third_is_held(tmp_path: Path, standin: StandIn) -> None:
    home = Installation(tmp_path / "var", standin)
    assert home.collect().state is RunState.DONE
    standin.service("huggingface").catalogue = Generated(MODELS * 6 // 10)  # type: ignore[union-attr]
    held = home.collect()
    assert held.state is RunState.QUARANTINED
    assert "rows" in held.message
    assert home.seen() == (MODELS, MODELS)
