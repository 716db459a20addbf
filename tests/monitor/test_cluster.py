"""The indicators' SQL, unchanged, on a cluster: every reading equal to the last digit."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.servers import free_port, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    # The client warns of pandas, which nothing here uses.
    pytest.mark.filterwarnings("ignore"),
]


ENGINES = ("sail", *(("spark",) if "SPARK_HOME" in os.environ else ()))
"""Sail comes from a wheel; Apache Spark is asked where SPARK_HOME names one (and Java runs it)."""


@pytest.fixture(scope="module", params=ENGINES)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the address of a Spark Connect server on loopback."""
    if request.param == "spark":
        with apache_spark(Path(os.environ["SPARK_HOME"]), tmp_path_factory.mktemp("spark")) as url:
            yield url
        return
    try:
        from pysail.spark import SparkConnectServer
    except ImportError:
        absent("Sail is not installed (extra `spark`)")
    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    yield f"sc://127.0.0.1:{port}"
    server.stop()


@contextmanager
def apache_spark(place: Path, folder: Path) -> Iterator[str]:
    """Run Spark's own Connect server on two cores, as `sbin/start-connect-server.sh` does."""
    port = free_port()
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.shuffle.partitions": "2",
    }
    said = (folder / "log").open("w", encoding="utf-8")
    server = subprocess.Popen(
        [
            place / "bin/spark-submit", "--master", "local[2]", "--driver-memory", "2g",
            *(word for key, value in settings.items() for word in ("--conf", f"{key}={value}")),
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        ],
        cwd=folder, stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        log = folder / "log"
        until(lambda: server.poll() is not None or "server started at" in log.read_text(), 120)
        assert server.poll() is None, log.read_text()[-2000:]
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        said.close()


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
