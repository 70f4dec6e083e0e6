"""From text to action by the settings of a profile, also as the package's public function."""

import subprocess
import sys
from pathlib import Path

import pytest

import webarena_runner
from tests.support.action_records import recorded
from webarena_runner.actions.read import read_action
from webarena_runner.errors import ConfigError
from webarena_runner.settings.records import ActionSettings
from webarena_runner.types import Click, Goto, Invalid, PlaywrightCall, Type

URLS = {"reddit": "http://127.0.0.1:9"}


def test_the_public_function_reads_by_the_profile(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("actions:\n  action_set: playwright\n")
    assert webarena_runner.parse_action("click [12]") == Click(element_id="12")
    assert isinstance(webarena_runner.parse_action("click [id=12]"), Invalid)
    assert webarena_runner.parse_action("click [id=12]", profile="strict") == Click(element_id="12")
    code = "page.get_by_text('x').click()"
    assert isinstance(webarena_runner.parse_action(code), Invalid)
    assert isinstance(webarena_runner.parse_action(code, profile=str(own)), PlaywrightCall)


def test_a_profile_that_has_changed_is_read_again(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("actions:\n  lenient_syntax: true\n")
    assert webarena_runner.parse_action("Click [1]", str(own)) == Click(element_id="1")
    own.write_text("actions:\n  lenient_syntax: maybe\n")
    with pytest.raises(ConfigError, match=r"line 2, column 3: actions.lenient_syntax"):
        webarena_runner.parse_action("Click [1]", str(own))


def test_every_recorded_action_text_gives_the_official_action(shared: Path) -> None:
    wrong = [
        record["input"]
        for record in recorded(shared, "parse")
        if isinstance(webarena_runner.parse_action(record["input"]), Invalid)
        is not (record.get("error") in ("ActionParsingError", "IndexError"))
    ]
    assert wrong == []


def test_the_package_imports_nothing_until_it_is_asked() -> None:
    code = "import sys, webarena_runner; print([name for name in ('pydantic', 'yaml') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_only_loose_settings_take_an_address_without_a_scheme() -> None:
    for mapping in ("whole_action", "address"):
        loose = ActionSettings(loose_addresses=True, url_mapping=mapping)
        assert read_action("goto [www.reddit.com/f/a]", loose, URLS) == Goto(url="http://127.0.0.1:9/f/a")
    assert read_action("goto [www.reddit.com/f/a]", ActionSettings(), URLS) == Goto(url="www.reddit.com/f/a")


def test_public_urls_are_mapped_everywhere_as_official_or_only_in_addresses() -> None:
    typing, going = "type [5] [see https://reddit.com/f/a] [0]", "goto [http://reddit.com/f/a]"
    everywhere, addresses = ActionSettings(), ActionSettings(url_mapping="address")
    assert read_action(typing, everywhere, URLS) == Type(
        element_id="5", text="see http://127.0.0.1:9/f/a", press_enter=False
    )
    assert read_action(typing, addresses, URLS) == Type(
        element_id="5", text="see https://reddit.com/f/a", press_enter=False
    )
    for settings in (everywhere, addresses):
        assert read_action(going, settings, URLS) == Goto(url="http://127.0.0.1:9/f/a")
