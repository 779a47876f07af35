"""The training engine: whole epochs as one compiled function, reused for every replicate."""

import itertools
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, from_arrays, hold_out, learn_from
from initstudy.engine.errors import EngineError
from initstudy.engine.initializers import DATA_ORDER
from initstudy.engine.models import (
    Network,
    Networks,
    adapt,
    as_input,
    batch_of,
    dense_model,
    suits_xla,
    user_model,
)
from initstudy.engine.optimizers import finalizes, is_symmetric, make_optimizer
from initstudy.engine.shadows import Shadows, adds_to_loss, assigned_by_call, called
from initstudy.engine.spec import ORDER, SOURCES, WEIGHTS, RunSpec

# Images that are classified at once where nothing is learned; bounds the memory it takes.
EVALUATION_BATCH = 1000
# Images, the first that a replicate meets, that its initializers may look at.
LOOKED_AT = 1000
# Images by which it is seen whether the model of a replicate is like that of another one.
COMPARED = 8


class Epoch(NamedTuple):
    """What one epoch of one replicate gave; the first four as Keras' `Model.fit` reports them.

    Attributes:
        loss, accuracy: mean over the training images, each as the network was when it met them.
        val_loss, val_accuracy: mean over the validation images, at the end of the epoch.
        seconds: wall time.
    """

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float

    @property
    def finite(self) -> bool:
        """False once the training has diverged."""
        return bool(np.isfinite([self.loss, self.val_loss]).all())


def data_order(replicate: int, images: int) -> Iterator[npt.NDArray[np.int32]]:
    """The order in which a replicate sees the training images, epoch after epoch.

    It depends on the replicate alone, so all variants share it.

    Args:
        replicate: number of the replicate, from 0.
        images: number of training images.

    Yields:
        A permutation of 0 .. images-1, without end.
    """
    sequence = np.random.SeedSequence(replicate, spawn_key=(DATA_ORDER,))
    generator = np.random.default_rng(sequence)
    while True:
        yield generator.permutation(images).astype(np.int32)


def input_scaling(inputs: str, x_train: npt.NDArray[Any]) -> tuple[Any, Any]:
    """The scale and the offset that make a network's input of a pixel: `pixel * scale + offset`.

    Args:
        inputs: "raw" (as they are), "unit" (0..1: of pixels from 0..255, of other numbers from
            their smallest and largest), "standardized" (mean 0, variance 1 over all of them) or
            "features" (mean 0, variance 1 of each by itself; those that never vary become 0).
        x_train: the training images, uint8 or float32 (images, features).

    Returns:
        Two numbers, or of "features" float32 (features,) each.

    Raises:
        EngineError: if they are all the same, and so cannot be scaled.
    """
    if inputs == "raw":
        return 1.0, 0.0
    if inputs == "unit":
        if x_train.dtype == np.uint8:
            return 1 / 255, 0.0
        low, high = _varied(float(x_train.min()), float(x_train.max()))
        return 1 / (high - low), -low / (high - low)
    if inputs == "standardized":
        mean, deviation = float(x_train.mean()), float(x_train.std())
        _varied(0.0, deviation)
        return 1 / deviation, -mean / deviation
    if inputs == "features":
        mean = x_train.mean(axis=0, dtype=np.float64)
        deviation = x_train.std(axis=0, dtype=np.float64)
        varied = deviation > 0
        _varied(0.0, float(varied.sum()))
        scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=varied)
        return scale.astype(np.float32), (-mean * scale).astype(np.float32)
    raise ValueError(f"inputs must be raw, unit, standardized or features, not {inputs!r}")


def _varied(low: float, high: float) -> tuple[float, float]:
    if not low < high:
        raise EngineError("All numbers of x_train are the same, so that inputs can only be raw.")
    if not high < math.inf:
        raise EngineError(
            "The numbers of x_train are so large that their scatter overflows: divide them before "
            "you save them, or take inputs: features or raw."
        )
    return low, high


class Trainer:
    """Trains replicates of one model on one data set, one after the other.

    A model and an optimizer are compiled once; each replicate then starts from fresh ones whose
    values are assigned to the variables of the first. One whose model does something else with
    these values, as what is not a variable differs, is compiled, too. An epoch is one call: a
    loop over batches that slices, casts, differentiates and updates. It computes what `Model.fit`
    does with the loss `sparse_categorical_crossentropy`, and returns the same metrics; a loss has
    what a model adds to it (regularization) in it.

    Args:
        dataset: images and labels; they are put on the device once.
        make_network: the network that a replicate starts from; it ends in a softmax.
        make_optimizer: a fresh optimizer for a model, without slots.
        batch_size: images per update; the last batch of an epoch may be smaller.
        inputs: see `input_scaling`.
        compile: "xla" (by XLA), "graph" (TensorFlow's own kernels, one after the other), or "auto":
            by XLA if `models.suits_xla`.
        vary: what each replicate has of its own, of `spec.SOURCES`; the rest is replicate 0's.

    Attributes:
        network: that of the replicate that was compiled last.
        shadows: the variables that training changes, see `shadows.Shadows`.
        optimizer: of the replicate that was started last, as it is now; of none until one is.
        compiled: "xla" or "graph".
        compilations: how many networks were compiled.
        images_to_test: how many test images there are.

    Examples:
        >>> trainer = Trainer(dataset, make_network, make_optimizer, 128, "raw")
        >>> [epoch.val_accuracy for epoch in trainer.train(replicate=0, epochs=2)]
    """

    def __init__(
        self,
        dataset: Dataset,
        make_network: Callable[[int], Network],
        make_optimizer: Callable[[Any], Any],
        batch_size: int,
        inputs: str,
        compile: str = "auto",
        vary: Collection[str] = SOURCES,
    ) -> None:
        self._vary = vary
        self._make_network = make_network
        self._make_optimizer = make_optimizer
        self._batch_size = batch_size
        self._shape = dataset.shape
        self._scale, self._offset = input_scaling(inputs, dataset.x_train)
        self._train = tf.constant(dataset.x_train), tf.constant(dataset.y_train)
        self._validation = tf.constant(dataset.x_val), tf.constant(dataset.y_val)
        self._test = self._validation
        if dataset.x_val is not dataset.x_test:
            self._test = tf.constant(dataset.x_test), tf.constant(dataset.y_test)
        self.images_to_test = len(dataset.y_test)
        self._images = len(dataset.y_train)
        self._counts = np.repeat([self._images, len(dataset.y_val)], 2)
        self._asked, self.compilations = compile, 0
        # Its values are those of no replicate: these come with `start` or `resume`.
        self._take(make_network(0))
        self._orders = self._orders_of(0)

    def _take(self, network: Network) -> None:
        """Make a network the one that is compiled, and that all others are assigned to."""
        self.network, model = network, network.model
        self.optimizer = self._make_optimizer(model)
        changed = {id(variable) for variable in assigned_by_call(model, self._few(model))}
        # What layers add to the loss may depend on what else is in a batch.
        self._evaluated = self._batch_size if adds_to_loss(model, self._few(model)) else None
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
        self._run_test = tf.function(self._judge, autograph=False)

    def transposes(self, optimizer: Any, model: Any) -> bool:
        """Return whether an optimizer trains kernels of a model transposed.

        Args:
            optimizer: of it.
            model: that is like the one that is compiled.
        """
        return self._steady and is_symmetric(optimizer, model)

    @property
    def model(self) -> Any:
        """The model of the replicate that was started last, as it is now; of none until one is."""
        self.shadows.write()
        return self.network.model

    def compile(self) -> None:
        """Compiles the epoch, so that it is not counted as part of the first one."""
        self._run_epoch(*self._train, tf.constant(0))

    def train(self, replicate: int, epochs: int) -> Iterator[Epoch]:
        """Trains one replicate from its beginning.

        Args:
            replicate: decides the first weights and the order of the images.
            epochs: passes over the training images.

        Yields:
            Each epoch as it ends. One that is not finite is the last.
        """
        self.start(replicate)
        for _ in range(epochs):
            epoch = self.run_epoch()
            yield epoch
            if not epoch.finite:
                return

    def test(self) -> tuple[float, float, npt.NDArray[np.bool_]]:
        """What the network makes of the test images, as `fit` would leave it if it ended now.

        Some optimizers change the weights then, such as to averages of what they were.

        Returns:
            Its loss, its accuracy, and which of the images it gets right, (images,).
        """
        before = self.state() if finalizes(self.optimizer) else None
        if before is not None:
            self.optimizer.finalize_variable_values(self.shadows.trained)
        losses, hits = (part.numpy() for part in self._run_test(*self._test))
        if before is not None:
            self._assign(before)
        means = (float(part.mean(dtype=np.float64)) for part in (losses, hits))
        return *means, hits > 0

    def state(self) -> list[npt.NDArray[Any]]:
        """All that the replicate needs to go on from here, besides how many epochs it has had."""
        return [_storable(variable.numpy()) for variable in self._variables]

    def resume(self, replicate: int, epochs: int, state: Sequence[npt.NDArray[Any]]) -> None:
        """Takes a replicate up again, instead of `start`.

        Args:
            replicate: as it was started.
            epochs: that it has had.
            state: as from `state` after them.

        Raises:
            ValueError: if it is of another network or optimizer.
        """
        self._fit(self._make_network(self._weights_of(replicate)))
        shapes = [tuple(variable.shape) for variable in self._variables]
        if shapes != [value.shape for value in state]:
            raise ValueError("the weights are of another network or optimizer")
        self._assign(state)
        self._orders = itertools.islice(self._orders_of(replicate), epochs, None)

    def start(self, replicate: int) -> None:
        """Gives model and optimizer the values that a replicate begins with."""
        network = self._make_network(self._weights_of(replicate))
        first = next(self._orders_of(replicate))[:LOOKED_AT]
        adapt(network, self._inputs(network.model, tf.gather(self._train[0], first)))
        self._fit(network)
        if network is not self.network:
            optimizer = self._make_optimizer(network.model)
            shadows = Shadows(network.model, self.transposes(optimizer, network.model))
            optimizer.build(shadows.trained)
            self._assign([*shadows.variables, *optimizer.variables])
        self._orders = self._orders_of(replicate)

    def run_epoch(self) -> Epoch:
        """Trains the replicate that was started for one more epoch."""
        started = time.perf_counter()
        order = next(self._orders)
        # All at once and here, since XLA takes three times as long to gather rows.
        x, y = (tf.gather(array, order) for array in self._train)
        means = self._run_epoch(x, y, tf.constant(self._images)).numpy() / self._counts
        return Epoch._make([*means.tolist(), time.perf_counter() - started])

    def sample_losses(self, images: int) -> Any:
        """The losses, as in training, of training images that are spread evenly over all.

        They are the same images for every variant and replicate.

        Args:
            images: how many, or all if there are fewer.

        Returns:
            float32 (images,); differentiable.
        """
        chosen = np.linspace(0, self._images - 1, min(images, self._images)).astype(np.int32)
        x, y = (tf.gather(array, chosen) for array in self._train)
        return self._evaluate(x, y, training=True)[0]

    @property
    def _variables(self) -> list[Any]:
        """All that training changes: weights, slots, and what layers draw random numbers from."""
        return [*self.shadows.variables, *self.optimizer.variables]

    def _assign(self, values: Sequence[Any]) -> None:
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _weights_of(self, replicate: int) -> int:
        return replicate if WEIGHTS in self._vary else 0

    def _few(self, model: Any) -> Any:
        """Some training images, as a model takes them."""
        count = batch_of(model) or COMPARED
        return self._inputs(model, tf.gather(self._train[0], np.arange(count) % self._images))

    def _fit(self, network: Network) -> None:
        """Compile a network, unless the one that is compiled does the same with its values."""
        mine, other = self.network.model, network.model
        kinds = [
            [(tuple(v.shape), v.dtype, v.trainable) for v in model.variables]
            for model in (mine, other)
        ]
        if kinds[0] == kinds[1]:
            for variable, value in zip(mine.variables, other.variables, strict=True):
                variable.assign(value)
            made = [_made_of(model, self._few(model)) for model in (mine, other)]
            pairs = zip(*made, strict=True)
            if all(np.array_equal(one, other, equal_nan=True) for one, other in pairs):
                return
        self._take(network)

    def _orders_of(self, replicate: int) -> Iterator[npt.NDArray[np.int32]]:
        return data_order(replicate if ORDER in self._vary else 0, self._images)

    def _inputs(self, model: Any, x: Any) -> Any:
        return as_input(model, tf.cast(x, tf.float32) * self._scale + self._offset, self._shape)

    def _epoch(self, x: Any, y: Any, until: Any) -> Any:
        """Trains on the images in this order, then classifies the validation images.

        Args:
            x: all images.
            y: their labels.
            until: how many of them are for whole batches; fewer than all, an int32 tensor, if this
                is called to be compiled, since XLA compiles nothing before it runs.

        Returns:
            float64 (4,): loss, accuracy, val_loss, val_accuracy, each as a sum over its images.
        """
        training = _sum_over_batches(self._update, (x, y), self._batch_size, until)
        return tf.concat([training, self._classify(*self._validation)], axis=0)

    def _classify(self, x: Any, y: Any) -> Any:
        """Loss and accuracy as sums over these images, float64 (2,); nothing is learned."""
        return _sum_over_batches(
            lambda x, y: self._totals(*self._evaluate(x, y, training=False)),
            (x, y),
            self._evaluated or EVALUATION_BATCH,
            x.shape[0],
        )

    def _judge(self, x: Any, y: Any) -> list[Any]:
        """Loss and accuracy of each of these images, float32 (images,); nothing is learned."""
        length = x.shape[0]
        size = min(self._evaluated or EVALUATION_BATCH, length)
        whole = length - length % size
        batches = [
            tf.reshape(array[:whole], (whole // size, size, *array.shape[1:])) for array in (x, y)
        ]
        judged = tf.map_fn(
            lambda batch: self._evaluate(batch[0], batch[1], training=False),
            tuple(batches),
            fn_output_signature=(tf.float32, tf.float32),
        )
        parts = [[tf.reshape(part, (whole,))] for part in judged]
        if whole < length:
            for part, rest in zip(
                parts, self._evaluate(x[whole:], y[whole:], training=False), strict=True
            ):
                part.append(rest)
        return [tf.concat(part, axis=0) for part in parts]

    def _update(self, x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            losses, hits = self._evaluate(x, y, training=True)
            loss = self.optimizer.scale_loss(tf.reduce_mean(losses))
        trained = self.shadows.trained
        self.optimizer.apply(tape.gradient(loss, [v.value for v in trained]), trained)
        return self._totals(losses, hits)

    def _evaluate(self, x: Any, y: Any, training: bool) -> tuple[Any, Any]:
        """The loss of each image, with what the model adds to that of the batch, and its hit."""
        model = self.network.model
        with self.shadows.seen() as penalties:
            # As Keras' losses and metrics take them.
            outputs = tf.cast(called(model, self._inputs(model, x), training), tf.float32)
        losses = keras.losses.sparse_categorical_crossentropy(y, outputs)
        hits = keras.metrics.sparse_categorical_accuracy(y, outputs)
        for penalty in penalties:
            losses += tf.reduce_sum(tf.cast(penalty, tf.float32))
        return losses, hits

    @staticmethod
    def _totals(losses: Any, hits: Any) -> Any:
        # Sums of 60,000 float32 numbers need more than float32 has.
        return tf.stack([tf.reduce_sum(tf.cast(part, tf.float64)) for part in (losses, hits)])


def make_trainer(spec: RunSpec, arrays: Mapping[str, npt.NDArray[Any]]) -> Trainer:
    """Make the trainer of a run's seeds.

    Args:
        spec: decides the numbers.
        arrays: of its data set, see `data.from_arrays`.

    Raises:
        EngineError: if the inputs cannot be scaled as the spec says.
    """
    return trainer_of(spec, dataset_of(spec, arrays))


def dataset_of(spec: RunSpec, arrays: Mapping[str, npt.NDArray[Any]]) -> Dataset:
    """Return the data of a run: what is learned from, validated on and tested on.

    Args:
        spec: of the run.
        arrays: of its data set, see `data.from_arrays`.
    """
    dataset = from_arrays(arrays)
    if spec.held_out:
        dataset = hold_out(dataset, spec.held_out)
    if spec.training_images:
        dataset = learn_from(dataset, spec.training_images)
    return dataset


def trainer_of(
    spec: RunSpec, dataset: Dataset, make: Callable[[Any], Any] | None = None
) -> Trainer:
    """Return the trainer of a run's seeds on some data.

    Args:
        spec: of the run.
        dataset: that is learned from.
        make: makes the optimizer for a model, if it is not to be the spec's.
    """
    return Trainer(
        dataset,
        networks(spec, dataset.shape, dataset.classes),
        make or (lambda model: make_optimizer(spec.optimizer, model)),
        spec.batch_size,
        spec.inputs,
        spec.compile,
        spec.vary,
    )


def networks(spec: RunSpec, shape: Sequence[int], classes: int) -> Networks:
    """Return what makes the network of each seed of a run.

    Args:
        spec: of the run.
        shape: of an input.
        classes: how many there are.
    """
    model = spec.model
    if "build" in model:
        make = user_model(model["build"], shape, classes)
    else:
        sizes = model["hidden_units"], model["activation"]
        make = dense_model(math.prod(shape), *sizes, classes)
    return Networks(make, {"kernel": spec.kernel_initializer, "bias": spec.bias_initializer})


def _made_of(model: Any, inputs: Any) -> list[npt.NDArray[Any]]:
    """What a model makes of inputs in training, and what it adds to the loss; it stays as it is."""
    values = [(variable, variable.value) for variable in model.variables]
    with keras.StatelessScope(values, collect_losses=True):
        parts = [called(model, inputs, training=True), *model.losses]
    return [np.asarray(keras.ops.convert_to_numpy(part)) for part in parts]


def _storable(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What NumPy can write: it has no bfloat16, all of whose numbers float32 has."""
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value


def _sum_over_batches(
    function: Callable[..., Any], arrays: tuple[Any, ...], size: int, until: Any
) -> Any:
    """Sums what `function` returns, float64 (2,), over batches of the arrays' first dimension.

    Whole batches end at `until`; what is left of the arrays beyond them is the last one.
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
        return total + function(*batches)

    _, total = tf.while_loop(
        lambda start, total: start + size <= until,
        lambda start, total: (start + size, add(total, start, size)),
        (0, tf.zeros(2, tf.float64)),
    )
    return add(total, whole, length - whole) if whole < length else total
