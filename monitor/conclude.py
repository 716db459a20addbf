"""Conclude: fold our record to now, store the assessment, raise what moved, in one transaction."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from config.method import Method
from monitor.context import Context
from monitor.leader import Leadership, fence
from monitor.record import Record, fold
from monitor.store.conclusions import AssessmentRow
from reports.status import status_document
from rules.types import Assessment

Raise = Callable[[Session, Record, int | None], None]
"""Writes transitions, alerts and deliveries into the transaction of the assessment."""


@dataclass(frozen=True)
class Conclusion:
    """What one cycle concluded."""

    record: Record
    document: dict[str, Any]

    @property
    def assessment(self) -> Assessment:
        """The three risks now."""
        return self.record.last


def conclude(
    context: Context,
    method: Method,
    run_id: str,
    *,
    raise_alerts: Raise,
    leadership: Leadership | None = None,
    tell: Callable[[datetime, float], None] | None = None,
) -> Conclusion:
    """Return what was concluded now; assessment, alerts and deliveries are stored at once."""
    now = context.now().replace(microsecond=0)
    record = fold(context, method, now, tell=tell)
    units = {i.id: i.unit.en for i in method.indicators}
    document = status_document(record.last, units=units)
    with Session(context.engine) as session:
        if leadership is not None:
            fence(session, leadership)
        row = AssessmentRow(
            as_of=now,
            concluded_at=context.now(),
            method=method.version,
            method_sha256=method.sha256,
            home=context.settings.home,
            run_id=run_id,
            document=json.dumps(document, ensure_ascii=False),
        )
        session.add(row)
        session.flush()
        raise_alerts(session, record, row.id)
        session.commit()
    return Conclusion(record, document)
