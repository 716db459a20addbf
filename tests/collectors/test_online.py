"""The real sources, asked once: `pytest -m online` tells which of them has moved.

Deselected unless asked for. One answer of each source is read, no more.
"""

from datetime import UTC, datetime, timedelta

import pytest

from collectors import registry
from collectors.base import Collector, Columns, Options
from collectors.http import Client
from collectors.record import Record

pytestmark = pytest.mark.online


def now() -> datetime:
    return datetime.now(UTC)


KEYLESS = [c for c in registry.COLLECTORS if c.source.needs_key is None]


@pytest.mark.parametrize("collector", KEYLESS, ids=[c.source.id for c in KEYLESS])
def test_the_source_still_answers_in_the_shape_that_we_read(collector: Collector) -> None:
    source = collector.source
    http = Client(source, source.base_url, now=now, deadline=timedelta(minutes=2))
    options = Options(now=now(), base_url=source.base_url, extra={"packages": "PyPI/safetensors"})
    payload = next(iter(collector.fetch(http, {}, options)))
    parsed = list(collector.parse(payload))
    assert any(isinstance(item, Record | Columns) for item in parsed), f"{source.id} has moved"
