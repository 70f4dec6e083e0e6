"""Posted forms."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_UPLOAD_BYTES = 2_000_000
# A form may have a box for each label of a project.
MAX_FIELDS = 500


@dataclass(frozen=True)
class Posted:
    """A form whose token was right: stripped values, line ends as "\\n", and the bytes of the one file there may be."""

    values: Mapping[str, str]
    file: bytes = b""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")
