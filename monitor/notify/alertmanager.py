"""Prometheus Alertmanager, API v2: `POST /api/v2/alerts`, so that its own routes and silences hold.

Labels name the risk, not the level, so a change of level updates one alert there; the all-clear
and a retraction end it. Its 4xx answers are final, its 5xx answers are tried again.
"""

import json
from datetime import UTC, datetime, timedelta

from config.notify import AlertmanagerReceiver, NotifySettings
from monitor.notify.channel import Parcel, Parts
from monitor.notify.guard import post
from reports.notice import NoticeKind
from rules.types import Level

SEVERITIES = {
    Level.GREEN: "none",
    Level.YELLOW: "warning",
    Level.RED: "critical",
    Level.UNASSIGNED: "info",
}
LIVES = timedelta(days=400)
"""Our alerts end by an all-clear; without an end Alertmanager would resolve them by itself."""


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Alertmanager:
    """The Alertmanager channel."""

    def compose(
        self,
        parts: Parts,
        receiver: AlertmanagerReceiver,  # noqa: ARG002
        notify: NotifySettings,  # noqa: ARG002
    ) -> bytes:
        """Return a list of one postable alert."""
        view = parts.view
        labels = {"alertname": "TocsinRiskLevel", "service": "tocsin"}
        if view.risk is not None:
            labels["risk"] = view.risk.value
        if view.kind is NoticeKind.OPERATIONS:
            labels["alertname"] = "TocsinOperations"
            labels["topic"] = view.topic
        if view.exercise:
            labels["exercise"] = "true"
        level = view.after or Level.UNASSIGNED
        over = level is Level.GREEN or view.kind is NoticeKind.RETRACTION
        alert = {
            "labels": labels,
            "annotations": {
                "summary": parts.told.subject,
                "description": parts.told.text,
                "severity": SEVERITIES[level],
                "level": level.value,
                "notice": parts.notice_id,
            },
            "startsAt": _moment(view.at),
            "endsAt": _moment(view.at if over else view.at + LIVES),
        }
        if view.url:
            alert["generatorURL"] = view.url
        return json.dumps([alert], ensure_ascii=False).encode()

    def deliver(
        self,
        parcel: Parcel,
        receiver: AlertmanagerReceiver,
        notify: NotifySettings,  # noqa: ARG002
    ) -> None:
        """POST the alert."""
        password = receiver.secret()
        post(
            receiver.url.rstrip("/") + "/api/v2/alerts",
            parcel.body,
            {
                "Content-Type": "application/json",
                "User-Agent": "tocsin",
                "Idempotency-Key": parcel.key,
            },
            timeout=receiver.timeout_seconds,
            allow_private=receiver.allow_private,
            now=parcel.now,
            auth=(receiver.user, password) if receiver.user and password else None,
        )
