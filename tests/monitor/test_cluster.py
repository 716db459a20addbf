"""The indicators' SQL, unchanged, on a cluster: every reading equal to the last digit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config import baseline
from monitor.baseline import load_baseline
from monitor.cluster import ClusterView
from monitor.context import open_context
from monitor.engines import compare
from monitor.record import open_view
from tests.conftest import absent

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    # The client warns of pandas, which nothing here uses.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    try:
        from pysail.spark import SparkConnectServer
    except ImportError:
        absent("Sail is not installed (extra `spark`)")
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    yield f"sc://127.0.0.1:{port}"
    server.stop()


def test_every_indicator_is_equal_on_both_engines(tmp_path: Path, address: str) -> None:
    context = open_context(tmp_path, now=lambda: datetime(2026, 8, 23, tzinfo=UTC))
    load_baseline(context)
    method, files = context.method, context.lake.visible()
    here = open_view(context, method, reconstructed=True)
    there = ClusterView(
        context.lake, files, home="CN", views=method.views, reconstructed=True, address=address
    )
    found = compare(method, here, there, baseline.CUTOFF)
    assert [c.code for c in found if not c.agree] == []
    assert len(found) == 35
    assert sum(c.here.value is not None for c in found) >= 10
    there.close()
    here.close()
