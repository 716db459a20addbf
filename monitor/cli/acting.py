"""What every command of people's work begins with: who acts, in a transaction, refusals said."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session, select

from config.roster import Roster
from monitor.alerts.opening import open_roster
from monitor.cli.console import err, installation, out
from monitor.context import Context
from monitor.errors import ResponseError
from monitor.response.four_eyes import KIND, Decision, find, statement
from monitor.response.four_eyes import sign as put_in_force
from monitor.response.identity import Identity, Signed, os_identity, sign
from monitor.store.alerts import AlertRow
from monitor.store.engine import reading

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", help="Sign with this OpenSSH Ed25519 key, registered in the roster.",
        exists=True, dir_okay=False,
    ),
]  # fmt: skip
"""Without a key, the operating system's user acts."""


@dataclass(frozen=True)
class Acting:
    """One person at work in one transaction."""

    context: Context
    session: Session
    roster: Roster
    identity: Identity
    now: datetime

    @property
    def who(self) -> str:
        """The identity as it is recorded."""
        return str(self.identity)


@contextmanager
def acting(typed: typer.Context, key: Path | None = None) -> Iterator[Acting]:
    """Open a transaction for a person; a refusal is one sentence and exit code 1."""
    context = installation(typed)
    roster = open_roster(context)
    try:
        identity = os_identity(roster)
        if key is not None:
            identity = sign(roster, key, "tocsin identity").identity
        with Session(context.engine, expire_on_commit=False) as session, session.begin():
            yield Acting(context, session, roster, identity, context.now())
    except ResponseError as error:
        err.print(f"[bold]refused[/bold] {escape(str(error))}")
        raise typer.Exit(1) from error


@contextmanager
def looking(typed: typer.Context) -> Iterator[Session]:
    """Open a session for a command that only looks: no writer waits for it."""
    try:
        with reading(installation(typed).engine) as session:
            yield session
    except ResponseError as error:
        err.print(f"[bold]refused[/bold] {escape(str(error))}")
        raise typer.Exit(1) from error


def signed_by(person: Acting, key: Path | None, statement: str) -> tuple[Identity, Signed | None]:
    """Return who signs the statement: the key's holder with the signature, or the OS user."""
    if key is None:
        return person.identity, None
    signed = sign(person.roster, key, statement)
    return signed.identity, signed


def sign_second(
    typed: typer.Context,
    table: type[Decision],
    number: int,
    key: Path | None,
) -> None:
    """Sign what another person proposed, and say that it is in force."""
    with acting(typed) as person:
        row = find(person.session, table, number)
        second, signed = signed_by(person, key, statement(row))
        put_in_force(
            person.session, person.roster, row, second=second, now=person.now, signed=signed
        )
    out.print(f"{KIND[table]} {number} is in force, signed by {escape(str(second))}")


def find_alert(session: Session, number: str) -> AlertRow:
    """Return the alert of this number (`2026-3`, `X2026-1`). Raises ResponseError."""
    match = re.fullmatch(r"([Xx]?)(\d{4})-(\d+)", number.strip())
    row = None
    if match:
        query = select(AlertRow).where(
            AlertRow.exercise == bool(match[1]),
            AlertRow.year == int(match[2]),
            AlertRow.serial == int(match[3]),
        )
        row = session.exec(query).first()
    if row is None:
        raise ResponseError(f"there is no alert {number} (numbers look like 2026-3)")
    return row


def moment_or_span(text: str, now: datetime) -> datetime:
    """Return `now` plus a span (`8h`, `3d`, `2w`), or the ISO moment given with its zone."""
    match = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if match:
        hours = {"h": 1, "d": 24, "w": 168}[match[2]]
        return now + timedelta(hours=int(match[1]) * hours)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("expected 8h, 3d, 2w or an ISO moment with zone") from error
    if moment.tzinfo is None:
        raise typer.BadParameter("the moment needs a zone, such as 2026-12-01T09:00+08:00")
    return moment.astimezone(UTC)


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, None as None."""
    return moment.astimezone(UTC).isoformat() if moment else None
