"""An episode that was recorded without a score, which is none of the infrastructure's errors and no failure either."""

from webarena_runner.types import UNSCORED, Failure


def unscored(why: str) -> Failure:
    return Failure(error_class=UNSCORED, message=why, traceback="", may_retry=False)
