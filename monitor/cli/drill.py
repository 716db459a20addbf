"""`tocsin drill`: rehearse a rise, from transition to delivery."""

from typing import Annotated

import typer

from monitor.alerts.opening import open_desk
from monitor.alerts.outbox import deliver_due
from monitor.cli.acting import acting
from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.record import fold
from monitor.response.drill import drill as rehearse
from monitor.store.alerts import AlertRow
from monitor.store.engine import reading
from rules.types import Level, Risk


def drill(
    context: typer.Context,
    risk: Risk,
    to: Annotated[Level, typer.Option("--level", help="yellow or red.")] = Level.YELLOW,
    json: JsonFlag = False,
) -> None:
    """Run the whole chain, marked 演练 / exercise: outside the record, never to the public.

    Notices are delivered at once. Exit code 3 if one could not be.
    """
    opened = installation(context)
    current = fold(opened, opened.method, opened.now().replace(microsecond=0)).last
    desk = open_desk(opened)
    with acting(context) as person:
        notices = rehearse(
            person.session, desk, current, risk, level=to, identity=person.who, now=person.now
        )
        alert_id = notices[0].alert_id
    sent = deliver_due(opened.engine, desk, opened.now(), "drill")
    with reading(opened.engine) as session:
        number = session.get_one(AlertRow, alert_id).number
    if json:
        print_json(
            {
                "alert": number,
                "risk": risk.value,
                "level": to.value,
                "exercise": True,
                "notices": [n.id for n in notices],
                "delivered": sent.delivered,
                "failed": sent.again + sent.dead,
            }
        )
    else:
        out.print(f"演练 exercise {number}: {risk.value} to {to.value}; {sent.delivered} delivered")
    raise typer.Exit(3 if sent.failed else 0)
