"""The files of a method: read as text once, hashed as one, YAML without silent duplicates."""

import hashlib
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from config.errors import ConfigError

SUFFIXES = (".yaml", ".sql", ".md")


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in


class _Loader(_Safe):  # type: ignore[misc]
    """Safe YAML in which a key given twice is an error, not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} twice", key_node.start_mark
                )
            seen.add(key)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def read_document(file: Path, text: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds; ConfigError if it is none."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "(whole file)"
        problem = getattr(error, "problem", None) or "broken"
        raise ConfigError(file, where, f"valid YAML ({problem})") from error
    if not isinstance(found, dict):
        raise ConfigError(file, "(whole file)", "a mapping of keys")
    return {str(key): value for key, value in found.items()}


def read_files(root: Path) -> dict[str, str]:
    """Return path inside `root` → text of every file of a method, sorted by path."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        try:
            found[path.relative_to(root).as_posix()] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(path, "(whole file)", "UTF-8 text") from error
    return found


def digest(files: dict[str, str]) -> str:
    """Return one SHA-256 over paths and texts, each with its length, so that nothing can shift."""
    whole = hashlib.sha256()
    for name, text in sorted(files.items()):
        body = text.encode()
        whole.update(f"{len(name)}:{name}:{len(body)}:".encode() + body)
    return whole.hexdigest()
