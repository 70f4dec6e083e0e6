"""Google's Sheets API through gspread: a time limit for each request, and further attempts within one for all."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import gspread
from gspread.utils import InsertDataOption, ValueInputOption
from tenacity import RetryCallState, Retrying, retry_if_exception

from webarena_runner.errors import StoreError
from webarena_runner.export.sheet.faults import asked_wait_s, in_short, may_pass
from webarena_runner.export.sheet.table import Cell, letter
from webarena_runner.models.shared.retry import RetryPolicy

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

log = logging.getLogger(__name__)
GOOGLE = "https://sheets.googleapis.com"
_CELL = re.compile(r"([A-Z]+)([0-9]+)")
_GID = re.compile(r"[#?&]gid=([0-9]+)")
Result = TypeVar("Result")


class Patience:
    """Further attempts at what failed for a reason that may pass, until a time that all requests share."""

    def __init__(self, *, limit_s: float, first_wait_s: float) -> None:
        self._deadline = monotonic() + limit_s
        self._policy = RetryPolicy(max_retries=0, first_wait_s=first_wait_s)

    def call(self, attempt: Callable[[], Result], *, subject: str) -> Result:
        """Raises the last attempt's error."""

        def wait_s(state: RetryCallState) -> float:
            return self._policy.wait_s(state.attempt_number, asked_wait_s(_error_of(state)))

        def too_late(state: RetryCallState) -> bool:
            return monotonic() + state.upcoming_sleep > self._deadline

        def warn(state: RetryCallState) -> None:
            said = in_short(_error_of(state))
            log.warning("%s: %s; trying again in %.1f s", subject, said, state.upcoming_sleep)

        retrying = Retrying(
            retry=retry_if_exception(may_pass), wait=wait_s, stop=too_late, before_sleep=warn, reraise=True
        )
        return retrying(attempt)


class Client(gspread.HTTPClient):
    """Repeats what only reads; what writes is repeated by who knows whether it was done."""

    def __init__(self, *arguments: Any, api_url: str, patience: Patience) -> None:
        super().__init__(*arguments)
        self._api_url, self._patience = api_url.rstrip("/"), patience

    def request(self, method: str, endpoint: str, *arguments: Any, **given: Any) -> Any:
        url = self._api_url + endpoint.removeprefix(GOOGLE)
        once = partial(self._once, method, url, *arguments, **given)
        return self._patience.call(once, subject="reading the sheet") if method.lower() == "get" else once()

    def _once(self, method: str, url: str, *arguments: Any, **given: Any) -> Any:
        begun = monotonic()
        try:
            response = super().request(method, url, *arguments, **given)
        except gspread.exceptions.APIError as error:
            log.info("%s %s: %d in %.2f s", method.upper(), url, error.response.status_code, monotonic() - begun)
            raise
        log.info("%s %s: %d in %.2f s", method.upper(), url, response.status_code, monotonic() - begun)
        return response


class Page:
    """One worksheet."""

    def __init__(self, worksheet: gspread.Worksheet, patience: Patience) -> None:
        self._worksheet, self.patience = worksheet, patience

    @property
    def title(self) -> str:
        return self._worksheet.title

    @property
    def url(self) -> str:
        return self._worksheet.url

    def read(self) -> list[list[str]]:
        """All rows as the sheet shows them, each as long as the longest; none of an empty one."""
        rows = [[str(cell) for cell in row] for row in self._worksheet.get_all_values()]
        return rows if any(map(any, rows)) else []

    def append(self, rows: Sequence[Sequence[Cell | None]], *, row: int, place: int) -> tuple[int, int]:
        """Inserts rows below the block of filled cells that this cell is of; all counted from 0.

        Returns row and column where the server began to write.
        """
        answer = self._worksheet.append_rows(
            # None is a cell that is left as it is.
            [list(row) for row in rows],  # type: ignore[arg-type]
            value_input_option=ValueInputOption.raw,
            insert_data_option=InsertDataOption.insert_rows,
            table_range=f"{letter(place)}{row + 1}",
        )
        updated = str(answer.get("updates", {}).get("updatedRange", ""))
        begin = _CELL.match(updated.rpartition("!")[2])
        if begin is None:
            raise StoreError(f"{self.url}: the row was added, but the server does not say where ({updated!r})")
        return int(begin[2]) - 1, _place(begin[1])

    def write(self, row: int, cells: Mapping[int, Cell]) -> None:
        """Sets cells of one row, by column; the others stay."""
        ranges = [f"{letter(place)}{row + 1}" for place in cells]
        data = [{"range": each, "values": [[cell]]} for each, cell in zip(ranges, cells.values(), strict=True)]
        self._worksheet.batch_update(data, value_input_option=ValueInputOption.raw)


def open_page(
    credentials: "Credentials",
    sheet: str,
    worksheet: str | None,
    *,
    api_url: str,
    timeout_s: float,
    patience: Patience,
) -> Page:
    """The worksheet of that name; without one that which the sheet's address names, else the first.

    Raises:
        StoreError: the sheet has none of that name.
    """
    make = partial(Client, api_url=api_url, patience=patience)
    client = gspread.Client(auth=credentials, http_client=make)  # type: ignore[arg-type]
    client.set_timeout(timeout_s)
    try:
        pages = _worksheets(client.open_by_key(sheet_id(sheet)))
    except KeyError as error:
        raise StoreError(f"{api_url}: does not answer as Google's Sheets API does: there is no {error}") from error
    gid = _GID.search(sheet)
    wanted = [
        page for page in pages if (page.title == worksheet if worksheet else gid is None or page.id == int(gid[1]))
    ]
    if not wanted:
        asked = f"worksheet '{worksheet}'" if worksheet else f"worksheet with {gid and gid[0].lstrip('#?&')}"
        there = ", ".join(f"'{page.title}'" for page in pages)
        raise StoreError(f"{sheet}: has no {asked}; there are: {there}; name one with --worksheet")
    return Page(wanted[0], patience)


def _worksheets(spreadsheet: gspread.Spreadsheet) -> list[gspread.Worksheet]:
    """Those with cells: a chart may have a tab of its own, and be the first."""
    found = (each["properties"] for each in spreadsheet.fetch_sheet_metadata()["sheets"])
    grids = (properties for properties in found if properties.get("sheetType", "GRID") == "GRID")
    return [gspread.Worksheet(spreadsheet, properties, spreadsheet.id, spreadsheet.client) for properties in grids]


def sheet_id(sheet: str) -> str:
    """Of an address or of an id itself; "" when it is neither."""
    found = re.search(r"/spreadsheets/(?:u/[0-9]+/)?d/([A-Za-z0-9_-]{20,})", sheet)
    if found:
        return found[1]
    return sheet if re.fullmatch(r"[A-Za-z0-9_-]{20,}", sheet) else ""


def _place(letters: str) -> int:
    place = 0
    for each in letters:
        place = 26 * place + ord(each) - ord("A") + 1
    return place - 1


def _error_of(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    return error or RuntimeError("no attempt was made")
