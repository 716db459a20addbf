"""A process that opens a store as soon as it is told to. Argument: its URL."""

import sys

from monitor.store.engine import open_store


def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    open_store(sys.argv[1]).dispose()


main()
