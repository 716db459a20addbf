"""Which file holds which command: the one place to touch to add one."""

COMMANDS = {
    "run": "run",
    "collect": "collect",
    "assess": "assess",
    "status": "status",
    "explain": "explain",
    "backtest": "backtest",
    "calibrate": "calibrate",
    "doctor": "doctor",
    "daemon": "daemon",
    "serve": "daemon",
    "backup": "backup",
    "restore": "backup",
    "drill": "drill",
    "pendulum": "pendulum",
    "diffusion": "diffusion",
    "openness": "openness",
}
"""Command → module in this folder; the function bears the command's name."""

GROUPS: dict[str, str] = {
    "method": "method",
    "quarantine": "quarantine",
    "evidence": "evidence",
    "report": "report",
    "alert": "alert",
    "response": "response",
    "panel": "panel",
    "override": "override",
    "release": "release",
    "confirm": "confirm",
    "silence": "silence",
    "notify": "notify",
    "outbox": "outbox",
    "audit": "audit",
}
"""Group of commands → module in this folder, which holds `app`."""
