"""Every collector of the program collects from the stand-in: fetch and parse, over real HTTP."""

from collections import Counter as Tally
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.base import Collector, Columns, Options, Refused
from collectors.errors import CollectError, PayloadChanged
from collectors.http import Client
from collectors.registry import COLLECTORS
from tests.standin import StandIn

NOW = datetime(2026, 8, 22, 6, tzinfo=UTC)
_NAMED = {c.source.id: c for c in COLLECTORS}
_LOCAL = {"evidence", "tocsin"}
"""Sources that read files of our own and meet no network."""


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    """Return a stand-in with our own small documents."""
    with StandIn() as running:
        yield running


def collect(
    collector: Collector, standin: StandIn, **settings: object
) -> tuple[Tally[str], list[Refused]]:
    """Return the rows by table, and the refused ones, that a collector gets from the stand-in."""
    source = collector.source
    base = f"{standin.url}/{source.id}"
    slept: list[float] = []
    client = Client(
        source, base, now=lambda: NOW + timedelta(seconds=sum(slept)), sleep=slept.append
    )
    key = standin.env().get(f"TOCSIN_SOURCES__{source.id.upper()}__KEY")
    options = Options(now=NOW, base_url=base, key=key, **settings)  # type: ignore[arg-type]
    rows: Tally[str] = Tally()
    refused: list[Refused] = []
    for payload in collector.fetch(client, {}, options):
        for parsed in collector.parse(payload):
            if isinstance(parsed, Refused):
                refused.append(parsed)
            elif isinstance(parsed, Columns):
                rows[parsed.record.TABLE] += len(next(iter(parsed.columns.values())))
            else:
                rows[parsed.TABLE] += 1
    return rows, refused


@pytest.mark.parametrize("source", sorted(set(_NAMED) - _LOCAL))
def test_each_collector_gets_records_from_the_stand_in(standin: StandIn, source: str) -> None:
    rows, refused = collect(_NAMED[source], standin, floor=0)

    assert sum(rows.values()) > 0
    assert not refused


@pytest.mark.parametrize("source", sorted(set(_NAMED) - _LOCAL))
@pytest.mark.parametrize("kind", ["html", "truncate", "empty", "cut"])
def test_a_spoilt_answer_raises_an_error_that_names_it(source: str, kind: str) -> None:
    with StandIn() as standin:
        standin.fault(source, kind=kind, times=None)

        with pytest.raises(CollectError) as caught:
            collect(_NAMED[source], standin, floor=0)
        assert source in str(caught.value)


@pytest.mark.parametrize("source", sorted(set(_NAMED) - _LOCAL))
def test_two_gigabytes_are_refused_at_the_limit(source: str) -> None:
    with StandIn() as standin:
        standin.fault(source, kind="huge", times=None)

        with pytest.raises((PayloadChanged, CollectError)):
            collect(_NAMED[source], standin, floor=0)


def test_the_hub_gives_all_4167_models(shared: Path) -> None:
    with StandIn(shared / "data") as standin:
        rows, refused = collect(_NAMED["huggingface"], standin, floor=0, passes=("active",))

    assert rows["models"] == rows["counters"] == 4167
    assert not refused
