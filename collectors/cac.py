"""Announcements, regulations and normative documents of the Cyberspace Administration of China.

There is no feed: the list pages of https://www.cac.gov.cn are read (`div#loadingInfoPage li`, with
`a` and `.times`). They move several times a week.

Traps: the names of list pages change, so the index page of a section is asked where one is gone;
the address of an article carries its date (/2026-04/10/c_….htm) and is believed before the text.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import answered, clip, iso_day, twice, web_address
from collectors.errors import PayloadChanged, SourceRefused
from collectors.govcn import official
from collectors.table import decode
from collectors.topic import concerns, words

SOURCE = Source(
    id="cac",
    title="国家互联网信息办公室 (Cyberspace Administration of China)",
    base_url="https://www.cac.gov.cn",
    homepage="https://www.cac.gov.cn",
    licence="official documents; titles, dates and links only",
    redistributable=True,
    terms="Name www.cac.gov.cn as the source and link to it.",
    every=timedelta(hours=6),
    stale_after=timedelta(days=14),
    seen=Seen.DOCUMENTED,
    tables=("policy_events",),
)

LISTS = (
    "/wxzw/wxfb/A093702index_1.htm",
    "/wxzw/zcfg/A093703index_1.htm",
    "/wxzw/zcfg/bmgz/A09370303index_1.htm",
    "/wxzw/zcfg/gfxwj/A09370305index_1.htm",
    "/wxzw/zcfg/zcwj/A09370306index_1.htm",
)
"""Announcements; law; rules of departments; normative documents; policy documents."""

_DATED = re.compile(r"/(20\d\d)-(\d\d)/(\d\d)/c_\d{1,30}\.htm")
_LIST = re.compile(rb"""href=["']([^"'<>]{0,300}?\bA\d{1,20}index_1\.htm)["']""")
_MAX_ITEMS = 1_000


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield each list page, found again from its section's index where its name has changed."""
    context = {"words": "\n".join(words())}
    gone: SourceRefused | None = None
    for path in LISTS:
        url = f"{options.base_url}{path}"
        try:
            answer = http.get(url, max_bytes=8 << 20, revalidate=True)
        except SourceRefused as error:
            found = _renamed(http, url)
            if found is None:
                gone = error
                continue
            answer = http.get(found, max_bytes=8 << 20)
        if answer.status != 304:
            yield answered(SOURCE, "list", answer, context=context, whole=path)
    if gone is not None:
        raise gone


def _renamed(http: Http, url: str) -> str | None:
    """Return the list page that the index of the same section leads to; None without one."""
    folder = url.rsplit("/", 1)[0]
    try:
        index = http.get(f"{folder}/index.htm", max_bytes=8 << 20)
    except SourceRefused:
        return None
    found = [match.decode("ascii", "replace") for match in _LIST.findall(index.body)]
    links = [web_address(link, index.url) for link in found]
    here = [link for link in links if link and link.rsplit("/", 1)[0] == folder]
    return here[0] if here and here[0] != url else None


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `policy_events` record for each item of a list page that is about AI."""
    wanted = [word for word in payload.context.get("words", "").split("\n") if word]
    items = _items(payload)
    seen: set[str] = set()
    for number, (title, link, times) in enumerate(items):
        if not concerns(title, wanted):
            continue
        day = _day(link, times)
        if day is None:
            place = f"{payload.url} li[{number + 1}]"
            raise PayloadChanged(SOURCE.id, place, "a date in the address or in .times")
        event = official(payload, link, title, day)
        yield twice("policy_events", link) if event.event_id in seen else event
        seen.add(event.event_id)


def _items(payload: Payload) -> list[tuple[str, str, str]]:
    """Return title, address and printed date of each item; raises PayloadChanged without any."""
    if not payload.body.strip():
        raise PayloadChanged(SOURCE.id, payload.url, "a list page, not an empty answer")
    parser = html.HTMLParser(no_network=True, huge_tree=False)
    text = decode(payload.body).replace("\x00", "")
    text = re.sub(r"\A\s*<\?xml[^>]{0,400}\?>", "", text)
    try:
        # lxml's stubs cannot know what an XPath gives
        page: Any = html.document_fromstring(text, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise PayloadChanged(SOURCE.id, payload.url, f"HTML ({str(error)[:100]})") from error
    items: list[tuple[str, str, str]] = []
    for item in page.xpath("//div[@id='loadingInfoPage']//li")[:_MAX_ITEMS]:
        links = item.xpath(".//a[@href]")
        if not links:
            continue
        title = clip(links[0].get("title") or links[0].text_content())
        link = web_address(links[0].get("href"), "https://www.cac.gov.cn")
        times = item.xpath(".//*[contains(concat(' ', @class, ' '), ' times ')]")
        if title and link and (urlsplit(link).hostname or "").endswith("cac.gov.cn"):
            items.append((title, link, times[0].text_content().strip() if times else ""))
    if not items:
        raise PayloadChanged(SOURCE.id, payload.url, "div#loadingInfoPage with li > a")
    return items


def _day(link: str, times: str) -> date | None:
    dated = _DATED.search(link)
    return iso_day("-".join(dated.groups())) if dated else iso_day(times[:10])


COLLECTOR = Collector(SOURCE, fetch, parse)
