"""The order of the "hot" list."""

import math

# Ten times the score is worth three days: about how far apart posts of one forum lie.
_SECONDS_PER_DECADE = 3 * 86_400


def hot_ranking(created_at: int, net_score: int) -> int:
    weight = math.log10(max(abs(net_score), 1))
    return created_at + round(math.copysign(weight, net_score) * _SECONDS_PER_DECADE)
