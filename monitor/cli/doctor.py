"""`tocsin doctor`: what would run, what is missing, what it costs in disk."""

import os
from dataclasses import asdict, dataclass
from datetime import timedelta

import typer
from rich.markup import escape
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from config import baseline
from config.errors import ConfigError
from config.settings import NOT_SETTINGS, PREFIX
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.compaction import scattered
from monitor.context import Context
from monitor.disk import LOW_BYTES, free_bytes
from monitor.errors import StoreError, StoreTooNew
from monitor.raw import raw_bytes
from monitor.restore import UNDER_WAY
from monitor.sources import source_rows
from monitor.store.engine import described, newest_revision, reading
from monitor.store.runs import Batch, BatchFile, Refusal, Retired
from monitor.timetable import check

MARK = {"ok": "✓", "note": "–", "problem": "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    state: str
    """ok, note or problem."""
    said: str
    mend: str = ""


def doctor(context: typer.Context, json: JsonFlag = False) -> None:
    """Say what would run and what is missing, with the mend. Secrets are never shown.

    Exit code 1 if something would keep the daemon from doing its work.
    """
    opened = installation(context)
    findings = examine(opened)
    if json:
        print_json([asdict(f) for f in findings])
    else:
        for finding in findings:
            mend = f"\n    → {escape(finding.mend)}" if finding.mend else ""
            out.print(
                f"{MARK[finding.state]} [bold]{finding.about}[/] {escape(finding.said)}{mend}"
            )
    raise typer.Exit(1 if any(f.state == "problem" for f in findings) else 0)


def examine(context: Context) -> list[Finding]:
    """Return everything doctor looks at, in the order an operator would."""
    first = [_settings(context), _method(context)]
    try:
        _ = context.engine
    except (ConfigError, StoreError) as error:
        said, mend = str(error).removeprefix("store: "), "look at store.url, or restore a backup"
        if isinstance(error, StoreTooNew):
            mend = "docs/operate.md, Upgrade"
        return [*first, Finding("store", "problem", said, mend)]
    return [
        *first,
        *_store(context),
        *_disk(context),
        *_sources(context),
        *_notices(context),
    ]


def _settings(context: Context) -> Finding:
    try:
        check(context)
    except ConfigError as error:
        return Finding(
            "settings", "problem", str(error), "mend that key; the daemon will not start"
        )
    said = f"{context.settings_file or 'defaults (no tocsin.yaml)'}"
    said += f" · home country {context.settings.home}"
    # By name alone: a value may be a secret.
    if named := sorted(n for n in os.environ if n.startswith(PREFIX) and n not in NOT_SETTINGS):
        said += f" · environment {', '.join(named)}"
    return Finding("settings", "ok", said)


def _method(context: Context) -> Finding:
    try:
        method = context.method
    except ConfigError as error:
        return Finding("method", "problem", str(error), "tocsin method check")
    due = method.review_due
    late = context.now().date() >= due
    said = f"{method.version}, {len(method.indicators)} indicators, review due {due}"
    return Finding("method", "note" if late else "ok", said, "the review is due" if late else "")


def _store(context: Context) -> list[Finding]:
    try:
        with reading(context.engine) as session:
            batches = session.exec(select(func.count()).select_from(Batch)).one()
            refused = session.exec(select(func.count()).select_from(Refusal)).one()
            size, fault = _examined(session.connection())
    except SQLAlchemyError as error:
        said = f"{described(context.engine)}: {type(error).__name__}"
        return [Finding("store", "problem", said, "look at store.url")]
    said = f"{described(context.engine)}, {size / 1e6:,.1f} MB, revision {newest_revision()}"
    shipped = baseline.sha256()[:12]
    return [
        Finding("store", "problem" if fault else "ok", f"{said}, {fault or f'{batches} batches'}",
                "restore a backup" if fault else ""),
        Finding("refused", "note" if refused else "ok", f"{refused} rows or payloads kept apart",
                "tocsin quarantine list" if refused else ""),
        _lake(context),
        Finding("baseline", "ok", f"{shipped}, known to {baseline.CUTOFF:%Y-%m-%d %H:%MZ}"),
    ]  # fmt: skip


def _examined(connection: Connection) -> tuple[int, str]:
    """Return the size of the store in bytes, and what is wrong with it; empty if nothing is."""
    if connection.dialect.name != "sqlite":
        size = text("SELECT pg_database_size(current_database())")
        return int(connection.execute(size).scalar_one()), ""
    pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    found = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
    fault = "" if found == "ok" else f"damaged: {found}"
    return int(connection.execute(text(pages)).scalar_one()), fault


def _lake(context: Context) -> Finding:
    lake = context.lake
    if lake.files.exists(lake.full(UNDER_WAY)):
        said = f"{lake.url}, a restore was cut off: {UNDER_WAY} stands in it"
        mend = f"tocsin restore again; where the store is whole, remove {UNDER_WAY}"
        return Finding("lake", "problem", said, mend)
    if missing := lake.missing():
        said = f"{lake.url}, {len(missing)} files that the store names are missing: {missing[0]}"
        return Finding("lake", "problem", said, "restore a backup, or look at lake.url")
    orphans = len(lake.orphans())
    mend = "swept at the next cycle" if orphans else ""
    return Finding("lake", "note" if orphans else "ok", f"{lake.url}, {orphans} orphans", mend)


def _disk(context: Context) -> list[Finding]:
    held = context.lake.bytes()
    free = free_bytes(context.home)
    collected, days = _collected(context)
    grows = (
        f"grows about {collected / days / 1e6:,.2f} MB a day, "
        f"{collected / days * 365 / 1e9:,.2f} GB a year"
        if days >= 2
        else "growth is told after two days of collecting"
    )
    kept = context.settings.retention.raw_days
    raw = f"raw pages of {kept} days {raw_bytes(context.lake) / 1e6:,.1f} MB"
    said = f"lake {held / 1e6:,.1f} MB, {grows}; {raw}; {free / 1e9:,.1f} GB free"
    low = free < LOW_BYTES
    mend = "free disk space, or lower retention" if low else ""
    return [Finding("disk", "problem" if low else "ok", said, mend), _files(context)]


def _collected(context: Context) -> tuple[int, float]:
    """Return the bytes that were collected, the shipped facts left out, and since how many days."""
    query = (
        select(func.sum(BatchFile.bytes), func.min(Batch.visible_at))
        .join(Batch, col(Batch.id) == col(BatchFile.batch_id))
        .where(Batch.sweep != "baseline")
    )
    with reading(context.engine) as session:
        size, first = session.exec(query).one()
    return int(size or 0), (context.now() - first) / timedelta(days=1) if first else 0.0


def _files(context: Context) -> Finding:
    with reading(context.engine) as session:
        count, size = session.exec(select(func.count(), func.sum(BatchFile.bytes))).one()
        retired = session.exec(select(func.count()).select_from(Retired)).one()
        found = scattered(session)
        many = sum(len(files) for files in found)
        large = sum(file.bytes for files in found for file in files)
    said = f"{count:,} files, {int(size or 0) / 1e6:,.1f} MB, {retired} more that left the record"
    if not many:
        return Finding("files", "ok", f"{said}; nothing to compact")
    said += f"; {many} of them, {large / 1e6:,.1f} MB, will be {len(found)}"
    return Finding("files", "ok", said, "tonight (daemon.house), or `tocsin housekeeping`")


def _sources(context: Context) -> list[Finding]:
    found = []
    for row in source_rows(context):
        if row.skipped:
            found.append(Finding(row.id, "note", f"skipped: {row.skipped}"))
        elif row.state in ("fresh", "never"):
            said = "would run" if row.state == "never" else f"fresh, {row.rows:,} rows"
            found.append(Finding(row.id, "ok", said))
        else:
            mend = f"tocsin quarantine list {row.id}" if row.held else f"tocsin collect {row.id}"
            found.append(Finding(row.id, "note", f"{row.state}: {row.error}", mend))
    return found


def _notices(context: Context) -> list[Finding]:
    notify = context.settings.notify
    if not notify.receivers:
        return [
            Finding(
                "notices",
                "note",
                "nobody would be told",
                "set notify.receivers, then `tocsin notify test`",
            )
        ]
    names = ", ".join(f"{name} ({r.channel})" for name, r in notify.receivers.items())
    heartbeat = "set" if notify.heartbeat() else "not set"
    return [Finding("notices", "ok", f"{names}; heartbeat {heartbeat}")]
