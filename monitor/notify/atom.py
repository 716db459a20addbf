"""The Atom feed of alerts (RFC 4287): every notice that readers may know, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

NAMESPACE = "http://www.w3.org/2005/Atom"
TITLES = {"zh": "警钟：开源人工智能风险预警", "en": "Tocsin: alerts on the risks of open-weight AI"}


@dataclass(frozen=True)
class Entry:
    """One notice in the feed's language."""

    id: str
    title: str
    text: str
    at: datetime
    link: str
    category: str


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _child(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text is not None:
        child.text = "".join(c for c in text if c in "\n\t" or c.isprintable())
    return child


def atom_feed(
    entries: Sequence[Entry], *, lang: str, domain: str, address: str, updated: datetime
) -> bytes:
    """Return the feed; `address` is the site's public URL, empty for a site without one.

    Ids are tag URIs of the sender's domain, so an entry stays itself wherever the site moves.
    """
    root = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    root.set("{http://www.w3.org/XML/1998/namespace}lang", {"zh": "zh-CN", "en": "en"}[lang])
    _child(root, "id", f"tag:{domain},2026:alerts/{lang}")
    _child(root, "title", TITLES[lang])
    _child(root, "updated", _moment(max([updated, *(e.at for e in entries)])))
    _child(_child(root, "author"), "name", "Tocsin")
    if address:
        link = _child(root, "link")
        link.set("rel", "self")
        link.set("type", "application/atom+xml")
        link.set("href", f"{address}/{lang}/alerts.atom")
    for entry in entries:
        _entry(root, entry, domain)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _entry(root: etree._Element, entry: Entry, domain: str) -> None:
    node = _child(root, "entry")
    _child(node, "id", f"tag:{domain},2026:{entry.id}")
    _child(node, "title", entry.title)
    _child(node, "updated", _moment(entry.at))
    _child(node, "published", _moment(entry.at))
    if entry.link:
        link = _child(node, "link")
        link.set("rel", "alternate")
        link.set("href", entry.link)
    _child(node, "category").set("term", entry.category)
    _child(node, "content", entry.text).set("type", "text")
