"""What the manifest says of the packages in this Python."""

from importlib.metadata import version

from webarena_runner.running import machine


def test_versions_are_those_that_the_packages_say_of_themselves() -> None:
    found = machine.packages()
    assert {"playwright", "pydantic", "httpx"} <= set(found)
    assert found == {name: version(name) for name in found}
