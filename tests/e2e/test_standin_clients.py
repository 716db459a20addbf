"""The stand-in is good enough for clients that we did not write."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from modelscope_hub.api import HubApi
from modelscope_hub.constants import RepoType

from tests.standin import StandIn

_EXPAND = ("author", "createdAt", "downloads", "downloadsAllTime", "tags", "gated", "baseModels")


@pytest.fixture(scope="module")
def own() -> Iterator[StandIn]:
    """Return a stand-in with our own small documents."""
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="module")
def real(shared: Path) -> Iterator[StandIn]:
    """Return a stand-in with the real files."""
    with StandIn(shared / "data") as standin:
        yield standin


def hub(standin: StandIn, prefix: str = "huggingface") -> HfApi:
    """Return the Hub's own client, pointed at the stand-in."""
    return HfApi(endpoint=f"{standin.url}/{prefix}", token=False)


def test_the_hubs_client_pages_through_all_4167_models(real: StandIn) -> None:
    models = list(hub(real).list_models(sort="downloads", limit=None, expand=list(_EXPAND)))  # type: ignore[arg-type]

    ids = [m.id for m in models]
    assert len(ids) == len(set(ids)) == 4167
    counts = [m.downloads or 0 for m in models]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("sort", ["downloads", "created_at", "last_modified", "likes"])
def test_every_order_lists_each_model_once(own: StandIn, sort: str) -> None:
    models = list(hub(own).list_models(sort=sort))  # type: ignore[arg-type]

    assert len({m.id for m in models}) == len(models) == 60


def test_the_hubs_client_reads_one_model_its_scan_and_its_hashes(own: StandIn) -> None:
    own_id = "qwen-like/model-00"
    info = hub(own).model_info(own_id, files_metadata=True, securityStatus=True)

    assert info.id == own_id
    weights = next(s for s in info.siblings or [] if s.rfilename.endswith(".safetensors"))
    assert weights.lfs is not None
    assert len(weights.lfs.sha256) == 64
    assert info.security_repo_status == {"scansDone": True, "filesWithIssues": []}


def test_a_renamed_model_is_followed_and_a_missing_one_is_named(shared: Path) -> None:
    with StandIn() as standin:
        service = standin.service("huggingface")
        service.renamed["old/name"] = "qwen-like/model-00"  # type: ignore[union-attr]
        service.disabled.add("deep-lab/model-01")  # type: ignore[union-attr]

        assert hub(standin).model_info("old/name").id == "qwen-like/model-00"
        with pytest.raises(RepositoryNotFoundError):
            hub(standin).model_info("nobody/nothing")
        with pytest.raises(HfHubHTTPError, match="Access to this resource is disabled"):
            hub(standin).model_info("deep-lab/model-01")


def test_the_hubs_client_waits_as_told_after_a_429(own: StandIn) -> None:
    own.fault("huggingface", kind="rate_limited", times=1, seconds=0)
    before = len(own.asked)

    assert len(list(hub(own).list_models(limit=5))) == 5
    assert [a.status for a in own.asked[before:]] == [429, 200]


def test_the_tree_and_a_file_of_a_data_set_arrive_through_the_client(
    own: StandIn, tmp_path: Path
) -> None:
    files = list(hub(own).list_repo_tree("qwen-like/model-00", recursive=True, expand=False))
    place = hub(own).hf_hub_download(
        "lmarena-ai/leaderboard-dataset",
        "text/latest-00000-of-00001.parquet",
        repo_type="dataset",
        cache_dir=tmp_path,
    )

    assert {f.path for f in files} == {"config.json", "model.safetensors"}
    assert Path(place).read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize(
    ("stem", "count"),
    [
        ("api_models_list_2026-04-24_raw", 3),
        ("api_models_expand_2026-09_raw", 2),
        ("api_models_trending_2026-08_trimmed", 6),
    ],
)
def test_recorded_answers_are_served_byte_for_byte(
    real: StandIn, shared: Path, stem: str, count: int
) -> None:
    answer = requests.get(f"{real.url}/recorded/{stem}/api/models", timeout=10)

    assert answer.content == (shared / "data/hf_raw_fixtures" / f"{stem}.json").read_bytes()
    assert answer.headers["ratelimit-policy"] == '"fixed window";"api";q=500;w=300'
    assert len(list(hub(real, f"recorded/{stem}").list_models())) == count


def test_modelscopes_client_lists_and_reads(own: StandIn) -> None:
    api = HubApi(endpoint=f"{own.url}/modelscope")

    found = api.list_repos(RepoType.MODEL, owner="Qwen", page_size=4)
    assert [i.repo_id for i in found.items] == [f"Qwen/scope-{n}" for n in range(4)]
    assert found.total_count == 6


def test_modelscopes_window_ends_at_3000_rows(own: StandIn) -> None:
    place = f"{own.url}/modelscope/openapi/v1/models"

    inside = requests.get(place, {"page_number": "60", "page_size": "50"}, timeout=10)
    past = requests.get(place, {"page_number": "61", "page_size": "50"}, timeout=10)
    assert (inside.status_code, past.status_code) == (200, 400)


@pytest.mark.parametrize("number", range(4))
def test_recorded_osv_batches_replay_equal(real: StandIn, shared: Path, number: int) -> None:
    pair = json.loads((shared / f"data/osv/recorded_querybatch_{number}.json").read_bytes())

    answer = requests.post(f"{real.url}/osv/v1/querybatch", json=pair["request"], timeout=10)
    assert answer.status_code == pair["code"]
    assert answer.json() == pair["response"]
