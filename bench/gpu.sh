#!/bin/sh
# What the engines do with a model on this machine's GPU, in less than eight minutes and without a network:
# 16 episodes at once through vLLM, and through Transformers with sdpa and, where it is installed, flash attention.
#
#   MODEL=FOLDER [PYTHON=PYTHON] [WHEELS=FOLDER] [RUN=RUN_FOLDER] bench/gpu.sh [--device cpu] [options of bench.gpu]
#
# What has to be on the machine, or carried beside this checkout:
#   PYTHON   one with torch built for CUDA, and vllm or transformers (or both); default python3
#   WHEELS   the runner's own wheels, where PYTHON lacks them: pip download -d FOLDER -r requirements/dev.lock;
#            they go into .venv-gpu, which sees the packages of PYTHON
#   MODEL    a checkpoint with safetensors, tokenizer and chat template; tests/tools/convert_smollm2.py makes a small one
#   PATIENCE how many times longer each engine may take than on a GPU, for a look at the script on a CPU; default 1
#   RUN      a run whose pages are played, from `wa-run --model oracle --tasks smoke`; default: made pages
set -u
cd "$(dirname "$0")/.." || exit 2
PYTHON=${PYTHON:-python3}
test -n "${MODEL:-}" && test -d "$MODEL" || { echo "MODEL: set it to the folder of a checkpoint" >&2; exit 2; }
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1

if test -n "${WHEELS:-}"; then
  test -x .venv-gpu/bin/python || "$PYTHON" -m venv --system-site-packages .venv-gpu || exit 2
  .venv-gpu/bin/python -m pip install --quiet --no-index --find-links "$WHEELS" --no-deps --requirement requirements/dev.lock &&
    .venv-gpu/bin/python -m pip install --quiet --no-index --find-links "$WHEELS" --no-deps --no-build-isolation --editable . ||
    exit 2
  PYTHON=.venv-gpu/bin/python
fi

has() { "$PYTHON" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)"; }
bench() { # seconds, then the options
  limit=$(($1 * ${PATIENCE:-1}))
  shift
  echo "== $*"
  timeout --kill-after=10 "$limit" "$PYTHON" -m bench.gpu --model "$MODEL" ${RUN:+--run "$RUN"} "$@"
  code=$?
  test $code = 0 || { echo "   ended with $code (124: its $limit s were over)"; failed=1; }
}

has webarena_runner || { echo "$PYTHON lacks the runner: set WHEELS, or PYTHON to one that has it" >&2; exit 2; }
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
"$PYTHON" -c "import torch; print('torch', torch.__version__, 'CUDA', torch.version.cuda, 'GPU', torch.cuda.is_available())"
failed=0
if has vllm; then bench 240 --backend vllm "$@"; else echo "vllm: not in $PYTHON"; fi
if has transformers; then bench 110 --backend transformers "$@"; else echo "transformers: not in $PYTHON"; fi
if has flash_attn; then bench 110 --backend transformers --attention flash_attention_2 "$@"; else echo "flash_attn: not in $PYTHON"; fi
exit $failed
