"""A time zone in a settings file, by its name in the tz database."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("a zone of the tz database, such as Asia/Shanghai") from error
    return value


Zone = Annotated[str, AfterValidator(_known)]
"""Name of a zone; one that does not exist is refused."""
