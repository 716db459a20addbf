"""How long to wait before the next request: by the host's own headers, before it has to say 429.

The Hub sends `ratelimit: "api";r=495;t=23` (495 requests left, 23 seconds to the next window) and
`ratelimit-policy: "fixed window";"api";q=500;w=300` (500 requests per 300 seconds) with every
answer; other sources send Retry-After alone, in seconds or as an HTTP date.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_BUCKET = re.compile(r'"(?P<name>[^"]{1,64})"\s*;\s*r=(?P<r>\d{1,9})\s*;\s*t=(?P<t>\d{1,9})')
_QUOTA = re.compile(r'"(?P<name>[^"]{1,64})"\s*;\s*q=(?P<q>\d{1,9})\s*;\s*w=(?P<w>\d{1,9})')

RESERVE = 0.2
"""Share of a window's quota under which what is left is spread over the rest of the window."""
RESERVE_UNKNOWN = 50
"""The same as a number of requests, for a host that does not tell its quota."""
BASE_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


@dataclass(frozen=True)
class Allowance:
    """What a host said is left: `remaining` requests until `resets_at`."""

    remaining: int
    resets_at: float
    quota: int | None = None

    def wait(self, at: float) -> float:
        """Return the seconds to wait before the next request, 0 while there is plenty left."""
        left = self.resets_at - at
        if left <= 0:
            return 0.0
        if self.remaining <= 0:
            return left
        reserve = RESERVE_UNKNOWN if self.quota is None else self.quota * RESERVE
        return left / (self.remaining + 1) if self.remaining < reserve else 0.0


def read_allowance(headers: Mapping[str, str], at: float) -> Allowance | None:
    """Return what the answer's headers (lower-cased) say is left, or None if they say nothing.

    Of several buckets the one that runs out first counts.
    """
    quotas = {m["name"]: int(m["q"]) for m in _QUOTA.finditer(headers.get("ratelimit-policy", ""))}
    found = [
        Allowance(int(m["r"]), at + int(m["t"]), quotas.get(m["name"]))
        for m in _BUCKET.finditer(headers.get("ratelimit", ""))
    ]
    return max(found, key=lambda a: a.wait(at), default=None)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, None where it is absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value) if len(value) < 12 else math.inf
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())


def backoff(attempt: int, dice: random.Random) -> float:
    """Return the seconds before attempt `attempt` + 1 (0 = the first has failed): 1, 2, 4 … 60.

    Half of it is drawn, so that many installations do not come back in step.
    """
    full = min(LONGEST_WAIT_S, math.ldexp(BASE_WAIT_S, min(attempt, 16)))
    return full / 2 + dice.random() * full / 2
