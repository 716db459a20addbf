"""`tocsin housekeeping`: what the daemon does once a night, now."""

from dataclasses import asdict

import typer

from monitor.cli.console import JsonFlag, installation, out, print_json
from monitor.housekeeping import housekeeping as keep_house


def housekeeping(context: typer.Context, json: JsonFlag = False) -> None:
    """Keep house now: sweep, thin out by policy, rewrite scattered files as sorted ones.

    The daemon does it once a night (daemon.house); both may run at once. Files that leave the
    record stay on disk for a day, for whoever still reads them.
    """
    done = keep_house(installation(context))
    if json:
        print_json(asdict(done))
        return
    gone, small = done.gone, done.compacted
    out.print(f"removed: {done.orphans} orphans, {done.removed} files retired a day ago")
    out.print(
        f"thinned out: {gone.batches} batches, {gone.files} files, {gone.bytes / 1e6:,.1f} MB"
    )
    out.print(f"refused payloads forgotten: {gone.refused}")
    out.print(f"raw pages forgotten: {gone.raw_files} files, {gone.raw_bytes / 1e6:,.1f} MB")
    out.print(
        f"compacted: {small.files} files into {small.into}, "
        f"{small.bytes_before / 1e6:,.1f} MB into {small.bytes_after / 1e6:,.1f} MB"
    )
