"""Who may read an artefact, and the marking that internal ones bear."""

from reports.model import Audience


def marking(audience: Audience, lang: str, exercise: bool = False) -> str:
    """Return the words at the head of every page; public pages outside exercises bear none."""
    words = []
    if audience is Audience.INTERNAL:
        words.append("内部" if lang == "zh" else "Internal")
    if exercise:
        words.append("演练" if lang == "zh" else "Exercise")
    return " · ".join(words)
