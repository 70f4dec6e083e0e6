"""Converts the fetched SmolLM2 (GGUF, Q4_1) to the checkpoint in single precision that vLLM and Transformers load.

Run it from the top folder with a Python that has transformers and gguf:

    python -m tests.tools.convert_smollm2 FILE.gguf FOLDER

Half a minute, 0.5 GB. A folder that is there stays as it is.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def convert(file: Path, folder: Path) -> None:
    """The library writes no model that it has read from GGUF, so the weights go into a fresh one of the same shape."""
    source = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    read = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    config = read.config
    # Else whoever loads the folder looks for the GGUF file.
    del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    fresh.load_state_dict(read.state_dict())
    fresh.generation_config = read.generation_config
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary) / folder.name
        fresh.save_pretrained(made)
        AutoTokenizer.from_pretrained(**source).save_pretrained(made)
        try:
            made.replace(folder)
        except OSError:
            # Other tests that run at the same time may have made it.
            if not folder.is_dir():
                raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    convert(given.file, given.folder)
    print(given.folder)


if __name__ == "__main__":
    main()
