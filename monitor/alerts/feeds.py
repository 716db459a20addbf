"""What the site offers to machines besides pages: Atom feeds and the CAP documents as told."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr

from sqlmodel import Session, col, select

from config.notify import NotifySettings
from monitor.notify.atom import Entry, atom_feed
from monitor.store.alerts import AlertRow, ArtefactRow, NoticeRow
from reports.model import Audience
from reports.notice import NoticeKind

TOLD = (
    NoticeKind.BEGAN,
    NoticeKind.RISE,
    NoticeKind.FALL,
    NoticeKind.ALL_CLEAR,
    NoticeKind.RETRACTION,
)
NEWEST = 200


def feed_files(
    session: Session,
    notify: NotifySettings,
    audience: Audience,
    now: datetime,
    *,
    public_url: str | None = None,
    languages: tuple[str, ...] = ("zh", "en"),
) -> Mapping[str, bytes]:
    """Return path → bytes: `LANG/alerts.atom`, `alerts.atom` (first language), `cap/ID.xml`.

    Feeds exist, empty, before anything was told, so that a reader can subscribe from the first day.
    Exercises are left out; what stands in them was rendered for `audience` when it was told.
    """
    notices = session.exec(
        select(NoticeRow)
        .where(col(NoticeRow.kind).in_([k.value for k in TOLD]))
        .where(col(NoticeRow.exercise).is_(False))
        .order_by(col(NoticeRow.at).desc(), col(NoticeRow.id))
        .limit(NEWEST)
    ).all()
    domain = parseaddr(notify.sender)[1].rpartition("@")[2] or "localhost"
    address = (public_url or "").rstrip("/")
    files: dict[str, bytes] = {}
    for lang in languages:
        entries = [_entry(session, n, lang, audience, address) for n in notices]
        updated = notices[0].at if notices else now
        feed = atom_feed(entries, lang=lang, domain=domain, address=address, updated=updated)
        files[f"{lang}/alerts.atom"] = feed
        files.setdefault("alerts.atom", feed)
    for notice in notices:
        query = select(ArtefactRow).where(
            ArtefactRow.notice_id == notice.id,
            ArtefactRow.kind == "cap",
            ArtefactRow.audience == audience.value,
        )
        for artefact in session.exec(query):
            files[f"cap/{artefact.name}"] = artefact.body
    return files


def _entry(
    session: Session, notice: NoticeRow, lang: str, audience: Audience, address: str
) -> Entry:
    query = select(ArtefactRow).where(
        ArtefactRow.notice_id == notice.id,
        ArtefactRow.lang == lang,
        ArtefactRow.audience == audience.value,
    )
    words = {a.kind: a.body.decode() for a in session.exec(query) if a.kind in ("subject", "text")}
    alert = session.get(AlertRow, notice.alert_id) if notice.alert_id is not None else None
    link = f"{address}/{lang}/alerts/{alert.number}.html" if address and alert else ""
    return Entry(
        id=notice.id,
        title=words.get("subject", notice.kind),
        text=words.get("text", "").partition("\n\n")[2],
        at=notice.at,
        link=link,
        category=notice.risk or notice.kind,
    )
