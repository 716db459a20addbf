"""A process that raises and delivers until it is killed; one is forked for each line of stdin.

Arguments: store file, SMTP port, HTTP port, webhook secret.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from config.notify import NotifySettings
from config.responses import parse_responses
from config.roster import Roster
from monitor.alerts.desk import Desk
from monitor.alerts.due import write_due
from monitor.alerts.outbox import deliver_due, take_back
from monitor.alerts.raising import raise_alerts
from monitor.store.alerts import TransitionRow
from monitor.store.engine import connect, sqlite_url
from reports.model import Audience
from reports.notice import AlertFacts
from rules.types import Assessment, Level, Risk, RiskAssessment

LEVELS = (Level.GREEN, Level.YELLOW, Level.RED, Level.YELLOW)
METHOD = Path(__file__).parents[3] / "config/methods/2026/responses.yaml"


class Plain:
    def alert_report(self, facts: AlertFacts, lang: str, audience: Audience) -> bytes:
        return f"{facts.id} {lang} {audience.value}".encode()

    def meeting_pack(self, facts: AlertFacts, lang: str) -> bytes:
        return f"{facts.id} {lang}".encode()


def assess(level: Level, at: datetime) -> Assessment:
    calm = (Risk.SPILLOVER, Risk.BACKDOOR)
    levels = {Risk.MISUSE: level} | dict.fromkeys(calm, Level.GREEN)
    states = tuple(
        RiskAssessment(r, v, v, None, 0.9, 0.6, None, None, False, (), ())
        for r, v in levels.items()
    )
    return Assessment(at, "2026", "m" * 64, "CN", False, states)


def desk_of(smtp: int, http: int, secret: str) -> Desk:
    return Desk(
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
        responses=parse_responses(yaml.safe_load(METHOD.read_text("utf-8"))),
        renderer=Plain(),
        home="CN",
    )


def cycle(engine: Engine, desk: Desk) -> None:
    """Conclude, raise, deliver, as fast as possible."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        moved = session.exec(select(func.count()).select_from(TransitionRow)).one()
        level = LEVELS[max(moved - 2, 0) % len(LEVELS)]
        raise_alerts(session, None, assess(level, now), desk, now)
        write_due(session, desk, now)
    deliver_due(engine, desk, now, "w", limit=4)


def main() -> None:
    """Run two cycles, so that everything is compiled, then fork a child for each line."""
    engine = connect(sqlite_url(Path(sys.argv[1])))
    desk = desk_of(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    for _ in range(2):
        cycle(engine, desk)
    engine.dispose()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            take_back(engine, datetime.now(UTC), worker="w")
            while True:
                cycle(engine, desk)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("gone\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
