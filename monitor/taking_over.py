"""Which method is in force: a changed file is checked whole and taken over, or not at all."""

import json
import logging
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from config.errors import ConfigError
from config.method import Method, load_method, parse_method
from monitor.context import Context
from monitor.method_check import check_method
from monitor.store.conclusions import MethodSnapshot
from monitor.store.engine import reading

log = logging.getLogger(__name__)


def method_in_force(context: Context, now: datetime) -> tuple[Method, str]:
    """Return the method to judge by, and why a changed one was not taken over (empty if it was).

    The first method of an installation is taken as it loads; any later change must pass
    `method check` (portable SQL, words, bases, cases on two engines), else the one that was in
    force stays. ConfigError only where there is nothing to fall back on.
    """
    snapshot = _newest(context)
    try:
        method = load_method(context.settings.method, context.settings.method_folder)
    except ConfigError as error:
        if snapshot is None:
            raise
        return _of(snapshot), str(error)
    if snapshot is None:
        _keep(context, method, now)
        return method, ""
    if snapshot.sha256 == method.sha256:
        return method, ""
    if findings := check_method(method):
        first = findings[0]
        said = f"{first.file}: {first.key}: expected {first.expected}"
        return _of(snapshot), f"{said} ({len(findings)} findings; tocsin method check)"
    _keep(context, method, now)
    log.info("method %s taken over, sha256 %s", method.version, method.sha256[:12])
    return method, ""


def _newest(context: Context) -> MethodSnapshot | None:
    query = select(MethodSnapshot).order_by(col(MethodSnapshot.taken_over_at).desc()).limit(1)
    with reading(context.engine) as session:
        return session.exec(query).first()


def _of(snapshot: MethodSnapshot) -> Method:
    return parse_method(Path(snapshot.version), json.loads(snapshot.files))


def _keep(context: Context, method: Method, now: datetime) -> None:
    """Keep the method's files by content hash from the moment it comes into force."""
    with Session(context.engine) as session:
        session.merge(
            MethodSnapshot(
                sha256=method.sha256,
                version=method.version,
                taken_over_at=now,
                files=json.dumps(method.files, ensure_ascii=False),
            )
        )
        session.commit()
