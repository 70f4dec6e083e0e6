#!/usr/bin/env bash
# Package: xllamacpp 2026.10.11549, llama.cpp's server with OpenAI's chat API. Its model here is written on the spot.
# Expected: of the same weights, the file of four bits (Q4_1) is read with at most the work of that of eight (Q8_0),
#           which is 1.7 times as large.
# Happens:  a token of a prompt takes 1.7 to 1.9 times the processor time with Q4_1 that it takes with Q8_0. It is no
#           matter of four bits: Q4_0 takes less than either.
# Matters:  agents read far more than they write, and what is published of small models is often a Q4_1 (widths that are
#           no multiple of 256 have no newer format of four bits).
# Cost:     six minutes at a load of 14 on two cores, 240 MB in a temporary folder. The ratios are those of AVX2, for which
#           the wheel is built.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
  xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.4.6

if ! venv/bin/python - 2>server.log <<'PROGRAM'
import json
import statistics
import sys
import time
import urllib.request
from importlib.metadata import version

import gguf
import numpy as np
import xllamacpp

# The shape of SmolLM2-135M, in a few layers.
WIDTH, HIDDEN, HEADS, LAYERS, TOKENS = 576, 1536, 9, 6, 800


def write_model(path, kind):
    draw = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(1024)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))])
    writer.add_token_scores([0.0] * 259)
    writer.add_token_types([2, 3, 3, *[6] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    for name in ("token_embd", "output"):
        writer.add_tensor(f"{name}.weight", draw.normal(0, 0.1, (259, WIDTH)).astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", np.ones(WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            rows, columns = {"ffn_gate": (HIDDEN, WIDTH), "ffn_up": (HIDDEN, WIDTH), "ffn_down": (WIDTH, HIDDEN)}.get(
                part, (WIDTH, WIDTH)
            )
            weights = draw.normal(0, 0.05, (rows, columns)).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.{part}.weight", gguf.quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(path):
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.n_ctx, params.n_parallel = 1024, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(params)


def milliseconds_a_token(address, letter):
    """The server is in this process, which does nothing else."""
    body = {"messages": [{"role": "user", "content": letter * TOKENS}], "max_tokens": 1}
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    before = time.process_time()
    with urllib.request.urlopen(request, timeout=300) as answer:
        read = json.load(answer)["usage"]["prompt_tokens"]
    return 1000 * (time.process_time() - before) / read


running = {}
for kind in ("Q4_0", "Q4_1", "Q8_0"):
    write_model(f"{kind}.gguf", gguf.GGMLQuantizationType[kind])
    running[kind] = serve(f"{kind}.gguf")
    milliseconds_a_token(running[kind].listening_address, "z")
taken = {kind: [] for kind in running}
for letter in "abcde":
    for kind, server in running.items():
        taken[kind].append(milliseconds_a_token(server.listening_address, letter))
medians = {kind: statistics.median(each) for kind, each in taken.items()}
print("package:  xllamacpp", version("xllamacpp"), xllamacpp.get_system_info().strip())
print("expected: Q4_1 takes at most the processor time of Q8_0")
print("happens: ", ", ".join(f"{kind} {each:.2f}" for kind, each in medians.items()), "ms for a token of a prompt;")
print(f"          Q4_1 is {medians['Q4_1'] / medians['Q8_0']:.2f} times Q8_0")
same = medians["Q4_0"] < medians["Q8_0"] and medians["Q4_1"] > 1.25 * medians["Q8_0"]
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  grep --text -v " I " server.log | tail -20 >&2
  exit 1
fi
