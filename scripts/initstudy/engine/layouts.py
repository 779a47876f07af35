"""How the axes of a kernel are those of a matrix from inputs to units, layer by layer."""

import math
from dataclasses import dataclass
from typing import Any

from initstudy.engine.backend import keras
from initstudy.engine.literature.kinds import (
    CONVOLUTION,
    DENSE,
    DEPTH,
    EMBEDDING,
    GROUPED,
    OTHER,
    RECURRENT,
    SEVERAL,
    TRANSPOSE,
)

kl = keras.layers
TRANSPOSED = (kl.Conv1DTranspose, kl.Conv2DTranspose, kl.Conv3DTranspose)
# Each of their units sees one channel alone.
DEPTHWISE = (kl.DepthwiseConv1D, kl.DepthwiseConv2D)
SEPARABLE = (kl.SeparableConv1D, kl.SeparableConv2D)
CONVOLUTIONS = (kl.Conv1D, kl.Conv2D, kl.Conv3D)


@dataclass(frozen=True)
class Layout:
    """The shape of a kernel, and of the one that an initializer of the literature makes for it.

    Attributes:
        kind: of kernel, of `kinds.KINDS`.
        shape: of the kernel.
        usual: (..., inputs, units) of the same numbers; None if there is no such matrix.
        groups: of a convolution.
        order: the axes of the kernel as `usual` has them, where it joins some of them.
    """

    kind: str
    shape: tuple[int, ...]
    usual: tuple[int, ...] | None
    groups: int = 1
    order: tuple[int, ...] = ()

    @property
    def fans(self) -> tuple[int, int] | None:
        """How many inputs each unit has, and how many units see each input."""
        if self.usual is None:
            return None
        *places, inputs, units = self.usual
        seen = math.prod(places)
        if self.kind == DEPTH:
            return seen, seen * self.shape[-1]
        if self.kind == GROUPED:
            return seen * inputs, seen * units // self.groups
        return seen * inputs, seen * units

    def arranged(self, values: Any) -> Any:
        """Return numbers of the shape `usual` as the kernel has them."""
        if self.kind == TRANSPOSE:
            axes = (*range(len(self.shape) - 2), len(self.shape) - 1, len(self.shape) - 2)
            return keras.ops.transpose(values, axes)
        if self.kind == SEVERAL:
            apart = keras.ops.reshape(values, tuple(self.shape[axis] for axis in self.order))
            back = tuple(self.order.index(axis) for axis in range(len(self.shape)))
            return keras.ops.transpose(apart, back)
        return keras.ops.reshape(values, self.shape)


def layout_of(layer: Any, variable: Any, argument: str | None) -> Layout:
    """Return how the axes of a kernel are arranged.

    Args:
        layer: that has it.
        variable: the kernel.
        argument: that it is drawn with, see `weights.Weight`.
    """
    shape = tuple(variable.shape)
    if len(shape) < 2 or argument == "bias":
        return Layout(OTHER, shape, None)
    if isinstance(layer, DEPTHWISE) or (isinstance(layer, SEPARABLE) and argument == "depthwise"):
        *places, channels, multiplier = shape
        return Layout(DEPTH, shape, (*places, 1, channels * multiplier))
    if isinstance(layer, TRANSPOSED):
        *places, units, inputs = shape
        return Layout(TRANSPOSE, shape, (*places, inputs, units))
    if isinstance(layer, kl.EinsumDense):
        return _of_einsum(layer.equation, shape)
    if isinstance(layer, kl.Embedding):
        return Layout(EMBEDDING, shape, None)
    # A cell of a recurrent layer says how large its states are.
    if hasattr(layer, "state_size") or argument == "recurrent":
        return Layout(RECURRENT, shape, shape)
    if isinstance(layer, (*CONVOLUTIONS, *SEPARABLE)):
        groups = getattr(layer, "groups", 1) or 1
        return Layout(GROUPED if groups > 1 else CONVOLUTION, shape, shape, groups)
    return Layout(DENSE, shape, shape) if len(shape) == 2 else Layout(OTHER, shape, None)


def _of_einsum(equation: str, shape: tuple[int, ...]) -> Layout:
    entering, _, leaving = equation.replace(" ", "").replace("...", "").partition("->")
    signal, _, kernel = entering.partition(",")
    inputs = tuple(n for n, label in enumerate(kernel) if label in signal and label not in leaving)
    units = tuple(n for n, label in enumerate(kernel) if label in leaving and label not in signal)
    if len(inputs) + len(units) < len(kernel) or not inputs or not units:
        return Layout(OTHER, shape, None)
    sizes = tuple(math.prod(shape[n] for n in axes) for axes in (inputs, units))
    return Layout(SEVERAL, shape, sizes, order=(*inputs, *units))
