"""Finding a browser and getting one, with programs on a PATH of the tests' own."""

import json
import sys
from pathlib import Path

import playwright
import pytest

from webarena_runner.browser.find import USUAL_PLACES, find_browser, install_browser, launch_args
from webarena_runner.errors import BrowserMissing


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; Playwright has downloaded nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    return folder


def test_chrome_goes_before_chromium(path: Path) -> None:
    program(path, "chromium", "echo Chromium 150.0.1.2")
    chrome = program(path, "google-chrome-stable", "echo Google Chrome 151.0.3.4")
    found = find_browser(usual_places=())
    assert (found.path, found.kind, found.version) == (chrome, "chrome", "151.0.3.4")


def test_a_headless_shell_goes_first_unless_a_window_is_wanted(path: Path) -> None:
    chrome = program(path, "google-chrome", "echo Google Chrome 151.0.3.4")
    shell = program(path, "chromium-headless-shell", "echo Chromium 150.0.1.2")
    found = find_browser(usual_places=())
    assert (found.path, found.kind, found.is_shell) == (shell, "headless-shell", True)
    with_window = find_browser(headless=False, usual_places=())
    assert (with_window.path, with_window.is_shell) == (chrome, False)


def test_a_browser_that_is_there_and_does_not_answer_is_named_with_the_reason(path: Path) -> None:
    shell = program(path, "chromium-headless-shell", "echo libnss3.so: cannot open shared object file >&2; exit 127")
    with pytest.raises(BrowserMissing) as raised:
        find_browser(usual_places=())
    assert f"({shell}: libnss3.so: cannot open shared object file)" in str(raised.value)


def test_the_headless_shell_that_playwright_downloaded_is_found(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = json.loads((Path(playwright.__file__).parent / "driver/package/browsers.json").read_text())
    (revision,) = (each["revision"] for each in browsers["browsers"] if each["name"] == "chromium-headless-shell")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "cache"))
    for number in ("1", revision):
        folder = tmp_path / "cache" / f"chromium_headless_shell-{number}" / "chrome-headless-shell-linux64"
        folder.mkdir(parents=True)
        program(folder, "chrome-headless-shell", f"echo Chromium 150.0.0.{number}")
    program(path, "google-chrome", "echo Google Chrome 151.0.3.4")
    assert find_browser(usual_places=()).version == f"150.0.0.{revision}"


def test_the_configured_browser_goes_before_all(path: Path, tmp_path: Path) -> None:
    program(path, "google-chrome", "echo Google Chrome 151.0.3.4")
    mine = program(tmp_path, "mine", "echo Chromium 149.0.0.1")
    assert find_browser(mine, usual_places=()).path == mine


def test_a_configured_browser_that_is_not_there_is_not_replaced_by_another(path: Path, tmp_path: Path) -> None:
    program(path, "google-chrome", "echo Google Chrome 151.0.3.4")
    with pytest.raises(BrowserMissing, match=r"browser\.executable is .*absent"):
        find_browser(tmp_path / "absent", usual_places=())


@pytest.mark.parametrize("script", ["exit 1", "echo not a version", "echo x >&2"])
def test_a_browser_that_does_not_answer_is_passed_over(script: str, path: Path) -> None:
    program(path, "google-chrome", script)
    good = program(path, "chromium-browser", "echo Chromium 150.0.1.2 snap")
    assert find_browser(usual_places=()).path == good


def test_usual_places_are_looked_at_after_the_path(path: Path, tmp_path: Path) -> None:
    hidden = program(tmp_path, "Chrome", "echo Google Chrome 151.0.3.4")
    assert find_browser(usual_places=[(hidden, "chrome")]).path == hidden


def test_playwrights_own_download_is_the_last_choice(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = program(tmp_path, "python", f"echo {program(tmp_path, 'own', 'echo Chromium 148.0.0.1')}")
    monkeypatch.setattr(sys, "executable", str(python))
    found = find_browser(usual_places=())
    assert (found.kind, found.version) == ("playwright", "148.0.0.1")


def test_no_browser_at_all_names_the_ways_to_get_one(path: Path) -> None:
    with pytest.raises(BrowserMissing) as missing:
        find_browser(usual_places=())
    for way in (
        "Google Chrome or Chromium",
        "playwright install chromium",
        "apt-get install chromium",
        "wa-run browser install",
    ):
        assert way in str(missing.value)


def test_installing_takes_the_headless_shell_that_is_there(path: Path) -> None:
    program(path, "chrome-headless-shell", "echo Chromium 150.0.1.2")
    said: list[str] = []
    assert install_browser(said.append, usual_places=()).version == "150.0.1.2"
    assert said == []


def test_installing_keeps_the_browser_that_is_there_when_no_headless_shell_can_be_had(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path, "google-chrome", "echo Google Chrome 151.0.3.4")
    monkeypatch.setattr(sys, "executable", str(program(tmp_path, "python", "echo no network >&2; exit 1")))
    said: list[str] = []
    assert install_browser(said.append, usual_places=()).version == "151.0.3.4"
    assert said[1].endswith("-m playwright install chromium-headless-shell")
    assert "no headless shell can be had here (Playwright's Chromium: exit 1: no network" in said[-1]


def test_a_failed_installation_says_what_was_tried(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = program(tmp_path, "python", "echo no network >&2; exit 1")
    monkeypatch.setattr(sys, "executable", str(python))
    said: list[str] = []
    with pytest.raises(BrowserMissing, match="Playwright's Chromium: exit 1: no network"):
        install_browser(said.append, usual_places=())
    assert said[0].endswith("-m playwright install chromium")


def test_installing_through_playwright_is_followed_by_finding_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    install = f"printf '#!/bin/sh\\necho Chromium 148.0.0.1\\n' > {own}; /bin/chmod +x {own}"
    python = program(tmp_path, "python", f'if [ "$1" = -m ]; then {install}; else echo {own}; fi')
    monkeypatch.setattr(sys, "executable", str(python))
    assert install_browser(lambda line: None, usual_places=()).version == "148.0.0.1"


def test_only_root_goes_without_the_sandbox() -> None:
    assert "--no-sandbox" in launch_args(root=True)
    assert "--no-sandbox" not in launch_args(root=False)


def test_macos_applications_are_usual_places() -> None:
    assert any(str(place).startswith("/Applications/Google Chrome.app") for place, _ in USUAL_PLACES)
