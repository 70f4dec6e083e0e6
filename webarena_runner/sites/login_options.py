"""The log-in form of an application that stands in the place of an official one, as a sites file describes it."""

from typing import Annotated

from pydantic import AfterValidator, field_validator

from webarena_runner.official.sites import Element, LoginForm
from webarena_runner.settings.options import PlugInOptions


def _path(path: str) -> str:
    if path and not path.startswith(("/", "?")):
        raise ValueError("expected what follows the site's URL, such as /login")
    return path


def _selector(selector: str) -> str:
    if not selector.strip():
        raise ValueError("expected a selector, such as #username or [name=login]")
    return selector


Path = Annotated[str, AfterValidator(_path)]
Selector = Annotated[str, AfterValidator(_selector)]


class LoginOptions(PlugInOptions):
    """A form that is one page with both fields, and a page that shows who is signed in."""

    path: Path
    """the log-in page, below the site's URL"""
    username_field: Selector
    """CSS selector of the field for the user name, or another selector of Playwright's"""
    password_field: Selector
    """the same of the field for the password"""
    button: Selector
    """the same of the button that sends the form"""
    proof_path: Path
    """a page that keeps its address only for who is signed in; `{username}` in it is the user name"""
    proof_text: str = ""
    """a text that this page has in its HTML only for who is signed in, where it keeps its address for everybody"""
    one_session: bool = False
    """whether a log-in ends the account's other sessions, so that all episodes must have one together"""

    @field_validator("proof_path")
    @classmethod
    def _that_is_there(cls, path: str) -> str:
        if not path:
            raise ValueError("expected a page that shows whether one is signed in, such as /account")
        return path

    @property
    def form(self) -> LoginForm:
        return LoginForm(
            path=self.path,
            user=Element("selector", self.username_field),
            password=Element("selector", self.password_field),
            button=Element("selector", self.button),
            proof_path=self.proof_path,
            proof_text=self.proof_text or None,
            one_session=self.one_session,
        )
