"""What goes wrong on request: each fault is scripted for a prefix, a path and a number of times."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Lock

from tests.standin.message import Answer

HOSTILE_NAME = "<script>alert(1)</script>"
SIGN_IN = (
    "<!doctype html><html><head><title>Sign in</title></head>"
    "<body><form action='/login'><input name='user'></form></body></html>"
)
_MEGABYTE = 1 << 20


class Kind(StrEnum):
    """The ways in which a source fails."""

    STATUS = "status"  # the status given by `code`, a JSON error in the body
    RATE_LIMITED = "rate_limited"  # 429 with r=0 and the seconds to wait
    EDGE_429 = "edge_429"  # 429 as an edge sends it: no rate-limit header at all
    SLOW = "slow"  # waits `seconds`, then answers
    TRICKLE = "trickle"  # sends the body in small pieces, `seconds` in all
    HANG = "hang"  # takes the request and says nothing for `seconds`
    CUT = "cut"  # drops the connection in the middle of the body
    TRUNCATE = "truncate"  # a complete answer whose body is half a document
    EMPTY = "empty"  # 200 with no body
    HTML = "html"  # a sign-in page where data was due
    HUGE = "huge"  # streams `size` bytes that begin like a document
    BOMB = "bomb"  # `size` bytes in a small gzip body
    DUPLICATE = "duplicate"  # the first row once more at the end
    HOSTILE = "hostile"  # the first row's name is a script
    MISSING_FIELD = "missing_field"  # the rows have lost `name`
    WRONG_TYPE = "wrong_type"  # `name` is an object where a plain value was
    REDIRECT = "redirect"  # 302 to `to`
    RESET = "reset"  # closes the connection before any answer


@dataclass
class Fault:
    """One scripted failure; it is used up after `times`, or never when `times` is None."""

    kind: Kind
    times: int | None = 1
    after: int = 0
    """Requests that pass unharmed first."""
    path: str = ""
    """Only requests whose path and query contain this."""
    code: int = 503
    seconds: float = 1.0
    size: int = 2 << 30
    name: str = "id"
    to: str = "https://elsewhere.invalid/"
    seen: int = field(default=0, init=False)

    def strikes(self, address: str) -> bool:
        """Return whether this request is the one to spoil, and count it."""
        if self.path not in address:
            return False
        self.seen += 1
        due = self.seen - self.after
        return due > 0 and (self.times is None or due <= self.times)


class FaultBook:
    """The faults of each prefix, in the order in which they were scripted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: dict[str, list[Fault]] = {}

    def add(self, prefix: str, fault: Fault) -> Fault:
        """Script one more fault."""
        with self._lock:
            self._faults.setdefault(prefix, []).append(fault)
        return fault

    def clear(self, prefix: str | None = None) -> None:
        """Forget the faults of one prefix, or all."""
        with self._lock:
            if prefix is None:
                self._faults.clear()
            else:
                self._faults.pop(prefix, None)

    def due(self, prefix: str, address: str) -> Fault | None:
        """Return the first fault that strikes this request."""
        with self._lock:
            for fault in self._faults.get(prefix, []):
                if fault.strikes(address):
                    return fault
        return None


def parse_fault(text: str) -> tuple[str, Fault]:
    """Return the prefix and fault of `prefix:kind[:times[:key=value,…]]`, as on the command line.

    `times` may be `always`. Raises ValueError naming what was expected.
    """
    prefix, _, rest = text.partition(":")
    parts = rest.split(":", 2)
    try:
        kind = Kind(parts[0])
    except ValueError as error:
        raise ValueError(f"{text!r}: expected one of {', '.join(Kind)}") from error
    fault = Fault(kind)
    if len(parts) > 1 and parts[1]:
        fault.times = None if parts[1] == "always" else int(parts[1])
    for pair in parts[2].split(",") if len(parts) > 2 else []:
        key, _, value = pair.partition("=")
        convert: Callable[[str], object] = {
            "after": int, "code": int, "size": int, "seconds": float
        }.get(key, str)  # fmt: skip
        if key not in {"after", "code", "size", "seconds", "path", "name", "to"}:
            raise ValueError(f"{text!r}: unknown fault setting {key!r}")
        setattr(fault, key, convert(value))
    return prefix, fault


def _rows(value: object) -> list[dict[str, object]] | None:
    """Return the longest list of objects within a document: its rows."""
    best: list[dict[str, object]] | None = None
    stack = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)
            is_rows = here and all(isinstance(row, dict) for row in here)
            if is_rows and len(here) > len(best or []):
                best = here
    return best


def _edit(rows: list[dict[str, object]], fault: Fault) -> None:
    match fault.kind:
        case Kind.DUPLICATE:
            rows.append(dict(rows[0]))
        case Kind.HOSTILE:
            rows[0][fault.name] = f"evil/{HOSTILE_NAME}"
        case Kind.MISSING_FIELD:
            for row in rows:
                row.pop(fault.name, None)
        case Kind.WRONG_TYPE:
            for row in rows:
                row[fault.name] = {"unexpected": True}
        case _:
            raise ValueError(f"{fault.kind} does not edit rows")


def spoil_document(answer: Answer, fault: Fault) -> Answer:
    """Return the JSON answer with its rows spoilt; an answer without rows is left as it was."""
    if not isinstance(answer.body, bytes):
        return answer
    value = json.loads(answer.body)
    rows = _rows(value)
    if rows:
        _edit(rows, fault)
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(answer.status, body, answer.headers, answer.type)


def huge_body(size: int) -> Iterator[bytes]:
    """Yield `size` bytes that begin like a page of models and never end one."""
    start = b'[{"id":"a/b","tags":["'
    yield start
    sent = len(start)
    block = b"x" * _MEGABYTE
    while sent < size:
        piece = block[: size - sent]
        sent += len(piece)
        yield piece


def bomb_body(size: int) -> bytes:
    """Return a gzip body of a few megabytes at most that unpacks to about `size` bytes."""
    block = gzip.compress(b" " * (8 * _MEGABYTE), 9)
    return block * max(1, size // (8 * _MEGABYTE))


def trickle(body: bytes, seconds: float, pieces: int = 20) -> Iterator[bytes]:
    """Yield the body in pieces, taking about `seconds` in all."""
    step = max(1, -(-len(body) // pieces))
    pause = Event()
    for start in range(0, len(body), step):
        pause.wait(seconds / pieces)
        yield body[start : start + step]
