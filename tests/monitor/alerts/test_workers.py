"""Two workers never hold one row; a worker killed at any moment loses nothing."""

import base64
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from config.notify import NotifySettings
from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.alerts.outbox import CLAIM_LASTS, deliver_due
from monitor.alerts.raising import raise_alerts
from monitor.audit import append, verify_store
from monitor.notify.channel import Parcel, Parts
from monitor.store.alerts import NoticeRow, TransitionRow
from monitor.store.engine import open_store, sqlite_url
from monitor.store.outbox import AttemptRow, OutboxRow
from rules.types import Assessment

Assess = Callable[..., Assessment]
MakeDesk = Callable[..., Desk]
KILLS = 20


class Ledger:
    """A channel that writes down what it was given and takes its time."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def compose(self, parts: Parts, receiver: Any, notify: NotifySettings) -> bytes:
        return parts.told.text.encode()

    def deliver(self, parcel: Parcel, receiver: Any, notify: NotifySettings) -> None:
        self.given.append(parcel.key)
        time.sleep(0.002)


def test_two_workers_never_send_the_same_row(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    receivers = {f"r{n}": {"channel": "email", "to": f"r{n}@centre.example"} for n in range(40)}
    plain = make_desk(receivers)
    ledger = Ledger()
    desk = Desk(
        plain.notify, plain.roster, plain.responses, plain.renderer, "CN",
        channels={"email": ledger},
    )  # fmt: skip
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    workers = [
        threading.Thread(target=deliver_due, args=(engine, desk, now, f"w{n}", 40))
        for n in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ledger.given) == sorted(set(ledger.given))
    assert len(ledger.given) == 40


def test_a_long_round_claims_each_row_only_when_its_turn_has_come(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    class Watcher(Ledger):
        """Looks, while it delivers, how many rows are claimed."""

        def deliver(self, parcel: Parcel, receiver: Any, notify: NotifySettings) -> None:
            with Session(engine) as session:
                claimed = session.exec(select(OutboxRow.id).where(OutboxRow.state == "claimed"))
                assert len(claimed.all()) == 1
            super().deliver(parcel, receiver, notify)

    receivers = {f"r{n}": {"channel": "email", "to": f"r{n}@centre.example"} for n in range(5)}
    plain, watcher = make_desk(receivers), Watcher()
    desk = Desk(
        plain.notify, plain.roster, plain.responses, plain.renderer, "CN",
        channels={"email": watcher},
    )  # fmt: skip
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
    assert deliver_due(engine, desk, now, "w").delivered == len(watcher.given) == 5


def test_the_claim_of_a_dead_worker_is_taken_back(
    engine: Engine, make_desk: MakeDesk, assess: Assess, now: datetime
) -> None:
    plain = make_desk({"r": {"channel": "email", "to": "r@centre.example"}})
    ledger = Ledger()
    desk = Desk(
        plain.notify, plain.roster, plain.responses, plain.renderer, "CN",
        channels={"email": ledger},
    )  # fmt: skip
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)
        row = session.exec(select(OutboxRow)).one()
        row.state, row.claimed_by, row.claimed_at = "claimed", "dead", now
        session.add(row)
    deliver_due(engine, desk, now + CLAIM_LASTS, "w")
    assert ledger.given == []
    deliver_due(engine, desk, now + CLAIM_LASTS + timedelta(seconds=1), "w")
    assert len(ledger.given) == 1
    with Session(engine) as session:
        outcomes = session.exec(select(AttemptRow.outcome).order_by(col(AttemptRow.id))).all()
    assert outcomes == ["abandoned", "delivered"]


@pytest.mark.long
def test_kill_9_at_twenty_random_moments_loses_nothing_and_changes_nothing(
    tmp_path: Path, postbox: Any, letterbox: Any
) -> None:
    store = tmp_path / "killed.db"
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    open_store(sqlite_url(store)).dispose()
    script = Path(__file__).with_name("killed.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(store), str(postbox.port), str(letterbox.port), secret],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    dice = random.Random(20261123)
    with process:
        for _ in range(KILLS):
            process.stdin.write("go\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            time.sleep(dice.uniform(0.05, 1.2))
            os.kill(child, signal.SIGKILL)
            assert process.stdout.readline() == "gone\n"
        process.stdin.close()

    engine = open_store(sqlite_url(store))
    with Session(engine) as session:
        transitions = session.exec(select(TransitionRow).order_by(col(TransitionRow.seq))).all()
        notices = session.exec(select(NoticeRow)).all()
        rows = session.exec(select(OutboxRow)).all()
    assert len(transitions) > KILLS
    assert [t.seq for t in transitions] == list(range(1, len(transitions) + 1))
    # One notice per transition (the first three are one `began`), two receivers each, no orphan.
    told = [n for n in notices if n.origin.startswith("transition:")]
    assert len(told) == len(transitions) - 2
    assert len(rows) == 2 * len(notices)

    _finish(engine, postbox.port, letterbox.port, secret)
    arrived: dict[str, set[bytes]] = defaultdict(set)
    for raw, message in zip(postbox.raw, postbox.messages, strict=True):
        arrived[str(message["Message-ID"])[1:].partition("@")[0]].add(raw)
    for _, headers, body in letterbox.taken:
        arrived[headers["webhook-id"]].add(body)
    assert set(arrived) == {row.key for row in rows}
    assert all(len(contents) == 1 for contents in arrived.values())
    engine.dispose()


def _finish(engine: Engine, smtp: int, http: int, secret: str) -> None:
    """Restart: take back what the dead worker held, deliver the rest."""
    desk = Desk(
        notify=NotifySettings.model_validate(
            {
                "sender": "tocsin@centre.example",
                "smtp": {"host": "127.0.0.1", "port": smtp, "security": "none"},
                "receivers": {
                    "duty": {"channel": "email", "to": "duty@centre.example"},
                    "hook": {
                        "channel": "webhook",
                        "url": f"http://127.0.0.1:{http}/hook",
                        "allow_private": True,
                        "secret": secret,
                    },
                },
            }
        ),
        roster=Roster(),
        responses=None,  # type: ignore[arg-type]  # nothing is raised here
        renderer=None,  # type: ignore[arg-type]
        home="CN",
    )
    later = datetime.now(UTC) + CLAIM_LASTS + timedelta(seconds=5)
    while deliver_due(engine, desk, later, "restarted", 200).delivered:
        pass


@pytest.mark.long
def test_two_workers_on_postgresql_never_send_the_same_row_and_the_audit_chain_holds(
    make_desk: MakeDesk, assess: Assess, now: datetime, postgres_url: str
) -> None:
    receivers = {f"r{n}": {"channel": "email", "to": f"r{n}@centre.example"} for n in range(30)}
    plain = make_desk(receivers)
    ledger = Ledger()
    desk = Desk(
        plain.notify, plain.roster, plain.responses, plain.renderer, "CN",
        channels={"email": ledger},
    )  # fmt: skip
    engine = open_store(postgres_url)
    with Session(engine) as session, session.begin():
        raise_alerts(session, None, assess(), desk, now)

    def human(number: int) -> None:
        for turn in range(10):
            with Session(engine) as session, session.begin():
                append(session, at=now, actor=f"os:{number}", action="test", subject=str(turn))

    threads = [
        threading.Thread(target=deliver_due, args=(engine, desk, now, f"w{n}", 30))
        for n in range(3)
    ]
    threads += [threading.Thread(target=human, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        states = set(session.exec(select(OutboxRow.state)))
        verdict = verify_store(session)
    engine.dispose()
    assert sorted(ledger.given) == sorted(set(ledger.given))
    assert len(ledger.given) == 30
    assert states == {"delivered"}
    assert verdict.sound
    assert verdict.entries == 1 + 30
