"""`tocsin quarantine`: held batches, why, and what a person decides about them."""

from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import col, select

from monitor import quarantine
from monitor.alerts.opening import open_desk
from monitor.asking import chosen
from monitor.cli.acting import KeyOption, acting
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.store.engine import reading
from monitor.store.runs import Refusal

app = typer.Typer(
    no_args_is_help=True, help="Held batches: list, show, release, drop; revoke one that was read."
)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Identifier, or its beginning.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit log; required.")]


@app.command("list")
def list_(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]")] = None,
    every: Annotated[bool, typer.Option("--all", help="Dropped and revoked ones too.")] = False,
    json: JsonFlag = False,
) -> None:
    """List batches that no indicator may read, and what was refused before it became a batch."""
    opened = installation(context)
    if source:
        chosen([source])
    with reading(opened.engine) as session:
        found = quarantine.batches(session, every=every, source=source)
        query = select(Refusal).order_by(col(Refusal.id).desc()).limit(50)
        refused = session.exec(query.where(Refusal.source == source) if source else query).all()
    if json:
        print_json(
            {
                "batches": [quarantine.summary(b) for b in found],
                "refused": [r.model_dump(mode="json") for r in refused],
            }
        )
        return
    if not found:
        out.print("no batch is held")
    for batch in found:
        out.print(f"[bold]{batch.id}[/]  {batch.state}  {batch.source}  {batch.rows:,} rows")
        for finding in quarantine.summary(batch)["findings"]:  # type: ignore[attr-defined]
            out.print(f"    {finding['severity']}: {escape(finding['en'])}")
    for row in refused:
        key = f" {escape(repr(row.key))}" if row.key else ""
        out.print(
            f"refused {row.at:%Y-%m-%dT%H:%MZ} {row.source}:{key} {escape(row.reason)}", style="dim"
        )


@app.command()
def show(context: typer.Context, batch: BatchId, json: JsonFlag = False) -> None:
    """Show why one batch was held, with the figures behind each finding."""
    opened = installation(context)
    with reading(opened.engine) as session:
        found = quarantine.summary(quarantine.find(session, batch))
    if json:
        print_json(found)
        return
    for name, value in found.items():
        if name != "findings":
            out.print(f"{name}: {escape(str(value))}")
    for finding in found["findings"]:  # type: ignore[attr-defined]
        out.print(f"[bold]{finding['severity']} {finding['code']}[/]")
        out.print(f"  {escape(finding['zh'])}\n  {escape(finding['en'])}")
        for key, detail in finding["detail"].items():
            out.print(f"  {key}: {escape(str(detail))}", style="dim")


@app.command()
def release(context: typer.Context, batch: BatchId, reason: Reason, key: KeyOption = None) -> None:
    """Let indicators read a held batch from now on."""
    with acting(context, key) as person:
        found = quarantine.find(person.session, batch)
        quarantine.release(person.session, found, reason=reason, actor=person.who, now=person.now)
        out.print(f"{found.id} may be read from the next cycle on")


@app.command()
def drop(context: typer.Context, batch: BatchId, reason: Reason, key: KeyOption = None) -> None:
    """Decide that a held batch is never read; its files stay."""
    with acting(context, key) as person:
        found = quarantine.find(person.session, batch)
        quarantine.drop(person.session, found, reason=reason, actor=person.who, now=person.now)
        out.print(f"{found.id} will not be read")


@app.command()
def revoke(context: typer.Context, batch: BatchId, reason: Reason, key: KeyOption = None) -> None:
    """Take back a batch that was read and proved bad; receivers of its alerts are told."""
    with acting(context, key) as person:
        found = quarantine.find(person.session, batch)
        desk = open_desk(person.context)
        indicators = person.context.method.indicators
        numbers = quarantine.revoke(
            person.session,
            desk,
            found,
            reason=reason,
            actor=person.who,
            now=person.now,
            risks={i.risk for i in indicators if found.source in i.sources},
        )
        said = f"; retracted alerts: {', '.join(numbers)}" if numbers else ""
        out.print(f"{found.id} is revoked{said}; levels follow at the next assessment")
