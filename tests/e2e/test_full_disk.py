"""A full disk: said in one sentence, nothing half kept, and everything goes on afterwards."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.registry import COLLECTORS
from tests.servers import daemon, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

TOCSIN = str(Path(sys.executable).with_name("tocsin"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a home on a disk of 3 MB; the shipped facts alone take more."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own needs root")
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", home], check=True)
    yield home
    subprocess.run(["umount", "-l", home], check=True)


def enlarge(home: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=300m", home], check=True)


def tocsin(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [TOCSIN, "--home", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_cycle_on_a_full_disk_says_so_and_the_next_one_is_whole(small_disk: Path) -> None:
    failed = tocsin(small_disk, "run", "--offline")
    assert failed.returncode == 1
    assert "no room is left on the disk" in failed.stderr
    assert "Traceback" not in failed.stderr
    enlarge(small_disk)
    again = tocsin(small_disk, "run", "--offline")
    assert again.returncode == 0, again.stderr
    assert "35 missing with a reason" in again.stdout
    assert tocsin(small_disk, "audit", "verify").returncode == 0


def test_a_daemon_outlives_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    off = "".join(f"  {c.source.id}: {{enabled: false}}\n" for c in COLLECTORS)
    (small_disk / "tocsin.yaml").write_text(f"daemon: {{judge: 1m}}\nsources:\n{off}")
    log = tmp_path / "log"

    def said(words: str) -> bool:
        return re.search(words, log.read_text()) is not None

    with daemon(small_disk, log=log) as process:
        until(lambda: said("crashed; the other jobs go on"), 120)
        assert process.poll() is None
        enlarge(small_disk)
        until(lambda: said("judged: misuse"), 240)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
