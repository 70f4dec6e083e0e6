#!/usr/bin/env bash
# Package: xllamacpp 2026.10.11549, llama.cpp's server with OpenAI's chat API. Its model here is written on the spot.
# Expected: with n=2 the usage counts the tokens of both replies, as OpenAI's does.
# Happens:  it counts those of one: 31 completion tokens for two replies of 31 each.
# Matters:  the tokens that a vote among n replies took come out n times too small, and their price with them.
# Cost:     33 to 61 s on two busy cores, 241 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
  xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.4.6

if ! venv/bin/python - 2>server.log <<'PROGRAM'
import json
import sys
import urllib.request
from importlib.metadata import version

import gguf
import numpy as np
import xllamacpp

WIDTH = 32


def write_model(path):
    """A Llama of one layer of zeros: which byte it likes best depends on nothing but the byte, on any machine."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(1024)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))])
    writer.add_token_scores([0.0] * 259)
    writer.add_token_types([2, 3, 3, *[6] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    likes = np.arange(259) / 259
    likes[[2, 3 + ord('"')]] = 3, 2  # the end best of all, then a quotation mark, then the higher byte
    writer.add_tensor("token_embd.weight", np.ones((259, WIDTH), np.float32))
    writer.add_tensor("output.weight", np.repeat(likes[:, None] / WIDTH, WIDTH, axis=1).astype(np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{part}.weight", np.zeros((WIDTH, WIDTH), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(path):
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.n_ctx, params.n_parallel = 2048, 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(params)


def reply(address, **fields):
    body = {"messages": [{"role": "user", "content": "hi"}], "temperature": 1, "logprobs": True, **fields}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/v1/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


write_model("tiny.gguf")
server = serve("tiny.gguf")
print("package:  xllamacpp", version("xllamacpp"))
print("expected: completion_tokens is the sum over the replies")
seen = {}
for n in (1, 2):
    answer = reply(server.listening_address, n=n, seed=1, max_tokens=60, grammar="root ::= [ab]{30}")
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    tokens = [len(choice["logprobs"]["content"]) for choice in answer["choices"]]
    seen[n] = tokens, answer["usage"]["completion_tokens"]
    print(f"happens:  n={n}: {texts}")
    print(f"          tokens with a logprob, by reply: {tokens}; usage: {answer['usage']}")
same = seen == {1: ([31], 31), 2: ([31, 31], 31)}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  grep --text -v " I " server.log | tail -20 >&2
  exit 1
fi
