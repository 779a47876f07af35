"""The columns of a study's tables, kept in one place for those who write and read them.

Those who train write them too, so nothing is imported here.
"""

METRICS = ["loss", "accuracy", "val_loss", "val_accuracy"]
HISTORY = ["variant", "seed", "epoch", *METRICS]
TESTS = ["variant", "seed", "test_loss", "test_accuracy"]
TIMINGS = ["variant", "seed", "epochs", "seconds", "cpu_seconds", "peak_memory_mb"]

# name: what the model calls the layer, or what it is (Dense); empty if that was not noted.
# activation_*: mean and standard deviation over a batch and the layer's units of what leaves the
#     activation function; in the output layer, of what enters the softmax.
# gradient_*: the same of the gradient of the batch's mean loss by what enters the activation
#     function (the back-propagated gradients of Glorot and Bengio, 2010, Understanding the
#     Difficulty of Training Deep Feedforward Neural Networks, section 4.2.2).
# dead_units: share of units that say the same about every image: a ReLU that is zero for all of
#     them, a saturated tanh.
# repeated_units: share of the others that put out the same as another unit before them.
# weight_norm: Frobenius norm of the kernel.
# update_norm: the same of the change that the optimizer's next step, on that batch, would make.
SHARES = ["dead_units", "repeated_units"]
MEASURES = [
    "activation_mean",
    "activation_sd",
    "gradient_mean",
    "gradient_sd",
    *SHARES,
    "weight_norm",
    "update_norm",
]
# Of each weight of the network: where it is, what it is to a study, how many inputs its units have
# and how many units its inputs, whether the study draws it, by which initializer of the baseline's
# (or else of the user's code), and why it does not.
WEIGHTS = [
    *("path", "layer", "shape", "numbers", "role", "kind", "fan_in", "fan_out"),
    *("trainable", "drawn", "initializer", "why"),
]
DIAGNOSTICS = ["variant", "seed", "epoch", "layer", "name", "units", *MEASURES]


def measurement_epochs(epochs: int) -> list[int]:
    """Return after which epochs a run is measured: 0, 1, 2, 5, 10, 20, 50, ... and the last."""
    found = {0, epochs}
    power = 1
    while power <= epochs:
        found |= {epoch for epoch in (power, 2 * power, 5 * power) if epoch <= epochs}
        power *= 10
    return sorted(found)
