"""Sources in Chinese: titles, licences and terms, by the words that collectors give."""

from functools import cache
from importlib.resources import files

import yaml


@cache
def chinese() -> dict[str, str]:
    """Return Chinese words by the English ones; what bears a name of its own keeps it."""
    file = files("reports") / "locale" / "zh" / "sources.yaml"
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {str(en): str(zh) for en, zh in found.items()}
