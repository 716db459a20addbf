"""Who holds which role on which day, who may sign, and when the home country works.

One person is one entry; an OS user or a key that stands under two names is refused, since the
four-eyes rule would then count one pair of eyes twice.
"""

from datetime import date, time
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from config.errors import ConfigError
from config.method import Strict, Words
from config.zone import Zone

SECTOR_WORDS = ("centre", "government", "industry", "research")


class Person(Strict):
    """Somebody who can be told, can act, or can sign."""

    name: Words
    sector: Literal["centre", "government", "industry", "research"] = "centre"
    os_users: tuple[str, ...] = ()
    """Login names on the machine where Tocsin runs."""
    keys: tuple[str, ...] = ()
    """OpenSSH public keys (`ssh-ed25519 AAAA…`) the person signs with."""
    receivers: tuple[str, ...] = ()
    """Receivers of the settings that reach this person."""


class Duty(Strict):
    """One stretch of a rota, both days included; the last that covers a day holds."""

    person: str
    from_: date | None = Field(default=None, alias="from")
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether the stretch includes `day`."""
        return (self.from_ is None or self.from_ <= day) and (
            self.until is None or day <= self.until
        )


class Calendar(Strict):
    """When the centre works; public holidays come from the home country's own calendar."""

    zone: Zone = "Asia/Shanghai"
    opens: time = time(9)
    closes: time = time(17, 30)
    days_off: tuple[date, ...] = ()
    """Beside the public holidays; also those announced after this version was built."""
    working_days: tuple[date, ...] = ()
    """Weekend days worked in exchange (调休), likewise."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens earlier than closes")
        return self


class Roster(Strict):
    """`roster.yaml`; without one there are no roles, and role routes fall back to all receivers."""

    people: dict[str, Person] = Field(default_factory=dict)
    roles: dict[str, tuple[Duty, ...]] = Field(default_factory=dict)
    calendar: Calendar = Calendar()

    @model_validator(mode="after")
    def _one_identity_one_person(self) -> Self:
        held: dict[str, str] = {}
        for name, person in self.people.items():
            marks = [f"os user {user}" for user in person.os_users]
            marks += [f"key {' '.join(key.split()[:2])[:40]}…" for key in person.keys]
            for mark in marks:
                if held.setdefault(mark, name) != name:
                    raise ValueError(f"one person for {mark} (stands under {held[mark]}, {name})")
        for role, duties in self.roles.items():
            for duty in duties:
                if duty.person not in self.people:
                    raise ValueError(f"a person of `people` in role {role} (not {duty.person!r})")
        return self

    def holder(self, role: str, day: date) -> str | None:
        """Return who holds a role on a day; None if nobody does."""
        for duty in reversed(self.roles.get(role, ())):
            if duty.covers(day):
                return duty.person
        return None

    def reach(self, role: str, day: date) -> tuple[str, ...]:
        """Return the receivers that reach the holder of a role on a day; empty if none."""
        person = self.holder(role, day)
        return self.people[person].receivers if person else ()


def load_roster(file: Path | None, receivers: set[str] | None = None) -> Roster:
    """Return the roster of `file`; an empty one for None.

    Raises ConfigError with file, key and what was expected; `receivers` are the names known.
    """
    if file is None:
        return Roster()
    try:
        roster = Roster.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise ConfigError(file, "file", f"a readable file ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ConfigError(file, "file", f"valid YAML ({error})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(file, key, first["msg"].removeprefix("Value error, ")) from error
    for name, person in roster.people.items():
        for receiver in person.receivers:
            if receivers is not None and receiver not in receivers:
                raise ConfigError(
                    file, f"people.{name}.receivers", f"a known receiver ({receiver!r})"
                )
    return roster
