"""Daemons as their operator has them: killed, read again, two on one database; nothing twice."""

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, select

from config.settings import LakeSettings, Settings, StoreSettings
from monitor.context import Context
from monitor.lake import LakeFile
from monitor.store.alerts import NoticeRow
from monitor.store.conclusions import AssessmentRow
from monitor.store.lease import Lease
from monitor.store.outbox import OutboxRow
from monitor.store.runs import Batch, BatchFile, BatchState, Run
from tests.servers import daemon, until
from tests.standin import StandIn

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ASKED = ("epoch", "kev", "osv", "models_dev", "lmarena", "govcn")
"""Sources that are switched on; their rhythms are hours, so each is due once."""
SLOW = "epoch"
GOOD = ("done", "unchanged")


@dataclass
class Machine:
    """One machine: a home folder of its own, perhaps a database and a lake that it shares."""

    home: Path
    standin: StandIn
    store: str = ""
    lake: str = ""

    def daemon(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run a daemon here; killed at the end if it still lives."""
        return daemon(self.home, env=self._environment())

    def _environment(self) -> dict[str, str]:
        from collectors.registry import COLLECTORS

        found = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        found |= self.standin.env()
        for source in (c.source.id for c in COLLECTORS):
            if source not in ASKED:
                found[f"TOCSIN_SOURCES__{source.upper()}__ENABLED"] = "false"
        if self.store:
            found["TOCSIN_STORE__URL"] = self.store
        if self.lake:
            found["TOCSIN_LAKE__URL"] = self.lake
        return found

    def said(self, words: str) -> bool:
        """Whether the log has a line with these words."""
        return re.search(words, (self.home / "log").read_text()) is not None

    def context(self) -> Context:
        """Open what the daemon works on."""
        store = StoreSettings(url=SecretStr(self.store) if self.store else None)
        lake = LakeSettings(url=self.lake or None)
        return Context(self.home, Settings(store=store, lake=lake), None)


def make(home: Path, standin: StandIn, store: str = "", lake: str = "") -> Machine:
    home.mkdir()
    (home / "log").touch()
    desk = f"{{channel: cap, folder: {home / 'told'}}}"
    (home / "tocsin.yaml").write_text(f"notify: {{receivers: {{desk: {desk}}}}}")
    return Machine(home, standin, store, lake)


def runs(context: Context, *states: str) -> Counter[str]:
    """Return how many runs of each source ended so."""
    with Session(context.engine) as session:
        query = select(Run.source).where(Run.source != "")
        if states:
            query = query.where(col(Run.state).in_(states))
        return Counter(session.exec(query))


def in_hand(context: Context, source: str) -> Callable[[], bool]:
    return lambda: runs(context, "running")[source] == 1


def collected(context: Context) -> Callable[[], bool]:
    """Return whether every source has been read and a cycle concluded since."""

    def done() -> bool:
        return set(runs(context, *GOOD)) == set(ASKED) and not runs(context, "running")

    return done


def assert_nothing_is_lost_or_doubled(context: Context) -> None:
    with Session(context.engine) as session:
        batches = session.exec(
            select(Batch.source, Batch.sweep).where(
                Batch.state == BatchState.VISIBLE, Batch.sweep != "baseline"
            )
        ).all()
        assert batches
        assert len(batches) == len(set(batches))
        shipped = session.exec(select(Run.id).where(col(Run.id).startswith("baseline-"))).all()
        assert len(shipped) == 1
        for row in session.exec(select(BatchFile)):
            context.lake.verify(LakeFile.of(row))
        keys = session.exec(select(OutboxRow.key)).all()
        assert len(keys) == len(set(keys))
        began = session.exec(select(NoticeRow.id).where(NoticeRow.kind == "began")).all()
        assert len(began) == 1


def test_a_follower_takes_over_in_seconds_and_nothing_is_done_twice(
    tmp_path: Path, postgres_url: str
) -> None:
    lake = str(tmp_path / "lake")
    with StandIn() as standin:
        slow = standin.fault(SLOW, "slow", times=None, seconds=30.0)
        first = make(tmp_path / "first", standin, postgres_url, lake)
        second = make(tmp_path / "second", standin, postgres_url, lake)
        context = first.context()
        with first.daemon() as leader, second.daemon() as follower:
            until(lambda: first.said("leading as") or second.said("leading as"), 60)
            ahead, behind = (first, second) if first.said("leading as") else (second, first)
            killed, other = (leader, follower) if ahead is first else (follower, leader)
            until(in_hand(context, SLOW), 120)
            until(lambda: set(runs(context, *GOOD)) == set(ASKED) - {SLOW}, 120)
            assert behind.said(f"waiting: .*:{killed.pid} leads")
            slow.seconds = 0.0
            killed.send_signal(signal.SIGKILL)
            until(lambda: behind.said(f"leading as pid {other.pid}"), 20)
            until(collected(context), 120)
            until(lambda: _concluded(context) >= 1, 180)
            other.send_signal(signal.SIGTERM)
            assert other.wait(10) == 0
        assert runs(context, *GOOD) == dict.fromkeys(ASKED, 1)
        assert runs(context, "crashed") == {SLOW: 1}
        with Session(context.engine) as session:
            assert session.get_one(Lease, 1).token == 2
        assert_nothing_is_lost_or_doubled(context)
        context.engine.dispose()


def test_reading_settings_again_asks_no_source_a_second_time(tmp_path: Path) -> None:
    with StandIn() as standin:
        standin.fault(SLOW, "slow", times=1, seconds=25.0)
        machine = make(tmp_path / "home", standin)
        context = machine.context()
        with machine.daemon() as process:
            until(in_hand(context, SLOW), 120)
            process.send_signal(signal.SIGHUP)
            until(lambda: machine.said("settings read again"), 60)
            until(lambda: machine.said(f"{SLOW}: skipped"), 60)
            until(collected(context), 120)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        assert runs(context) == dict.fromkeys(ASKED, 1)
        assert_nothing_is_lost_or_doubled(context)
        context.engine.dispose()


def test_a_restart_asks_nothing_before_its_time(tmp_path: Path) -> None:
    with StandIn() as standin:
        machine = make(tmp_path / "home", standin)
        context = machine.context()
        for _ in range(2):
            with machine.daemon() as process:
                until(collected(context), 120)
                until(lambda: machine.said("judged"), 180)
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            (machine.home / "log").write_text("")
        assert runs(context) == dict.fromkeys(ASKED, 1)
        context.engine.dispose()


def _concluded(context: Context) -> int:
    with Session(context.engine) as session:
        return len(session.exec(select(AssessmentRow.id)).all())
