"""Ask the sources, side by side or one: what each said is kept, what failed is told.

Knows nothing of levels and pages, so that `tocsin collect` need not load them.
"""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from collectors.base import Collector
from collectors.registry import COLLECTORS
from config.errors import ConfigError
from monitor.collect import Outcome, collect
from monitor.context import Context
from monitor.memory import settle
from monitor.store.runs import RunState

ASKED_AT_ONCE = 9
"""Sources asked side by side: they wait for the network, hardly for each other."""

Tell = Callable[[str, str, float | None], None]
"""Called with the step, what is said of it, and the share done (None: unknown)."""


def silent(_step: str, _said: str, _done: float | None = None) -> None:
    """Tell nobody."""


def chosen(only: Sequence[str] | None) -> tuple[Collector, ...]:
    """Return the collectors of these names, all without any; ConfigError for an unknown name."""
    known = {c.source.id: c for c in COLLECTORS}
    for name in only or ():
        if name not in known:
            raise ConfigError("command line", f"source {name!r}", f"one of {', '.join(known)}")
    return tuple(c for n, c in known.items() if not only or n in only)


def collect_all(
    context: Context,
    *,
    only: Sequence[str] | None = None,
    offline: bool = False,
    tell: Tell = silent,
) -> list[Outcome]:
    """Ask the sources side by side; one that fails or waits spoils nothing for the others."""
    collectors = chosen(only)
    settle()
    # Both are opened when first used; not by several threads at once.
    _ = (context.engine, context.lake)
    found: list[Outcome] = []
    with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="collect") as pool:
        running = [
            pool.submit(collect_one, context, collector, offline=offline, tell=tell)
            for collector in collectors
        ]
        for number, future in enumerate(running):
            found.append(future.result())
            said = f"{number + 1} of {len(collectors)} sources"
            tell("collecting", said, (number + 1) / len(collectors))
    return found


def collect_one(
    context: Context, collector: Collector, *, offline: bool = False, tell: Tell = silent
) -> Outcome:
    """Ask one source and say how it fared; a failure is told to operations once a day."""
    name = collector.source.id
    run_id = f"{context.now():%Y%m%dT%H%M%SZ}-{name}-{secrets.token_hex(3)}"
    outcome = collect(
        context,
        collector,
        run_id,
        offline=offline,
        progress=lambda source, rows: tell("collecting", f"{source}, {rows:,} rows", None),
    )
    if outcome.failed:
        held = outcome.state is RunState.QUARANTINED
        topic = "quarantined" if held else "source_failed"
        detail = {"source": name, "why": outcome.message[:300]}
        from monitor.alerts.operations import alarm  # desk and renderer: only where something fails

        alarm(context, topic, f"{name}:{context.now():%Y-%m-%d}", detail)
    return outcome
