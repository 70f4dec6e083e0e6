"""Records that a site's data files are read into."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
