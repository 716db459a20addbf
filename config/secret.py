"""Secrets of an installation: from the environment or a file; never stored, never printed."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.errors import ConfigError

SHORTEST = 6
"""Letters under which a secret is not looked for in texts: it would hide plain words."""


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """Return the secret from its setting or its file, stripped; None if neither is set.

    Raises ConfigError if the file cannot be read.
    """
    if value is not None:
        return value.get_secret_value()
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(file, "secret file", f"a readable file ({error.strerror})") from error


def secrets_of(section: BaseModel) -> frozenset[str]:
    """Return every secret that the settings hold or name a file of, passwords in URLs apart.

    A file that cannot be read is passed over: whoever needs it says so.
    """
    found: set[str] = set()
    for name, value in section:
        if isinstance(value, SecretStr):
            found |= _parts(value.get_secret_value())
        elif isinstance(value, Path) and name.removesuffix("_file") in _secret_names(section):
            with suppress(ConfigError, UnicodeDecodeError):
                found |= _parts(read_secret(None, value) or "")
        for inner in value.values() if isinstance(value, dict) else (value,):
            if isinstance(inner, BaseModel):
                found |= secrets_of(inner)
    return frozenset(found)


def _secret_names(section: BaseModel) -> set[str]:
    fields = type(section).model_fields.items()
    return {name for name, field in fields if SecretStr in (field.annotation, *_args(field))}


def _args(field: FieldInfo) -> tuple[object, ...]:
    return getattr(field.annotation, "__args__", ())


def _parts(secret: str) -> set[str]:
    """Return the secret, and the password in it if it is a URL; none so short that it is a word."""
    with suppress(ValueError):
        inner = urlsplit(secret).password or ""
        return {s for s in (secret, inner, unquote(inner)) if len(s) >= SHORTEST}
    return {secret} if len(secret) >= SHORTEST else set()
