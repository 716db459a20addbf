"""The pages, health and metrics as a reader's browser and a probe get them, over a real socket."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlmodel import Session

from config.settings import ServeSettings, Settings
from monitor.context import Context
from monitor.server import HEADERS, application, readiness, serving
from monitor.store.runs import Run, RunState
from tests.servers import free_port, until

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    opened = Context(tmp_path, Settings(), None, now=lambda: NOW)
    for audience in ("public", "internal"):
        page = opened.site / audience / "zh" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<!doctype html><title>{audience}</title>", "utf-8")
    (tmp_path / "secret.yaml").write_text("key: swordfish")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def base(context: Context) -> Iterator[str]:
    """Serve the installation on loopback; yields the address."""
    port = free_port()
    server = serving(context, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def test_the_public_site_is_shown_and_every_answer_bears_the_headers(base: str) -> None:
    for path, status in (
        ("/", 200), ("/zh/index.html", 200), ("/nothing", 404),
        ("/healthz/live", 200), ("/healthz/ready", 503), ("/metrics", 200),
    ):  # fmt: skip
        answer = requests.get(f"{base}{path}", timeout=10)
        assert answer.status_code == status, path
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
        assert "server" not in answer.headers
    page = requests.get(base, timeout=10)
    assert "<title>public</title>" in page.text


@pytest.mark.parametrize(
    "path", ["/../secret.yaml", "/%2e%2e/%2e%2e/secret.yaml", "/zh/..%2f..%2f..%2fsecret.yaml"]
)
def test_no_path_leads_out_of_the_site(base: str, path: str) -> None:
    request = requests.Request("GET", base).prepare()
    request.url = base + path  # as it stands: a client would tidy it up
    with requests.Session() as session:
        answer = session.send(request, timeout=10)
    assert answer.status_code == 404
    assert "swordfish" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(base: str, method: str) -> None:
    for path in ("/zh/index.html", "/metrics", "/healthz"):
        assert requests.request(method, f"{base}{path}", timeout=10).status_code == 405


def test_the_internal_site_is_shown_only_where_a_setting_says_so(context: Context) -> None:
    inside = replace(context, settings=Settings(serve=ServeSettings(audience="internal")))
    shown = [r for r in application(inside).routes if hasattr(r, "app")]
    assert any(str(inside.site / "internal") in str(vars(r.app)) for r in shown)
    assert ServeSettings().host == "127.0.0.1"


def test_ready_follows_the_last_good_cycle(context: Context) -> None:
    assert readiness(context)["why"] == "no cycle has ended yet"
    with Session(context.engine) as session:
        for name, state, ago in (
            ("cycle-1", RunState.DONE, timedelta(minutes=20)),
            ("cycle-2", RunState.CRASHED, timedelta(minutes=5)),
            ("house-1", RunState.DONE, timedelta(minutes=1)),
        ):
            moment = NOW - ago
            session.add(Run(id=name, state=state, started_at=moment, finished_at=moment))
        session.commit()
    found = readiness(context)
    assert (found["ready"], found["age_seconds"]) == (True, 1200)
    late = replace(context, now=lambda: NOW + timedelta(hours=3))
    assert readiness(late)["why"] == "the last good cycle is late"


def test_ready_says_so_when_the_store_is_away(context: Context) -> None:
    context.engine.dispose()
    (context.home / "tocsin.db").unlink()
    (context.home / "tocsin.db").mkdir()
    found = readiness(context)
    assert found["ready"] is False
    assert str(found["why"]).startswith("store: ")
