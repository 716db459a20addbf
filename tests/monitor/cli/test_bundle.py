"""Two homes, one without a network: facts are carried in, again and again, and the site out."""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.context import open_context
from monitor.record import open_view

Call = Callable[..., Any]


@pytest.fixture
def bundle(tmp_path: Path, tocsin: Call, home: Path) -> tuple[Path, str]:
    """Return what a home with a network wrote, and the hash that it printed."""
    written = tocsin("--home", str(home), "bundle", "out", str(tmp_path / "carried"))
    assert written.code == 0, written.said
    found = re.search(r"sha256 ([0-9a-f]{64})", written.out)
    assert found
    return tmp_path / "carried", found[1]


@pytest.fixture
def inside(tmp_path: Path, settings: Callable[..., Path]) -> Path:
    """Return a home whose sources are all switched off."""
    settings(tmp_path / "inside", {})
    return tmp_path / "inside"


def rows(home: Path) -> list[Any]:
    """Return what indicators read of two collected tables."""
    context = open_context(home)
    view = open_view(context, context.method).at(context.now())
    found = [
        view.execute(f"SELECT * EXCLUDE (seen_s) FROM {t} ORDER BY ALL").fetchall()
        for t in ("scores", "releases")
    ]
    view.close()
    context.engine.dispose()
    return found


def test_what_was_carried_in_is_read_as_it_is_outside(
    tocsin: Call, home: Path, inside: Path, bundle: tuple[Path, str]
) -> None:
    folder, sha256 = bundle
    taken = tocsin("--home", str(inside), "bundle", "in", str(folder), "--sha256", sha256)
    assert taken.code == 0, taken.said
    assert rows(inside) == rows(home)
    assert any(rows(inside))
    again = tocsin("--home", str(inside), "bundle", "in", str(folder))
    assert again.out.startswith("0 batches, 0 rows")

    judged = tocsin("--home", str(inside), "assess", "--json").document()
    outside = json.loads((home / "judged.json").read_text("utf-8"))
    for risk, said in judged["risks"].items():
        values = [{i["id"]: i["value"] for i in r["indicators"]}
                  for r in (said, outside["risks"][risk])]  # fmt: skip
        assert values[0] == values[1]
    entries = tocsin("--home", str(inside), "audit", "list", "--json").document()["entries"]
    assert [json.loads(e["detail"])["bundle"] for e in entries if e["action"] == "bundle.in"] == [
        sha256, sha256,
    ]  # fmt: skip
    assert tocsin("--home", str(inside), "audit", "verify").code == 0


def test_what_a_person_inside_revoked_stays_revoked(
    tocsin: Call, inside: Path, bundle: tuple[Path, str]
) -> None:
    folder, _ = bundle
    assert tocsin("--home", str(inside), "bundle", "in", str(folder)).code == 0
    batches = json.loads((folder / "bundle.json").read_text("utf-8"))["batches"]
    batch = next(b["id"] for b in batches if b["source"] == "epoch")
    command = ("quarantine", "revoke", batch, "--reason", "wrong column")
    assert tocsin("--home", str(inside), *command).code == 0
    assert tocsin("--home", str(inside), "bundle", "in", str(folder)).code == 0
    listed = tocsin("--home", str(inside), "quarantine", "list", "--all", "--json").document()
    assert [(b["id"], b["state"]) for b in listed["batches"] if b["id"] == batch] == [
        (batch, "revoked")
    ]


@pytest.mark.parametrize("how", ["hash", "file", "missing", "path"])
def test_a_bundle_that_was_changed_on_the_way_is_refused_whole(
    tocsin: Call, inside: Path, bundle: tuple[Path, str], how: str
) -> None:
    folder, sha256 = bundle
    words = ["bundle", "in", str(folder)]
    listed = json.loads((folder / "bundle.json").read_text("utf-8"))
    place = folder / "lake" / listed["files"][-1]["path"]
    if how == "hash":
        words += ["--sha256", sha256[::-1]]
    elif how == "file":
        place.chmod(0o644)
        place.write_bytes(place.read_bytes()[:-1] + b"!")
    elif how == "missing":
        place.unlink()
    else:
        shutil.copy(place, folder / "stray.parquet")
        listed["files"][-1]["path"] = "../stray.parquet"
        (folder / "bundle.json").write_text(json.dumps(listed), encoding="utf-8")
    answer = tocsin("--home", str(inside), *words)
    assert answer.code == 1
    assert "refused" in answer.err
    context = open_context(inside)
    assert context.lake.visible() == []
    assert context.lake.orphans() == []
    context.engine.dispose()


def test_the_site_is_one_file_that_proves_its_pages(tocsin: Call, inside: Path) -> None:
    command = ("--home", str(inside), "bundle", "site")
    none = tocsin(*command, str(inside / "none.zip"))
    assert none.code == 1
    assert "no site yet" in none.said
    page = inside / "site/public/zh/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>警钟</p>", encoding="utf-8")
    said = [tocsin(*command, str(inside / f"{n}.zip")).out for n in "ab"]
    first, second = ((inside / f"{n}.zip").read_bytes() for n in "ab")
    assert first == second
    assert hashlib.sha256(first).hexdigest() in said[0]
    with zipfile.ZipFile(inside / "a.zip") as packed:
        assert packed.read("zh/index.html") == page.read_bytes()
        digest = hashlib.sha256(page.read_bytes()).hexdigest()
        assert packed.read("SHA256SUMS").decode() == f"{digest}  zh/index.html\n"
