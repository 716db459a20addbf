"""`tocsin backup` and `tocsin restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from monitor.backup import back_up
from monitor.cli.console import JsonFlag, installation, out, print_json, progress
from monitor.copying import Tell
from monitor.restore import restore as bring_back
from monitor.restore import settle


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to; a second backup copies what is new.")],
    json: JsonFlag = False,
) -> None:
    """Back up store, lake, settings and roster while the daemon runs.

    The folder has one form whatever the store, SQLite or PostgreSQL, and wherever the lake is. A
    backup that is cut off leaves the one before it as it was. Secrets in files are not copied.
    """
    with _told(quiet=json) as tell:
        kept = back_up(installation(context), folder, tell)
    if json:
        print_json({"folder": str(folder.resolve()), **vars(kept)})
        return
    out.print(
        f"{escape(kept.store)} and {kept.files:,} lake files, {kept.copied:,} of them new: "
        f"{kept.bytes / 1e6:,.1f} MB in {escape(str(folder))}"
    )


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup.")],
    json: JsonFlag = False,
) -> None:
    """Make an installation from a backup, every file checked against its hash first.

    Store and lake go where the settings name them: those of --config, else HOME/tocsin.yaml, else
    the backup's; TOCSIN_STORE__URL and TOCSIN_LAKE__URL win over each. Both must be empty. What is
    cut off leaves no installation, and may be called again.
    """
    named = context.parent is not None and context.parent.params.get("config") is not None
    target = settle(installation(context), folder, named=named)
    with _told(quiet=json) as tell:
        done = bring_back(folder, target, tell)
    settings = None if done.settings is None else str(done.settings)
    if json:
        print_json({"home": str(target.home), **vars(done), "settings": settings})
        return
    out.print(
        f"{escape(done.store)} and {done.files:,} lake files, {done.bytes / 1e6:,.1f} MB, "
        f"in {escape(done.lake)}"
    )
    out.print(f"settings {escape(settings or 'none: the defaults')}")
    out.print("next: tocsin doctor, tocsin audit verify")


@contextmanager
def _told(*, quiet: bool) -> Iterator[Tell]:
    """Give what shows each step, and how far it is, on stderr."""
    with progress(quiet=quiet) as bars:
        task = bars.add_task("starting", total=None, said="")

        def tell(step: str, said: str, done: float | None) -> None:
            total = None if done is None else 1.0
            bars.update(task, description=step, said=escape(said), total=total, completed=done or 0)

        yield tell
