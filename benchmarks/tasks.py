"""The measured tasks, each in a process of its own: `python -m benchmarks.tasks NAME …`."""

import json
import sys
from collections.abc import Callable, Mapping

from benchmarks import floor, judge, outbox, sweep

TASKS: dict[str, Callable[..., Mapping[str, float | str]]] = {
    "bound": floor.bound,
    "plain": floor.plain,
    "client": sweep.client_and_write,
    "ours": judge.ours,
    "typed": judge.typed,
    "typed_in_place": judge.typed_in_place,
    "sqlite": judge.on_sqlite,
    "pandas": judge.on_pandas,
    "outbox": outbox.deliver,
}


def main() -> None:
    """Run the named task and print its figures as JSON."""
    name, *arguments = sys.argv[1:]
    print(json.dumps(TASKS[name](*arguments)))


if __name__ == "__main__":
    main()
