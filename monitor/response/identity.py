"""Who acts: a user of this machine's operating system, or the holder of a registered key.

A name typed on the command line proves nothing, so none is accepted. A key is an Ed25519 key as
`ssh-keygen -t ed25519` makes it; its public half stands in the roster under one person.
"""

import base64
import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from config.roster import Roster
from monitor.errors import ResponseError


@dataclass(frozen=True)
class Identity:
    """A proven identity, and the person of the roster it belongs to, if any."""

    mark: str
    """`os:alice` or `key:SHA256:…`."""
    person: str | None

    def __str__(self) -> str:
        return f"{self.person} ({self.mark})" if self.person else self.mark


@dataclass(frozen=True)
class Signed:
    """A statement with the signature that proves it."""

    identity: Identity
    statement: str
    signature: str


def os_identity(roster: Roster) -> Identity:
    """Return the user this process really runs as; environment variables are not asked."""
    name = pwd.getpwuid(os.getuid()).pw_name
    owner = next((p for p, who in roster.people.items() if name in who.os_users), None)
    return Identity(f"os:{name}", owner)


def fingerprint(public: Ed25519PublicKey) -> str:
    """Return the key's fingerprint as OpenSSH prints it."""
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _public(line: str) -> Ed25519PublicKey | None:
    try:
        found = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, Ed25519PublicKey) else None


def key_identity(roster: Roster, public: Ed25519PublicKey) -> Identity:
    """Return whose key this is. Raises ResponseError for a key that nobody registered."""
    mark = fingerprint(public)
    for person, who in roster.people.items():
        for line in who.keys:
            registered = _public(line)
            if registered is not None and fingerprint(registered) == mark:
                return Identity(f"key:{mark}", person)
    raise ResponseError(f"the key {mark} is not registered in the roster")


def sign(roster: Roster, private_key: Path, statement: str) -> Signed:
    """Return the statement signed with a registered key. Raises ResponseError."""
    try:
        key = load_ssh_private_key(private_key.read_bytes(), password=None)
    except OSError as error:
        raise ResponseError(f"{private_key}: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ResponseError(
            f"{private_key}: expected an OpenSSH Ed25519 key, no passphrase"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ResponseError(f"{private_key}: expected an Ed25519 key")
    identity = key_identity(roster, key.public_key())
    signature = base64.b64encode(key.sign(statement.encode())).decode()
    return Signed(identity, statement, signature)


def verify(roster: Roster, signed: Signed) -> bool:
    """Return whether a registered key of that identity made the signature."""
    for who in roster.people.values():
        for line in who.keys:
            public = _public(line)
            if public is None or f"key:{fingerprint(public)}" != signed.identity.mark:
                continue
            try:
                public.verify(base64.b64decode(signed.signature), signed.statement.encode())
            except InvalidSignature:
                return False
            return True
    return False


def second_pair_of_eyes(roster: Roster, author: str, second: Identity) -> None:
    """Check that `second` is another person than the one recorded as `author`.

    Raises ResponseError for the same identity, for one person behind two identities, and, where a
    roster names people, for a signer it does not know: two unknown names may be one person.
    """
    first = parse_identity(author)
    if first.mark == second.mark:
        raise ResponseError("the author cannot be the second pair of eyes")
    if first.person is not None and first.person == second.person:
        raise ResponseError(f"both identities belong to {first.person}: two people must sign")
    if roster.people and second.person is None:
        raise ResponseError(f"{second.mark} is nobody in the roster, so may be the author")
    if roster.people and first.person is None:
        raise ResponseError(
            f"the author {first.mark} is nobody in the roster, so may be the signer"
        )


def parse_identity(text: str) -> Identity:
    """Return the identity that `str()` wrote."""
    if text.endswith(")") and " (" in text:
        person, _, mark = text[:-1].partition(" (")
        return Identity(mark, person)
    return Identity(text, None)
