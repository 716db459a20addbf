"""What is kept of an incident of the AI Incident Database, whichever way it came."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from collectors.base import Payload
from collectors.document import clip, clip_or, end_of_day, iso_day, known
from collectors.errors import PayloadChanged
from collectors.record import Incident
from config.baseline.build.incidents import open_family

SOURCE_ID = "aiid"


def incident(
    payload: Payload,
    *,
    number: int,
    title: str | None,
    occurred: str,
    listed: datetime | None,
    made_by: Sequence[str],
    run_by: Sequence[str],
    classes: Mapping[int, Mapping[str, str]],
) -> Incident:
    day = iso_day(occurred)
    if day is None:
        place = f"{payload.url} incident {number}"
        raise PayloadChanged(SOURCE_ID, place, f"a date YYYY-MM-DD, not {occurred[:40]!r}")
    about = classes.get(number, {})
    ahead = listed is not None and day > listed.date()  # listed first, its date filled in later
    slugs = list(dict.fromkeys([*made_by, *run_by]))
    # A deployer may be a private person: named only where the name is that of a model.
    systems = [slug for slug in slugs if slug in made_by or open_family([slug])]
    return Incident(
        source_url=f"https://incidentdatabase.ai/cite/{number}/",
        occurred_on=day,
        published_on=listed.date() if listed else None,
        known_from=known(end_of_day(day) if ahead else listed, payload),
        incident_id=str(number),
        title=clip(title),
        risk_domain=_numeral(about.get("Risk Domain")),
        risk_subdomain=_numeral(about.get("Risk Subdomain")),
        intent=clip(about.get("Intent"), 40),
        systems=clip_or("; ".join(systems), "", 1000),
        open_family=open_family(slugs),
    )


def _numeral(heading: str | None) -> str | None:
    """Return `4` of "4. Malicious Actors & Misuse", `4.1` of its sections."""
    match = re.match(r"\s*(\d{1,2}(?:\.\d{1,2})?)\b", heading or "")
    return match[1] if match else None
