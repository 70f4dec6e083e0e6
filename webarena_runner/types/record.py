"""What all records have in common."""

from collections.abc import Sized

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value; unknown keys are an error."""

    # A process that reads a few kinds of records does not wait for the schemas of all.
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", defer_build=True
    )


# What a field that older versions do not know is left out by, where it says nothing: `exclude_if`.
def is_none(value: object) -> bool:
    return value is None


def is_empty(value: Sized) -> bool:
    return not value
