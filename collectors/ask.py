"""One request as a collector meant it, and what becomes of it on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_SECRET = frozenset({"authorization", "cookie", "x-api-key"})
"""Headers that are for one host alone."""


@dataclass(frozen=True)
class Ask:
    """One request, with the limit of its answer and the statuses that are one."""

    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | None
    max_bytes: int
    accept: tuple[int, ...]

    def answered_by(self, status: int) -> bool:
        """Whether an answer of this status is one to the collector, and its body of use."""
        return status in self.accept or 200 <= status < 300

    def moved(self, url: str, status: int) -> "Ask":
        """Return the request at its new address; a key never follows to another origin."""
        before, after = urlsplit(self.url), urlsplit(url)
        headers = dict(self.headers)
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            headers = {k: v for k, v in headers.items() if k.lower() not in _SECRET}
        method, data = self.method, self.data
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, data = "GET", None
        return Ask(method, url, headers, data, self.max_bytes, self.accept)


def shown(url: str) -> str:
    """Return the address without its query, which may bear a key or a long cursor."""
    return url.split("?", 1)[0]
