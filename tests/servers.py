"""Real servers for tests, started by the test run itself and gone with it."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def daemon(
    home: Path, *, log: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `tocsin daemon` on a home folder, its log in `HOME/log`; killed at the end."""
    command = [str(Path(sys.executable).with_name("tocsin")), "--home", str(home), "daemon"]
    with (log or home / "log").open("ab") as written:
        process = subprocess.Popen(command, stderr=written, env=env, cwd=home)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_bin() -> Path | None:
    """Return the folder of PostgreSQL's programs, None where it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server; yields its address, to which a database name is appended.

    PostgreSQL refuses to run as root, so root hands it to `postgres`. Its data lie outside
    pytest's folders, which other runs tidy away.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-", ignore_cleanup_errors=True) as name:
        yield from _running(Path(name))


def _running(folder: Path) -> Iterator[str]:
    programs = postgres_bin()
    if programs is None:
        raise FileNotFoundError("initdb")
    root = os.geteuid() == 0
    prefix = ["runuser", "-u", "postgres", "--"] if root else []
    if root:
        shutil.chown(folder, "postgres")
    user = "postgres" if root else getpass.getuser()
    data, port = folder / "data", free_port()

    def run(*words: str) -> None:
        subprocess.run([*prefix, *words], check=True, capture_output=True, cwd="/")

    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", user, "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
    log = folder / "log"
    run(str(programs / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "start")
    try:
        yield f"postgresql+psycopg://{user}@127.0.0.1:{port}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def until(ready: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until `ready()` is true; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
