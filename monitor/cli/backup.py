"""`tocsin backup` and `tocsin restore`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from monitor.backup import BackupError, back_up
from monitor.backup import restore as bring_back
from monitor.cli.console import err, installation, out


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to; a second backup copies what is new.")],
) -> None:
    """Back up store, lake and settings while the daemon runs."""
    kept = back_up(installation(context), folder)
    out.print(f"{kept.files} lake files, {kept.copied} new, {kept.bytes / 1e6:,.1f} MB in {folder}")


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup.")],
) -> None:
    """Make --home from a backup, every file checked against its hash first."""
    try:
        kept = bring_back(folder, installation(context).home)
    except BackupError as error:
        err.print(f"[bold]refused[/bold] {escape(str(error))}")
        raise typer.Exit(1) from error
    out.print(f"{kept.files} files, {kept.bytes / 1e6:,.1f} MB in {installation(context).home}")
