"""The JSON schemas of what the program prints and publishes."""

import json
from functools import cache
from importlib.resources import files


@cache
def schema(name: str) -> dict[str, object]:
    """Return the schema of a document by name (`status`, `annual`…); KeyError if there is none."""
    file = files("reports") / "schemas" / f"{name}.json"
    if not file.is_file():
        raise KeyError(name)
    document = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError(f"{file}: an object")
    return document


def names() -> tuple[str, ...]:
    """Return the names of all schemas."""
    folder = files("reports") / "schemas"
    return tuple(sorted(f.name.removesuffix(".json") for f in folder.iterdir()))
