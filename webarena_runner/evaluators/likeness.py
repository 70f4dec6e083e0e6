"""How like two pictures are: the structural similarity of their greys, as VisualWebArena computes it."""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

from webarena_runner.extras import how_to_install

if TYPE_CHECKING:
    import numpy as np

# Pixels of the window that is moved over both; scikit-image's own.
WINDOW = 7
# Rows that are compared at a time: a picture of many megapixels would take gigabytes.
_BAND = 512


def missing() -> str:
    """Why pictures cannot be compared here; "" when they can."""
    if find_spec("skimage") is not None:
        return ""
    return f"comparing pictures needs scikit-image: {how_to_install('likeness')}"


def likeness(one: bytes, other: bytes) -> float:
    """From -1 to 1: both stretched to the larger width and height, then made grey; 0.0 where one is below the window.

    Officially pictures that are so small end the whole check with an error.
    """
    from PIL import Image

    with Image.open(BytesIO(one)) as first, Image.open(BytesIO(other)) as second:
        size = max(first.width, second.width), max(first.height, second.height)
        if min(size) < WINDOW:
            return 0.0
        greys = [_grey(picture.resize(size, Image.Resampling.LANCZOS)) for picture in (first, second)]
    return _similarity(*greys)


def _grey(picture: Any) -> "np.ndarray":
    import numpy as np

    return np.array(picture.convert("L"))


def _similarity(one: "np.ndarray", other: "np.ndarray") -> float:
    """The mean of the map that scikit-image makes, computed in bands that overlap by the window."""
    from skimage import metrics

    compare: Callable[..., float] = metrics.structural_similarity
    height, width = one.shape
    edge = (WINDOW - 1) // 2
    total = 0.0
    for top in range(edge, height - edge, _BAND):
        bottom = min(top + _BAND, height - edge)
        rows = slice(top - edge, bottom + edge)
        total += float(compare(one[rows], other[rows])) * (bottom - top)
    return float(total / (height - 2 * edge))
