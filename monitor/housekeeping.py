"""What is done once a night: files swept, thinned out and compacted, the review recalled."""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from monitor.alerts.operations import alarm
from monitor.compaction import Compacted, compact
from monitor.context import Context
from monitor.cycle import sweep
from monitor.retention import Forgotten, forget
from monitor.revision import reminds_on, review_reminder
from monitor.runs import forget_interrupted, noted, turn_of
from monitor.turn import own_turn

log = logging.getLogger(__name__)

READING = timedelta(days=1)
"""How long a file that left the record stays for who may still read it, a backup for instance."""


@dataclass(frozen=True)
class Housework:
    """What a round of housekeeping did."""

    orphans: int
    removed: int
    """Files that left the record a day ago or more."""
    gone: Forgotten
    compacted: Compacted


def housekeeping(context: Context) -> Housework:
    """Keep house and return what was done; may be done at any time, twice or beside a daemon."""
    run_id = f"house-{context.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    with own_turn(context, turn_of(run_id, "")), noted(context, run_id):
        return _keep_house(context)


def _keep_house(context: Context) -> Housework:
    forget_interrupted(context)  # a full disk may have kept a run from noting its own end
    removed = context.lake.remove_retired(context.now() - READING)
    done = Housework(sweep(context), removed, forget(context), compact(context))
    log.info(
        "house: %d orphans, %d retired files removed, %d old batches (%.1f MB), %d refused "
        "payloads, %d files of raw pages (%.1f MB), %d files compacted into %d",
        done.orphans, done.removed, done.gone.batches, done.gone.bytes / 1e6, done.gone.refused,
        done.gone.raw_files, done.gone.raw_bytes / 1e6, done.compacted.files, done.compacted.into,
    )  # fmt: skip
    today = context.now().date()
    if reminds_on(context.method, today):
        reminder = review_reminder(context.method, today) or {}
        alarm(context, "method_review", f"{context.method.version}:{today}", reminder)
    return done
