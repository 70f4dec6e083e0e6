#!/usr/bin/env bash
# Package: xllamacpp 2026.10.11549, llama.cpp's server with OpenAI's chat API. Its model here is written on the spot.
# Expected: where the model's chat template has no place for functions, a request with `tools` and tool_choice
#           "required" is refused with a 400, or the reply is kept to a call of one of them.
# Happens:  both fields are left out: the reply is a 200 with a text, no call, and as many prompt tokens as without
#           functions. Only chat_template_caps at /props tells that this is so.
# Matters:  an agent that calls functions gets texts alone, and its run looks like a model that cannot do the tasks.
# Cost:     about 40 s on two busy cores, 240 MB in a temporary folder.
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


TOOLS = [
    {
        "type": "function",
        "function": {"name": "stop", "description": "End the task.", "parameters": {"type": "object", "properties": {}}},
    }
]


def get(address, path, body=None):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address + path, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, json.load(answer)


write_model("tiny.gguf")
server = serve("tiny.gguf")
print("package:  xllamacpp", version("xllamacpp"))
print("expected: a 400, or a reply that calls the function")
asked = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 20}
address = server.listening_address
(_, without), (status, offered) = (
    get(address, "/v1/chat/completions", asked | more) for more in ({}, {"tools": TOOLS, "tool_choice": "required"})
)
message = offered["choices"][0]["message"]
tokens = [reply["usage"]["prompt_tokens"] for reply in (without, offered)]
caps = get(address, "/props")[1]["chat_template_caps"]
print(f"happens:  {status}, {message}; prompt tokens without and with functions: {tokens[0]}, {tokens[1]}")
print(f"          /props: supports_tools is {caps['supports_tools']}")
same = status == 200 and "tool_calls" not in message and tokens[0] == tokens[1] and caps["supports_tools"] is False
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  grep --text -v " I " server.log | tail -20 >&2
  exit 1
fi
