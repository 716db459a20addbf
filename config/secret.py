"""Secrets of an installation: from the environment or a file; never stored, never printed."""

from pathlib import Path

from pydantic import SecretStr

from config.errors import ConfigError


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
