"""What tests and scan share: the studies as their files say, and training them in this process."""

from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from engines import dense
from helpers import REPOSITORY

from initstudy.config.configuration import parse
from initstudy.config.initializers import Variant
from initstudy.data.datasets import dataset_info
from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, scaled
from initstudy.engine.models import Network
from initstudy.engine.optimizers import make_optimizer
from initstudy.engine.trainer import Trainer
from initstudy.study import Study

Arrays = list[npt.NDArray[np.float32]]


def read_study(name: str) -> Study:
    """A study of studies/replications, as a run reads it."""
    raw = yaml.safe_load((REPOSITORY / f"studies/replications/{name}.yaml").read_text())
    configuration, problems = parse(raw)
    assert configuration is not None, problems
    return Study.of(configuration, dataset_info(configuration.dataset))


def variant(study: Study, name: str) -> Variant:
    return next(v for v in study.variants.values() if v.kernel.name == name)


def start(study: Study, kernels: str, replicate: int) -> Network:
    """The network as a replicate of these kernels starts it, before `adapt`."""
    pair = variant(study, kernels)
    sizes = study.model["hidden_units"], study.model["activation"]
    return dense(784, *sizes, 10, pair.kernel.plain(), pair.bias.plain())(replicate)


class Run:
    """Trains the replicates of a study, of any variant at any rate, with one compiled epoch."""

    def __init__(self, study: Study, mnist: Dataset) -> None:
        self._study, self._kernels = study, study.baseline.kernel.name
        self._rate: dict[str, float] = {}
        self._trainer = Trainer(
            scaled(mnist, study.inputs),
            lambda replicate: start(study, self._kernels, replicate),
            self._optimizer,
            study.batch_size,
        )

    def _optimizer(self, model: Any) -> Any:
        config = {**self._study.optimizer["config"], **self._rate}
        return make_optimizer({**self._study.optimizer, "config": config}, model)

    def accuracies(
        self,
        kernels: str,
        replicate: int,
        epochs: int,
        rate: float | None = None,
        target: float = 1.0,
    ) -> list[float]:
        """Validation accuracies by epoch, nan where it has diverged; ends at the target.

        The learning rate is the study's, if none is given.
        """
        self._kernels = kernels
        self._rate = {} if rate is None else {"learning_rate": rate}
        found = []
        for epoch in self._trainer.train(replicate, epochs):
            found.append(epoch.val_metric if epoch.finite else float("nan"))
            if found[-1] >= target:
                break
        return found

    def learning_time(
        self, kernels: str, replicate: int, epochs: int, rate: float | None = None
    ) -> float:
        """Epochs until the study's target accuracy, inf if it is not reached in so many."""
        target = self._study.target_accuracy
        found = self.accuracies(kernels, replicate, epochs, rate, target)
        return len(found) if found[-1] >= target else float("inf")


def signals(model: Any, inputs: Any, labels: Any) -> tuple[Arrays, Arrays, Arrays]:
    """Forward and back through a network.

    Returns:
        For each layer its pre-activations, its activations, and the gradient of the mean loss with
        respect to the pre-activations, float32 (images, units).
    """
    before, after = [], []
    with tf.GradientTape() as tape:
        values = tf.constant(inputs, tf.float32)
        for layer in model.layers:
            activation, layer.activation = layer.activation, keras.activations.linear
            before.append(layer(values))
            layer.activation = activation
            tape.watch(before[-1])
            values = activation(before[-1])
            after.append(values)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, values))
    gradients = tape.gradient(loss, before)
    first, second, third = ([np.asarray(v) for v in vs] for vs in (before, after, gradients))
    return first, second, third
