"""How many of a run's episodes each node plays at once."""

from collections.abc import Mapping


def shares(workers: int, cpus: Mapping[str, float]) -> dict[str, int]:
    """By node, `workers` in all: in proportion to the nodes' cores, as evenly as whole numbers allow.

    With fewer workers than nodes, the nodes with the most cores have one each, and the others none.
    """
    order = sorted(cpus, key=lambda node: (-cpus[node], node))[:workers]
    total = sum(cpus[node] for node in order)
    found = {node: max(1, int(workers * cpus[node] / total)) for node in order}
    while (left := workers - sum(found.values())) != 0:
        change = 1 if left > 0 else -1
        able = [node for node in order if found[node] + change >= 1]
        # Who has the least, or the most, for its cores.
        chosen = min(able, key=lambda node: change * (found[node] + (change > 0)) / cpus[node])
        found[chosen] += change
    return found
