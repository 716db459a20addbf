"""Rate limits as the Hub counts them: fixed windows per bucket and client, told on every answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Window:
    """A fixed window: `quota` requests in `seconds`, counted per client and bucket."""

    quota: int = 500
    seconds: float = 300.0
    clock: Callable[[], float] = time.monotonic
    _used: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, client: str, bucket: str = "api") -> tuple[bool, dict[str, str]]:
        """Count one request; return whether it is within the quota, and the headers to send."""
        with self._lock:
            now = self.clock()
            start, used = self._used.get((client, bucket), (now, 0))
            if now - start >= self.seconds:
                start, used = now, 0
            allowed = used < self.quota
            used += allowed
            self._used[client, bucket] = (start, used)
        left = max(0, self.quota - used)
        wait = max(0, round(self.seconds - (now - start)))
        return allowed, self.headers(left, wait, bucket)

    def headers(self, left: int, wait: float, bucket: str = "api") -> dict[str, str]:
        """Return the two headers, as IETF draft and Hub spell them."""
        return {
            "RateLimit": f'"{bucket}";r={left};t={int(wait)}',
            "RateLimit-Policy": (
                f'"fixed window";"{bucket}";q={self.quota};w={max(1, round(self.seconds))}'
            ),
        }
