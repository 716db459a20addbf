"""Webhooks signed as Standard Webhooks: same id on every attempt, a fresh timestamp, HMAC-SHA256.

Specification: https://www.standardwebhooks.com. The library's `sign` replaces the zone of the
moment it is given by UTC without converting, so it must be given UTC.
"""

import json
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook as Signer

from config.notify import NotifySettings, WebhookReceiver
from monitor.notify.channel import DeliveryError, Parcel, Parts
from monitor.notify.guard import post


def signatures(secrets: tuple[str, ...], key: str, at: datetime, body: bytes) -> str:
    """Return the `webhook-signature` header: one signature for each secret, space-separated."""
    moment = at.astimezone(UTC)
    return " ".join(Signer(secret).sign(key, moment, body.decode()) for secret in secrets)


class Webhook:
    """The webhook channel."""

    def compose(self, parts: Parts, receiver: WebhookReceiver, notify: NotifySettings) -> bytes:  # noqa: ARG002
        """Return `{type, timestamp, data}`; attachments are named with hash and size."""
        document = {
            "type": f"tocsin.{parts.view.kind.value.replace('-', '_')}",
            "timestamp": parts.view.at.astimezone(UTC).isoformat(),
            "data": {
                **parts.facts,
                "notice": parts.notice_id,
                "language": receiver.language,
                "audience": receiver.audience,
                "marking": parts.marking,
                "subject": parts.told.subject,
                "text": parts.told.text,
                "attachments": [
                    {
                        "name": a.name,
                        "media_type": a.media_type,
                        "bytes": len(a.body),
                        "sha256": a.sha256,
                    }
                    for a in parts.attachments
                ],
            },
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def deliver(self, parcel: Parcel, receiver: WebhookReceiver, notify: NotifySettings) -> None:  # noqa: ARG002
        """POST the body with its signatures."""
        try:
            signed = signatures(receiver.secrets(), parcel.key, parcel.now, parcel.body)
        except ValueError as error:
            raise DeliveryError("the secret is not base64 (whsec_…)") from error
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "tocsin",
            "webhook-id": parcel.key,
            "webhook-timestamp": str(int(parcel.now.timestamp())),
            "webhook-signature": signed,
        }
        post(
            receiver.url,
            parcel.body,
            headers,
            timeout=receiver.timeout_seconds,
            allow_private=receiver.allow_private,
            now=parcel.now,
        )
