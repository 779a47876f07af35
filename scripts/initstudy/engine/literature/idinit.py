"""IDInit: padded identities."""

from collections.abc import Sequence
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.literature.network import residual_branches, steps_of
from initstudy.engine.literature.shapes import fans, padded_identity


class IDInit(keras.initializers.Initializer):  # type: ignore[misc]
    """The identity, repeated until each unit has an input and each input a unit.

    Nothing is drawn. Where a kernel is not square, the partial identity would pass some inputs on
    never, or leave some units without any; so it begins again from the first one (a padded
    identity). A convolution is taken as the matrix of all that it sees, which shifts each channel
    by another place.

    The last layer of each residual branch is nearly zero, so that these begin as the identity.

    We could read its abstract, its overview and what others say of it, but not its formulas: that a
    unit of fewer than there are inputs adds several of them up, and that nothing is scaled for it,
    is our reading. It also loosens the identity by a little noise; there is none here.

    Args:
        scale: of the ones; the paper's tau.
        last: what the last kernel of a residual branch (see `Fixup`) is multiplied by; the paper's
            epsilon.

    Examples:
        >>> IDInit()((2, 4))  # [[1, 0, 1, 0], [0, 1, 0, 1]]

    Reference:
        Pan, Wang, Wu, Wang, Zhang and Xu, 2025, "IDInit: A Universal and Stable Initialization
        Method for Neural Network Training", ICLR, section 3.
    """

    def __init__(self, scale: float = 1.0, last: float = 1e-6) -> None:
        self.scale, self.last = scale, last

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Make a kernel of shape (fan_in, units), or of a convolution (..., channels, units)."""
        fan_in, units = fans(self, shape)
        values = self.scale * padded_identity(fan_in, units).reshape(shape)
        return keras.ops.convert_to_tensor(values, dtype=dtype or "float32")

    def adapt(self, model: Any, layers: Sequence[Any], inputs: Any) -> None:
        """Scales the last kernel of each residual branch, if it is one of these layers.

        Args:
            model: the network.
            layers: of it.
            inputs: not looked at.

        Raises:
            EngineError: if a layer is used more than once, or makes several tensors.
        """
        own = {id(layer) for layer in layers}
        for *_, last in residual_branches(list(steps_of(model, self))):
            if id(last) in own:
                last.kernel.assign(self.last * last.kernel)

    def get_config(self) -> dict[str, Any]:
        """Return its parameters."""
        return {"scale": self.scale, "last": self.last}
