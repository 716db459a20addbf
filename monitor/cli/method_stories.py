"""`tocsin method test|diff|beside`: stories, what a revision would change, a successor at work."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from config import baseline
from config.errors import ConfigError
from config.method import Method, load_method
from monitor.assess import assess_at
from monitor.cli.console import JsonFlag, err, installation, level, out, print_json, progress
from monitor.context import Context
from monitor.record import Record, fold
from monitor.revision import Difference, changed, differences, review_reminder, successors
from monitor.stories import Told, load_story, tell

Versions = Annotated[str, typer.Argument(metavar="METHOD", help="A version, or its folder.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the group `tocsin method`."""
    app.command("test")(told)
    app.command("diff")(diff)
    app.command("beside")(beside)


def told(
    context: typer.Context,
    stories: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[STORY…]", help="Files or folders; default tests/stories."),
    ] = None,
    method: Annotated[str | None, typer.Option("--method", metavar="V", help="Version.")] = None,
    json: JsonFlag = False,
) -> None:
    """Tell stories: values by date, and the levels and transitions that must follow.

    Exit code 1 if one does not hold.
    """
    opened = installation(context)
    chosen = _method(opened, method) if method else opened.method
    results = [
        (f, tell(load_story(f), chosen, f)) for f in _files(stories or [Path("tests/stories")])
    ]
    if json:
        print_json([_document(file, one) for file, one in results])
    else:
        for file, one in results:
            out.print(f"{'failed' if one.faults else 'holds'}  {escape(one.story.name)}  ({file})")
            for fault in one.faults:
                out.print(f"  {escape(fault)}")
    if any(one.faults for _, one in results):
        raise typer.Exit(1)


def _document(file: Path, told: Told) -> dict[str, object]:
    name = {"file": str(file), "story": told.story.name}
    return {**name, "holds": not told.faults, "faults": list(told.faults)}


def _files(given: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += sorted(path.glob("*.yaml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError("command line", str(path), "a story file or a folder of stories")
    if not found:
        raise ConfigError("command line", "stories", "at least one *.yaml")
    return found


def _method(opened: Context, named: str) -> Method:
    folder = Path(named)
    if (folder / "method.yaml").is_file():
        return load_method(folder.resolve().name, folder.resolve().parent)
    return load_method(named, opened.settings.method_folder)


def diff(
    context: typer.Context,
    before: Versions,
    after: Versions,
    own: Annotated[
        bool, typer.Option("--own", help="Over our own record instead of the reconstructed one.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Say which past levels would differ, day by day, and what in the indicators changed."""
    opened = installation(context)
    methods = [_method(opened, name) for name in (before, after)]
    records = [_record(opened, method, own=own, quiet=json) for method in methods]
    found = differences(records[0].assessments, records[1].assessments)
    revised = changed(*methods)
    if json:
        print_json(
            {
                "before": before,
                "after": after,
                "reconstructed": not own,
                "days": len(records[0].assessments),
                "levels": [_difference(d) for d in found],
                "indicators": [vars(c) for c in revised],
            }
        )
        return
    out.print(f"{len(records[0].assessments)} days compared, reconstructed: {not own}")
    for one in found:
        out.print(
            f"{one.risk}  {one.first} to {one.last} ({one.days} d)  {level(one.before)} → "
            f"{level(one.after)}"
        )
    if not found:
        out.print("no level differs")
    for change in revised:
        out.print(f"{change.code} {change.field}: {escape(str(change.before))} → ", end="")
        out.print(escape(str(change.after)))


def _record(opened: Context, method: Method, *, own: bool, quiet: bool) -> Record:
    last = opened.now().replace(microsecond=0) if own else baseline.CUTOFF
    with progress(quiet=quiet) as bars:
        task = bars.add_task(f"folding by {method.version}", total=1.0, said="")
        return fold(
            opened,
            method,
            last,
            reconstructed=not own,
            throughout=True,
            tell=lambda day, done: bars.update(task, completed=done, said=f"{day:%Y-%m-%d}"),
        )


def _difference(found: Difference) -> dict[str, object]:
    return {
        "risk": found.risk.value,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "days": found.days,
        "before": found.before.value,
        "after": found.after.value,
    }


def beside(context: typer.Context, json: JsonFlag = False) -> None:
    """Judge by the successors that run beside the method in force; nothing is stored or raised."""
    opened = installation(context)
    now = opened.now().replace(microsecond=0)
    rows: list[dict[str, object]] = []
    for method in [opened.method, *successors(opened, now)]:
        judged = assess_at(opened, now, version=method.version)
        levels = {r.risk.value: r.model_level.value for r in judged.assessment.risks}
        adopted = method.adopted_on.isoformat()
        rows.append({"method": method.version, "adopted_on": adopted, "levels": levels})
    reminder = review_reminder(opened.method, now.date())
    if json:
        print_json({"as_of": now.isoformat(), "methods": rows, "review": reminder})
        return
    for row in rows:
        said = "  ".join(f"{k} {level(v)}" for k, v in _levels(row).items())
        out.print(f"{row['method']} (adopted {row['adopted_on']})  {said}")
    if len(rows) == 1:
        err.print("no successor is due for adoption within a quarter", style="dim")
    if reminder:
        out.print(reminder["en"])


def _levels(row: dict[str, object]) -> dict[str, str]:
    found = row["levels"]
    return found if isinstance(found, dict) else {}
