"""What a training job is expected to take, for clusters that want to know beforehand.

Measured on one core of a 2020s server with TensorFlow 2.21: an epoch of MNIST takes 0.09, 3.0 and
26 s with hidden layers of [16, 16], [512, 512] and [2000, 2000] units (batches of 128), 0.14 s with
[16, 16] and batches of 16; the jobs' peak memory is 860, 880 and 1,020 MB.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

# Seconds: per update, and per weight and image; both fit the measurements above.
PER_UPDATE, PER_OPERATION = 1.5e-5, 8e-11
# How much slower a machine may be, and what a job needs besides its epochs.
SLOWER, START_MINUTES = 5, 5
# What importing TensorFlow and compiling take.
START_SECONDS = 8
# Snakemake runs beside the training; the weights, their gradients and the optimizer's moments.
BASE_MB, BYTES_PER_WEIGHT = 2000, 40


def weights(features: int, hidden_units: Sequence[int], classes: int) -> int:
    """How many weights a network of dense layers has, without biases: as many as operations."""
    sizes = [features, *hidden_units, classes]
    return sum(size * following for size, following in itertools.pairwise(sizes))


@dataclass(frozen=True)
class Cost:
    """What a training job takes.

    Attributes:
        weights: numbers in the kernels of its network.
        operations: multiplications of the network for one image, see `checks.Size`.
        images: for training.
        batch_size: images per update.
        epochs: of each replicate.
        seeds: replicates of the job.
    """

    weights: int
    operations: int
    images: int
    batch_size: int
    epochs: int
    seeds: int

    @property
    def seconds(self) -> float:
        """Of one core of such a machine, start-up included."""
        return START_SECONDS + self._training

    @property
    def minutes(self) -> int:
        """The time that it asks a cluster for: what it takes on a slow machine."""
        return START_MINUTES + math.ceil(SLOWER * self._training / 60)

    @property
    def memory(self) -> int:
        """The memory that it asks a cluster for, in units of 2^20 bytes."""
        return BASE_MB + math.ceil(BYTES_PER_WEIGHT * self.weights / 2**20)

    @property
    def _training(self) -> float:
        updates = math.ceil(self.images / self.batch_size)
        epoch = PER_UPDATE * updates + PER_OPERATION * self.operations * self.images
        return epoch * self.epochs * self.seeds
