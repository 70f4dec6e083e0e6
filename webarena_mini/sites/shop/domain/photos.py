"""Pictures of the products, as the shop's photographer has them."""

from webarena_mini.kit.goods import Label, picture
from webarena_mini.kit.raster import jpeg, rasterised
from webarena_mini.sites.shop.domain.content import pictures

SIDE = 360


def photo(shape: str, colour: str, tint: str, brand: str, kind: str) -> bytes:
    """A JPEG: what it is, in its colour's tones, with brand and kind on its label where it has one."""
    return jpeg(rasterised(drawing(shape, colour, tint, brand, kind), SIDE, SIDE))


def drawing(shape: str, colour: str, tint: str, brand: str, kind: str) -> bytes:
    """The same as SVG."""
    box = pictures()["labels"].get(shape)
    label = Label(box, brand, kind) if box else None
    return picture(pictures()["shapes"][shape], pictures()["tones"][colour], tint, label)
