"""A GGUF file of a Llama with random weights and a vocabulary of bytes and a space, for the real llama.cpp: 0.6 MB."""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quantize

WIDTH, HIDDEN, HEADS, LAYERS, WINDOW = 64, 128, 4, 2, 4096
CONTROL = ("<unk>", "<|im_start|>", "<|im_end|>")
# What a space is in such a vocabulary; bytes alone would make no space of it again.
SPACE = "\u2581"
TOKENS = (*CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), SPACE)
LETTERS = range(len(CONTROL) + ord("a"), len(CONTROL) + ord("z") + 1)
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


F32 = GGMLQuantizationType.F32


def write_tiny_gguf(path: Path, *, seed: int = 0, weights: GGMLQuantizationType = F32) -> Path:
    """The same seed makes the same model; `weights` is the format of those of its layers."""
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    _add_tokens(writer)
    _add_weights(writer, np.random.default_rng(seed), vocabulary=len(TOKENS), weights=weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokens(writer: GGUFWriter) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(
        [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL, *[TokenType.BYTE] * 256, TokenType.NORMAL]
    )
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _add_weights(
    writer: GGUFWriter, draw: np.random.Generator, *, vocabulary: int, weights: GGMLQuantizationType
) -> None:
    def numbers(*shape: int) -> np.ndarray:
        return draw.normal(0, 0.4, shape).astype(np.float32)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, quantize(numbers(*shape), weights), raw_dtype=weights)

    writer.add_tensor("token_embd.weight", numbers(vocabulary, WIDTH))
    output = numbers(vocabulary, WIDTH)
    # Words, at which a reply can be told to stop, among halves of characters.
    output[LETTERS] *= 3
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{part}.weight", WIDTH, WIDTH)
        add(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
        add(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", np.ones(WIDTH, np.float32))
