"""Make a batch anew from kept pages, once a parser was mended: the source is not asked.

The rows bear the moment when their pages were fetched, and the batch is known from now on, so no
past assessment moves; marks stay where they are. Of two equal keys the new batch's row is read,
as it came later; rows that the old batch alone has are read until a person revokes it.
"""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from sqlmodel import Session

from collectors.errors import PayloadChanged
from collectors.quarantine import Severity
from collectors.registry import by_id
from monitor.audit import append
from monitor.collect import Outcome
from monitor.context import Context
from monitor.errors import LakeError
from monitor.kept import KeptBatch, begin_of, payloads
from monitor.store.runs import RunState
from monitor.sweep import Sweeping

Progress = Callable[[int, int, int], None]
"""Called with the bytes read, the payloads and the rows so far."""


@dataclass(frozen=True)
class Anew:
    """What came of the kept pages of one batch."""

    kept: str
    """The batch whose pages they are."""
    batch: str
    """The batch made of them; empty if none was."""
    outcome: Outcome

    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {"kept": self.kept, "batch": self.batch, **self.outcome.document()}


def make_anew(
    context: Context,
    kept: KeptBatch,
    *,
    actor: str,
    incomplete: bool = False,
    progress: Progress | None = None,
) -> Anew:
    """Parse the pages again, through quarantine and one commit; entered in the audit log.

    Raises LakeError where they cannot be read or are not the whole batch (unless `incomplete`);
    then, and where parse refuses one, nothing becomes visible.
    """
    begin = begin_of(kept)
    try:
        collector = by_id(begin.source)
    except KeyError as error:
        raise LakeError(f"{kept.files[0]}: of {begin.source!r}, which is no source here") from error
    run_id = f"kept-{context.now():%Y%m%dT%H%M%SZ}-{begin.source}-{secrets.token_hex(3)}"
    sweep = Sweeping.fresh(
        context, collector.source, begin.sweep, run_id, begin.is_live, instead_of=begin.batch
    )

    def note(session: Session) -> None:
        detail = {"source": begin.source, "kept": begin.batch, "payloads": sweep.payloads,
                  "rows": sweep.rows, "incomplete": incomplete}  # fmt: skip
        subject = f"batch:{sweep.batch_id}"
        now = context.now()
        append(session, at=now, actor=actor, action="collect.kept", subject=subject, detail=detail)

    with ExitStack() as unfinished:
        unfinished.callback(sweep.pause)
        try:
            for payload, read in payloads(kept, incomplete=incomplete):
                sweep.answer(payload)
                sweep.add(payload, list(collector.parse(payload)))
                if progress is not None:
                    progress(read, sweep.payloads, sweep.rows)
            findings = sweep.commit(note)
        except PayloadChanged as error:
            return Anew(begin.batch, "", Outcome(begin.source, RunState.CHANGED, str(error)))
        unfinished.pop_all()
    holding = "; ".join(dict.fromkeys(f.en for f in findings if f.severity is Severity.HOLD))
    state = RunState.UNCHANGED if not sweep.rows else RunState.DONE
    outcome = Outcome(
        begin.source, RunState.QUARANTINED if holding else state, holding, sweep.rows,
        tuple(findings),
    )  # fmt: skip
    return Anew(begin.batch, sweep.batch_id if sweep.rows else "", outcome)
