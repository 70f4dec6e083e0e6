"""Small pictures that are the same everywhere, by name."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

# Size, mode and format of each.
PICTURES: dict[str, tuple[tuple[int, int], str, str]] = {
    "red": ((60, 40), "RGB", "PNG"),
    "scene": ((64, 48), "RGB", "PNG"),
    "shifted": ((64, 48), "RGB", "PNG"),
    "scene-large": ((160, 120), "RGB", "PNG"),
    "scene-wide": ((90, 48), "RGB", "PNG"),
    "scene-clear": ((64, 48), "RGBA", "PNG"),
    "scene-few": ((64, 48), "P", "GIF"),
    "scene-grey": ((64, 48), "L", "PNG"),
    "scene-lossy": ((64, 48), "RGB", "JPEG"),
    "noise": ((64, 48), "RGB", "PNG"),
    "none": ((0, 0), "", ""),
}
OF_A_SCENE = ("scene", "shifted", "scene-large", "scene-wide", "scene-clear", "scene-few", "scene-grey")
PAIRS = [
    *(("scene", other) for other in OF_A_SCENE),
    *(("scene-lossy", "scene"), ("noise", "scene"), ("red", "scene"), ("scene-few", "scene-large")),
]


def made(name: str) -> bytes:
    """An encoded picture; `none` is the text of a page."""
    size, mode, kind = PICTURES[name]
    if not kind:
        return b"<!doctype html><p>Not here"
    rng = Random(name.partition("-")[0].replace("shifted", "scene"))
    width, height = size
    if name == "noise":
        picture = Image.frombytes("RGB", size, rng.randbytes(3 * width * height))
    else:
        picture = Image.new("RGB", (64, 48), "#c83030" if name == "red" else "#d8e4f0")
        canvas, shift = ImageDraw.Draw(picture), 3 if name == "shifted" else 0
        for _ in range(0 if name == "red" else 14):
            x, y, side = rng.randrange(64), rng.randrange(48), rng.randrange(4, 18)
            colour = tuple(rng.randrange(256) for _ in range(3))
            canvas.rectangle((x + shift, y, x + shift + side, y + side), fill=colour)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    picture = picture.convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(size))
    out = BytesIO()
    picture.save(out, kind)
    return out.getvalue()
