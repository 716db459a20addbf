"""Which file holds which command: the one place to touch to add one."""

COMMANDS = {
    "run": "run",
    "collect": "collect",
    "status": "status",
    "doctor": "doctor",
    "daemon": "daemon",
    "serve": "daemon",
}
"""Command → module in this folder; the function bears the command's name."""

GROUPS: dict[str, str] = {}
"""Group of commands → module in this folder, which holds `app`."""
