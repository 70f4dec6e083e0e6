"""What the provider says of its sites before anything is started, and of its containers afterwards."""

import os
from typing import Any

import pytest

from tests.sites.docker.test_up import FORUM, up
from tests.support.engine.stand_in import StandIn
from webarena_runner.settings.records import SitesSpec
from webarena_runner.sites.docker.options import DockerOptions
from webarena_runner.sites.docker.provider import DockerSites
from webarena_runner.sites.docker.states import states_of
from webarena_runner.sites.probes.findings import Level
from webarena_runner.sites.providers import instances_of_provider


def options(**given: Any) -> DockerOptions:
    return DockerOptions.model_validate(given)


def test_each_replica_is_an_instance_which_its_containers_reset(engine: StandIn) -> None:
    given = {"only": ["shopping", "wikipedia"], "replicas": 2, "urls": {"homepage": "http://lab:4399"}}
    first, second = instances_of_provider(SitesSpec(provider="docker", options=given), os.environ)
    assert (first.urls["shopping"], second.urls["shopping"]) == ("http://localhost:7770", "http://localhost:7790")
    assert first.urls["wikipedia"] == second.urls["wikipedia"]
    assert first.urls["homepage"] == second.urls["homepage"] == "http://lab:4399"
    assert first.resetter
    assert first.resetter.sites == {"shopping"}
    assert engine.records() == []


def test_what_all_replicas_have_is_known_before(engine: StandIn) -> None:
    given = options(replicas=2, urls={"map": "http://lab:3000"})
    assert DockerSites.addresses(given, ["shopping", "map"]) == ["http://lab:3000"]
    assert DockerSites.addresses(options(), ["shopping"]) == ["http://localhost:7770"]
    assert "homepage" not in DockerSites.serves(options())


def test_results_record_the_family_and_what_comes_from_another() -> None:
    assert DockerSites.images_of(options()) == "official; map: webarena-verified"
    assert DockerSites.images_of(options(only=["shopping"])) == "official"
    assert DockerSites.images_of(options(family="webarena-verified", only=["reddit", "map"])) == "webarena-verified"


def test_the_home_page_is_taken_from_its_variable_and_no_site_with_an_image() -> None:
    environ = {"HOMEPAGE": "http://lab:4399", "SHOPPING": "http://lab:7770"}
    assert DockerSites.options_from(environ, {}) == {"urls": {"homepage": "http://lab:4399"}}
    assert DockerSites.options_from(environ, {"urls": {"homepage": "http://other"}}) == {}


def test_the_optimised_images_can_be_signed_in_to_by_header(engine: StandIn) -> None:
    given = {"family": "webarena-verified", "only": ["shopping_admin", "gitlab"], "auto_login": True}
    (instance,) = instances_of_provider(SitesSpec(provider="docker", options=given), os.environ)
    assert instance.headers == {"shopping_admin": {"X-M2-Admin-Auto-Login": "admin:admin1234"}}
    with pytest.raises(ValueError, match="only the webarena-verified images have such headers"):
        options(auto_login=True)


async def test_what_has_become_of_each_container(engine: StandIn, base: int) -> None:
    (forum,) = await up(only=["reddit"], port_base=base)
    given = options(only=["reddit", "shopping"], port_base=base)
    states = await states_of(given, os.environ)
    assert states[forum.url].level is Level.OK
    shop = next(state for state in states.values() if state.site == "shopping")
    assert (shop.found, shop.remedy) == (
        "there is no container wa-shopping-1",
        "wa-run sites up --only shopping",
    )
    engine.kill(FORUM)
    assert (await states_of(given, os.environ))[forum.url].found == "wa-reddit-1 is exited, code 137"
    engine.fault(down=True)
    down = (await states_of(given, os.environ))[forum.url]
    assert (down.level, down.remedy.partition(":")[0]) == (Level.FAIL, "the engine does not answer")
