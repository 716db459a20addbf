"""The run table as it is written: a run is there before its work begins, and says how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session, select

from monitor.context import Context
from monitor.store.runs import Run, RunState
from monitor.turn import turn


def turn_of(run_id: str, source: str) -> str:
    """Return the name of the turn that a run holds: its source's, or its kind's (cycle, house)."""
    return f"collect-{source}" if source else run_id.partition("-")[0]


@dataclass
class Noting:
    """How the run is going to be noted, once its work has ended."""

    state: RunState = RunState.DONE
    message: str = ""
    rows: int = 0


@contextmanager
def noted(
    context: Context, run_id: str, source: str = "", *, is_live: bool = True
) -> Iterator[Noting]:
    """Note a run while its work is done; work that raises is noted as crashed."""
    run = Run(id=run_id, source=source, state=RunState.RUNNING, started_at=context.now())
    with Session(context.engine) as session:
        session.add(run)
        session.commit()
    noting = Noting(RunState.CRASHED, "ended by an error; the traceback is in the log")
    done = Noting()
    try:
        yield done
        noting = done
    finally:
        with Session(context.engine) as session:
            row = session.get_one(Run, run_id)
            row.state, row.message, row.rows = noting.state, noting.message, noting.rows
            row.finished_at, row.is_live = context.now(), is_live
            session.commit()


def forget_interrupted(context: Context) -> int:
    """Mark runs that a kill left open as crashed; returns how many. Those in hand are spared."""
    with Session(context.engine) as session:
        open_runs = session.exec(select(Run.id, Run.source).where(Run.state == RunState.RUNNING))
        by_turn: dict[str, list[str]] = {}
        for run_id, source in open_runs:
            by_turn.setdefault(turn_of(run_id, source), []).append(run_id)
    found = 0
    for name, run_ids in by_turn.items():
        with turn(context, name) as ours:
            found += _crashed(context, run_ids) if ours else 0
    return found


def _crashed(context: Context, run_ids: list[str]) -> int:
    """Mark these runs, unless they have ended meanwhile; nothing of them was visible."""
    marked = 0
    with Session(context.engine) as session:
        for run_id in run_ids:
            run = session.get_one(Run, run_id)
            if run.state == RunState.RUNNING:
                run.state, run.message = RunState.CRASHED, "the process ended in the middle"
                run.finished_at = context.now()
                marked += 1
        session.commit()
    return marked
