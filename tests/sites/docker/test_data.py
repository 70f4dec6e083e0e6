"""What containers need beside their images: a file in a folder, and volumes that are filled from archives."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.sites.docker.test_up import Told
from tests.support.engine.stand_in import StandIn
from webarena_runner.errors import ConfigError
from webarena_runner.official.images import IMAGES
from webarena_runner.sites.docker.data import empty_volumes, require_data, require_images
from webarena_runner.sites.docker.engine import find_engine
from webarena_runner.sites.docker.options import DockerOptions

MAP, WIKI = IMAGES["official"]["map"], IMAGES["official"]["wikipedia"]
ZIM = "wikipedia_en_all_maxi_2022-05.zim"
ARCHIVES = ("osm_tile_server.tar", "osrm_routing.tar", "nominatim_volumes.tar")


async def require(site: str, data: Path, **more: Any) -> None:
    options = DockerOptions.model_validate({"data": str(data), **more})
    await require_data(find_engine("", os.environ), [IMAGES["official"][site]], options, Told())


async def test_a_file_that_is_missing_is_told_with_where_it_is_published(engine: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"the data of wikipedia is not there.*{ZIM}.*metis.*--download.*--only"):
        await require("wikipedia", tmp_path)
    (tmp_path / "wikipedia").mkdir()
    (tmp_path / "wikipedia" / ZIM).touch()
    with pytest.raises(ConfigError, match="the file is empty"):
        await require("wikipedia", tmp_path)
    (tmp_path / "wikipedia" / ZIM).write_bytes(b"zim")
    await require("wikipedia", tmp_path)


async def test_on_another_machine_the_file_is_looked_for_by_a_container_there(
    engine: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@lab-7")
    with pytest.raises(ConfigError, match=r"is not there on lab-7.*curl --location --continue-at -"):
        await require("wikipedia", tmp_path)
    (looked,) = engine.calls("run")
    assert looked[-2:] == ["-c", f"test -s /data/{ZIM}"]
    assert f"{tmp_path}/wikipedia:/data:ro" in looked
    (tmp_path / "wikipedia").mkdir()
    (tmp_path / "wikipedia" / ZIM).write_bytes(b"zim")
    await require("wikipedia", tmp_path)


@pytest.mark.long
async def test_the_maps_volumes_are_filled_from_their_archives_and_not_again(engine: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the data of map \(volumes webarena-verified-map-tile-db\) is not there"):
        await require("map", tmp_path)
    for archive in ARCHIVES:
        (tmp_path / archive).write_bytes(b"tar")
    await require("map", tmp_path)
    filled = [words for words in engine.calls("run") if "tar" in words]
    assert len(filled) == 6
    assert filled[1][-4:] == ["/to", "--strip-components", "3", "data/routing/car"]
    assert len([words for words in engine.calls("volume") if words[1] == "create"]) == len(MAP.volumes)
    count = len(engine.calls("run"))
    await require("map", tmp_path)
    # One look into all of them.
    assert len(engine.calls("run")) == count + 1


async def test_a_disk_that_is_too_small_for_the_images_is_warned_of(engine: StandIn, tmp_path: Path) -> None:
    engine.write("images", {})
    engine.write("registry", {image.image: "" for image in IMAGES["webarena-verified"].values()})
    engine.fault(storage="/proc")
    options, told = DockerOptions.model_validate({"family": "webarena-verified"}), Told()
    await require_images(find_engine("", os.environ), [IMAGES["webarena-verified"]["reddit"]], options, told)
    (warning,) = told.warnings
    assert "about 8 GB, and /proc has 0 GB free" in warning


async def test_only_what_is_empty_is_filled(engine: StandIn) -> None:
    full = [volume.name for volume in MAP.volumes if volume.archive][1:]
    engine.write("volumes", dict.fromkeys(full, "data"))
    assert [volume.name for volume in await empty_volumes(find_engine("", os.environ), MAP)] == [
        "webarena-verified-map-tile-db"
    ]
