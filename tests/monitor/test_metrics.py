"""What Prometheus reads: every figure from the store, so that no process can forget it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlmodel import Session

from config.settings import Settings, StoreSettings
from monitor.baseline import load_baseline
from monitor.context import Context
from monitor.metrics import exposition
from monitor.runs import noted
from monitor.store.runs import Run, RunState


@pytest.fixture
def context(tmp_path: Path, store_url: str) -> Iterator[Context]:
    opened = Context(tmp_path, Settings(store=StoreSettings(url=SecretStr(store_url))), None)
    yield opened
    opened.engine.dispose()


def scraped(context: Context) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition(context).decode())
        for sample in family.samples
    }


def test_counters_begin_at_zero_so_that_the_first_crash_is_an_increase(context: Context) -> None:
    before = scraped(context)
    assert before["tocsin_cycle_total", "crashed"] == 0
    assert before["tocsin_outbox_rows", "dead"] == 0
    assert before["tocsin_source_failures_total", "epoch"] == 0
    assert ("tocsin_last_cycle_timestamp_seconds",) not in before
    with pytest.raises(ZeroDivisionError), noted(context, "cycle-1"):
        _ = 1 // 0
    with pytest.raises(ZeroDivisionError), noted(context, "epoch-1", "epoch"):
        _ = 1 // 0
    after = scraped(context)
    assert after["tocsin_cycle_total", "crashed"] == 1
    assert after["tocsin_source_failures_total", "epoch"] == 1
    assert after["tocsin_source_state", "epoch", "failed"] == 1


def test_a_run_tells_how_long_it_took_and_how_old_its_source_is(context: Context) -> None:
    now = context.now()
    with Session(context.engine) as session:
        session.add(
            Run(
                id="r", source="epoch", state=RunState.DONE,
                started_at=now - timedelta(hours=2),
                finished_at=now - timedelta(hours=2) + timedelta(seconds=90),
            )
        )  # fmt: skip
        session.commit()
    found = scraped(context)
    assert found["tocsin_source_run_seconds", "epoch"] == 90
    assert found["tocsin_source_age_seconds", "epoch"] == pytest.approx(7200, abs=60)
    assert found["tocsin_source_state", "epoch", "fresh"] == 1
    assert ("tocsin_source_age_seconds", "osv") not in found  # unknown is not zero


def test_the_size_of_the_lake_is_what_its_manifests_say(context: Context) -> None:
    assert scraped(context)["tocsin_lake_bytes",] == 0
    load_baseline(context)
    found = scraped(context)
    assert found["tocsin_lake_bytes",] == context.lake.bytes() > 100_000
    assert found["tocsin_disk_free_bytes",] > 0
    assert found["tocsin_raw_bytes",] == 0
