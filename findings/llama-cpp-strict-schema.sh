#!/usr/bin/env bash
# Package: xllamacpp 2026.10.11549, llama.cpp's server with OpenAI's chat API. Its model here is written on the spot.
# Expected: a reply under a strict JSON schema that ends with finish_reason "stop" is valid under that schema, or else
#           what the server cannot enforce is refused with a 400.
# Happens:  parts of it are left out and the reply is a 200: required properties beside an anyOf or oneOf (which no
#           reply can have then), the bounds of a number (those of an integer hold), the length beside a pattern.
# Matters:  "a thought, and one of these actions" yields actions without any thought; put the thought in each branch.
# Cost:     39 to 40 s on two busy cores, 246 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
  xllamacpp==2026.10.11549 gguf==0.19.0 numpy==2.4.6 jsonschema==4.26.0

if ! venv/bin/python - 2>server.log <<'PROGRAM'
import json
import sys
import urllib.request
from importlib.metadata import version

import gguf
import jsonschema
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


def one(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


THOUGHT, CLICK, BACK = {"enum": ["think"]}, one(click={"enum": [7]}), one(back={"enum": [True]})
SCHEMAS = {
    "thought beside anyOf": {**one(thought=THOUGHT), "anyOf": [CLICK, BACK]},
    "thought beside oneOf": {**one(thought=THOUGHT), "oneOf": [CLICK, BACK]},
    "number from 0 to 1": one(sure={"type": "number", "minimum": 0, "maximum": 1}),
    "pattern and minLength": one(query={"type": "string", "pattern": "^[a-z]+$", "minLength": 3}),
    "thought in each branch": {"anyOf": [one(thought=THOUGHT, click={"enum": [7]}), one(thought=THOUGHT)]},
    "integer from 0 to 1": one(sure={"type": "integer", "minimum": 0, "maximum": 1}),
    "pattern alone": one(query={"type": "string", "pattern": "^[a-z]{3}$"}),
}


def choice(address, schema):
    wanted = {"type": "json_schema", "json_schema": {"name": "action", "strict": True, "schema": schema}}
    body = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 200}
    headers = {"Content-Type": "application/json"}
    data = json.dumps({**body, "response_format": wanted}).encode()
    request = urllib.request.Request(f"{address}/v1/chat/completions", data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["choices"][0]


write_model("tiny.gguf")
server = serve("tiny.gguf")
print("package:  xllamacpp", version("xllamacpp"))
print("expected: a reply that stopped by itself is valid under its schema")
valid = {}
for name, schema in SCHEMAS.items():
    got = choice(server.listening_address, schema)
    reply = json.loads(got["message"]["content"])
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(reply)]
    valid[name] = got["finish_reason"] == "stop" and not errors
    print(f"happens:  {name}: {reply}, {got['finish_reason']}: {'; '.join(errors) or 'valid'}")
holding = ("thought in each branch", "integer from 0 to 1", "pattern alone")
same = valid == {name: name in holding for name in SCHEMAS}
sys.exit(0 if same else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  grep --text -v " I " server.log | tail -20 >&2
  exit 1
fi
