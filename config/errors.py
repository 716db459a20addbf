"""The error an operator can mend before anything starts."""

from pathlib import Path


class ConfigError(Exception):
    """A setting, method or registry file is wrong; says file, key and what was expected."""

    def __init__(self, file: Path | str, key: str, expected: str) -> None:
        self.file, self.key, self.expected = str(file), key, expected
        super().__init__(f"{self.file}: {key}: expected {expected}")
