"""`tocsin report`: dated reports, rendered to self-contained HTML."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from monitor.cli.acting import find_alert
from monitor.cli.console import err, installation, out, progress
from monitor.context import Context
from monitor.cycle import publish_now
from monitor.errors import ResponseError
from monitor.reporting import Tell, annual_view, quarter_view, special_view
from monitor.store.alerts import ArtefactRow, NoticeRow
from monitor.store.engine import reading
from reports.annual import annual_data, render_annual
from reports.model import Audience
from reports.quarterly import render_quarterly
from reports.special import render_special
from rules.types import Risk

app = typer.Typer(
    no_args_is_help=True, help="Write a report: annual, quarterly, special, alert, site."
)

Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en", help="Default: both.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder; default HOME/reports.")]
Who = Annotated[Audience, typer.Option("--audience", help="internal bears its marking.")]


def _languages(context: Context, lang: str | None) -> tuple[str, ...]:
    if lang is not None and lang not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--lang")
    return (lang,) if lang else context.settings.site.languages


def _write(context: Context, folder: Path | None, name: str, body: bytes) -> None:
    target = (folder or context.home / "reports") / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)
    out.print(str(target))


class _Telling:
    """Progress of a fold, on stderr."""

    def __enter__(self) -> Tell:
        self._bars = progress()
        bars = self._bars.__enter__()
        task = bars.add_task("reading the record", total=1.0, said="")
        return lambda day, done: bars.update(task, completed=done, said=f"{day:%Y-%m-%d}")

    def __exit__(self, *_: object) -> None:
        self._bars.__exit__(None, None, None)


@app.command()
def annual(
    context: typer.Context,
    year: Annotated[int, typer.Option("--year", help="2023 or later.")],
    lang: Lang = None,
    folder: Out = None,
    audience: Who = Audience.PUBLIC,
) -> None:
    """Write a year's report with its machine-readable data file beside it.

    Years before our own record are told from the reconstructed one, and marked so.
    """
    opened = installation(context)
    with _Telling() as tell:
        view = annual_view(opened, year, audience, tell)
    for one in _languages(opened, lang):
        _write(opened, folder, f"annual-{year}.{one}.html", render_annual(view, one))
    _write(opened, folder, f"annual-{year}.json", annual_data(view))


@app.command()
def quarterly(
    context: typer.Context,
    year: Annotated[int, typer.Option("--year")],
    quarter: Annotated[int, typer.Option("--quarter", min=1, max=4)],
    lang: Lang = None,
    folder: Out = None,
    audience: Who = Audience.PUBLIC,
) -> None:
    """Write a quarter's brief: the levels at its end, and what moved."""
    opened = installation(context)
    with _Telling() as tell:
        view = quarter_view(opened, year, quarter, audience, tell)
    for one in _languages(opened, lang):
        _write(opened, folder, f"{year}-Q{quarter}.{one}.html", render_quarterly(view, one))


@app.command()
def special(
    context: typer.Context,
    risk: Risk,
    lang: Lang = None,
    folder: Out = None,
    audience: Who = Audience.INTERNAL,
) -> None:
    """Write the special assessment of one risk (专项风险评估)."""
    opened = installation(context)
    with _Telling() as tell:
        view = special_view(opened, risk, audience, tell)
    for one in _languages(opened, lang):
        _write(opened, folder, f"special-{risk.value}.{one}.html", render_special(view, one))


@app.command()
def alert(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="ID", help="As listed: 2026-3.")],
    lang: Lang = None,
    folder: Out = None,
    audience: Who = Audience.INTERNAL,
) -> None:
    """Write an alert's report, and its meeting pack, as they were told then."""
    opened = installation(context)
    try:
        with reading(opened.engine) as session:
            found = find_alert(session, number)
            query = (
                select(ArtefactRow)
                .join(NoticeRow, col(NoticeRow.id) == col(ArtefactRow.notice_id))
                .where(NoticeRow.alert_id == found.id, ArtefactRow.audience == audience.value)
                .where(col(ArtefactRow.kind).in_(["report", "pack"]))
                .order_by(col(NoticeRow.at), col(ArtefactRow.id))
            )
            rows = session.exec(query).all()
    except ResponseError as error:
        err.print(str(error))
        raise typer.Exit(1) from error
    for row in rows:
        if row.lang in _languages(opened, lang):
            _write(opened, folder, row.name, row.body)


@app.command()
def site(context: typer.Context) -> None:
    """Write the site again from what was concluded last."""
    opened = installation(context)
    with _Telling() as tell:
        pages = publish_now(opened, tell)
    out.print(f"{pages} pages under {opened.site}")
