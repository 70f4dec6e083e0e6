"""Packs a Llama as a GPTQ checkpoint (4 bits, groups of 32, symmetric), by hand: rounded to the nearest level.

Run it from the top folder with a Python that has transformers:

    python -m tests.tools.make_tiny_gptq FOLDER [--checkpoint FOLDER]

Of the tiny model, or of a checkpoint that there is. FOLDER/packed is in the format, FOLDER/rounded has the same weights
as plain numbers.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

from tests.tools.make_tiny_llama import make_model, make_tokenizer

BITS, GROUP = 4, 32
PER_WORD = 32 // BITS
# With a symmetric code the middle level is 0; the format stores it less one.
MIDDLE = 2 ** (BITS - 1)
QUANTISATION = {
    "quant_method": "gptq",
    "bits": BITS,
    "group_size": GROUP,
    "sym": True,
    "desc_act": False,
    "checkpoint_format": "gptq",
    "lm_head": False,
}


def levels_of(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Level of each weight, shape (out, in), and the step of each group, shape (groups, out)."""
    groups = weight.reshape(weight.shape[0], -1, GROUP)
    steps = (groups.abs().amax(dim=-1) / (MIDDLE - 1)).to(torch.float16)
    levels = (groups / steps.unsqueeze(-1).float()).round().clamp(-MIDDLE, MIDDLE - 1) + MIDDLE
    return levels.reshape(weight.shape).to(torch.int64), steps.T.contiguous()


def words_of(levels: torch.Tensor) -> torch.Tensor:
    """Eight levels along the first axis in one 32-bit word, the first in the lowest bits."""
    shifts = torch.arange(0, 32, BITS).reshape(1, PER_WORD, 1)
    words = (levels.reshape(-1, PER_WORD, levels.shape[1]) << shifts).sum(dim=1)
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


def packed_layer(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    levels, steps = levels_of(weight)
    zeros = torch.full((steps.shape[1], steps.shape[0]), MIDDLE - 1, dtype=torch.int64)
    return {
        "qweight": words_of(levels.T.contiguous()),
        "qzeros": words_of(zeros).T.contiguous(),
        "scales": steps,
        "g_idx": torch.arange(weight.shape[1], dtype=torch.int32) // GROUP,
    }


def rounded(weight: torch.Tensor) -> torch.Tensor:
    levels, steps = levels_of(weight)
    return (levels - MIDDLE) * steps.T.float().repeat_interleave(GROUP, dim=1)


def is_quantised(name: str) -> bool:
    return name.endswith("proj.weight")


def round_model(model: LlamaForCausalLM) -> None:
    for name, weight in model.named_parameters():
        if is_quantised(name):
            weight.data.copy_(rounded(weight.data))


def save_tiny_gptq(folder: Path) -> None:
    tokenizer = make_tokenizer()
    save_gptq(make_model(tokenizer), tokenizer, folder)


def save_gptq(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    round_model(model)
    for name in ("rounded", "packed"):
        tokenizer.save_pretrained(folder / name)
        model.save_pretrained(folder / name)
    file, config = folder / "packed" / "model.safetensors", folder / "packed" / "config.json"
    tensors = {}
    for name, weight in load_file(file).items():
        parts = packed_layer(weight) if is_quantised(name) else {"weight": weight.to(torch.float16)}
        tensors.update({f"{name.removesuffix('.weight')}.{part}": tensor for part, tensor in parts.items()})
    save_file(tensors, file, metadata={"format": "pt"})
    settings = json.loads(config.read_text()) | {"quantization_config": QUANTISATION, "dtype": "float16"}
    config.write_text(json.dumps(settings, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    given = parser.parse_args()
    folder = given.folder
    if given.checkpoint:
        model = LlamaForCausalLM.from_pretrained(given.checkpoint, dtype=torch.float32)
        save_gptq(model, AutoTokenizer.from_pretrained(given.checkpoint), folder)
    else:
        save_tiny_gptq(folder)
    print(f"{folder}: packed, rounded")


if __name__ == "__main__":
    main()
