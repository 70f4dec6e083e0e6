"""Pictures of the shop and the forum show what they are of: a look at their pixels finds kind, colour and count."""

from contextlib import closing
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from webarena_mini.kit.database import Database
from webarena_mini.kit.raster import rasterised
from webarena_mini.kit.wares import tones
from webarena_mini.sites.forum.app import SITE as FORUM
from webarena_mini.sites.forum.domain.photos import WARES, front_of
from webarena_mini.sites.forum.domain.photos import photo as forum_photo
from webarena_mini.sites.shop.domain.content import pictures
from webarena_mini.sites.shop.domain.photos import photo

TINT, FAR = "#3f74b8", 70


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"), float)


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], float)


@pytest.mark.parametrize("shape", ["mug", "boot", "tshirt", "backpack"])
def test_a_product_has_the_colour_that_it_is_sold_in(shape: str) -> None:
    for name in ("Red", "Green", "Blue", "Orange", "Purple"):
        seen = pixels(photo(shape, name, TINT, "Auralis", "Thing"))
        strong = seen[np.ptp(seen, axis=2) > FAR]
        hue = strong.mean(axis=0) - strong.mean()
        wanted = {each: rgb(pictures()["tones"][each]) for each in ("Red", "Green", "Blue", "Orange", "Purple")}
        alike = {each: float(hue @ (to - to.mean()) / np.linalg.norm(to - to.mean())) for each, to in wanted.items()}
        assert max(alike, key=lambda each: alike[each]) == name


def test_products_of_other_kinds_look_otherwise() -> None:
    shapes = sorted(pictures()["shapes"])[::12]
    seen = {shape: pixels(photo(shape, "Red", TINT, "Auralis", "Thing")).mean(axis=2) for shape in shapes}
    for one, other in ((a, b) for a in seen for b in seen if a < b):
        assert np.abs(seen[one] - seen[other]).mean() > 1, (one, other)


def test_pictures_of_posts_have_what_stands_in_front_in_its_colour_and_number() -> None:
    with closing(Database(FORUM.snapshot())) as database:
        rows = database.all("select s.id, i.data from submissions s join images i on i.id = s.image_id order by s.id")
    assert len(rows) > 70
    for row in rows[::11]:
        scene = next(scene for scene, ware in WARES.items() if f'data-ware="{ware}"'.encode() in row["data"])
        front, seen = front_of(scene, row["id"]), pixels(forum_photo(row["data"]))
        near = np.abs(seen[220:350] - rgb(tones()[front.tone])).max(axis=2) < 12
        labels, _ = ndimage.label(ndimage.binary_dilation(near, iterations=1))
        sizes = np.bincount(labels.ravel())[1:]
        assert int((sizes > 90).sum()) >= front.pieces, front


def test_a_drawing_with_what_is_not_known_is_refused() -> None:
    for part in ("<image/>", '<path d="M0 0A5 5 0 0 1 9 9"/>', '<g transform="skewX(3)"/>'):
        with pytest.raises(ValueError, match="no drawing"):
            rasterised(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{part}</svg>'.encode(), 9, 9)
