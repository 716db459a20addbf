"""Feeds, from the network to the lake: good ones are kept when others fail; hosts are listed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors import feeds
from config.settings import Settings, SourceSettings
from monitor.asof import View
from monitor.collect import collect
from monitor.context import Context
from monitor.store.runs import RunState
from tests.standin import StandIn

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
LISTED = """
feeds:
  - {id: good, url: https://good.example.org/a/feed, jurisdiction: GB}
  - {id: gone, url: https://gone.example.org/nothing.xml}
  - {id: also-good, url: https://also.example.org/b/feed, jurisdiction: US, kind: research}
"""


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def installation(tmp_path: Path, **source: object) -> Context:
    file = tmp_path / "feeds.yaml"
    file.write_text(LISTED, encoding="utf-8")
    extra = {"file": str(file), "hosts": "good.example.org, gone.example.org"}
    configured = SourceSettings.model_validate({"extra": extra} | source)
    settings = Settings(sources={"feeds": configured})
    return Context(tmp_path / "var", settings, None, now=lambda: NOW)


def test_feeds_that_answer_are_in_the_lake_although_one_is_gone(
    tmp_path: Path, standin: StandIn
) -> None:
    context = installation(tmp_path, base_url=f"{standin.url}/feeds")
    standin.fault("feeds", "status", code=410, path="gone.example.org", times=None)
    outcome = collect(context, feeds.COLLECTOR, "run-1")
    assert outcome.state is RunState.REFUSED
    assert "1 of 3 feeds failed" in outcome.message
    view = View(context.lake, context.lake.visible(), home="CN", views={})
    rows = view.at(NOW).execute(
        "SELECT DISTINCT jurisdiction, kind, verification FROM policy_events ORDER BY 1"
    )
    assert rows.fetchall() == [("GB", "policy", "unverified"), ("US", "research", "unverified")]


def test_a_feed_that_is_no_feed_is_kept_apart_and_asked_again(
    tmp_path: Path, standin: StandIn
) -> None:
    context = installation(tmp_path, base_url=f"{standin.url}/feeds")
    standin.fault("feeds", "html", path="good.example.org")
    outcome = collect(context, feeds.COLLECTOR, "run-1")
    assert outcome.state is RunState.CHANGED
    assert "not a web page" in outcome.message
    assert outcome.rows > 0, "the others went on"
    assert len(list((tmp_path / "var" / "refused" / "feeds").iterdir())) == 1
    again = collect(context, feeds.COLLECTOR, "run-2")
    assert again.state is RunState.DONE
    view = View(context.lake, context.lake.visible(), home="CN", views={})
    found = view.at(NOW).execute("SELECT DISTINCT jurisdiction FROM policy_events ORDER BY 1")
    assert ("GB",) in found.fetchall()


def test_a_host_that_is_not_listed_is_not_asked(tmp_path: Path) -> None:
    context = installation(tmp_path, extra={"file": str(tmp_path / "feeds.yaml")})
    outcome = collect(context, feeds.COLLECTOR, "run-1")
    assert outcome.state is RunState.REFUSED
    assert "not among the hosts" in outcome.message
