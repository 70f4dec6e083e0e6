"""How much must pass for a run to count as good: `--fail-under 90%`, or a number of episodes."""

import re
from dataclasses import dataclass
from fractions import Fraction

from webarena_runner.errors import ConfigError
from webarena_runner.report.summary import Counts

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%")
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Threshold:
    """`least` is a number of passed episodes, or, if `is_share`, what part of those planned they must be."""

    text: str
    least: Fraction
    is_share: bool

    def require_possible(self, planned: int) -> None:
        """Raises ConfigError when more must pass than is planned."""
        if not self.is_share and self.least > planned:
            raise ConfigError(f"--fail-under {self.text}: only {planned} episodes are planned; it would always fail")

    def fault(self, counts: Counts) -> str:
        """What there is too little of; "" when enough passed."""
        if counts.passed >= (self.least * counts.planned if self.is_share else self.least):
            return ""
        rate = f"{100 * counts.success_rate:.1f} %"
        return f"{counts.passed} of {counts.planned} planned passed, {rate}: under --fail-under {self.text}"


def read_threshold(text: str) -> Threshold:
    """Raises ConfigError unless it is a share of 0 to 100 % or a number."""
    wanted = text.strip()
    if share := _SHARE.fullmatch(wanted):
        least = Fraction(share[1]) / 100
        if least <= 1:
            return Threshold(wanted, least, is_share=True)
    elif _NUMBER.fullmatch(wanted):
        return Threshold(wanted, Fraction(wanted), is_share=False)
    raise ConfigError(f"--fail-under {text}: expected a share such as 90%, up to 100%, or a number of episodes")
