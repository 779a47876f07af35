"""Fixup: residual branches that add nothing at the start."""

from collections.abc import Sequence
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.literature.network import has_kernel, residual_branches, steps_of
from initstudy.engine.literature.shapes import fans


class Fixup(keras.initializers.HeNormal):  # type: ignore[misc]
    """He's kernels, made so small in residual branches that these add nothing at the start.

    Of the L branches of a network, each of m kernels, the last kernel is zero, and the others are
    multiplied by L^(-1 / (2m - 2)); the kernel of the output layer is zero, too. A branch is what
    of several that an `Add` layer adds has the most kernels of its own. A network without branches
    has He's kernels, and zeros in its output layer.

    The paper adds scalar biases and a multiplier to each branch. These are of the network, not of
    its start: here they are not added.

    Args:
        seed: of the random numbers.

    Reference:
        Zhang, Dauphin and Ma, 2019, "Fixup Initialization: Residual Learning Without
        Normalization", ICLR, section 3, rules 1 and 2.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fans(self, shape)
        return super().__call__(shape, dtype=dtype)

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: not looked at.

        Raises:
            EngineError: if a layer is used more than once.
        """
        own = {id(layer) for layer in layers}
        steps = list(steps_of(model, self))
        branches = residual_branches(steps)
        scales: dict[int, tuple[Any, float]] = {}
        for branch in branches:
            *first, last = branch
            for layer in first:
                factor = len(branches) ** (-1 / (2 * len(branch) - 2))
                # One that is in a branch of a branch is made smaller by both.
                scales[id(layer)] = layer, scales.get(id(layer), (layer, 1.0))[1] * factor
            scales[id(last)] = last, 0.0
        output = [step.operation for step in steps if has_kernel(step.operation)][-1]
        scales[id(output)] = output, 0.0
        for layer, scale in scales.values():
            if id(layer) in own:
                layer.kernel.assign(scale * layer.kernel)

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"seed": self.seed}
