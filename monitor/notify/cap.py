"""Common Alerting Protocol 1.2: one document per notice, chained by references.

Sources: OASIS CAP 1.2 (docs.oasis-open.org/emergency/cap/v1.2). Traps: `sent` needs a numeric
offset, neither `Z` nor fractions pass the schema; identifier and sender take no space, comma, `<`
or `&`. The awareness_level parameter is MeteoAlarm's. A rise opens the chain (Alert), later moves
update it, the all-clear and a retraction cancel it; an exercise has status Exercise.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from config.notify import CapReceiver, NotifySettings
from monitor.notify.channel import DeliveryError, Parcel, Parts
from reports.model import Audience
from reports.notice import NoticeKind, NoticeView, Told
from rules.types import Level

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CAP_KINDS = frozenset(
    {NoticeKind.RISE, NoticeKind.FALL, NoticeKind.ALL_CLEAR, NoticeKind.RETRACTION}
)
AWARENESS = {
    Level.GREEN: "1; green; Minor",
    Level.YELLOW: "2; yellow; Moderate",
    Level.RED: "4; red; Extreme",
    Level.UNASSIGNED: "0; white; Unknown",
}
SEVERITY = {
    Level.GREEN: "Minor",
    Level.YELLOW: "Moderate",
    Level.RED: "Extreme",
    Level.UNASSIGNED: "Unknown",
}
EXPIRES = timedelta(days=30)
"""A level stands until the next message; the standard wants an end, so a month is given."""


@dataclass(frozen=True)
class Reference:
    """A message of the chain: who sent it, its identifier, when."""

    sender: str
    identifier: str
    sent: datetime


def cap_moment(at: datetime) -> str:
    """Return a moment as CAP wants it: seconds, numeric offset."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def _child(parent: etree._Element, name: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = "".join(c for c in text if c in "\n\t" or c.isprintable())
    return child


def _pair(parent: etree._Element, name: str, key: str, value: str) -> None:
    pair = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    _child(pair, "valueName", key)
    _child(pair, "value", value)


def message_type(kind: NoticeKind, chain: Sequence[Reference]) -> str:
    """Return Alert, Update or Cancel."""
    if kind in (NoticeKind.ALL_CLEAR, NoticeKind.RETRACTION):
        return "Cancel" if chain else "Alert"
    return "Update" if chain else "Alert"


def _info(root: etree._Element, view: NoticeView, told: Told, language: str) -> None:
    level = view.after or Level.UNASSIGNED
    over = view.kind in (NoticeKind.ALL_CLEAR, NoticeKind.RETRACTION)
    info = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    _child(info, "language", language)
    _child(info, "category", "Security")
    _child(info, "event", told.subject)
    _child(info, "responseType", "AllClear" if over else "Monitor")
    _child(info, "urgency", "Past" if over else "Expected")
    _child(info, "severity", SEVERITY[level])
    _child(info, "certainty", "Likely" if not over else "Observed")
    if view.risk is not None:
        _pair(info, "eventCode", "tocsin:risk", view.risk.value)
    _child(info, "effective", cap_moment(view.at))
    _child(info, "expires", cap_moment(view.at + EXPIRES))
    _child(info, "headline", told.subject)
    _child(info, "description", told.text)
    if view.url:
        _child(info, "web", view.url)
    _pair(info, "parameter", "awareness_level", AWARENESS[level])
    if view.method:
        _pair(info, "parameter", "tocsin:method", view.method)
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _child(area, "areaDesc", "全球" if language.startswith("zh") else "Worldwide")


def cap_document(
    view: NoticeView,
    told: dict[str, Told],
    *,
    identifier: str,
    sender: str,
    audience: Audience,
    chain: Sequence[Reference] = (),
) -> bytes:
    """Return the CAP 1.2 document of a notice, in every language of `told` (zh, en)."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    _child(root, "identifier", identifier)
    _child(root, "sender", sender)
    _child(root, "sent", cap_moment(view.at))
    _child(root, "status", "Exercise" if view.exercise else "Actual")
    _child(root, "msgType", message_type(view.kind, chain))
    public = audience is Audience.PUBLIC
    _child(root, "scope", "Public" if public else "Restricted")
    if not public:
        _child(root, "restriction", "内部 internal")
    if view.kind is NoticeKind.RETRACTION:
        _child(root, "note", view.detail.get("reason", "") or "retracted")
    elif view.exercise:
        _child(root, "note", "演练 exercise")
    if chain:
        _child(
            root,
            "references",
            " ".join(f"{r.sender},{r.identifier},{cap_moment(r.sent)}" for r in chain),
        )
    for lang, words in told.items():
        _info(root, view, words, {"zh": "zh-CN", "en": "en"}[lang])
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


class Cap:
    """The channel that leaves CAP files in a folder."""

    def compose(self, parts: Parts, receiver: CapReceiver, notify: NotifySettings) -> bytes:  # noqa: ARG002
        """Return the document; empty for notices that CAP has no message for."""
        return parts.cap or b""

    def deliver(self, parcel: Parcel, receiver: CapReceiver, notify: NotifySettings) -> None:  # noqa: ARG002
        """Write the file under a name made of the key, whole or not at all."""
        if parcel.body:
            try:
                write_whole(receiver.folder / f"{parcel.key}.xml", parcel.body)
            except OSError as error:
                raise DeliveryError(f"folder: {error.strerror}") from error


def write_whole(path: Path, body: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(path)
