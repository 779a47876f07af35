"""The loss that a network is trained for, and the metric that it is judged by, of each example."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from initstudy.engine.backend import classes_of, keras, tf
from initstudy.engine.errors import EngineError
from initstudy.engine.spec import LOSS, OF_MODEL, RunSpec

# Losses that take the number of the class, those of one class of several, and those of a network
# that ends in one probability for each class or label.
SPARSE = {"SparseCategoricalCrossentropy"}
CATEGORICAL = {
    *("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "KLDivergence"),
    *("CategoricalGeneralizedCrossEntropy",),
}
BINARY = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
# Those whose networks put out scores around zero.
HINGES = {"Hinge", "SquaredHinge", "CategoricalHinge"}
SQUARED = ("mean_squared_error", "root_mean_squared_error")
# What it means for a batch loss that Keras takes the mean over its examples.
MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Evaluation(NamedTuple):
    """What a batch of examples gave, float32 (examples,) each.

    Attributes:
        losses: their mean is the loss that Keras reports of the batch.
        values: of the metric; what counts of each example, times its weight.
        weights: 1 each, or how many steps of an example the mask of the outputs leaves.
    """

    losses: Any
    values: Any
    weights: Any


class Objective:
    """A loss of Keras and a metric, evaluated by example.

    Args:
        loss: of Keras, or a function of targets and outputs.
        metric: accuracy, log_loss, mean_absolute_error, mean_squared_error or
            root_mean_squared_error.

    Attributes:
        loss: as an instance of keras.losses.Loss.
        metric: the same.
        kind: the name of its class.
        from_logits: whether the outputs are logits, as the loss has it.

    Raises:
        EngineError: if it adds up the losses of a batch in another way than by their mean.
    """

    def __init__(self, loss: Any, metric: str = "accuracy") -> None:
        self.loss = loss if isinstance(loss, keras.losses.Loss) else _Function(loss)
        self.metric = metric
        if self.loss.reduction not in MEANS:
            raise EngineError(
                f"the loss has reduction={self.loss.reduction!r}, which depends on the batch size; "
                "leave that out"
            )
        config = {} if isinstance(self.loss, _Function) else self.loss.get_config()
        self.from_logits = bool(config.get("from_logits", False))
        self.kind = type(self.loss).__name__

    def __call__(self, targets: Any, outputs: Any, mask: Any = None) -> Evaluation:
        """Evaluate a batch.

        Args:
            targets: int32 of classes or float32 of labels and numbers, (examples, ...).
            outputs: float32 (examples, ...), as the network has made them.
            mask: of the outputs, bool (examples,) or (examples, steps); None if there is none.
        """
        wanted = self.wanted(targets, outputs)
        losses = self.loss.call(wanted, outputs)
        values = self._measured(targets, wanted, outputs)
        if mask is None:
            losses, values = (_by_example(part, outputs) for part in (losses, values))
            return Evaluation(losses, values, tf.ones_like(values))
        kept = tf.cast(mask, tf.float32)
        left = [_by_example(part * kept, outputs, tf.reduce_sum) for part in (losses, values)]
        weights = _by_example(kept, outputs, tf.reduce_sum)
        examples = tf.cast(tf.shape(kept)[0], tf.float32)
        # As Keras does: what is left of a batch, by how much of it there is.
        scale = tf.math.divide_no_nan(examples, tf.reduce_sum(weights))
        return Evaluation(left[0] * scale, left[1], weights)

    def wanted(self, targets: Any, outputs: Any) -> Any:
        """Return targets as the loss takes them: numbers of classes, rows of them, or numbers."""
        if not targets.dtype.is_integer:
            return targets
        if self.kind in SPARSE or isinstance(self.loss, _Function):
            return targets
        if outputs.shape[-1] == 1:
            return tf.cast(tf.expand_dims(targets, -1), tf.float32)
        return tf.one_hot(targets, outputs.shape[-1])

    @property
    def threshold(self) -> float:
        """The output above which an example has a label: that of logits and scores is 0."""
        return 0.0 if self.from_logits or self.kind in HINGES else 0.5

    def finished(self, mean: float) -> float:
        """Return the metric of many examples, by the mean of their values."""
        return float(mean**0.5) if self.metric == "root_mean_squared_error" else mean

    def _measured(self, targets: Any, wanted: Any, outputs: Any) -> Any:
        """Return the metric's value of each example, or of each step of it."""
        if self.metric == "accuracy":
            return self._accuracy(targets, wanted, outputs)
        if self.metric == "log_loss":
            return self._log_loss(targets, wanted, outputs)
        shaped = tf.reshape(targets, tf.shape(outputs))
        if self.metric == "mean_absolute_error":
            return keras.losses.mean_absolute_error(shaped, outputs)
        if self.metric in SQUARED:
            return keras.losses.mean_squared_error(shaped, outputs)
        raise EngineError(f"the engine does not measure a metric called {self.metric}")

    def _accuracy(self, targets: Any, wanted: Any, outputs: Any) -> Any:
        if targets.dtype.is_integer and outputs.shape[-1] > 1:
            return keras.metrics.sparse_categorical_accuracy(targets, outputs)
        if targets.dtype.is_integer:
            wanted = tf.cast(tf.expand_dims(targets, -1), tf.float32)
        elif self.kind in CATEGORICAL:
            return keras.metrics.categorical_accuracy(wanted, outputs)
        return keras.metrics.binary_accuracy(wanted, outputs, self.threshold)

    def _log_loss(self, targets: Any, wanted: Any, outputs: Any) -> Any:
        losses, logits = keras.losses, self.from_logits
        if targets.dtype.is_integer and outputs.shape[-1] > 1:
            return losses.sparse_categorical_crossentropy(targets, outputs, logits)
        if targets.dtype.is_integer:
            wanted = tf.cast(tf.expand_dims(targets, -1), tf.float32)
        elif self.kind in CATEGORICAL:
            return losses.categorical_crossentropy(wanted, outputs, logits)
        return losses.binary_crossentropy(wanted, outputs, logits)


class _Function(keras.losses.Loss):  # type: ignore[misc]
    """A function of a user's own, as Keras takes it for a loss."""

    def __init__(self, function: Any) -> None:
        super().__init__(name=getattr(function, "__name__", "function"))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function makes of targets, as float32, and outputs.

        As Keras does, it adds the last dimension of one that targets lack.
        """
        wanted = tf.cast(y_true, tf.float32)
        if wanted.shape.rank == y_pred.shape.rank - 1 and y_pred.shape[-1] == 1:
            wanted = tf.expand_dims(wanted, -1)
        return self.function(wanted, y_pred)


def known_losses() -> dict[str, type[Any]]:
    """Return the classes of keras.losses, by their names in small letters without underscores."""
    found = classes_of(keras.losses, keras.losses.Loss)
    return {name.lower(): kind for name, kind in found.items()}


def make_loss(loss: Mapping[str, Any], model: Any = None) -> Any:
    """Return a loss of Keras, or a function.

    Args:
        loss: {class_name, config}, of keras.losses or OF_MODEL.
        model: that is trained; of OF_MODEL the loss is that of its `compile()`.

    Raises:
        KeyError: if there is no such loss.
        EngineError: if the model was not compiled with one loss.
        TypeError, ValueError: from Keras, if it refuses the parameters.
    """
    if loss["class_name"] == OF_MODEL:
        own = getattr(model, "loss", None) if getattr(model, "compiled", False) else None
        if own is None or isinstance(own, dict | list | tuple):
            raise EngineError(
                "loss: model takes the loss that the function compiles its model with, and there "
                "is none, or several; compile the model with one loss, or name one here"
            )
        return make_loss({"class_name": own, "config": {}}) if isinstance(own, str) else own
    return _class_of(loss["class_name"])(**loss["config"])


def _class_of(name: str) -> type[Any]:
    kinds = known_losses()
    if found := kinds.get(name.lower().replace("_", "")):
        return found
    try:
        # Keras' short names, such as mse, are those of functions.
        full = str(keras.losses.get(name).__name__)
    except ValueError:
        raise KeyError(name) from None
    return kinds[full.lower().replace("_", "")]


def objective_of(spec: RunSpec, model: Any) -> Objective:
    """Return what a run trains a model for.

    Raises:
        EngineError: if it cannot be.
    """
    return Objective(make_loss(spec.loss, model), spec.metric)


def mask_of(outputs: Any) -> Any:
    """Return the mask that a layer has put on outputs, as `fit` sees it; None if there is none."""
    return getattr(outputs, "_keras_mask", None)


def usual_objective(model: Any = None) -> Objective:
    """Return what a model is trained for unless something else is asked for."""
    return Objective(make_loss({"class_name": LOSS, "config": {}}, model))


def looks_at_batch(objective: Objective, targets: Any, outputs: Any) -> bool:
    """Return whether the loss of an example depends on the others in its batch.

    Args:
        objective: of the run.
        targets: of two examples or more.
        outputs: of the same.
    """
    # Of a softmax' outputs Keras knows the logits, and of their parts it does not: losses of these
    # end at 16.1, as probabilities do at 1e-7.
    outputs = tf.identity(outputs)
    together = objective.loss.call(objective.wanted(targets, outputs), outputs)
    if not together.shape.rank:
        return True
    alone = [
        objective.loss.call(objective.wanted(t, o), o)
        for t, o in ((targets[n : n + 1], outputs[n : n + 1]) for n in range(outputs.shape[0]))
    ]
    both = [keras.ops.convert_to_numpy(part).ravel() for part in (together, tf.concat(alone, 0))]
    if both[0].shape != both[1].shape:
        return True
    return bool((abs(both[0] - both[1]) > 1e-4 * (1 + abs(both[1]))).any())


def _by_example(values: Any, outputs: Any, reduce: Any = tf.reduce_mean) -> Any:
    """Return one number for each example, of those of its steps; one number is that of all."""
    if values.shape.rank > 1:
        return reduce(values, axis=list(range(1, values.shape.rank)))
    return values if values.shape.rank else tf.fill([tf.shape(outputs)[0]], values)
