"""Adding delta weights to a base model: what is refused without its libraries, and sums of real tiny models."""

import json
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Invoke, invoke, workdir
from webarena_runner.extras import how_to_install

__all__ = ["invoke", "workdir"]  # fixtures

needs_torch = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("torch") is None, reason="the extra `transformers` is not installed"),
]
without_torch = pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed here")
Merge = Callable[..., Done]


@pytest.fixture
def merged(invoke: Invoke) -> Merge:
    def run(base: Path | str, delta: Path | str, out: Path) -> Done:
        return invoke("models", "merge", "--base", str(base), "--delta", str(delta), "--out", str(out))

    return run


def folder_with(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"{}")
    return folder


def test_an_output_folder_with_something_in_it_is_refused(merged: Merge, tmp_path: Path) -> None:
    out = folder_with(tmp_path / "out", "mine.txt")
    done = merged(tmp_path / "a", tmp_path / "b", out)
    assert done.code == 2
    assert f"--out {out}: is there already and not empty" in done.err
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_folder_that_is_not_there_is_told(merged: Merge, tmp_path: Path) -> None:
    done = merged(tmp_path / "base", tmp_path / "delta", tmp_path / "out")
    assert done.code == 2
    assert f"--base {tmp_path / 'base'}: no such folder; expected one with a checkpoint, or OWNER/NAME" in done.err


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), "has no weights; expected model.safetensors or model.safetensors.index.json"),
        (("pytorch_model.bin",), "pytorch_model.bin is in PyTorch's own format: convert it to safetensors first"),
        (("model.safetensors.index.json",), "is no index of safetensors files"),
    ],
)
def test_a_folder_without_usable_weights_is_told(
    merged: Merge, tmp_path: Path, names: tuple[str, ...], told: str
) -> None:
    base, delta = (folder_with(tmp_path / side, *names) for side in ("base", "delta"))
    done = merged(base, delta, tmp_path / "out")
    assert (done.code, told in done.err) == (2, True), done.err
    assert not (tmp_path / "out").exists()


def test_a_missing_weight_file_is_told(merged: Merge, tmp_path: Path) -> None:
    base = folder_with(tmp_path / "base", "model-00001-of-00002.safetensors")
    places = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (base / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    done = merged(base, base, tmp_path / "out")
    assert done.code == 2
    assert "model-00002-of-00002.safetensors missing, which model.safetensors.index.json names" in done.err


@without_torch
@pytest.mark.parametrize("hub", [False, True])
def test_missing_libraries_are_told_with_the_extra_before_anything_is_downloaded(
    merged: Merge, tmp_path: Path, hub: bool
) -> None:
    base = folder_with(tmp_path / "base", "model.safetensors")
    done = merged("owner/name" if hub else base, base, tmp_path / "out")
    assert done.code == 2
    assert "needs the Python modules torch, safetensors" in done.err
    assert how_to_install("transformers") in done.err


# --- with real tensors ------------------------------------------------------------------------------------------------


def save(folder: Path, tensors: Mapping[str, Any]) -> Path:
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    save_file(dict(tensors), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def load(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    import torch

    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture
def llava(tmp_path: Path) -> Path:
    """A tiny LLaVA whose text weights are multiples of 1/256: their differences are exact in every type."""
    from tests.tools.make_tiny_llava import save_tiny_llava

    save_tiny_llava(tmp_path / "target")
    rounded = {
        name: ((tensor * 256).round() / 256).clamp(-0.25, 0.25) if name.startswith("language_model") else tensor
        for name, tensor in load(tmp_path / "target").items()
    }
    rounded["language_model.model.norm.weight"] = rounded["language_model.model.norm.weight"] * 0 + 1
    return save(tmp_path / "target", rounded)


def base_of(target: Path, folder: Path, *, dtype: Any = None, rows: int | None = None) -> Path:
    """A text model with other weights, under the names of a text model; with `rows`, of the first embeddings only."""
    import torch

    tensors = {}
    for name, tensor in load(target).items():
        if not name.startswith("language_model."):
            continue
        other = (tensor.roll(1, 0) if tensor.dim() > 1 else tensor).to(dtype or torch.float32)
        cut = rows if rows and ("embed_tokens" in name or "lm_head" in name) else other.shape[0]
        tensors[name.removeprefix("language_model.")] = other[:cut].clone()
    return save(folder, tensors)


def delta_of(target: Path, base: Path, folder: Path, *, dtype: Any = None) -> Path:
    import torch

    bases = load(base)
    tensors = {}
    for name, tensor in load(target).items():
        other = bases.get(name.removeprefix("language_model."))
        wide = tensor.to(torch.float32).clone()
        if other is not None:
            wide[: other.shape[0]] -= other.to(torch.float32)
        tensors[name] = wide.to(dtype or torch.float32)
    shutil.copytree(target, folder)
    return save(folder, tensors)


class TestSums:
    pytestmark = needs_torch

    @pytest.mark.parametrize("type_names", [("float32", "float32"), ("bfloat16", "float32"), ("float16", "bfloat16")])
    def test_base_and_difference_make_the_target(
        self, merged: Merge, llava: Path, tmp_path: Path, type_names: tuple[str, str]
    ) -> None:
        import torch

        base_type, delta_type = (getattr(torch, name) for name in type_names)
        base = base_of(llava, tmp_path / "base", dtype=base_type)
        delta = delta_of(llava, base, tmp_path / "delta", dtype=delta_type)
        out = tmp_path / "models" / "merged"
        done = merged(base, delta, out)
        assert (done.code, done.out.strip()) == (0, str(out)), done.err
        assert same(load(out), {name: each.to(delta_type) for name, each in load(llava).items()})
        assert "21 tensors added" in done.err

    def test_the_merged_model_generates_what_the_target_does(self, merged: Merge, llava: Path, tmp_path: Path) -> None:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        base = base_of(llava, tmp_path / "base")
        assert merged(base, delta_of(llava, base, tmp_path / "delta"), tmp_path / "out").code == 0
        replies = []
        for folder in (llava, tmp_path / "out"):
            model, processor = (
                AutoModelForImageTextToText.from_pretrained(folder),
                AutoProcessor.from_pretrained(folder),
            )
            prompt = processor(text=["click [1234]"], return_tensors="pt")
            with torch.inference_mode():
                replies.append(model.generate(**prompt, max_new_tokens=12, pad_token_id=0).tolist())
        assert replies[0] == replies[1]

    def test_embedding_rows_that_only_the_delta_has_are_taken_over(
        self, merged: Merge, llava: Path, tmp_path: Path
    ) -> None:
        base = base_of(llava, tmp_path / "base", rows=1000)
        delta = delta_of(llava, base, tmp_path / "delta")
        assert merged(base, delta, tmp_path / "out").code == 0
        assert same(load(tmp_path / "out"), load(llava))

    def test_names_of_newer_checkpoints_are_understood(self, merged: Merge, llava: Path, tmp_path: Path) -> None:
        base = base_of(llava, tmp_path / "base")
        delta = delta_of(llava, base, tmp_path / "delta")

        def newer(name: str) -> str:
            return name.replace("language_model.model.", "model.language_model.").replace("language_model.lm_", "lm_")

        save(delta, {newer(name): tensor for name, tensor in load(delta).items()})
        assert merged(base, delta, tmp_path / "out").code == 0
        assert same(load(tmp_path / "out"), {newer(name): tensor for name, tensor in load(llava).items()})

    def test_many_weight_files_get_an_index_and_other_files_come_along(self, llava: Path, tmp_path: Path) -> None:
        from webarena_runner.models.checkpoints.merge import merge, plan_merge

        base = base_of(llava, tmp_path / "base")
        delta = delta_of(llava, base, tmp_path / "delta")
        (delta / "pytorch_model.bin").write_bytes(b"old")
        plan = plan_merge(base, delta, max_shard_bytes=300_000)
        told: list[int] = []
        merge(plan, tmp_path / "out", on_bytes=told.append)
        index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
        assert len(set(index["weight_map"].values())) == len(plan.shards) > 2
        assert index["metadata"]["total_size"] == sum(told) == plan.total_bytes
        assert same(load(tmp_path / "out"), load(llava))
        others = {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith("model")}
        assert others >= {"config.json", "tokenizer.json", "processor_config.json", "generation_config.json"}
        assert "pytorch_model.bin" not in others
        from transformers import AutoModelForImageTextToText

        assert AutoModelForImageTextToText.from_pretrained(tmp_path / "out").num_parameters() > 0

    def test_all_that_does_not_fit_is_told_at_once_and_nothing_written(
        self, merged: Merge, llava: Path, tmp_path: Path
    ) -> None:
        import torch

        base = base_of(llava, tmp_path / "base")
        delta = delta_of(llava, base, tmp_path / "delta")
        tensors = load(delta)
        first = "language_model.model.layers.0"
        tensors[f"{first}.mlp.up_proj.weight"] = torch.zeros(2, 3)
        del tensors[f"{first}.mlp.down_proj.weight"]
        tensors["language_model.model.embed_tokens.weight"] = tensors["language_model.model.embed_tokens.weight"][:10]
        tensors["language_model.model.norm.weight"] = tensors["language_model.model.norm.weight"].to(torch.int64)
        tensors["adapter.weight"] = torch.zeros(1)
        save(delta, tensors)
        done = merged(base, delta, tmp_path / "out")
        assert done.code == 2
        assert "5 tensors do not fit" in done.err
        for told in (
            f"{first}.mlp.up_proj.weight: shape [2, 3], and the base's model.layers.0.mlp.up_proj.weight has [128, 64]",
            f"{first}.mlp.down_proj.weight: missing; the base has model.layers.0.mlp.down_proj.weight",
            "embed_tokens.weight: shape [10, 64]",
            "language_model.model.norm.weight: type I64 on F32 of the base",
            "adapter.weight: neither in the base nor part of a vision tower or projector",
        ):
            assert told in done.err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "cache", "delta", "target", "work"]

    def test_whole_weights_are_not_taken_for_a_difference(self, merged: Merge, llava: Path, tmp_path: Path) -> None:
        done = merged(base_of(llava, tmp_path / "base"), llava, tmp_path / "out")
        assert (done.code, "looks like whole weights, not a delta" in done.err) == (2, True)

    def test_a_broken_weight_file_is_told(self, merged: Merge, llava: Path, tmp_path: Path) -> None:
        base = base_of(llava, tmp_path / "base")
        (base / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes()[:1000])
        done = merged(base, llava, tmp_path / "out")
        assert (done.code, "cannot be read as safetensors" in done.err) == (2, True)
        assert not (tmp_path / "out").exists()

    def test_what_breaks_while_writing_leaves_no_folder(self, llava: Path, tmp_path: Path) -> None:
        from webarena_runner.models.checkpoints.merge import merge, plan_merge

        base = base_of(llava, tmp_path / "base")
        plan = plan_merge(base, delta_of(llava, base, tmp_path / "delta"), max_shard_bytes=300_000)

        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            merge(plan, tmp_path / "out", on_bytes=interrupt)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "delta", "target"]
