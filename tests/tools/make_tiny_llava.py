"""Makes a tiny LLaVA model with random weights, for tests of engines: a CLIP tower of 56 pixels and a tiny Llama 3.

Run it from the top folder with a Python that has transformers and pillow:

    python -m tests.tools.make_tiny_llava FOLDER

About 2 MB and a few seconds. Same seed, same weights. An image is 16 tokens.
"""

import argparse
from pathlib import Path

import torch
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from tests.tools.make_tiny_llama import BEGIN, CONTEXT, END, TURN_END, make_tokenizer

IMAGE = "<image>"
IMAGE_PIXELS, PATCH_PIXELS = 56, 14
IMAGE_TOKENS = (IMAGE_PIXELS // PATCH_PIXELS) ** 2


def make_processor(tokenizer: PreTrainedTokenizerFast) -> LlavaProcessor:
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]})
    images = CLIPImageProcessorPil(
        size={"shortest_edge": IMAGE_PIXELS}, crop_size={"height": IMAGE_PIXELS, "width": IMAGE_PIXELS}
    )
    return LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=PATCH_PIXELS,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=IMAGE,
    )


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlavaForConditionalGeneration:
    begin, end, turn_end, image = (tokenizer.convert_tokens_to_ids(text) for text in (BEGIN, END, TURN_END, IMAGE))
    torch.manual_seed(0)
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        bos_token_id=begin,
        eos_token_id=[end, turn_end],
        tie_word_embeddings=False,
    )
    vision = CLIPVisionConfig(
        hidden_size=64,
        intermediate_size=128,
        projection_dim=64,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=IMAGE_PIXELS,
        patch_size=PATCH_PIXELS,
    )
    # At their usual size, weights of such a small tower would let images differ too little to change a greedy reply.
    text.initializer_range, vision.initializer_range, vision.initializer_factor = 0.2, 0.2, 4.0
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            text_config=text,
            vision_config=vision,
            image_token_index=image,
            vision_feature_layer=-2,
            vision_feature_select_strategy="default",
            tie_word_embeddings=False,
        )
    )
    model.generation_config = GenerationConfig(bos_token_id=begin, eos_token_id=[end, turn_end], do_sample=False)
    return model


def save_tiny_llava(folder: Path) -> None:
    processor = make_processor(make_tokenizer())
    processor.save_pretrained(folder)
    make_model(processor.tokenizer).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    save_tiny_llava(folder)
    print(f"{folder}: {IMAGE_TOKENS} tokens an image")


if __name__ == "__main__":
    main()
