"""GGUF files in another format of numbers: llama.cpp reads prompts fastest in those that it has its own kernels for."""

from pathlib import Path

from webarena_runner.errors import FetchError
from webarena_runner.extras import how_to_install


def write_in_eight_bits(source: Path, target: Path) -> None:
    """The same file with its four-bit weights in Q8_0: each differs by at most a 254th of the largest of its 32.

    Raises:
        FetchError: the package gguf is not installed.
        OSError: the file cannot be written.
    """
    try:
        from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, Keys, quants
    except ModuleNotFoundError:
        raise FetchError(f"{target.name} is made with the package gguf; run: {how_to_install('local')}") from None
    wanted = GGMLQuantizationType.Q8_0
    read = GGUFReader(source)
    writer = GGUFWriter(target, read.fields[Keys.General.ARCHITECTURE].contents())
    for field in read.fields.values():
        # The writer has its own of these.
        if field.name == Keys.General.ARCHITECTURE or field.name.startswith("GGUF."):
            continue
        kind = field.types[0]
        of = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=of)
    for tensor in read.tensors:
        if tensor.tensor_type in (GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q4_1):
            numbers = quants.dequantize(tensor.data, tensor.tensor_type)
            writer.add_tensor(tensor.name, quants.quantize(numbers, wanted), raw_dtype=wanted)
        else:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
