"""The names that a configuration may use."""

DATASETS = ("mnist", "fashion_mnist", "digits", "letters", "satellite", "shuttle")
# What replicates differ by: all that a network draws, and the order of the training images.
SOURCES = WEIGHTS, ORDER = ("weights", "order")
# What variants can be judged by, and what it is called.
MEASURES = {
    "accuracy": "accuracy",
    "loss": "loss",
    "epochs_to_target": "number of epochs to the target",
    "area_under_curve": "area under the learning curve",
}
# Those that may be infinite, and so are compared by ranks and told by medians.
RANKED = ("loss", "epochs_to_target")
PER_LAYER = "layers"  # the class_name of one initializer for each layer
# The names of initializers of ours, with where their classes are in training/; and by the names of
# their classes, too. Nothing is done to it here: that would count as what every training runs.
OURS = {
    "sparse": "literature:Sparse",
    "gain_corrected": "literature:GainCorrected",
    "sinusoidal": "literature:Sinusoidal",
    "tanh_fixed_point": "literature:TanhFixedPoint",
    "delta_orthogonal": "literature:DeltaOrthogonal",
    "ZerO": "literature:ZerO",
    "IDInit": "adaptive:IDInit",
    "lsuv": "adaptive:LSUV",
    "autoinit": "adaptive:AutoInit",
    "fixup": "adaptive:Fixup",
    "metainit": "adaptive:MetaInit",
}
LITERATURE = {**OURS, **{place.partition(":")[2]: place for place in OURS.values()}}
NAME = r"[A-Za-z0-9][A-Za-z0-9_]{0,63}"  # what can become part of a file name
OWN = r".+\.py:[A-Za-z_]\w*"  # of a person's own: file.py:name


def is_own(class_name: str) -> bool:
    """Whether a name is meant for a person's own code: `file.py:name`."""
    return ".py:" in class_name
