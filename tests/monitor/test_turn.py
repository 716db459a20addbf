"""One run at a time of one thing, whichever process asks; how a run that fails is marked."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from config.settings import Settings, StoreSettings
from monitor.context import Context
from monitor.runs import forget_interrupted, noted
from monitor.store.runs import Run, RunState
from monitor.turn import turn

HOLDER = """
import sys
from pathlib import Path
from pydantic import SecretStr
from config.settings import Settings, StoreSettings
from monitor.context import Context
from monitor.turn import turn
store = StoreSettings(url=SecretStr(sys.argv[2]))
with turn(Context(Path(sys.argv[1]), Settings(store=store), None), "collect-epoch") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def context(tmp_path: Path, store_url: str) -> Iterator[Context]:
    opened = Context(tmp_path, Settings(store=StoreSettings(url=SecretStr(store_url))), None)
    yield opened
    opened.engine.dispose()


def test_a_second_one_is_told_at_once_and_the_turn_is_free_afterwards(context: Context) -> None:
    with turn(context, "collect-epoch") as first, turn(context, "collect-epoch") as second:
        assert (first, second) == (True, False)
        with turn(context, "collect-osv") as other:
            assert other
    with turn(context, "collect-epoch") as again:
        assert again


def test_sharers_keep_out_only_who_does_not_share(context: Context) -> None:
    with turn(context, "deliver", shared=True) as one, turn(context, "deliver", shared=True) as two:
        assert (one, two) == (True, True)
        with turn(context, "deliver") as alone:
            assert not alone


def test_a_killed_process_leaves_its_turn_and_its_run_is_marked(
    context: Context, store_url: str
) -> None:
    with Session(context.engine) as session:
        for name in ("epoch", "osv"):
            run = Run(id=f"r-{name}", source=name, state=RunState.RUNNING, started_at=_now())
            session.add(run)
        session.commit()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(context.home), store_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert forget_interrupted(context) == 1  # the one that nobody has in hand
        assert _states(context) == {"r-epoch": "running", "r-osv": "crashed"}
        os.kill(holder.pid, signal.SIGKILL)
    _until_free(context)
    assert forget_interrupted(context) == 1
    assert _states(context) == {"r-epoch": "crashed", "r-osv": "crashed"}


def _until_free(context: Context) -> None:
    """Wait for PostgreSQL to notice that the client is gone."""
    from tests.servers import until

    def free() -> bool:
        with turn(context, "collect-epoch") as ours:
            return ours

    until(free)


def test_a_run_that_raises_is_marked_as_crashed_while_the_process_lives_on(
    context: Context,
) -> None:
    with pytest.raises(ZeroDivisionError), noted(context, "cycle-1") as noting:
        noting.rows = 1 // 0
    with noted(context, "cycle-2") as noting:
        assert _states(context)["cycle-2"] == "running"
        noting.rows = 7
    assert _states(context) == {"cycle-1": "crashed", "cycle-2": "done"}
    with Session(context.engine) as session:
        assert session.get_one(Run, "cycle-2").rows == 7
        assert session.get_one(Run, "cycle-2").finished_at is not None


def _states(context: Context) -> dict[str, str]:
    with Session(context.engine) as session:
        return dict(session.exec(select(Run.id, Run.state)).all())


def _now() -> datetime:
    return datetime.now(UTC)
