"""Reviewed advisories and malware on the packages that load models, from GitHub.

Documented at https://docs.github.com/en/rest/security-advisories/global-advisories; moves all day;
60 requests an hour without a token, 5,000 with one (`sources.github_advisories.key`).

Traps: malware is left out unless asked for by type; the ecosystem is `pip` where OSV says PyPI;
`first_patched_version` has been a text and an object; pages follow the Link header's cursor.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from collectors.alias import flaw_of
from collectors.base import Collector, Http, Options, Parsed, Payload, Seen, Source, Watermark
from collectors.document import (
    answered,
    clip,
    decode_json,
    iso_moment,
    known,
    web_address,
)  # fmt: skip
from collectors.errors import PayloadChanged
from collectors.package import watched
from collectors.record import Advisory
from collectors.severity import newest_score_x10, rating

SOURCE = Source(
    id="github_advisories",
    title="GitHub Advisory Database",
    base_url="https://api.github.com",
    homepage="https://github.com/advisories",
    licence="CC BY 4.0",
    redistributable=True,
    terms="Credit the GitHub Advisory Database.",
    every=timedelta(hours=12),
    stale_after=timedelta(days=3),
    seen=Seen.DOCUMENTED,
    tables=("advisories",),
)

SETTINGS = {
    "key": "a token: 5,000 requests an hour instead of 60",
    "extra.packages": "as for osv",
}
"""What an operator may set under `sources.github_advisories`, and what it does."""

ECOSYSTEMS = {"pip": "PyPI", "go": "Go", "npm": "npm", "rust": "crates.io"}
"""GitHub's name of an ecosystem → OSV's, which the lake uses."""

_NEXT = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="next"')
_OVERLAP = timedelta(days=1)
_MAX_PAGES = 100
_AT_ONCE = 100


class _Scored(msgspec.Struct):
    vector_string: str | None = None


class _Severities(msgspec.Struct):
    cvss_v3: _Scored | None = None
    cvss_v4: _Scored | None = None


class _Package(msgspec.Struct):
    ecosystem: str
    name: str | None = None


class _Vulnerable(msgspec.Struct):
    package: _Package | None = None
    vulnerable_version_range: str | None = None
    first_patched_version: str | dict[str, str | None] | None = None


class _Advisory(msgspec.Struct):
    ghsa_id: str
    updated_at: str
    type: str = "reviewed"
    cve_id: str | None = None
    severity: str | None = None
    published_at: str | None = None
    withdrawn_at: str | None = None
    cvss: _Scored | None = None
    cvss_severities: _Severities | None = None
    vulnerabilities: list[_Vulnerable] | None = None


def fetch(http: Http, since: Watermark, options: Options) -> Iterator[Payload]:
    """Yield pages of advisories of both types that changed since the mark."""
    mark = iso_moment(since.get("updated"))
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    if options.key:
        headers["Authorization"] = f"Bearer {options.key}"
    names = watched(options.extra.get("packages"))
    newest, held = mark, None
    for asked in _questions(names, mark):
        for payload in _pages(http, f"{options.base_url}/advisories", asked, headers):
            moments = [iso_moment(a.updated_at) for a in _advisories(payload)]
            newest = max([m for m in (newest, *moments) if m is not None], default=None)
            if held is not None:
                yield held
            held = payload
    if held is not None:  # the mark moves with the last page alone
        yield replace(held, watermark={"updated": newest.isoformat()} if newest else {})


def _questions(
    names: Sequence[tuple[str, str]], mark: datetime | None
) -> Iterator[list[tuple[str, str]]]:
    for theirs, ours in ECOSYSTEMS.items():
        packages = [name for ecosystem, name in names if ecosystem == ours]
        for start in range(0, len(packages), _AT_ONCE):
            for kind in ("reviewed", "malware"):
                asked = [("type", kind), ("ecosystem", theirs), ("per_page", "100")]
                asked.append(("affects", ",".join(packages[start : start + _AT_ONCE])))
                if mark is not None:
                    asked.append(("modified", f">={(mark - _OVERLAP).date().isoformat()}"))
                yield asked


def _pages(
    http: Http, url: str, asked: Sequence[tuple[str, str]], headers: dict[str, str]
) -> Iterator[Payload]:
    answer = http.get(url, params=asked, headers=headers)
    for _ in range(_MAX_PAGES):
        yield answered(SOURCE, "advisories", answer)
        following = _NEXT.search(answer.headers.get("link", ""))
        if following is None:
            return
        place = web_address(following[1], answer.url)
        if place is None:
            raise PayloadChanged(SOURCE.id, "header Link", "an http(s) address")
        answer = http.get(place, headers=headers)
    raise PayloadChanged(SOURCE.id, url, f"an end within {_MAX_PAGES} pages")


def _advisories(payload: Payload) -> list[_Advisory]:
    return decode_json(payload, list[_Advisory])


def parse(payload: Payload) -> Iterator[Parsed]:
    """Yield one `advisories` record for each package that an advisory of the page affects."""
    for number, advisory in enumerate(_advisories(payload)):
        id_ = clip(advisory.ghsa_id, 100)
        if id_ is None:
            raise PayloadChanged(SOURCE.id, f"{payload.url} $[{number}].ghsa_id", "an id")
        published = iso_moment(advisory.published_at)
        withdrawn = iso_moment(advisory.withdrawn_at)
        score = newest_score_x10(_vectors(advisory))
        word = clip(advisory.severity, 20)
        for (ecosystem, name), entries in _packages(advisory).items():
            yield Advisory(
                source_url=f"https://github.com/advisories/{id_}",
                published_on=published.date() if published else None,
                known_from=known(published, payload),
                advisory_id=id_,
                flaw_id=flaw_of([id_, advisory.cve_id or ""]),
                ecosystem=ecosystem,
                package=name,
                kind="malware" if advisory.type == "malware" else "vulnerability",
                cvss_x10=score,
                severity=rating(score) if word in (None, "unknown") else word,
                fixed=any(_patched(entry) for entry in entries),
                withdrawn_on=withdrawn.date() if withdrawn else None,
            )


def _vectors(advisory: _Advisory) -> list[str]:
    parts = [advisory.cvss]
    if advisory.cvss_severities is not None:
        parts = [advisory.cvss_severities.cvss_v3, advisory.cvss_severities.cvss_v4]
    return [part.vector_string for part in parts if part is not None and part.vector_string]


def _packages(advisory: _Advisory) -> dict[tuple[str, str], list[_Vulnerable]]:
    found: dict[tuple[str, str], list[_Vulnerable]] = {}
    for entry in advisory.vulnerabilities or ():
        if entry.package is None:
            continue
        ecosystem, name = clip(entry.package.ecosystem, 50), clip(entry.package.name, 200)
        if ecosystem and name:
            found.setdefault((ECOSYSTEMS.get(ecosystem, ecosystem), name), []).append(entry)
    return found


def _patched(entry: _Vulnerable) -> bool:
    version = entry.first_patched_version
    return bool(version.get("identifier") if isinstance(version, dict) else version)


COLLECTOR = Collector(SOURCE, fetch, parse)
