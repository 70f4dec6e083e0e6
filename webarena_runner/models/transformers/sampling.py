"""Sampling by row, so that requests with different settings share a batch and a seed means the same in any batch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from webarena_runner.models.transformers.batch import Request

if TYPE_CHECKING:
    import torch

# Samplers of `generate_options` for which there is no key in `sampling`, and the library's class for each.
WARPERS = {
    "top_k": "TopKLogitsWarper",
    "min_p": "MinPLogitsWarper",
    "typical_p": "TypicalLogitsWarper",
    "epsilon_cutoff": "EpsilonLogitsWarper",
    "eta_cutoff": "EtaLogitsWarper",
    "top_h": "TopHLogitsWarper",
}
_WITHOUT_EFFECT = {"top_k": 0, "typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0.0}


class RowSampler:
    """A logits processor after which the largest score is the sampled token (Gumbel's trick), or the greedy one.

    The noise of a row comes from its own generator: neither the rows beside it nor their number change it.
    """

    def __init__(self, batch: Sequence[Request], options: Mapping[str, Any], device: "torch.device") -> None:
        import torch

        self._sampled = torch.tensor([[request.temperature > 0] for request in batch], device=device)
        self._temperature = torch.tensor([[request.temperature or 1.0] for request in batch], device=device)
        self._top_p = torch.tensor([[request.top_p] for request in batch], device=device)
        self._generators = [_generator(request, device) for request in batch]
        self._warpers = [
            _warper(name, value, device)
            for name, value in options.items()
            if value is not None and value != _WITHOUT_EFFECT.get(name)
        ]

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        import torch

        warped = scores.float() / self._temperature
        for warp in self._warpers:
            warped = warp(input_ids, warped)
        warped = self._nucleus(warped)
        noise = torch.empty_like(warped)
        for row, generator in enumerate(self._generators):
            if generator is not None:
                noise[row].exponential_(generator=generator)
        return torch.where(self._sampled, warped - noise.log(), scores.float())

    def _nucleus(self, scores: "torch.Tensor") -> "torch.Tensor":
        """Without all tokens but the likeliest that together have the probability `top_p`; one is always left."""
        ordered, order = scores.sort(dim=-1, descending=True)
        shares = ordered.softmax(dim=-1)
        before = shares.cumsum(dim=-1) - shares
        beyond = (before >= self._top_p) & (self._top_p < 1)
        beyond[:, 0] = False
        return scores.masked_fill(beyond.scatter(1, order, beyond), float("-inf"))


def _generator(request: Request, device: "torch.device") -> "torch.Generator | None":
    import torch

    if request.temperature <= 0:
        return None
    generator = torch.Generator(device)
    if request.seed is None:
        generator.seed()
    else:
        generator.manual_seed(request.seed)
    return generator


def _warper(name: str, value: Any, device: "torch.device") -> Any:
    from transformers import generation

    maker = getattr(generation, WARPERS[name])
    return maker(value, device=device) if name == "eta_cutoff" else maker(value)
