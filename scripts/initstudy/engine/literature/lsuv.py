"""Layer-sequential unit-variance initialization."""

import math
from collections.abc import Sequence
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.calls import noted
from initstudy.engine.errors import EngineError
from initstudy.engine.shadows import called


class LSUV(keras.initializers.Orthogonal):  # type: ignore[misc]
    """Orthogonal kernels, scaled layer by layer until their outputs have the variance 1 on data.

    Args:
        tolerance: how far from 1 a variance may be.
        steps: scalings of a layer at most.
        seed: of the random numbers.

    Reference:
        Mishkin and Matas, 2016, "All you need is a good init", ICLR, algorithm 1.
    """

    def __init__(self, tolerance: float = 0.1, steps: int = 10, seed: int = 0) -> None:
        if not tolerance > 0:
            raise ValueError(f"tolerance must be above 0, not {tolerance}")
        super().__init__(gain=1.0, seed=seed)
        self.tolerance, self.steps = tolerance, steps

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the kernels of these layers, from the input on.

        Args:
            model: the network.
            layers: of it.
            inputs: (images, ...), as the network takes them.

        Raises:
            EngineError: if a layer's outputs do not vary at all, so that no scale helps.
        """
        for layer in layers:
            rule = layer.kernel_initializer
            for _ in range(rule.steps):
                variance = float(keras.ops.var(self._outputs(model, layer, inputs)))
                if not 0 < variance < math.inf:
                    raise EngineError(
                        f"LSUV cannot scale the layer {layer.name}: its outputs have the variance "
                        f"{variance}."
                    )
                if abs(variance - 1) < rule.tolerance:
                    break
                layer.kernel.assign(layer.kernel / math.sqrt(variance))

    @staticmethod
    def _outputs(model: Any, layer: Any, inputs: Any) -> Any:
        """Return what enters the activation of a layer where it is called first."""
        with noted(model) as calls:
            called(model, inputs, training=False)
        found = [call.sums for call in calls if call.layer is layer]
        if not found:
            raise EngineError(f"LSUV cannot see what leaves the layer {layer.name}.")
        return keras.ops.cast(found[0], "float32")

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"tolerance": self.tolerance, "steps": self.steps, "seed": self.seed}
