"""What all records have in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
