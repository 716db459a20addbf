"""What every channel does: compose once, deliver the composed bytes as often as it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from config.notify import NotifySettings
from reports.notice import NoticeView, Told


class DeliveryError(Exception):
    """A delivery failed.

    `permanent`: trying again is useless. `disable`: the receiver wants no more.
    `retry_after`: seconds the receiver asked us to wait. The message never holds a secret.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        disable: bool = False,
    ) -> None:
        self.permanent, self.retry_after, self.disable = permanent, retry_after, disable
        super().__init__(message)


@dataclass(frozen=True)
class Attachment:
    """A rendered artefact as it travels."""

    name: str
    media_type: str
    body: bytes
    sha256: str


@dataclass(frozen=True)
class Parts:
    """All that a channel may put into its message, in the receiver's language and audience."""

    key: str
    """Idempotency key of this delivery."""
    notice_id: str
    view: NoticeView
    told: Told
    marking: str
    attachments: tuple[Attachment, ...] = ()
    thread: tuple[str, ...] = ()
    """Keys of earlier deliveries about the same alert to the same receiver, oldest first."""
    cap: bytes | None = None
    """The CAP 1.2 document of the notice, where it has one."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The notice as plain JSON values."""


@dataclass(frozen=True)
class Parcel:
    """One delivery in hand."""

    key: str
    body: bytes
    now: datetime


class Channel(Protocol):
    """One way to reach people; the registry gives each the receivers of its own kind."""

    def compose(self, parts: Parts, receiver: Any, notify: NotifySettings) -> bytes:
        """Return the bytes that every attempt sends; pure."""
        ...

    def deliver(self, parcel: Parcel, receiver: Any, notify: NotifySettings) -> None:
        """Send the bytes. Raises DeliveryError."""
        ...
