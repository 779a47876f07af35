"""For which kinds of kernels each initializer of the literature is made, and why not for others."""

from collections.abc import Mapping

# The kinds of kernels.
DENSE, CONVOLUTION, GROUPED = "dense", "convolution", "grouped convolution"
DEPTH, TRANSPOSE, SEVERAL = "depthwise", "transposed convolution", "attention or einsum"
RECURRENT, EMBEDDING, OTHER = "recurrent", "embedding", "another shape"
KINDS = (DENSE, CONVOLUTION, GROUPED, DEPTH, TRANSPOSE, SEVERAL, RECURRENT, EMBEDDING, OTHER)

_GROUPS = "it makes one matrix of all channels, but each group of units sees some of them only"
_MIXES = "it makes a matrix that mixes channels, but each unit sees one channel only"
_GATES = "it makes one matrix, but the units of a recurrent layer are those of several gates"
_LOOP = "what leaves the kernel of a recurrent layer is made in a loop, where it cannot be seen"
_BRANCHES = "it cannot see the residual branches of a network with recurrent layers"
_ROWS = "a row of an embedding is picked, not multiplied: it has no number of inputs"
_SHAPE = "nothing is known of which of its axes are inputs and which are units"

# By initializer and kind of kernel, why it is refused; what is not in it is drawn.
REFUSED: Mapping[str, Mapping[str, str]] = {
    "sparse": {},
    "gain_corrected": {},
    "sinusoidal": {},
    "tanh_fixed_point": {GROUPED: _GROUPS, RECURRENT: _GATES},
    "delta_orthogonal": {GROUPED: _GROUPS, DEPTH: _MIXES},
    "ZerO": {GROUPED: _GROUPS, DEPTH: _MIXES, RECURRENT: _GATES},
    "IDInit": {GROUPED: _GROUPS, RECURRENT: _GATES},
    "lsuv": {RECURRENT: _LOOP},
    "autoinit": {RECURRENT: _LOOP},
    "fixup": {RECURRENT: _BRANCHES},
    "metainit": {},
}
_ALWAYS = {EMBEDDING: _ROWS, OTHER: _SHAPE}
# Initializers that follow the signal from layer to layer, so that they are refused where it goes
# through a layer with kernels inside (another model, attention, a wrapper) or a subclassed model.
FOLLOWING = ("autoinit", "fixup", "IDInit")
# Those that look at more than shapes, for which a kernel must be the attribute kernel of its layer.
LOOKING = (*FOLLOWING, "lsuv", "metainit")


def refusal(name: str, kind: str) -> str | None:
    """Return why an initializer does not make a kind of kernel; None if it does.

    Args:
        name: of `literature.NAMES`.
        kind: one of KINDS.
    """
    return _ALWAYS.get(kind) or REFUSED[name].get(kind)
