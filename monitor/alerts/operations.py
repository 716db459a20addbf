"""Tell operations what troubles the daemon, a source or the method."""

from sqlmodel import Session

from monitor.alerts.health import Trouble, raise_operations
from monitor.alerts.opening import open_desk
from monitor.context import Context


def operations_alarm(context: Context, topic: str, said: str) -> None:
    """Tell operations about the daemon itself, once a day for the same words."""
    about = f"{said[:120]}:{context.now():%Y-%m-%d}"
    alarm(context, topic, about, {"why": said[:300]})


def alarm(context: Context, topic: str, about: str, detail: dict[str, str]) -> None:
    """Tell operations; told once for the same words `about`."""
    desk = open_desk(context)
    with Session(context.engine) as session:
        raise_operations(session, desk, Trouble(topic, about, detail), context.now())
        session.commit()
