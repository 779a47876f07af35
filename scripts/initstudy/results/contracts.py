"""The tables of a study's runs: what each column holds, and what else must hold.

By these they are written, read, checked and collected (`jobs`, `tables`), and explained with those
of the analysis (`dictionary`). Jobs that train import this, so pandas is not imported.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from initstudy.engine.spec import METRIC
from initstudy.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

# What a column holds: text; a whole number from 0 on; a number from 0 to 1, or nan; True or False;
# and else a number, which may be infinite or nan.
Kind = Literal["text", "count", "share", "flag", "number"]
# Raises StudyError if the rows of a table are wrong, beside the kinds of its columns and its runs.
# It gets the path of the table, its rows, where runs begin, and the study's epochs.
Rule = Callable[[str | Path, "pd.DataFrame", npt.NDArray[np.bool_], int], None]


@dataclass(frozen=True)
class Table:
    """A table of a study's or a suite's folder.

    Attributes:
        rows: what a row is of.
        columns: what each column means, with its unit; one that ends in * stands for all that begin
            so.
        kinds: the columns of each kind, with blanks between them; all others are numbers.
        output: of `store.OUTPUTS`, if jobs write it, without the column `variant`.
        rule: what must hold of its rows.
        added: columns that results of older versions may lack: they are empty there, or nan.
    """

    rows: str
    columns: Mapping[str, str]
    kinds: Mapping[Kind, str]
    output: str = ""
    rule: Rule | None = None
    added: Collection[str] = ()

    @property
    def names(self) -> list[str]:
        """The names of its columns, in their order."""
        return [*self.columns]

    def measured(self, metric: str) -> "Table":
        """Return it for studies of a metric, whose name stands in the place of `accuracy`.

        Values of other metrics than accuracy are numbers, not shares.
        """
        if metric == METRIC:
            return self
        columns = {name.replace(METRIC, metric): text for name, text in self.columns.items()}
        kinds: dict[Kind, str] = {
            kind: " ".join(name for name in names.split() if METRIC not in name)
            for kind, names in self.kinds.items()
        }
        return replace(self, columns=columns, kinds=kinds)

    def kind(self, column: str) -> Kind:
        """Return what a column holds."""
        return next(
            (kind for kind, names in self.kinds.items() if column in names.split()), "number"
        )

    def of(self, *kinds: Kind) -> list[str]:
        """Return the columns of some kinds."""
        return [name for name in self.columns if self.kind(name) in kinds]


def check(path: str | Path, bad: npt.ArrayLike, what: str) -> None:
    """Say what is wrong with the first row of a table that is bad, "this row ..."; bool (rows,).

    Raises:
        StudyError: if one is bad.
    """
    if np.any(bad):
        raise StudyError(f"{path}, line {int(np.argmax(bad)) + 2}: this row {what}.")


def measurement_epochs(epochs: int) -> list[int]:
    """Return after which epochs a run is measured: 0, 1, 2, 5, 10, 20, 50, ... and the last."""
    powers = (10**power for power in range(len(str(epochs))))
    found = {factor * power for power in powers for factor in (1, 2, 5)}
    return sorted({0, epochs, *(epoch for epoch in found if epoch <= epochs)})


def _check_history(
    path: str | Path, frame: "pd.DataFrame", begins: npt.NDArray[np.bool_], epochs: int
) -> None:
    """Check that a run has its epochs from 1 on. One that diverges ends with the epoch in which its
    loss stopped being finite: that row has nan for all metrics.
    """
    values = frame[frame.columns[-len(METRICS) :]].to_numpy()
    marked = np.isnan(values)
    check(path, marked.any(1) != marked.all(1), "has nan for some of its metrics, not for all")
    check(path, np.isinf(values).any(1), "has an infinite metric; a diverged epoch has nan")
    epoch = frame["epoch"].to_numpy()
    previous = np.where(begins, 0, frame["epoch"].shift(fill_value=0).to_numpy())
    check(
        path,
        epoch != previous + 1,
        "does not have the epoch that follows; a row per seed and epoch is needed, from 1 on",
    )
    ends = np.append(begins[1:], True)[: len(begins)]
    diverged = marked.any(axis=1)
    check(path, diverged & ~ends, "is marked as diverged (nan), but its run goes on")
    check(
        path,
        ends & ~diverged & (epoch != epochs),
        f"is the last of its seed, but the study has {epochs} epochs",
    )
    check(path, epoch > epochs, f"is beyond the study's {epochs} epochs")


def _check_diagnostics(
    path: str | Path, frame: "pd.DataFrame", begins: npt.NDArray[np.bool_], epochs: int
) -> None:
    """Check that a run has all layers at each measurement epoch; one that diverged has no rows from
    that epoch on. What is not a finite number is nan.
    """
    infinite = np.isinf(frame[MEASURES].to_numpy()).any(1)
    check(path, infinite, "has an infinite number; it must be nan")
    enters = begins | (frame["epoch"] != frame["epoch"].shift()).to_numpy()
    layer = frame["layer"].to_numpy()
    before = np.where(enters, 0, frame["layer"].shift(fill_value=0).to_numpy())
    check(path, layer != before + 1, "does not have the layer that follows")
    due = measurement_epochs(epochs)
    place = np.searchsorted(due, frame["epoch"])
    before = np.where(begins, -1, np.roll(place, 1))[enters]
    wrong = enters.copy()
    wrong[enters] = place[enters] != before + 1
    wrong |= ~frame["epoch"].isin(due).to_numpy()
    check(path, wrong, f"does not have the epoch that follows; they are {', '.join(map(str, due))}")
    ends = np.append(enters[1:], True)[: len(frame)]
    layers = layer.max(initial=0)
    check(path, ends & (layer != layers), f"is its epoch's last, but there are {layers} layers")


VARIANT = "name of the pair of initializers: baseline, kernel-NAME, bias-NAME, KERNEL-BIAS, or best"
SEED = "seed of the run, from 0; from 1,000,000 on for tuning runs"

HISTORIES = Table(
    "an epoch of a run; a diverged run ends with a row of nan",
    {
        "variant": VARIANT,
        "seed": SEED,
        "epoch": "from 1",
        "loss": "mean loss of the training examples during the epoch; of a cross-entropy in nats",
        "accuracy": (
            "share of training examples that were classified correctly during the epoch; with "
            "another metric, that one by its name"
        ),
        "val_loss": "loss of the validation examples after the epoch",
        "val_accuracy": "the metric of the validation examples after the epoch",
    },
    {"text": "variant", "count": "seed epoch", "share": "accuracy val_accuracy"},
    "history",
    _check_history,
)
METRICS = HISTORIES.names[3:]

TESTS = Table(
    "a run",
    {
        "variant": VARIANT,
        "seed": SEED,
        "test_loss": "loss of the test examples after the last epoch; nan if it diverged",
        "test_accuracy": "the metric of the test examples",
    },
    {"text": "variant", "count": "seed", "share": "test_accuracy"},
    "tests",
)

TIMINGS = Table(
    "a run",
    {
        "variant": VARIANT,
        "seed": SEED,
        "epochs": "number of epochs that the run had",
        "seconds": "wall time of its epochs",
        "cpu_seconds": "CPU time of its job for it; of the first of a job, with the start",
        "peak_memory_mb": "largest resident set of its job by then, in units of 2^20 bytes",
    },
    {"text": "variant", "count": "seed epochs"},
    "timings",
)

# Of each layer with a kernel at a measurement epoch. Gradients are the back-propagated ones of
# Glorot and Bengio, 2010, Understanding the Difficulty of Training Deep Feedforward Neural
# Networks, section 4.2.2.
SIGNALS = {
    "activation_mean": (
        "mean of the outputs of the activation function over a batch and the units; for the output "
        "layer, of the inputs of the softmax. The activation may be a layer by itself, also behind "
        "a normalization"
    ),
    "activation_sd": "standard deviation of these outputs",
    "gradient_mean": (
        "mean of the gradient of the batch's loss by the inputs of the activation function"
    ),
    "gradient_sd": "standard deviation of this gradient",
    "dead_units": "share of units with the same output for every example",
    "repeated_units": "share of the others with the same output as another unit before them",
    "weight_norm": "Frobenius norm of the kernel",
    "update_norm": "Frobenius norm of the optimizer's next step",
}
MEASURES = [*SIGNALS]
DIAGNOSTICS = Table(
    "a layer of a run at a measurement epoch: at the start, after epochs 1, 2, 5, 10, ... or after "
    "the last",
    {
        "variant": VARIANT,
        "seed": SEED,
        "epoch": "measurement epoch; 0 at the start",
        "layer": "number of the layer with a kernel, from 1 at the input",
        "name": (
            "name of the layer in the model; its class (Dense, Conv2D), if it has none; empty in "
            "results of older versions"
        ),
        "units": "number of units of the layer",
        **SIGNALS,
    },
    {
        "text": "variant name",
        "count": "seed epoch layer units",
        "share": "dead_units repeated_units",
    },
    "diagnostics",
    _check_diagnostics,
    added=("name", *SIGNALS),
)

RUNS = Table(
    "a block of seeds of a variant",
    {
        "variant": VARIANT,
        "first_seed": "first seed of the block",
        "last_seed": "last seed of the block",
        "history": "path of its history, with the digest of the run",
    },
    {"text": "variant history", "count": "first_seed last_seed"},
)

WEIGHTS = Table(
    "a weight of the network",
    {
        "path": "its path in Keras; patterns of initializers are compared with it",
        "layer": "name and class of its layer",
        "shape": "shape of the weight",
        "numbers": "number of its entries",
        "role": "kernel or bias; for another weight the argument of its layer that draws it",
        "kind": "row of the kernel in the table of methods-and-layers.md",
        "fan_in": "inputs that each unit sees",
        "fan_out": "units that see each input",
        "trainable": "whether training changes it",
        "drawn": "whether the study draws it",
        "initializer": "initializer that draws it: that of the baseline, or of the network's code",
        "why": "reason why the study does not draw it",
    },
    {
        "text": "path layer shape role kind initializer why",
        "count": "numbers fan_in fan_out",
        "flag": "trainable drawn",
    },
)
