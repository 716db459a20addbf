"""Write a notice: its view, its rendered bytes and one outbox row per receiver, all in one go."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from monitor.alerts.desk import INTERNAL_KINDS, Desk, Topic, recipients
from monitor.audit import head
from monitor.notify.cap import CAP_KINDS, Reference, cap_document
from monitor.notify.channel import Attachment, Parts
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow, SilenceRow
from monitor.store.outbox import OutboxRow, OutboxState
from reports.model import Audience
from reports.notice import AlertFacts, NoticeKind, NoticeView, Told, marking, tell

VIEW = TypeAdapter(NoticeView)
LANGS = ("zh", "en")
HTML, TEXT, CAP_TYPE = (
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/cap+xml",
)
REPORTED = frozenset(
    {NoticeKind.RISE, NoticeKind.FALL, NoticeKind.ALL_CLEAR, NoticeKind.RETRACTION}
)
"""Kinds that carry the alert report."""
_ENDINGS = frozenset({NoticeKind.FALL, NoticeKind.ALL_CLEAR, NoticeKind.RETRACTION})


@dataclass(frozen=True)
class Draft:
    """A notice about to be written."""

    origin: str
    """What it is about: `transition:ID`, `step:ID`, `alert:ID`, `outbox:ID`, `operations:…`."""
    view: NoticeView
    alert: AlertRow | None = None
    case_id: int | None = None
    facts: AlertFacts | None = None
    """What report and pack are rendered from; None: the notice has no attachment."""
    topic: Topic | None = None
    """Who is told; derived from the view if None."""


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(str(p) for p in parts).encode()).hexdigest()


def notice_id(draft: Draft) -> str:
    """Return the identity of a notice: the same conclusion, kind and sequence give the same id."""
    view = draft.view
    return "ntc_" + _digest(draft.origin, view.kind, view.sequence, view.at.isoformat())[:24]


def delivery_key(notice: str, receiver: str) -> str:
    """Return the idempotency key of one (notice, receiver)."""
    return "msg_" + _digest(notice, receiver)[:32]


def written(session: Session, origin: str, kind: NoticeKind, sequence: int) -> bool:
    """Return whether that notice exists already."""
    query = select(NoticeRow.id).where(
        NoticeRow.origin == origin, NoticeRow.kind == kind.value, NoticeRow.sequence == sequence
    )
    return session.exec(query).first() is not None


def write_notice(session: Session, desk: Desk, draft: Draft, now: datetime) -> NoticeRow | None:
    """Add the notice with its artefacts and deliveries to the caller's transaction.

    None if it was written before: a notice is told once whatever is run twice.
    """
    view = replace(draft.view, audit_head=str(head(session)), zone=desk.zone)
    draft = replace(draft, view=view)
    if written(session, draft.origin, view.kind, view.sequence):
        return None
    row = NoticeRow(
        id=notice_id(draft),
        origin=draft.origin,
        kind=view.kind.value,
        sequence=view.sequence,
        topic=view.topic,
        risk=view.risk.value if view.risk else None,
        level=view.after.value if view.after else None,
        alert_id=draft.alert.id if draft.alert else None,
        case_id=draft.case_id,
        at=view.at,
        exercise=view.exercise,
        view=VIEW.dump_json(view).decode(),
    )
    session.add(row)
    session.flush()
    rendered = _render(session, desk, draft, row)
    session.add_all(rendered)
    _address(session, desk, draft, row, rendered, now)
    session.flush()
    return row


def _audiences(view: NoticeView) -> tuple[Audience, ...]:
    if view.kind in INTERNAL_KINDS or view.exercise:
        return (Audience.INTERNAL,)
    return (Audience.INTERNAL, Audience.PUBLIC)


def _render(session: Session, desk: Desk, draft: Draft, row: NoticeRow) -> list[ArtefactRow]:
    found: list[ArtefactRow] = []
    for audience in _audiences(draft.view):
        told = {lang: tell(draft.view, lang, audience) for lang in LANGS}
        for lang, words in told.items():
            for kind, text in (
                ("subject", words.subject),
                ("text", words.text),
                ("html", words.html),
            ):
                media = HTML if kind == "html" else TEXT
                name = f"notice.{lang}.{'html' if kind == 'html' else 'txt'}"
                found.append(_artefact(row, kind, lang, audience, media, name, text.encode()))
            found.extend(_attachments(desk, draft, row, lang, audience))
        if draft.view.kind in CAP_KINDS:
            found.append(_cap(session, desk, draft, row, audience, told))
    return found


def _attachments(
    desk: Desk, draft: Draft, row: NoticeRow, lang: str, audience: Audience
) -> list[ArtefactRow]:
    facts = draft.facts
    if facts is None or draft.view.kind not in REPORTED:
        return []
    report = desk.renderer.alert_report(facts, lang, audience)
    name = f"alert-{facts.id}.{lang}.html"
    found = [_artefact(row, "report", lang, audience, HTML, name, report)]
    if draft.view.kind is NoticeKind.RISE and audience is Audience.INTERNAL:
        pack = desk.renderer.meeting_pack(facts, lang)
        found.append(_artefact(row, "pack", lang, audience, HTML, f"meeting-{name[6:]}", pack))
    return found


def _artefact(
    row: NoticeRow, kind: str, lang: str, audience: Audience, media: str, name: str, body: bytes
) -> ArtefactRow:
    shown = marking(audience, lang if lang in LANGS else "zh", exercise=row.exercise)
    return ArtefactRow(
        notice_id=row.id,
        kind=kind,
        lang=lang,
        audience=audience.value,
        marking=shown,
        media_type=media,
        name=name,
        sha256=hashlib.sha256(body).hexdigest(),
        body=body,
    )


def _cap(
    session: Session,
    desk: Desk,
    draft: Draft,
    row: NoticeRow,
    audience: Audience,
    told: dict[str, Told],
) -> ArtefactRow:
    sender = parseaddr(desk.notify.sender)[1]
    query = (
        select(NoticeRow)
        .where(NoticeRow.alert_id == row.alert_id, col(NoticeRow.id) != row.id)
        .where(col(NoticeRow.kind).in_([k.value for k in CAP_KINDS]))
        .order_by(col(NoticeRow.at), col(NoticeRow.id))
    )
    earlier = session.exec(query).all() if row.alert_id is not None else []
    body = cap_document(
        draft.view,
        told,
        identifier=f"{row.id}.{audience.value}",
        sender=sender,
        audience=audience,
        chain=[Reference(sender, f"{n.id}.{audience.value}", n.at) for n in earlier],
    )
    return _artefact(row, "cap", "mul", audience, CAP_TYPE, f"{row.id}.xml", body)


def _address(
    session: Session,
    desk: Desk,
    draft: Draft,
    row: NoticeRow,
    rendered: list[ArtefactRow],
    now: datetime,
) -> None:
    view = draft.view
    topic = draft.topic or Topic(view.kind, view.risk, view.after, view.exercise)
    if view.kind in _ENDINGS and draft.alert is not None:
        topic = replace(topic, also=_told_before(session, draft.alert))
    for name in recipients(desk, topic, now):
        receiver = desk.notify.receivers[name]
        if receiver.channel == "cap" and view.kind not in CAP_KINDS:
            continue
        mine = [a for a in rendered if a.audience == receiver.audience]
        parts = Parts(
            key=delivery_key(row.id, name),
            notice_id=row.id,
            view=view,
            told=_told(mine, receiver.language),
            marking=next((a.marking for a in mine if a.lang == receiver.language), ""),
            attachments=tuple(
                Attachment(a.name, a.media_type, a.body, a.sha256)
                for a in mine
                if a.kind in ("report", "pack") and a.lang == receiver.language
            ),
            thread=_thread(session, row, name),
            cap=next((a.body for a in mine if a.kind == "cap"), None),
            facts=plain_facts(view, draft.alert, public=receiver.audience == "public"),
        )
        body = desk.channels[receiver.channel].compose(parts, receiver, desk.notify)
        silence = active_silence(session, view, name, now)
        if silence is not None:
            row.silenced_by = silence.id
        session.add(
            OutboxRow(
                key=parts.key,
                notice_id=row.id,
                receiver=name,
                channel=receiver.channel,
                body=body,
                sha256=hashlib.sha256(body).hexdigest(),
                state=OutboxState.PENDING if silence is None else OutboxState.SILENCED,
                created_at=now,
                trying_since=now,
                next_at=now,
                silenced_by=silence.id if silence else None,
            )
        )
    session.add(row)


def _told_before(session: Session, alert: AlertRow) -> frozenset[str]:
    query = (
        select(OutboxRow.receiver)
        .join(NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id))
        .where(NoticeRow.alert_id == alert.id, col(NoticeRow.kind).in_([k.value for k in REPORTED]))
    )
    return frozenset(session.exec(query))


def _told(artefacts: list[ArtefactRow], lang: str) -> Told:
    words = {a.kind: a.body.decode() for a in artefacts if a.lang == lang and a.kind in _TOLD}
    return Told(subject=words["subject"], text=words["text"], html=words["html"])


_TOLD = frozenset({"subject", "text", "html"})


def _thread(session: Session, row: NoticeRow, receiver: str) -> tuple[str, ...]:
    if row.alert_id is None:
        return ()
    query = (
        select(OutboxRow.key)
        .join(NoticeRow, col(NoticeRow.id) == col(OutboxRow.notice_id))
        .where(NoticeRow.alert_id == row.alert_id, OutboxRow.receiver == receiver)
        .order_by(col(OutboxRow.id))
    )
    return tuple(session.exec(query))


def active_silence(
    session: Session, view: NoticeView, receiver: str, now: datetime
) -> SilenceRow | None:
    """Return a silence that holds this notice back from this receiver now."""
    query = select(SilenceRow).where(
        col(SilenceRow.starts_at) <= now,
        col(SilenceRow.until) > now,
        col(SilenceRow.ended_by).is_(None),
    )
    for silence in session.exec(query.order_by(col(SilenceRow.id))):
        if silence.risk is not None and silence.risk != (view.risk.value if view.risk else None):
            continue
        if silence.kinds and view.kind.value not in silence.kinds.split():
            continue
        if silence.receiver is None or silence.receiver == receiver:
            return silence
    return None


def plain_facts(view: NoticeView, alert: AlertRow | None, *, public: bool) -> dict[str, Any]:
    """Return the notice as JSON values, as a machine reads it; a public one without duties."""
    document: dict[str, Any] = VIEW.dump_python(view, mode="json")
    for name in ("zone", "year", "serial"):
        document.pop(name)
    if public:
        for name in ("deadlines", "duties", "detail"):
            document.pop(name)
    document["alert"] = alert.number if alert else None
    return document
