"""Start the stand-in by hand: `python -m tests.standin --data DIR`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.standin.faults import Kind, parse_fault
from tests.standin.generate import Generated
from tests.standin.server import StandIn


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.standin",
        description="One loopback server that speaks as the hubs, databases and feeds do.",
        epilog=f"Faults: {', '.join(Kind)}. Example: --fault huggingface:truncate:2:after=1",
    )
    parser.add_argument(
        "--data", type=Path, help="folder of real files; without it, our own small ones"
    )
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    parser.add_argument("--epoch-vintage", default="2026-08", choices=["2026-08", "2025-12"])
    parser.add_argument("--models", type=int, help="serve this many generated models instead")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--cache", type=Path, help="folder that keeps generated pages")
    parser.add_argument("--quota", type=int, default=500, help="requests per window")
    parser.add_argument("--window", type=float, default=300.0, help="seconds")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="SOURCE:KIND[:TIMES[:KEY=VALUE,…]]"
    )
    parser.add_argument("--print-env", action="store_true", help="print the export lines first")
    return parser


def main() -> int:
    """Serve until SIGINT or SIGTERM; the address goes to stdout, one line."""
    options = _arguments().parse_args()
    if options.data is not None and not options.data.is_dir():
        print(f"--data {options.data}: no such folder", file=sys.stderr)
        return 2
    made = Generated(options.models, options.seed, options.cache) if options.models else None
    standin = StandIn(
        options.data, port=options.port, vintage=options.epoch_vintage, catalogue=made,
        quota=options.quota, window=options.window,
    )  # fmt: skip
    try:
        for text in options.fault:
            standin.faults.add(*parse_fault(text))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with standin:
        if options.print_env:
            for name, value in standin.env().items():
                print(f"export {name}={value}")
        print(f"# stand-in at {standin.url}", flush=True)
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
