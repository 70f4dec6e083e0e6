"""`sheet`: the run's row in a Google Sheet, found again by its run id."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import PositiveFloat

from webarena_runner.errors import ConfigError
from webarena_runner.export.leaderboard import row_of
from webarena_runner.export.sheet.credentials import Account, find_account
from webarena_runner.interfaces.export import ExportSetup
from webarena_runner.report.summary import load_run
from webarena_runner.settings.options import PlugInOptions

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from webarena_runner.export.sheet.client import Page

EXAMPLE = "https://docs.google.com/spreadsheets/d/ID/edit"


class SheetOptions(PlugInOptions):
    """Needs the extra `sheets` and credentials of Google: [](../export/sheet.md)."""

    sheet: str = ""
    """address of the Google Sheet in the browser, or its id (`--sheet`, or `--to sheet=URL`)"""
    worksheet: str | None = None
    """name of the tab (`--worksheet`); the one in the address, else the first, when not given"""
    write: bool = False
    """append the row (`--write`), and not only show it and where it would go"""
    update: bool = False
    """renew the cells of a run that is there already, of its own row and our columns only"""
    traj: str = ""
    """address of the trajectories, for the column Traj; a folder of this machine means nothing to readers"""
    credentials: Path | None = None
    """JSON file of a service account or a user; else that of the environment variable GOOGLE_APPLICATION_CREDENTIALS,
    else where gspread looks: ~/.config/gspread"""
    timeout_s: PositiveFloat = 30
    """seconds until one request counts as failed"""
    limit_s: PositiveFloat = 120
    """seconds until no further attempt is made at what the server could not do or would not do yet"""
    retry_first_wait_s: PositiveFloat = 1
    """seconds before the second attempt; each later wait is twice as long, with some chance in it"""
    api_url: str = "https://sheets.googleapis.com"
    """where the Sheets API is, for a gateway in between"""


class Sheet:
    """A row of a Google Sheet, whose header says what goes where; shows it only, and appends it with --write."""

    Options = SheetOptions
    needs: ClassVar[tuple[str, ...]] = ("gspread",)

    def __init__(self, options: SheetOptions, sheet: str, account: Account, credentials: "Credentials") -> None:
        self._options, self._sheet = options, sheet
        self._account, self._credentials = account, credentials

    @classmethod
    def build(cls, setup: ExportSetup) -> Self:
        """Raises ConfigError for what is no sheet's address, and without credentials."""
        from webarena_runner.export.sheet.client import sheet_id

        options: SheetOptions = setup.options
        sheet = setup.target or options.sheet
        if setup.target and options.sheet and setup.target != options.sheet:
            raise ConfigError(f"--to sheet={setup.target} and --sheet {options.sheet} name two sheets; leave one out")
        if not sheet:
            raise ConfigError(f"sheet: which one? give its address in the browser, such as --sheet {EXAMPLE}")
        if not sheet_id(sheet):
            published = "; this is the address of a published copy: open the sheet itself" if "/d/e/" in sheet else ""
            raise ConfigError(f"--sheet {sheet}: expected the address of a Google Sheet, such as {EXAMPLE}{published}")
        account = find_account(options.credentials, setup.environ)
        return cls(options, sheet, account, account.credentials(write=options.write))

    def export(self, folder: Path) -> str:
        from webarena_runner.export.sheet import faults
        from webarena_runner.export.sheet.client import Patience, open_page

        row = {**row_of(load_run(folder)), "Traj": self._options.traj}
        patience = Patience(limit_s=self._options.limit_s, first_wait_s=self._options.retry_first_wait_s)
        try:
            page = open_page(
                self._credentials,
                self._sheet,
                self._options.worksheet,
                api_url=self._options.api_url,
                timeout_s=self._options.timeout_s,
                patience=patience,
            )
            return self._put(page, row)
        except faults.FAILURES as error:
            raise faults.explained(error, self._account, self._sheet) from error

    def _put(self, page: "Page", row: Mapping[str, str]) -> str:
        from webarena_runner.export.sheet.placing import plan, shown

        planned = plan(page, row)
        if planned.found is not None and not self._options.update:
            return planned.told
        if not self._options.write:
            return shown(planned)
        return planned.carry_out()
