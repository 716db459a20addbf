"""DingTalk, WeCom, Feishu, Slack, Teams and some hundred more, through Apprise (an extra).

These services have no idempotency; the notice's id stands at the foot of the message so that a
reader can tell a repeat. Apprise says only whether all went well, so every failure is tried again.
"""

import json

from config.notify import AppriseReceiver, NotifySettings
from monitor.notify.channel import DeliveryError, Parcel, Parts
from reports.notice import NoticeKind
from rules.types import Level


def _tone(parts: Parts) -> str:
    if parts.view.kind in (NoticeKind.ALL_CLEAR, NoticeKind.FALL):
        return "success"
    if parts.view.after is Level.RED:
        return "failure"
    return "warning" if parts.view.after is Level.YELLOW else "info"


class Apprise:
    """The Apprise channel."""

    def compose(self, parts: Parts, receiver: AppriseReceiver, notify: NotifySettings) -> bytes:  # noqa: ARG002
        """Return title, body and tone as JSON; chat services get the text, not the attachments."""
        body = parts.told.text.partition("\n\n")[2].rstrip() + f"\n\n{parts.key}"
        return json.dumps(
            {"title": parts.told.subject, "body": body, "type": _tone(parts)}, ensure_ascii=False
        ).encode()

    def deliver(self, parcel: Parcel, receiver: AppriseReceiver, notify: NotifySettings) -> None:  # noqa: ARG002
        """Send through the service that the URL names."""
        try:
            import apprise
        except ImportError as error:
            raise DeliveryError("Apprise is not installed (pip install tocsin[apprise])") from error
        service = apprise.Apprise()
        if not service.add(receiver.secret() or ""):
            raise DeliveryError("not an Apprise URL", permanent=True)
        message = json.loads(parcel.body)
        sent = service.notify(
            title=message["title"], body=message["body"], notify_type=message["type"]
        )
        if not sent:
            raise DeliveryError("the service did not take the message")
