"""Initializers of the literature that Keras lacks, each in a file of its own.

Called as any initializer they draw a kernel by its shape. Those that look at the network or at data
have a method `adapt`, which `initstudy.engine.models.adapt` calls once all kernels are drawn.
"""

# By the name that a configuration uses: where its class is in this folder.
NAMES = {
    "sparse": "sparse:Sparse",
    "gain_corrected": "gain_corrected:GainCorrected",
    "sinusoidal": "sinusoidal:Sinusoidal",
    "tanh_fixed_point": "tanh_fixed_point:TanhFixedPoint",
    "delta_orthogonal": "delta_orthogonal:DeltaOrthogonal",
    "ZerO": "zero:ZerO",
    "IDInit": "idinit:IDInit",
    "lsuv": "lsuv:LSUV",
    "autoinit": "autoinit:AutoInit",
    "fixup": "fixup:Fixup",
    "metainit": "metainit:MetaInit",
}
# And by the names of the classes, as Keras has it.
PLACES = NAMES | {place.partition(":")[2]: place for place in NAMES.values()}
