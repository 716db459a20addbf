"""`tocsin collect --list-kept` and `--kept`: pages that were kept, listed and parsed again."""

from collections.abc import Sequence

import typer
from rich.markup import escape
from rich.progress import Progress

from config.errors import ConfigError
from monitor.alerts.opening import open_roster
from monitor.anew import Anew, make_anew
from monitor.cli.console import out, print_json, progress
from monitor.context import Context
from monitor.kept import KeptBatch, described, find, kept_batches
from monitor.response.identity import os_identity


def list_(context: Context, names: Sequence[str] | None, *, json: bool) -> None:
    """Print the batches whose pages are kept, oldest first."""
    found = [b for b in kept_batches(context.lake) if not names or b.source in names]
    documents = described(context.lake, found)
    if json:
        print_json(documents)
        return
    for batch, told in zip(found, documents, strict=True):
        rows = f", {told['rows']:,} rows" if told["rows"] is not None else ""
        became = str(told["state"] or "never a batch").replace("_", " ") + rows
        files = "1 file" if len(batch.files) == 1 else f"{len(batch.files)} files"
        out.print(f"[bold]{escape(batch.id)}[/]  {became}  {files}, {batch.bytes / 1e6:,.2f} MB")
    if not found:
        days = context.settings.retention.raw_days
        out.print("no pages are kept" + ("" if days else " (retention.raw_days is 0)"))


def parse_again(
    context: Context,
    names: Sequence[str] | None,
    kept: Sequence[str],
    *,
    incomplete: bool,
    json: bool,
) -> None:
    """Make the named batches anew, one after another; the first that is not whole ends it."""
    if not kept:
        raise ConfigError("command line", "--incomplete", "--kept BATCH beside it")
    batches = find(context.lake, kept)
    for batch in batches:
        if names and batch.source not in names:
            raise ConfigError(
                "command line", f"--kept {batch.id}", f"pages of {', '.join(names)}, not of "
                f"{batch.source}",
            )  # fmt: skip
    actor = str(os_identity(open_roster(context)))
    made: list[Anew] = []
    with progress(quiet=json) as bars:
        for batch in batches:
            made.append(_one(context, batch, bars, actor=actor, incomplete=incomplete))
            if not json:
                _say(made[-1])
    if json:
        print_json([m.document() for m in made])
    raise typer.Exit(3 if any(m.outcome.failed for m in made) else 0)


def _one(
    context: Context, batch: KeptBatch, bars: Progress, *, actor: str, incomplete: bool
) -> Anew:
    task = bars.add_task(f"parsing {batch.source} again", total=batch.bytes, said="")

    def tell(bytes_read: int, payloads: int, rows: int) -> None:
        bars.update(task, completed=bytes_read, said=f"{payloads:,} payloads, {rows:,} rows")

    return make_anew(context, batch, actor=actor, incomplete=incomplete, progress=tell)


def _say(made: Anew) -> None:
    outcome = made.outcome
    said = f" — {escape(outcome.message)}" if outcome.message else ""
    out.print(f"{outcome.source}: {outcome.state.value}, {outcome.rows:,} rows{said}")
    if made.batch:
        out.print(f"  {escape(made.kept)} was parsed again as [bold]{escape(made.batch)}[/]")
        out.print(
            f"  `tocsin quarantine revoke {escape(made.kept)} --reason …` takes the old one back",
            style="dim",
        )
