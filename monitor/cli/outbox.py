"""`tocsin outbox`: deliveries that wait, failed or are dead, and another try."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlmodel import col, select

from monitor.alerts.outbox import retry as try_again
from monitor.audit import append
from monitor.cli.acting import acting, iso, looking
from monitor.cli.console import JsonFlag, out, print_json
from monitor.errors import ResponseError
from monitor.store.outbox import OutboxRow, OutboxState, ReceiverRow

app = typer.Typer(no_args_is_help=True, help="Deliveries: list, retry; enable a receiver again.")


def summary(row: OutboxRow) -> dict[str, Any]:
    """Return a delivery as one JSON object."""
    return {
        "id": row.id,
        "key": row.key,
        "notice": row.notice_id,
        "receiver": row.receiver,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "created_at": iso(row.created_at),
        "next_at": iso(row.next_at) if row.state == OutboxState.PENDING else None,
        "delivered_at": iso(row.delivered_at),
        "error": row.last_error,
        "sha256": row.sha256,
    }


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Delivered ones too.")] = False,
    json: JsonFlag = False,
) -> None:
    """List what has not arrived. Exit code 3 if there are dead letters."""
    with looking(context) as session:
        query = select(OutboxRow).order_by(col(OutboxRow.id))
        if not everything:
            query = query.where(col(OutboxRow.state) != OutboxState.DELIVERED.value)
        found = [summary(row) for row in session.exec(query)]
        off = [
            {"receiver": r.name, "since": iso(r.disabled_at), "reason": r.reason}
            for r in session.exec(select(ReceiverRow).order_by(col(ReceiverRow.name)))
        ]
    if json:
        print_json({"deliveries": found, "disabled": off})
    else:
        for one in found:
            when = f", next {one['next_at']}" if one["next_at"] else ""
            error = f" — {escape(one['error'])}" if one["error"] else ""
            out.print(
                f"{one['id']}  {one['receiver']} ({one['channel']})  {one['state']}, "
                f"{one['attempts']} attempts{when}{error}"
            )
        for one in off:
            out.print(f"disabled: {one['receiver']} since {one['since']}")
        if not found:
            out.print("everything has arrived")
    raise typer.Exit(3 if any(one["state"] == OutboxState.DEAD for one in found) else 0)


@app.command()
def retry(
    context: typer.Context,
    numbers: Annotated[list[int] | None, typer.Argument(help="Deliveries; see `list`.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All dead letters.")] = False,
) -> None:
    """Put deliveries back in line, under the same key and with the same content."""
    with acting(context) as person:
        wanted = list(numbers or ())
        if dead:
            query = select(OutboxRow.id).where(OutboxRow.state == OutboxState.DEAD)
            wanted += [n for n in person.session.exec(query) if n not in wanted]
        if not wanted:
            raise ResponseError("name a delivery, or say --dead")
        for number in wanted:
            row = try_again(person.session, number, person.now)
            if row is None:
                raise ResponseError(f"there is no delivery {number}")
            append(
                person.session,
                at=person.now,
                actor=person.who,
                action="outbox.retry",
                subject=f"outbox:{number}",
            )
    out.print(f"{len(wanted)} in line; the daemon or the next run sends them")


@app.command()
def enable(
    context: typer.Context, receiver: Annotated[str, typer.Argument(help="Name in the settings.")]
) -> None:
    """Send again to a receiver that had answered 410 Gone."""
    with acting(context) as person:
        row = person.session.get(ReceiverRow, receiver)
        if row is None:
            raise ResponseError(f"receiver {receiver} is not disabled")
        person.session.delete(row)
        append(
            person.session,
            at=person.now,
            actor=person.who,
            action="receiver.enable",
            subject=f"receiver:{receiver}",
        )
    out.print(f"{receiver} is enabled; its dead letters: tocsin outbox retry --dead")
