"""A HAR that is written as it happens can be read whatever moment its writer is killed at."""

import json
from pathlib import Path
from typing import Any

import pytest

from webarena_runner.errors import DamagedRecord
from webarena_runner.log.har import HarFile, har_text, read_har


def entry(url: str, began: str = "2026-01-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    return {"startedDateTime": began, "request": {"method": "GET", "url": url}, "response": {"status": 200}, **more}


def urls(har: dict[str, Any]) -> list[str]:
    return [each["request"]["url"] for each in har["log"]["entries"]]


def test_the_file_is_a_whole_har_after_every_entry(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.har", []
    with HarFile(path) as har:
        for number in range(4):
            seen.append(urls(json.loads(path.read_text())))
            har.add(entry(f"http://a/{number}", text="é\n\ud800"))
    assert [len(each) for each in seen] == [0, 1, 2, 3]
    assert json.loads(path.read_text())["log"]["version"] == "1.2"
    assert urls(read_har(path)) == [f"http://a/{number}" for number in range(4)]


def test_a_file_that_a_kill_cut_anywhere_has_the_entries_before_the_cut(tmp_path: Path) -> None:
    path, lengths = tmp_path / "a.har", []
    with HarFile(path) as har:
        for number in range(3):
            har.add(entry(f"http://a/{number}"))
            lengths.append(path.stat().st_size - len("\n]}}\n"))
    whole = path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert len(read_har(path)["log"]["entries"]) == sum(length <= cut for length in lengths), cut


def test_entries_are_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    with HarFile(path) as har:
        har.add(entry("http://a/picture", "2026-01-01T00:00:01.500Z"))
        har.add(entry("http://a/page", "2026-01-01T00:00:01.000Z"))
    assert urls(read_har(path)) == ["http://a/page", "http://a/picture"]


def test_the_text_of_a_har_is_the_same_har(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    with HarFile(path) as file:
        file.add(entry("http://a/1"))
        file.add(entry("http://a/2"))
    assert json.loads(har_text(read_har(path))) == read_har(path)
    empty = {"log": {"entries": [], "version": "1.2"}}
    assert json.loads(har_text(empty)) == empty


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "neither a whole HAR"),
        ("[]", "expected a HAR"),
        ('{"log":{}}', "expected a HAR"),
        ('{"log":{"entries":[{"request":{}}]}}', "entry 1 has no request"),
        ('{"log":{"entries":[\n{"request":{"url":"a"},"response":{}},\n{oh\n,\n{"request":{"url":"b"}}\n]}}', "line 3"),
    ],
)
def test_what_is_no_har_is_said_to_be_damaged(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(DamagedRecord, match=why):
        read_har(path)
