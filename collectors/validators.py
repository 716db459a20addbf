"""ETag and Last-Modified by address, so that an unchanged answer is not sent again."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Validator:
    """What a conditional request sends back: ETag and Last-Modified as they came."""

    etag: str | None
    last_modified: str | None


class Validators(Protocol):
    """Validators by address.

    Whoever persists them does so with the batch: kept earlier, a killed run would be told
    "not modified" about an answer that never reached the lake.
    """

    def get(self, url: str) -> Validator | None:
        """Return what the address last answered with, or None."""
        ...

    def put(self, url: str, validator: Validator) -> None:
        """Remember what the address answered with."""
        ...


class MemoryValidators:
    """Validators that last as long as the object."""

    def __init__(self) -> None:
        self.known: dict[str, Validator] = {}

    def get(self, url: str) -> Validator | None:
        """Return what the address last answered with, or None."""
        return self.known.get(url)

    def put(self, url: str, validator: Validator) -> None:
        """Remember what the address answered with."""
        self.known[url] = validator
