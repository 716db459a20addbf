"""CVSS base scores computed from vectors, because advisories carry vectors and not numbers."""

from collections.abc import Iterable

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

_MAX_VECTOR = 400


def base_score_x10(vector: str) -> int | None:
    """Return the base score × 10 (0–100) of a CVSS 2.0, 3.x or 4.0 vector; None if it is none.

    Source: the specifications of FIRST, by the package `cvss`.
    """
    vector = vector.strip()
    if len(vector) > _MAX_VECTOR:
        return None
    try:
        if vector.startswith("CVSS:4"):
            score = CVSS4(vector).base_score
        elif vector.startswith("CVSS:3"):
            score = CVSS3(vector).base_score
        else:
            score = CVSS2(vector).base_score
    except CVSSError:
        return None
    return round(float(score) * 10)


def _version(vector: str) -> int:
    return int(vector[5]) if vector.startswith(("CVSS:4", "CVSS:3")) else 2


def newest_score_x10(vectors: Iterable[str]) -> int | None:
    """Return the highest score of the newest CVSS version among the vectors; None without any.

    One flaw is often scored in two versions; FIRST asks to read the newest one.
    """
    scored = [(_version(v), s) for v in vectors if (s := base_score_x10(v)) is not None]
    if not scored:
        return None
    newest = max(version for version, _ in scored)
    return max(score for version, score in scored if version == newest)


def rating(score_x10: int | None) -> str | None:
    """Return none, low, medium, high or critical after CVSS 3.1 §5; None for no score."""
    if score_x10 is None:
        return None
    for name, from_x10 in (("critical", 90), ("high", 70), ("medium", 40), ("low", 1)):
        if score_x10 >= from_x10:
            return name
    return "none"
