"""What a service of the stand-in is asked, and what it answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlencode


@dataclass(frozen=True)
class Request:
    """One request, its path already without the service's prefix."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    """Lower-cased names."""
    body: bytes
    base: str
    """Absolute address of the service, without a slash at the end."""

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query parameters in order, repeated names kept."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter; `name[]` is the same name."""
        return [v for k, v in self.query if k in (name, f"{name}[]")]

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a parameter."""
        values = self.all(name)
        return values[-1] if values else default

    def number(self, name: str, default: int) -> int:
        """Return a parameter as a whole number; what is no number counts as the default."""
        text = self.get(name)
        return int(text) if text.lstrip("-").isdigit() else default

    def again(self, **changed: str) -> str:
        """Return the absolute address of the same request with parameters replaced."""
        kept = [(k, v) for k, v in self.query if k not in changed]
        return f"{self.base}{self.path}?{urlencode([*kept, *changed.items()])}"


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body; an iterator of chunks is sent as it comes."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = "application/json; charset=utf-8"

    def plus(self, headers: Mapping[str, str]) -> "Answer":
        """Return the same answer with further headers."""
        return Answer(self.status, self.body, {**self.headers, **headers}, self.type)


class Service(Protocol):
    """One source, as the stand-in plays it."""

    def answer(self, request: Request) -> Answer:
        """Return what the source would say."""
        ...


def document(value: object, status: int = 200, **headers: str) -> Answer:
    """Return a JSON answer; underscores in header names become dashes."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()})


def page(body: str | bytes, kind: str = "text/html; charset=utf-8", status: int = 200) -> Answer:
    """Return a page of HTML, CSV, XML or plain text."""
    return Answer(status, body if isinstance(body, bytes) else body.encode(), {}, kind)


def not_found(what: str = "Not Found") -> Answer:
    """Return the 404 of a well-behaved source."""
    return document({"error": what}, 404)
