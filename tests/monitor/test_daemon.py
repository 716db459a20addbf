"""The daemon as its operator knows it: a process that leads, stops, reads again, takes over."""

import os
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from collectors.registry import COLLECTORS
from monitor.context import open_context
from monitor.timetable import Work, timetable
from tests.servers import daemon, free_port, until

pytestmark = pytest.mark.long


def quiet_settings(port: int, extra: str = "") -> str:
    """Return settings under which no source is asked and the daemon serves itself."""
    off = "\n".join(f"  {c.source.id}: {{enabled: false}}" for c in COLLECTORS)
    return f"sources:\n{off}\nserve: {{with_daemon: true, port: {port}}}\n{extra}"


def said(home: Path, words: str) -> bool:
    return re.search(words, (home / "log").read_text()) is not None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "tocsin.yaml").write_text(quiet_settings(free_port()))
    (tmp_path / "log").touch()
    return tmp_path


def answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/healthz/live", timeout=5).ok
    except requests.ConnectionError:
        return False


def port_of(home: Path) -> int:
    found = re.search(r"port: (\d+)", (home / "tocsin.yaml").read_text())
    assert found
    return int(found[1])


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Stand in systemd's place: a socket to be told on, and a sign of life asked every second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        yield line


def test_it_serves_health_judges_and_stops_on_sigterm_within_ten_seconds(
    home: Path, manager: socket.socket
) -> None:
    with daemon(home) as process:
        assert [manager.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        until(lambda: said(home, "leading as pid"), 60)
        base = f"http://127.0.0.1:{port_of(home)}"
        until(lambda: answers(base), 60)
        live = requests.get(f"{base}/healthz/live", timeout=5)
        assert live.json() == {"live": True}
        ready = requests.get(f"{base}/healthz/ready", timeout=5)
        assert ready.status_code == 503
        assert ready.json()["why"] == "no cycle has ended yet"
        assert ready.headers["X-Content-Type-Options"] == "nosniff"
        assert (
            'tocsin_source_state{source="epoch",state="skipped"} 1.0'
            in requests.get(f"{base}/metrics", timeout=10).text
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert b"STOPPING=1" in iter(lambda: manager.recv(99), b"")


def test_a_killed_daemon_leaves_no_half_run_and_the_next_one_goes_on(home: Path) -> None:
    with daemon(home) as process:
        until(lambda: said(home, "leading as pid"), 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (home / "log").write_text("")
    with daemon(home) as process:
        until(lambda: said(home, "on schedule"), 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with sqlite3.connect(home / "tocsin.db") as store:
        assert store.execute("SELECT count(*) FROM run WHERE id LIKE 'baseline-%'").fetchone() == (
            1,
        )


def test_settings_are_read_again_on_sighup_only_if_they_are_sound(home: Path) -> None:
    with daemon(home) as process:
        until(lambda: said(home, "leading as pid"), 60)
        sound = (home / "tocsin.yaml").read_text()
        (home / "tocsin.yaml").write_text(sound + "sorces: {}\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: said(home, "settings not taken over"), 30)
        assert said(home, "sorces")
        assert process.poll() is None
        (home / "tocsin.yaml").write_text(sound + "method: '2026'\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: said(home, "settings read again"), 30)


def test_of_two_daemons_one_leads_and_the_other_takes_over(home: Path) -> None:
    with daemon(home) as first:
        until(lambda: said(home, f"leading as pid {first.pid}"), 60)
        (home / "tocsin.yaml").write_text(quiet_settings(free_port()))
        with daemon(home) as second:
            first.kill()
            until(lambda: said(home, f"leading as pid {second.pid}"), 90)


def test_notices_and_judgements_never_wait_behind_a_slow_source(home: Path) -> None:
    (home / "tocsin.yaml").write_text("serve: {with_daemon: false}\n")  # every source is enabled
    context = open_context(home)
    nothing = Work(lambda _: None, lambda: None, lambda: None, lambda: None)
    scheduler = timetable(context, nothing)
    by_executor: dict[str, set[str]] = {}
    for job in scheduler.get_jobs():
        by_executor.setdefault(job.executor, set()).add(job.id)
    context.engine.dispose()
    assert by_executor["deliver"] == {"deliver"}
    assert by_executor["judge"] == {"judge"}
    assert by_executor["default"] == {c.source.id for c in COLLECTORS} | {"house"}
