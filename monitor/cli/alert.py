"""`tocsin alert`: what was raised, what was told, and who has seen it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlmodel import Session, col, select

from monitor.alerts.opening import open_desk
from monitor.alerts.retraction import retract_alert
from monitor.cli.acting import KeyOption, acting, find_alert, iso, looking
from monitor.cli.console import JsonFlag, level, out, print_json
from monitor.response.cases import acknowledge
from monitor.store.alerts import AckRow, AlertRow, ArtefactRow, NoticeRow, TransitionRow
from monitor.store.outbox import OutboxRow

app = typer.Typer(no_args_is_help=True, help="Alerts: list, show, acknowledge, retract.")
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as 2026-3; drills X2026-1.")]


def summary(alert: AlertRow) -> dict[str, Any]:
    """Return an alert as one JSON object."""
    return {
        "number": alert.number,
        "risk": alert.risk,
        "level": alert.level,
        "peak": alert.peak,
        "state": alert.state,
        "exercise": alert.exercise,
        "opened_at": iso(alert.opened_at),
        "closed_at": iso(alert.closed_at),
        "acknowledged_at": iso(alert.acknowledged_at),
        "reason": alert.reason,
    }


def document(session: Session, alert: AlertRow) -> dict[str, Any]:
    """Return an alert with its transitions, notices, artefacts, deliveries and acknowledgements."""
    moved = select(TransitionRow).where(TransitionRow.alert_id == alert.id)
    told = select(NoticeRow).where(NoticeRow.alert_id == alert.id)
    seen = select(AckRow).where(AckRow.alert_id == alert.id).order_by(col(AckRow.id))
    return {
        **summary(alert),
        "transitions": [
            {
                "id": t.id,
                "kind": t.kind,
                "before": t.before,
                "after": t.after,
                "at": iso(t.at),
                "flapping": t.flapping,
                "method": t.method,
                "retracted_at": iso(t.retracted_at),
            }
            for t in session.exec(moved.order_by(col(TransitionRow.seq)))
        ],
        "notices": [
            _notice(session, n)
            for n in session.exec(told.order_by(col(NoticeRow.at), col(NoticeRow.id)))
        ],
        "acknowledgements": [
            {"by": a.identity, "at": iso(a.at), "note": a.note} for a in session.exec(seen)
        ],
    }


def _notice(session: Session, notice: NoticeRow) -> dict[str, Any]:
    artefacts = select(ArtefactRow).where(ArtefactRow.notice_id == notice.id)
    sent = select(OutboxRow).where(OutboxRow.notice_id == notice.id).order_by(col(OutboxRow.id))
    return {
        "id": notice.id,
        "kind": notice.kind,
        "topic": notice.topic,
        "sequence": notice.sequence,
        "at": iso(notice.at),
        "artefacts": [
            {
                "kind": a.kind,
                "lang": a.lang,
                "audience": a.audience,
                "name": a.name,
                "sha256": a.sha256,
            }
            for a in session.exec(artefacts.order_by(col(ArtefactRow.id)))
        ],
        "deliveries": [
            {
                "receiver": o.receiver,
                "channel": o.channel,
                "state": o.state,
                "attempts": o.attempts,
                "key": o.key,
                "delivered_at": iso(o.delivered_at),
                "error": o.last_error,
            }
            for o in session.exec(sent)
        ],
    }


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones and drills too.")] = False,
    json: JsonFlag = False,
) -> None:
    """List open alerts, the newest first."""
    with looking(context) as session:
        query = select(AlertRow).order_by(col(AlertRow.opened_at).desc(), col(AlertRow.id).desc())
        if not everything:
            query = query.where(AlertRow.state == "open", col(AlertRow.exercise).is_(False))
        found = [summary(alert) for alert in session.exec(query)]
    if json:
        print_json({"alerts": found})
        return
    for one in found:
        mark = " · exercise 演练" if one["exercise"] else ""
        seen = "acknowledged" if one["acknowledged_at"] else "not acknowledged"
        out.print(
            f"{one['number']}  {level(one['level'])}  {one['risk']}  {one['state']}, {seen}, "
            f"since {one['opened_at']}{mark}"
        )
    if not found:
        out.print("no open alert" if not everything else "no alert was ever raised")


@app.command()
def show(
    context: typer.Context,
    number: Number,
    save: Annotated[
        Path | None,
        typer.Option(help="Folder to write the artefacts to, byte for byte as delivered."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Show one alert: transitions, notices, deliveries, acknowledgements."""
    with looking(context) as session:
        alert = find_alert(session, number)
        found = document(session, alert)
        if save is not None:
            _save(session, alert, save)
    if json:
        print_json(found)
        return
    out.print(
        f"[bold]{found['number']}[/] {level(found['level'])} {found['risk']}, {found['state']}"
    )
    for t in found["transitions"]:
        flap = " (flapping)" if t["flapping"] else ""
        out.print(f"  {t['at']}  {t['before']} → {t['after']}{flap}")
    for n in found["notices"]:
        out.print(f"  {n['at']}  {n['kind']} {n['topic']}".rstrip())
        for d in n["deliveries"]:
            error = f" — {escape(d['error'])}" if d["error"] else ""
            out.print(f"      {d['receiver']} ({d['channel']}): {d['state']}{error}")
    for a in found["acknowledgements"]:
        out.print(f"  {a['at']}  acknowledged by {escape(a['by'])} {escape(a['note'])}".rstrip())


def _save(session: Session, alert: AlertRow, folder: Path) -> None:
    query = (
        select(ArtefactRow)
        .join(NoticeRow, col(NoticeRow.id) == col(ArtefactRow.notice_id))
        .where(NoticeRow.alert_id == alert.id)
    )
    for artefact in session.exec(query):
        place = folder / artefact.audience / artefact.notice_id
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{artefact.kind}.{artefact.name}").write_bytes(artefact.body)


@app.command()
def ack(
    context: typer.Context,
    number: Number,
    note: Annotated[str, typer.Option(help="What you will do about it.")] = "",
    key: KeyOption = None,
) -> None:
    """Say that you have seen it: reminders stop, the first step of its case is done."""
    with acting(context, key) as person:
        alert = find_alert(person.session, number)
        acknowledge(person.session, alert, identity=person.who, note=note, now=person.now)
    out.print(f"{alert.number} acknowledged by {escape(person.who)}")


@app.command()
def retract(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why; sent to everyone who was told.")],
    key: KeyOption = None,
) -> None:
    """Take an alert back that rested on wrong data; the record stays, receivers are told."""
    with acting(context, key) as person:
        alert = find_alert(person.session, number)
        notice = retract_alert(
            person.session,
            open_desk(person.context),
            alert,
            reason=reason,
            actor=person.who,
            now=person.now,
        )
    done = "retracted; notices are in the outbox" if notice else "was retracted before"
    out.print(f"{alert.number} {done}")
