"""Logs: one line an event, for eyes (console) or machines (JSON); never a secret, always a zone."""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar, Literal

from rich.console import Console
from rich.logging import RichHandler

_OWN = set(vars(logging.makeLogRecord({})))


HIDDEN = "•••"
"""What stands in the place of a secret."""


class Discreet(logging.Formatter):
    """A line of text without secrets, wherever in message or traceback they stood."""

    secrets: ClassVar[tuple[str, ...]] = ()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        text = self.line(record)
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def line(self, record: logging.LogRecord) -> str:
        """Return the line as it came."""
        return super().format(record)


class JsonLines(Discreet):
    """One JSON document a line; extra fields of the record are kept."""

    def line(self, record: logging.LogRecord) -> str:
        """Return the line as it came."""
        document: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        document |= {k: str(v) for k, v in vars(record).items() if k not in _OWN}
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def hide(secrets: Iterable[str]) -> None:
    """Keep these texts out of every line from now on, as they are and as JSON spells them."""
    plain = set(secrets)
    spelled = {json.dumps(s, ensure_ascii=False)[1:-1] for s in plain}
    Discreet.secrets = tuple(sorted(plain | spelled, key=len, reverse=True))  # longer ones first


def configure_logging(
    style: Literal["console", "json"], *, verbose: bool = False, quiet: bool = False
) -> None:
    """Send logs to stderr in the asked style; libraries are heard from WARNING on.

    `quiet` is for commands that show their progress themselves: ours too from WARNING on.
    """
    handler: logging.Handler
    if style == "json":
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
    else:
        handler = RichHandler(
            console=Console(stderr=True), show_path=False, markup=False, log_time_format="%FT%TZ"
        )
        handler.setFormatter(Discreet("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    ours = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    for name in ("monitor", "collectors", "rules", "reports", "config"):
        logging.getLogger(name).setLevel(ours)
    for name in ("apscheduler.scheduler", "apscheduler.executors.default"):
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
