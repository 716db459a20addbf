"""`tocsin method`: the versions there are, and whether one may be put in force."""

from typing import Annotated

import typer
from rich.markup import escape

from config.method import available, load_method
from monitor.cli.console import JsonFlag, err, installation, out, print_json
from monitor.cli.method_stories import register
from monitor.engines import Engine, compare_on_cluster
from monitor.method_check import check_version

app = typer.Typer(no_args_is_help=True, help="The assessment method and its versions.")

VersionArgument = Annotated[
    str | None, typer.Argument(help="Version, e.g. 2026; default: the one in force.")
]
EngineOption = Annotated[
    Engine | None, typer.Option("--engine", help="Compare with this engine as well.")
]


@app.command(name="list")
def list_versions(context: typer.Context, json: JsonFlag = False) -> None:
    """List the versions of the method, when each was adopted and when it is due for review."""
    opened = installation(context)
    folder, in_force = opened.settings.method_folder, opened.settings.method
    rows = []
    for version in available(folder):
        method = load_method(version, folder)
        rows.append(
            {
                "version": version,
                "in_force": version == in_force,
                "title": {"zh": method.title.zh, "en": method.title.en},
                "adopted_on": method.adopted_on.isoformat(),
                "review_due": method.review_due.isoformat(),
                "review_overdue": method.review_due <= opened.now().date(),
                "indicators": len(method.indicators),
                "sha256": method.sha256,
            }
        )
    if json:
        print_json({"methods": rows})
        return
    for row in rows:
        mark = "in force" if row["in_force"] else ""
        due = "review overdue since" if row["review_overdue"] else "review due"
        out.print(
            f"[bold]{row['version']}[/]  adopted {row['adopted_on']}  {due} {row['review_due']}  "
            f"{row['indicators']} indicators  {str(row['sha256'])[:12]}  {mark}"
        )


@app.command()
def check(
    context: typer.Context,
    version: VersionArgument = None,
    engine: EngineOption = None,
    json: JsonFlag = False,
) -> None:
    """Check a version: schema, portable SQL, words in zh and en, bases, cases on two engines.

    With --engine spark every indicator is also computed on the cluster at lake.spark_url, from the
    shipped record, and must equal DuckDB's to the last digit.

    Exit 0 if it may be put in force, 1 if not; every finding names file, key and what was expected.
    """
    opened = installation(context)
    wanted = version or opened.settings.method
    findings = check_version(wanted, opened.settings.method_folder)
    if engine is not None:
        findings += compare_on_cluster(opened, load_method(wanted, opened.settings.method_folder))
    if json:
        print_json(
            {
                "method": wanted,
                "passed": not findings,
                "findings": [
                    {"file": f.file, "key": f.key, "expected": f.expected} for f in findings
                ],
            }
        )
    elif findings:
        for finding in findings:
            err.print(
                f"[bold]{escape(finding.file)}[/] {escape(finding.key)}: "
                f"expected {escape(finding.expected)}"
            )
    else:
        method = load_method(wanted, opened.settings.method_folder)
        cases = sum(len(i.cases) for i in method.indicators)
        out.print(
            f"method {wanted}: {len(method.indicators)} indicators, {len(method.views)} views, "
            f"{cases} cases agree on two engines"
            + (f", every indicator of the shipped record on {engine} too" if engine else "")
        )
    if findings:
        raise typer.Exit(1)


register(app)
