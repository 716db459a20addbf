"""Which file holds which command: the one place to touch to add one."""

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command stands, and its line in `tocsin --help`."""

    module: str
    """In this folder; a command's function bears its name, a group is the module's `app`."""
    help: str
    """The first sentence of the command's own help, word for word: a list imports no command."""


COMMANDS = {
    "run": Entry("run", "Run one whole cycle: collect, indicate, judge, act, tell."),
    "collect": Entry("collect", "Ask the sources and keep what they say; judge nothing."),
    "assess": Entry("assess", "Judge the levels."),
    "status": Entry(
        "status", "Show the levels of the last cycle, their indicators, the sources and the outbox."
    ),
    "explain": Entry(
        "explain",
        "Explain a level: its clauses, values, source rows, what would change it, what is unknown.",
    ),
    "backtest": Entry(
        "backtest", "Score the reconstructed record against events whose day is verified."
    ),
    "calibrate": Entry(
        "calibrate", "Propose thresholds by the rule of the Bank for International Settlements."
    ),
    "doctor": Entry(
        "doctor", "Say what would run and what is missing, with the mend. Secrets are never shown."
    ),
    "daemon": Entry(
        "daemon", "Run cycles on schedule until SIGTERM; finishes or rolls back what is in hand."
    ),
    "serve": Entry(
        "daemon",
        "Serve the site, /healthz and /metrics; on this machine alone unless told otherwise.",
    ),
    "backup": Entry("backup", "Back up store, lake, settings and roster while the daemon runs."),
    "restore": Entry(
        "backup", "Make an installation from a backup, every file checked against its hash first."
    ),
    "housekeeping": Entry(
        "housekeeping",
        "Keep house now: sweep, thin out by policy, rewrite scattered files as sorted ones.",
    ),
    "drill": Entry(
        "drill",
        "Run the whole chain, marked 演练 / exercise: outside the record, never to the public.",
    ),
    "pendulum": Entry(
        "pendulum",
        "Show the pendulum: stance, ideal, practice and deviation; the paper's seven cases.",
    ),
    "diffusion": Entry(
        "diffusion",
        "Show the diffusion classes: counts, first-party releases of the upper classes, reasons.",
    ),
    "openness": Entry(
        "openness", "List changes of openness and licence between vintages, oldest first."
    ),
}

GROUPS = {
    "method": Entry("method", "The assessment method and its versions."),
    "quarantine": Entry(
        "quarantine", "Held batches: list, show, release, drop; revoke one that was read."
    ),
    "evidence": Entry("evidence", "Evidence entered by people."),
    "report": Entry("report", "Write a report: annual, quarterly, special, alert, site."),
    "alert": Entry("alert", "Alerts: list, show, acknowledge, retract."),
    "response": Entry("response", "Response cases: steps, tasks, meeting pack."),
    "panel": Entry("panel", "Joint meeting: sign, dissent, conclude."),
    "override": Entry("override", "Overrides: set, sign, end, list."),
    "release": Entry("release", "Leave to leave red: propose, sign, list."),
    "confirm": Entry("confirm", "Tripwires: propose, sign, end, list."),
    "silence": Entry("silence", "Silences: add, end, list."),
    "notify": Entry("notify", "Prove that receivers can be reached."),
    "outbox": Entry("outbox", "Deliveries: list, retry; enable a receiver again."),
    "audit": Entry("audit", "The audit log: verify, export, list."),
    "bundle": Entry("bundle", "Without a network: facts out, facts in, the site."),
}
