"""Makes a tiny Llama-3-style model with random weights, for tests of engines.

Run it with a Python that has transformers:

    python tests/tools/make_tiny_llama.py FOLDER

About 1.5 MB and a few seconds. Same seed, same weights.
"""

import argparse
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 2048
CONTEXT = 8192
BEGIN, END = "<|begin_of_text|>", "<|end_of_text|>"
HEADER, HEADER_END, TURN_END = "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
SPECIAL = [BEGIN, END, HEADER, HEADER_END, TURN_END]
# The published Llama-3 chat format: a header with the role, a blank line, the text, and an end-of-turn mark.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first %}{{ bos_token }}{% endif %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
WORDS = (
    "click type scroll hover press goto stop link button textbox heading image StaticText search cart checkout order",
    "The page shows a list of products with prices, ratings and reviews; the customer wants the cheapest one.",
    "Let's think step by step. The next action I will perform is ```click [1234]``` because the link opens the page.",
    "Tab 0 (current): One Stop Market | Tab 1: Forum\n\n[1] RootWebArea 'Home' focused: True\n\t[27] link 'My Account'",
    "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ http://127.0.0.1:8000/a/b?c=d&e=f#g",
)


def lines() -> list[str]:
    """Text for the tokenizer: the sentences above, and numbers and word pairs so that enough merges come together."""
    words = " ".join(WORDS).split()
    pairs = [f"{left} {right}" for left, right in zip(words, reversed(words), strict=True)]
    numbers = [f"[{number}] item {number * 37 % 1000} ${number}.99" for number in range(1000)]
    return [*WORDS, *pairs, *numbers]


def make_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines(), trainer)
    begin = tokenizer.token_to_id(BEGIN)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A {BEGIN} $B", special_tokens=[(BEGIN, begin)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=TURN_END, model_max_length=CONTEXT
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    ends = [tokenizer.convert_tokens_to_ids(END), tokenizer.convert_tokens_to_ids(TURN_END)]
    begin = tokenizer.convert_tokens_to_ids(BEGIN)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,  # heads of 32: vLLM's CPU attention knows no narrower ones
            num_key_value_heads=1,
            max_position_embeddings=CONTEXT,
            bos_token_id=begin,
            eos_token_id=ends,
            tie_word_embeddings=False,
        )
    )
    model.generation_config = GenerationConfig(bos_token_id=begin, eos_token_id=ends, do_sample=False)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    make_model(tokenizer).save_pretrained(folder)
    print(f"{folder}: {len(tokenizer)} tokens in the vocabulary")


if __name__ == "__main__":
    main()
