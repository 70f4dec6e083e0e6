"""Posted forms, and the token that shows that a form came from one of our own pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from webarena_mini.kit.numbers import MAX_UPLOAD_BYTES
from webarena_mini.kit.tokens import same_secret

# A form may have a box for each label of a project.
MAX_FIELDS = 500


@dataclass(frozen=True)
class Posted:
    """Stripped values, line ends as "\\n", and the bytes of the one file there may be."""

    values: Mapping[str, str]
    file: bytes = b""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


async def read_form(request: Request) -> Posted:
    values, file = {}, b""
    async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
        for name, value in form.items():
            if isinstance(value, UploadFile):
                file = await value.read(MAX_UPLOAD_BYTES + 1)
            else:
                values[name] = value.replace("\r\n", "\n").strip()
    return Posted(values, file)


def require_token(form: Posted, expected: str) -> None:
    """Raises HTTPException(403) when the form does not carry the token, or there is none yet."""
    if not expected or not same_secret(form["token"], expected):
        raise HTTPException(403, "This form is no longer valid. Go back, reload the page and send it again.")
