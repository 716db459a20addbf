"""Flaws known to be exploited, as CISA's catalogue lists them.

Documented at https://www.cisa.gov/known-exploited-vulnerabilities-catalog, with a JSON schema;
moves several times a week; CC0. One row is one CVE; an indicator joins it to advisories by
`flaw_id`. A hit on the software that loads models is the cleanest trigger there is.

Traps: `dateAdded` is the day of listing, later than the exploitation; notes end in ` ; `; product
names are the vendor's, not those of packages, so only the CVE joins.
"""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    clip_or,
    decode_json,
    end_of_day,
    iso_day,
    known,
    twice,
)  # fmt: skip
from collectors.errors import PayloadChanged
from collectors.record import Advisory

SOURCE = Source(
    id="kev",
    title="CISA Known Exploited Vulnerabilities",
    base_url="https://www.cisa.gov/sites/default/files/feeds",
    homepage="https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
    licence="CC0 1.0",
    redistributable=True,
    terms="None; CISA's name must not suggest an endorsement.",
    every=timedelta(days=1),
    stale_after=timedelta(days=14),
    seen=Seen.DOCUMENTED,
    tables=("advisories",),
    inventory=("catalogue",),
)


class _Entry(
    msgspec.Struct, rename={"cve": "cveID", "vendor": "vendorProject", "added": "dateAdded"}
):
    cve: str
    vendor: str
    product: str
    added: str


class _Catalogue(msgspec.Struct):
    count: int
    vulnerabilities: list[_Entry]


def fetch(http: Http, _since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield the whole catalogue (1.5 MB), if it has changed."""
    url = f"{options.base_url}/known_exploited_vulnerabilities.json"
    answer = http.get(url, max_bytes=32 << 20, revalidate=True)
    if answer.status != 304:
        yield answered(SOURCE, "catalogue", answer)


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `advisories` record, `exploited`, for each CVE of the catalogue."""
    catalogue = decode_json(payload, _Catalogue)
    if catalogue.count != len(catalogue.vulnerabilities):
        found = len(catalogue.vulnerabilities)
        raise PayloadChanged(SOURCE.id, "$.count", f"{found}, the length of $.vulnerabilities")
    seen: set[str] = set()
    for number, entry in enumerate(catalogue.vulnerabilities):
        cve, added = clip(entry.cve, 40), iso_day(entry.added)
        place = f"$.vulnerabilities[{number}]"
        if cve is None or not cve.startswith("CVE-"):
            raise PayloadChanged(SOURCE.id, f"{place}.cveID", "a CVE id")
        if added is None:
            raise PayloadChanged(SOURCE.id, f"{place}.dateAdded", "a date YYYY-MM-DD")
        if cve in seen:
            yield twice("advisories", cve)
            continue
        seen.add(cve)
        yield Advisory(
            source_url=f"https://www.cve.org/CVERecord?id={cve}",
            occurred_on=added,
            published_on=added,
            known_from=known(end_of_day(added), payload),
            advisory_id=cve,
            flaw_id=cve,
            ecosystem="KEV",
            package=clip_or(f"{entry.vendor}/{entry.product}", "unknown", 200),
            exploited=True,
        )


COLLECTOR = Collector(SOURCE, fetch, parse)
