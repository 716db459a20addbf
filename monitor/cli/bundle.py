"""`tocsin bundle`: facts in and reports out where there is no network."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from monitor.bundle import read_bundle, take_in, write_bundle, write_site
from monitor.cli.acting import KeyOption, acting
from monitor.cli.console import err, installation, out
from monitor.errors import BackupError
from reports.model import Audience

app = typer.Typer(no_args_is_help=True, help="Without a network: facts out, facts in, the site.")


@app.command("out")
def out_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A second time, only what is new is copied.")],
    days: Annotated[
        int | None, typer.Option(min=1, help="Only what was fetched in so many days.")
    ] = None,
) -> None:
    """Write what was collected into a folder that can be carried inside."""
    opened = installation(context)
    since = opened.now() - timedelta(days=days) if days else None
    bundle = write_bundle(opened, folder, since)
    out.print(
        f"{len(bundle.batches)} batches, {len(bundle.files)} files, "
        f"{bundle.bytes / 1e6:,.1f} MB in {escape(str(folder))}"
    )
    out.print(f"sha256 {bundle.sha256}")


@app.command("in")
def in_(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    sha256: Annotated[
        str | None, typer.Option(help="As `bundle out` printed it, told by another way.")
    ] = None,
    key: KeyOption = None,
) -> None:
    """Take in a bundle: every file checked first, what is known already skipped."""
    try:
        bundle = read_bundle(folder, sha256)
        with acting(context, key) as person:
            who = person.who
        batches, rows = take_in(installation(context), bundle, actor=who)
    except BackupError as error:
        err.print(f"[bold]refused[/bold] {escape(str(error))}")
        raise typer.Exit(1) from error
    out.print(
        f"{batches} batches, {rows:,} rows taken in, {len(bundle.batches) - batches} known before; "
        "levels follow at the next assessment"
    )


@app.command()
def site(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A .zip to write.")],
    audience: Annotated[Audience, typer.Option(help="internal bears its marking.")] = (
        Audience.PUBLIC
    ),
) -> None:
    """Write the whole site as one file, with the hash of every page in it."""
    try:
        pages, sha256 = write_site(installation(context), file, audience)
    except BackupError as error:
        err.print(f"[bold]refused[/bold] {escape(str(error))}")
        raise typer.Exit(1) from error
    out.print(f"{pages} files in {escape(str(file))}")
    out.print(f"sha256 {sha256}")
