"""What a training job is expected to take, to tell a person and clusters beforehand.

The constants fit what `make bench` measures on one core of a 2020s server with TensorFlow 2.21; the
table that it prints, predicted beside measured, is in docs/performance.md.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Seconds: for each update, which starts each operation once; for each image and multiplication, and
# for each image and number that an operation puts out. By XLA operations are one loop together.
PER_UPDATE = {"xla": 1.5e-5, "graph": 3e-4}
PER_MULTIPLICATION = {"xla": 7e-11, "graph": 5e-11}
PER_OUTPUT = {"xla": 8e-10, "graph": 1.2e-9}
# What importing TensorFlow and compiling take.
START_SECONDS = 4
# How much slower a machine may be, and what a job needs besides its epochs.
SLOWER, START_MINUTES = 5, 5
# What TensorFlow itself takes; for each weight its gradient, the optimizer's moments and copies of
# all; the data set as it was read, as a tensor and in the order of an epoch; what is put out for
# the images that are classified at once.
BASE_MB, BYTES_PER_WEIGHT, COPIES_OF_DATA, BYTES_PER_OUTPUT, CLASSIFIED = 750, 40, 3, 4, 1000
# What a job is given for Snakemake, which runs beside it, and how much more it may need.
SNAKEMAKE_MB, LARGER = 500, 1.5


@dataclass(frozen=True)
class Size:
    """How large a network is, and how it is compiled.

    Attributes:
        weights: numbers in its kernels, or in all weights of a user's own.
        multiplications: in its products of matrices and its convolutions, for one input.
        outputs: numbers that its operations put out, for one input.
        compiled: "xla" or "graph".
        notes: what of the network a person should know before it is trained.
        table: a row for each weight, see `accounts.table`.
    """

    weights: int
    multiplications: int
    outputs: int
    compiled: str
    notes: list[str] = field(default_factory=list)
    table: list[dict[str, Any]] = field(default_factory=list)


def dense(features: int, hidden_units: Sequence[int], classes: int) -> Size:
    """Return the size of dense layers, in which product, bias and activation put out the units."""
    sizes = [features, *hidden_units, classes]
    weights = sum(size * following for size, following in itertools.pairwise(sizes))
    return Size(weights, weights, 3 * sum(sizes[1:]), "xla")


def minutes(seconds: float) -> int:
    """Return the time that a job asks a cluster for, if its epochs take so long here."""
    return START_MINUTES + math.ceil(SLOWER * seconds / 60)


@dataclass(frozen=True)
class Cost:
    """What a training job takes.

    Attributes:
        size: of its network.
        dataset_bytes: that the inputs of its data set take.
        images: for training.
        batch_size: images per update.
        epochs: of each seed.
        seeds: how many the job runs.
        measured: seconds of an epoch, if these were measured.
    """

    size: Size
    dataset_bytes: int
    images: int
    batch_size: int
    epochs: int
    seeds: int
    measured: float | None = None

    @property
    def seconds(self) -> float:
        """Of one core of such a machine, start-up included."""
        return START_SECONDS + self._training

    @property
    def minutes(self) -> int:
        """The time that it asks a cluster for: what it takes on a slow machine."""
        return minutes(self._training)

    @property
    def memory(self) -> int:
        """The memory that it asks a cluster for, in units of 2^20 bytes."""
        return SNAKEMAKE_MB + math.ceil(LARGER * self.peak)

    @property
    def peak(self) -> float:
        """The most memory that it has at any time, in units of 2^20 bytes."""
        images = max(CLASSIFIED, self.batch_size)
        size = BYTES_PER_WEIGHT * self.size.weights + COPIES_OF_DATA * self.dataset_bytes
        return BASE_MB + (size + BYTES_PER_OUTPUT * self.size.outputs * images) / 2**20

    @property
    def epoch(self) -> float:
        """Seconds of an epoch, as measured, or else as counted."""
        if self.measured is not None:
            return self.measured
        way = self.size.compiled
        image = PER_MULTIPLICATION[way] * self.size.multiplications
        image += PER_OUTPUT[way] * self.size.outputs
        return PER_UPDATE[way] * math.ceil(self.images / self.batch_size) + image * self.images

    @property
    def _training(self) -> float:
        return self.epoch * self.epochs * self.seeds
