"""`tocsin notify`: prove that a channel works."""

from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session

from config.errors import ConfigError
from monitor.alerts.desk import Desk
from monitor.alerts.notices import Draft, delivery_key, notice_id, plain_facts
from monitor.alerts.opening import open_desk
from monitor.audit import append
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.context import Clock
from monitor.notify.channel import DeliveryError, Parcel, Parts
from monitor.response.identity import os_identity
from reports.model import Audience
from reports.notice import NoticeKind, NoticeView, marking, tell

app = typer.Typer(no_args_is_help=True, help="Prove that receivers can be reached.")


@app.command("test")
def prove(
    context: typer.Context,
    receivers: Annotated[list[str] | None, typer.Argument(help="Names; default all.")] = None,
    json: JsonFlag = False,
) -> None:
    """Send a test notice now, outside the outbox, and say what each receiver answered.

    Exit code 3 if any failed.
    """
    opened = installation(context)
    desk = open_desk(opened)
    wanted = receivers or list(desk.notify.receivers)
    for name in wanted:
        if name not in desk.notify.receivers:
            known = ", ".join(desk.notify.receivers) or "a receiver under notify.receivers"
            raise ConfigError("command line", f"receiver {name!r}", f"one of {known}")
    if not wanted:
        raise ConfigError("settings", "notify.receivers", "at least one receiver")
    now = opened.now()
    results = []
    for name in wanted:
        error = _send(desk, name, _view(desk, name, opened.now))
        results.append({"receiver": name, "delivered": error is None, "error": error or ""})
    with Session(opened.engine) as session, session.begin():
        append(
            session,
            at=now,
            actor=str(os_identity(desk.roster)),
            action="notify.test",
            subject="notify",
            detail={str(r["receiver"]): r["delivered"] for r in results},
        )
    if json:
        print_json({"receivers": results})
    else:
        for r in results:
            said = "delivered" if r["delivered"] else f"failed — {escape(str(r['error']))}"
            out.print(f"{r['receiver']}: {said}")
    raise typer.Exit(0 if all(r["delivered"] for r in results) else 3)


def _view(desk: Desk, name: str, now: Clock) -> NoticeView:
    return NoticeView(
        kind=NoticeKind.OPERATIONS,
        at=now(),
        zone=desk.zone,
        topic="test",
        detail={"receiver": name},
    )


def _send(desk: Desk, name: str, view: NoticeView) -> str | None:
    """Return what went wrong, None if it arrived."""
    receiver = desk.notify.receivers[name]
    audience = Audience(receiver.audience)
    origin = notice_id(Draft(f"test:{name}", view))
    parts = Parts(
        key=delivery_key(origin, name),
        notice_id=origin,
        view=view,
        told=tell(view, receiver.language, audience),
        marking=marking(audience, receiver.language),
        facts=plain_facts(view, None, public=audience is Audience.PUBLIC),
    )
    channel = desk.channels[receiver.channel]
    try:
        body = channel.compose(parts, receiver, desk.notify)
        channel.deliver(Parcel(parts.key, body, view.at), receiver, desk.notify)
    except DeliveryError as error:
        return str(error)
    return None
