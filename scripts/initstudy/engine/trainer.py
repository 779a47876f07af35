"""The training engine: whole epochs as one compiled function, reused for every seed."""

import itertools
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, data_order
from initstudy.engine.losses import (
    Evaluation,
    looks_at_batch,
    mask_of,
)
from initstudy.engine.models import Network, adapt, as_input, batch_of, networks_of, suits_xla
from initstudy.engine.optimizers import finalizes, is_symmetric, make_optimizer
from initstudy.engine.shadows import Shadows, adds_to_loss, assigned_by_call, called
from initstudy.engine.spec import METRIC, ORDER, SOURCES, WEIGHTS, RunSpec

# Examples that are classified at once where nothing is learned; bounds the memory it takes.
EVALUATION_BATCH = 1000
# Examples, the first that a run meets, that its initializers may look at.
LOOKED_AT = 1000
# Examples by which it is seen whether the model of a seed is like that of another one.
COMPARED = 8


class Epoch(NamedTuple):
    """What one epoch of one run gave; the first four as Keras' `Model.fit` reports them.

    Attributes:
        loss, metric: of the training examples, each as the network was when it met them.
        val_loss, val_metric: of the validation examples, at the end of the epoch.
        seconds: wall time.
    """

    loss: float
    metric: float
    val_loss: float
    val_metric: float
    seconds: float

    @property
    def finite(self) -> bool:
        """False once the run has diverged."""
        return bool(np.isfinite([self.loss, self.val_loss]).all())


class Tested(NamedTuple):
    """What a test gave.

    Attributes:
        loss, metric: of all test examples.
        by_example: whether each is classified correctly, bool (examples,), where an example has one
            class and the metric is accuracy; else loss and metric of each, float32 (2, examples).
    """

    loss: float
    metric: float
    by_example: npt.NDArray[Any]


class Trainer:
    """Trains seeds of one model on one data set, one after the other.

    A model and an optimizer are compiled once; each seed then starts from fresh ones whose
    values are assigned to the variables of the first. One whose model does something else with
    these values, as what is not a variable differs, is compiled, too. An epoch is one call: a
    loop over batches that slices, casts, differentiates and updates. It computes what `Model.fit`
    does, and returns the same loss and metric; a loss has what a model adds to it (regularization)
    in it.

    Args:
        dataset: examples with their targets; they are put on the device once.
        make_network: the network that a seed starts from.
        make_optimizer: a fresh optimizer for a model, without slots.
        batch_size: examples per update; the last batch of an epoch may be smaller.
        compile: "xla" (by XLA), "graph" (TensorFlow's own kernels, one after the other), or "auto":
            by XLA if `models.suits_xla`.
        vary: what each seed has of its own, of `spec.SOURCES`; the rest is that of seed 0.

    Attributes:
        network: that of the seed that was compiled last.
        shadows: the variables that training changes, see `shadows.Shadows`.
        optimizer: of the seed that was started last, as it is now; of none until one is.
        compiled: "xla" or "graph".
        compilations: how many networks were compiled.
        test_examples: how many there are.

    Examples:
        >>> trainer = Trainer(dataset, make_network, make_optimizer, 128)
        >>> [epoch.val_metric for epoch in trainer.train(seed=0, epochs=2)]
    """

    def __init__(
        self,
        dataset: Dataset,
        make_network: Callable[[int], Network],
        make_optimizer: Callable[[Any], Any],
        batch_size: int,
        compile: str = "auto",
        vary: Collection[str] = SOURCES,
    ) -> None:
        self._vary = vary
        self._make_network = make_network
        self._make_optimizer = make_optimizer
        self._batch_size = batch_size
        self._shape, self._scale, self._offset = dataset.shape, dataset.scale, dataset.offset
        self._train = tf.constant(dataset.x_train), tf.constant(dataset.y_train)
        self._validation = tf.constant(dataset.x_val), tf.constant(dataset.y_val)
        self._test = self._validation
        if dataset.x_val is not dataset.x_test:
            self._test = tf.constant(dataset.x_test), tf.constant(dataset.y_test)
        self.test_examples = len(dataset.y_test)
        self._examples = len(dataset.y_train)
        self._counts = (self._examples, len(dataset.y_val))
        self._asked, self.compilations = compile, 0
        # Its values are those of no seed: these come with `start` or `resume`.
        self._take(make_network(0))
        self._orders = self._orders_of(0)

    def _take(self, network: Network) -> None:
        """Make a network the one that is compiled, and that all others are assigned to."""
        self.network, model = network, network.model
        self.optimizer = self._make_optimizer(model)
        changed = {id(variable) for variable in assigned_by_call(model, self._few(model))}
        self.objective = network.objective
        # What layers add to the loss may depend on what else is in a batch, as a mask does.
        alone = not adds_to_loss(model, self._few(model)) and not self._looks_at_batch(model)
        self._evaluated = None if alone else self._batch_size
        # What a layer itself assigns to a kernel must be assigned before it is multiplied with.
        self._steady = changed.isdisjoint(id(variable) for variable in model.trainable_variables)
        self.shadows = Shadows(model, self.transposes(self.optimizer, model))
        self.optimizer.build(self.shadows.trained)
        self.compiled = self._asked
        if self._asked == "auto":
            self.compiled = "xla" if suits_xla(model) else "graph"
        self.compilations += 1
        self._run_epoch = tf.function(
            self._epoch, jit_compile=self.compiled == "xla", autograph=False
        )
        # Called a few times only: compiling it by XLA would take longer than it saves.
        self._run_test = tf.function(
            lambda x, y: self._evaluate(x, y, training=False), autograph=False
        )

    def transposes(self, optimizer: Any, model: Any) -> bool:
        """Return whether an optimizer trains kernels of a model transposed.

        Args:
            optimizer: of it.
            model: that is like the one that is compiled.
        """
        return self._steady and is_symmetric(optimizer, model)

    @property
    def model(self) -> Any:
        """The model of the seed that was started last, as it is now; of none until one is."""
        self.shadows.write()
        return self.network.model

    def turn_to(self, make_network: Callable[[int], Network]) -> None:
        """Train networks of another spec from now on, which differs in its initializers alone.

        They are compiled only if they are another network than the one that is compiled.
        """
        self._make_network = make_network

    def compile(self) -> None:
        """Compile the epoch, so that it is not counted as part of the first one."""
        self._run_epoch(*self._train, tf.constant(0))

    def train(self, seed: int, epochs: int) -> Iterator[Epoch]:
        """Train one seed from its beginning.

        Args:
            seed: decides the first weights and the order of the examples.
            epochs: passes over the training examples.

        Yields:
            Each epoch as it ends. One that is not finite is the last.
        """
        self.start(seed)
        for _ in range(epochs):
            epoch = self.run_epoch()
            yield epoch
            if not epoch.finite:
                return

    def test(self) -> Tested:
        """Test the network as `fit` would leave it if it ended now.

        Some optimizers change the weights then, such as to averages of what they were.
        """
        before = self.state() if finalizes(self.optimizer) else None
        if before is not None:
            self.optimizer.finalize_variable_values(self.shadows.trained)
        size = self._evaluated or EVALUATION_BATCH
        batches = (
            self._run_test(*(part[start : start + size] for part in self._test))
            for start in range(0, self.test_examples, size)
        )
        losses, values, weights = (np.concatenate(part) for part in zip(*batches, strict=True))
        if before is not None:
            self._assign(before)
        loss, total = float(losses.mean(dtype=np.float64)), float(values.sum(dtype=np.float64))
        counted = max(float(weights.sum(dtype=np.float64)), 1.0)
        metric = self.objective.finished(total / counted)
        targets = self._test[1]
        if self.objective.metric == METRIC and targets.dtype.is_integer and len(targets.shape) == 1:
            return Tested(loss, metric, values > 0)
        # A long sequence counts for more than a short one: so the mean of these is the metric.
        each = values * np.float32(len(values) / counted)
        return Tested(loss, metric, np.stack([losses, each]))

    def state(self) -> list[npt.NDArray[Any]]:
        """Return all that the run needs to go on from here, besides how many epochs it has had."""
        return [_storable(variable.numpy()) for variable in self._variables]

    def resume(self, seed: int, epochs: int, state: Sequence[npt.NDArray[Any]]) -> None:
        """Take a run up again, instead of `start`.

        Args:
            seed: as it was started.
            epochs: that it has had.
            state: as from `state` after them.

        Raises:
            ValueError: if it is of another network or optimizer.
        """
        self._fit(self._make_network(self._weights_of(seed)))
        shapes = [tuple(variable.shape) for variable in self._variables]
        if shapes != [value.shape for value in state]:
            raise ValueError("the weights are of another network or optimizer")
        self._assign(state)
        self._orders = itertools.islice(self._orders_of(seed), epochs, None)

    def start(self, seed: int) -> None:
        """Give model and optimizer the values that a run begins with."""
        network = self._make_network(self._weights_of(seed))
        first = next(self._orders_of(seed))[:LOOKED_AT]
        adapt(network, self._inputs(network.model, tf.gather(self._train[0], first)))
        self._fit(network)
        if network is not self.network:
            optimizer = self._make_optimizer(network.model)
            shadows = Shadows(network.model, self.transposes(optimizer, network.model))
            optimizer.build(shadows.trained)
            self._assign([*shadows.variables, *optimizer.variables])
        self._orders = self._orders_of(seed)

    def run_epoch(self) -> Epoch:
        """Train the run that was started for one more epoch."""
        started = time.perf_counter()
        order = next(self._orders)
        # All at once and here, since XLA takes three times as long to gather rows.
        x, y = (tf.gather(array, order) for array in self._train)
        sums = self._run_epoch(x, y, tf.constant(self._examples)).numpy().reshape(2, 3)
        found = [
            (loss / count, self.objective.finished(value / max(weight, 1.0)))
            for (loss, value, weight), count in zip(sums.tolist(), self._counts, strict=True)
        ]
        return Epoch(*found[0], *found[1], time.perf_counter() - started)

    def sample_losses(self, examples: int) -> Any:
        """Return the losses, as in training, of training examples spread evenly over all.

        They are the same examples for every variant and seed.

        Args:
            examples: how many, or all if there are fewer.

        Returns:
            float32 (examples,); differentiable.
        """
        count = min(examples, self._examples)
        chosen = np.linspace(0, self._examples - 1, count).astype(np.int32)
        x, y = (tf.gather(array, chosen) for array in self._train)
        return self._evaluate(x, y, training=True).losses

    @property
    def _variables(self) -> list[Any]:
        """All that training changes: weights, slots, and what layers draw random numbers from."""
        return [*self.shadows.variables, *self.optimizer.variables]

    def _assign(self, values: Sequence[Any]) -> None:
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _weights_of(self, seed: int) -> int:
        return seed if WEIGHTS in self._vary else 0

    def _few(self, model: Any) -> Any:
        """Return some training examples, as a model takes them."""
        count = batch_of(model) or COMPARED
        return self._inputs(model, tf.gather(self._train[0], np.arange(count) % self._examples))

    def _fit(self, network: Network) -> None:
        """Compile a network, unless the one that is compiled does the same with its values."""
        mine, other = self.network.model, network.model
        kinds = [
            [(tuple(v.shape), v.dtype, v.trainable) for v in model.variables]
            for model in (mine, other)
        ]
        # What is measured of a network depends on which of its weights are drawn.
        if kinds[0] == kinds[1] and self.network.rules.keys() == network.rules.keys():
            for variable, value in zip(mine.variables, other.variables, strict=True):
                variable.assign(value)
            made = [_made_of(model, self._few(model)) for model in (mine, other)]
            pairs = zip(*made, strict=True)
            if all(np.array_equal(one, other, equal_nan=True) for one, other in pairs):
                return
        self._take(network)

    def _orders_of(self, seed: int) -> Iterator[npt.NDArray[np.int32]]:
        return data_order(seed if ORDER in self._vary else 0, self._examples)

    def _inputs(self, model: Any, x: Any) -> Any:
        return as_input(model, tf.cast(x, tf.float32) * self._scale + self._offset, self._shape)

    def _epoch(self, x: Any, y: Any, until: Any) -> Any:
        """Train on the examples in this order, then evaluate the validation examples.

        Args:
            x: all examples.
            y: their labels.
            until: how many of them are for whole batches; fewer than all, an int32 tensor, if this
                is called to be compiled, since XLA compiles nothing before it runs.

        Returns:
            float64 (6,): the sums of losses, values and weights of the training examples, and of
            the validation examples, see `losses.Evaluation`.
        """
        training = _sum_over_batches(self._update, (x, y), self._batch_size, until)
        validation = _sum_over_batches(
            lambda x, y: self._evaluate(x, y, training=False),
            self._validation,
            self._evaluated or EVALUATION_BATCH,
            len(self._validation[1]),
        )
        return tf.concat([training, validation], axis=0)

    def _update(self, x: Any, y: Any) -> Evaluation:
        with tf.GradientTape() as tape:
            evaluation = self._evaluate(x, y, training=True)
            loss = self.optimizer.scale_loss(tf.reduce_mean(evaluation.losses))
        trained = self.shadows.trained
        self.optimizer.apply(tape.gradient(loss, [v.value for v in trained]), trained)
        return evaluation

    def _evaluate(self, x: Any, y: Any, training: bool) -> Evaluation:
        """Evaluate each example; a loss has what the model adds to that of the batch."""
        model = self.network.model
        with self.shadows.seen() as penalties:
            outputs = called(model, self._inputs(model, x), training)
            mask = mask_of(outputs)
            # As Keras' losses and metrics take them.
            outputs = tf.cast(outputs, tf.float32)
        losses, values, weights = self.objective(y, outputs, mask)
        for penalty in penalties:
            losses += tf.reduce_sum(tf.cast(penalty, tf.float32))
        return Evaluation(losses, values, weights)

    def _looks_at_batch(self, model: Any) -> bool:
        """Return whether the loss of an example depends on what else is in its batch."""
        outputs = called(model, self._few(model), training=False)
        if mask_of(outputs) is not None:
            return True
        outputs = tf.cast(outputs, tf.float32)
        targets = tf.gather(self._train[1], np.arange(outputs.shape[0]) % self._examples)
        return looks_at_batch(self.objective, targets, outputs)


def make_trainer(
    spec: RunSpec, dataset: Dataset, make: Callable[[Any], Any] | None = None
) -> Trainer:
    """Make the trainer of a run's seeds.

    Args:
        spec: decides the numbers.
        dataset: that is learned from, see `data.dataset_of`.
        make: makes the optimizer for a model, if it is not to be the spec's.
    """
    return Trainer(
        dataset,
        networks_of(spec, dataset.shape, dataset.outputs, dataset.one_of),
        make or (lambda model: make_optimizer(spec.optimizer, model)),
        spec.batch_size,
        spec.compile,
        spec.vary,
    )


def _made_of(model: Any, inputs: Any) -> list[npt.NDArray[Any]]:
    """Return the outputs of a model in training and what it adds to the loss; it stays as it is."""
    values = [(variable, variable.value) for variable in model.variables]
    with keras.StatelessScope(values, collect_losses=True):
        parts = [called(model, inputs, training=True), *model.losses]
    return [np.asarray(keras.ops.convert_to_numpy(part)) for part in parts]


def _storable(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what NumPy can write: it has no bfloat16, all of whose numbers float32 has."""
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value


def _sum_over_batches(
    function: Callable[..., Any], arrays: tuple[Any, ...], size: int, until: Any
) -> Any:
    """Sum the three arrays that `function` returns over batches of the arrays' first dimension.

    Whole batches end at `until`; what is left of the arrays beyond them is the last one.

    Returns:
        float64 (3,): sums of 60,000 float32 numbers need more than float32 has.
    """
    length = arrays[0].shape[0]
    size = min(size, length)
    whole = length - length % size

    def add(total: Any, start: Any, count: int) -> Any:
        # XLA wants constant sizes, which slicing by [start:stop] does not give it.
        batches = [
            tf.slice(array, [start] + [0] * (len(array.shape) - 1), [count, *array.shape[1:]])
            for array in arrays
        ]
        sums = [tf.reduce_sum(tf.cast(part, tf.float64)) for part in function(*batches)]
        return total + tf.stack(sums)

    _, total = tf.while_loop(
        lambda start, total: start + size <= until,
        lambda start, total: (start + size, add(total, start, size)),
        (0, tf.zeros(3, tf.float64)),
    )
    return add(total, whole, length - whole) if whole < length else total
