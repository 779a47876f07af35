"""Whether a user's network is trained as Keras trains it: asked before a study is run.

Some batches, the smaller last one among them, go through the engine, and through Keras' own `fit`
on a second model that starts from the same weights. The losses, the metrics, the
gradients and what layers keep must agree as far as rounding allows. That bound comes from
Keras itself: by how much the same differs if each weight is moved by one rounding.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import count
from initstudy.engine.backend import keras, tf
from initstudy.engine.data import Dataset, data_order, dataset_of
from initstudy.engine.layers import layers_of
from initstudy.engine.losses import CATEGORICAL, Objective, make_loss
from initstudy.engine.models import as_input, batch_of, returned_model
from initstudy.engine.optimizers import inner_of, make_optimizer, scaling
from initstudy.engine.shadows import Shadows
from initstudy.engine.spec import OF_CLASSES, RunSpec
from initstudy.engine.trainer import Trainer, make_trainer
from initstudy.errors import StudyError, reason

# Whole batches that are compared, and that are timed if that takes no longer than so many seconds.
BATCHES, TIMED, LONG = 3, 40, 1.0
# Times that Keras is asked how far it differs from itself, and by how many of these differences
# the engine may differ from it.
JITTERS, TIMES = 2, 10
# What is nothing but rounding in any case: so many units in the last place of a norm.
ROUNDINGS = 100

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """What came of it.

    Attributes:
        problems: what does not agree, in words.
        differences: by what is compared, the engine's difference from Keras and the allowed one.
        epoch_seconds: that an epoch of the study takes, as predicted by these batches.
    """

    problems: Sequence[str]
    differences: Mapping[str, tuple[float, float]]
    epoch_seconds: float


def in_words(spec: RunSpec, problems: Sequence[str]) -> str:
    """Say that a network is not trained, since the engine and Keras differ."""
    shown = list(problems[:5])
    if len(problems) > len(shown):
        shown.append(f"and {count(len(problems) - len(shown), 'more such difference')}")
    return (
        f"{spec.model['build']}: this network would not be trained as Keras' own fit trains it, "
        f"so it is not trained. From the same weights, {'; '.join(shown)} (each as a part of its "
        "size). A layer that keeps a state outside of a keras.Variable, or acts differently in "
        "each call, cannot be trained here; with compile: graph, TensorFlow's own kernels are "
        "used. If neither helps, please report it together with the model."
    )


class Recorder(keras.optimizers.Optimizer):  # type: ignore[misc]
    """Changes no weight, and adds up the gradients, each times the number of its update."""

    def __init__(self, name: str = "recorder") -> None:
        super().__init__(learning_rate=1.0, name=name)

    def build(self, variables: Sequence[Any]) -> None:
        """Make a sum for each variable."""
        if self.built:
            return
        super().build(variables)
        (self.sums,) = self.add_optimizer_variables(variables, ["sum"])

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Add the gradient of an update."""
        total = self.sums[self._get_variable_index(variable)]
        step = keras.ops.cast(self.iterations + 1, total.dtype)
        self.assign_add(total, keras.ops.cast(gradient, total.dtype) * step)


def compare(spec: RunSpec, arrays: Mapping[str, Array]) -> Comparison:
    """Compare the engine with Keras on a user's network, by the spec of any run and its data.

    Raises:
        StudyError: if the network cannot take some of these inputs.
    """
    whole = dataset_of(spec, arrays)
    _check_ends(spec, whole)
    few = _first(whole, spec, BATCHES)
    keras_side = _Keras(spec, few)
    # By XLA other random numbers come of the same seeds.
    noisy = any(v.path.endswith("seed_generator_state") for v in keras_side.model.variables)
    same = replace(spec, compile="graph") if noisy else spec
    trainer = make_trainer(same, few, lambda model: scaling(Recorder(), model))
    trainer.compile()
    trainer.start(0)
    start = [variable.numpy() for variable in trainer.model.variables]
    ours = _by_engine(trainer)
    seconds = trainer.run_epoch().seconds
    theirs = keras_side.run(start)
    unit = _unit(keras_side.model)
    generator = np.random.default_rng(0)
    others = [keras_side.run(_moved(start, unit, generator)) for _ in range(JITTERS)]
    differences = dict(_differences(ours, theirs, others, few))
    differences |= _of_optimizer(spec, trainer, keras_side, start)
    problems = [
        f"{what} differs by {found:.2g}, where rounding allows {allowed:.2g}"
        for what, (found, allowed) in differences.items()
        if not found <= allowed
    ]
    if not problems:
        seconds = _timed(spec, whole, few, 0.0 if noisy else seconds)
    return Comparison(problems, differences, seconds)


def _check_ends(spec: RunSpec, dataset: Dataset) -> None:
    """Call the network with the least and the largest inputs of all parts of the data.

    TensorFlow's kernels refuse a token beyond an Embedding when they meet it, maybe hours later;
    XLA takes the last one instead, without a word.
    """
    build = spec.model["build"]
    model = returned_model(build, dataset.shape, dataset.outputs, 0)
    for part in (dataset.x_train, dataset.x_val, dataset.x_test):
        rows = part.reshape(len(part), -1)
        ends = int(rows.min(axis=1).argmin()), int(rows.max(axis=1).argmax())
        for end in ends:
            inputs = part[[end] * (batch_of(model) or 1)].astype(np.float32)
            try:
                model(as_input(model, inputs * dataset.scale + dataset.offset, dataset.shape))
            except tf.errors.InvalidArgumentError as error:
                raise StudyError(
                    f"{build}: its network cannot take all inputs of {spec.dataset.name}, which "
                    f"lie between {rows[ends[0]].min():g} and {rows[ends[1]].max():g}: "
                    f"{reason(error)}. An Embedding(n) takes whole numbers from 0 to n - 1."
                ) from None


class _Keras:
    """Keras' own training of the same batches."""

    def __init__(self, spec: RunSpec, dataset: Dataset) -> None:
        build = spec.model["build"]
        self.model = returned_model(build, dataset.shape, dataset.outputs, 0, faster=False)
        self._size, self._data = spec.batch_size, dataset
        self._order = next(data_order(0, len(dataset.y_train)))
        scaled = (
            part.astype(np.float32) * dataset.scale + dataset.offset
            for part in (dataset.x_train, dataset.x_val)
        )
        self._x, self._x_val = (
            keras.ops.convert_to_numpy(as_input(self.model, part, dataset.shape)) for part in scaled
        )
        self.own = getattr(self.model, "optimizer", None)
        loss = make_loss(spec.loss, self.model)
        self._objective = objective = Objective(loss, spec.metric)
        outputs = self.model(self._x[: batch_of(self.model) or 1])
        self._y, self._y_val = (
            keras.ops.convert_to_numpy(objective.wanted(tf.constant(part), outputs))
            for part in (dataset.y_train, dataset.y_val)
        )
        metric = _metric(objective, self._y, outputs)
        self.model.compile(Recorder(), loss, metrics=[metric], jit_compile=False)

    def run(self, start: Sequence[Array]) -> dict[str, Array]:
        """Train on the batches from these values of all variables; return what comes of it."""
        _assign(self.model.variables, start)
        optimizer = self.model.optimizer
        x, y = self._x[self._order], self._y[self._order]
        if optimizer.built:
            for variable in optimizer.variables:
                if variable.path.endswith(("iteration", "sum")):
                    variable.assign(keras.ops.zeros_like(variable))
        history = self.model.fit(x, y, self._size, shuffle=False, verbose=0).history
        logs = {name: values[0] for name, values in history.items()}
        after = [variable.numpy() for variable in self.model.variables]
        tested = self.model.evaluate(
            self._x_val, self._y_val, self._size, verbose=0, return_dict=True
        )
        metrics = [
            value
            for found in (logs, tested)
            for value in (float(found["loss"]), self._objective.finished(float(found["metric"])))
        ]
        gradients = [part.numpy() for part in inner_of(optimizer).sums]
        return _named(self.model, metrics, gradients, after)


def _metric(objective: Objective, targets: Array, outputs: Any) -> Any:
    """Return Keras' own metric of targets, as the loss takes them, and outputs."""
    metrics, name = keras.metrics, "metric"
    if objective.metric not in OF_CLASSES:
        # Keras' metric of the root does not see masks; the mean of squares does.
        absolute = objective.metric == "mean_absolute_error"
        return (metrics.MeanAbsoluteError if absolute else metrics.MeanSquaredError)(name=name)
    single = outputs.shape[-1] == 1
    sparse = targets.dtype.kind == "i" and not single
    hot = not single and (objective.kind in CATEGORICAL or _is_hot(targets))
    kind = "SparseCategorical" if sparse else "Categorical" if hot else "Binary"
    if objective.metric == "log_loss":
        found = getattr(metrics, f"{kind}Crossentropy")
        return found(name=name, from_logits=objective.from_logits)
    if kind == "Binary":
        return metrics.BinaryAccuracy(name=name, threshold=objective.threshold)
    return getattr(metrics, f"{kind}Accuracy")(name=name)


def _is_hot(targets: Array) -> bool:
    """Whether rows of 0 and 1 have a single 1 each."""
    return bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=-1) == 1).all())


def _by_engine(trainer: Trainer) -> dict[str, Array]:
    """Return the same by the engine, for which the trainer is started."""
    epoch = trainer.run_epoch()
    model, shadows = trainer.model, trainer.shadows
    gradients = [
        part.numpy() if shadows.of(variable) is variable else part.numpy().T
        for variable, part in zip(
            model.trainable_variables, inner_of(trainer.optimizer).sums, strict=True
        )
    ]
    after = [variable.numpy() for variable in model.variables]
    return _named(model, list(epoch[:4]), gradients, after)


def _named(
    model: Any, metrics: Sequence[float], gradients: Sequence[Array], after: Sequence[Array]
) -> dict[str, Array]:
    """Return what is compared, by what it is called."""
    names = ("the loss", "the metric", "the validation loss", "the validation metric")
    found = {name: np.asarray(value) for name, value in zip(names, metrics, strict=True)}
    trained = {id(variable) for variable in model.trainable_variables}
    for variable, value in zip(model.trainable_variables, gradients, strict=True):
        found[f"the gradient of {variable.path}"] = value
    for variable, value in zip(model.variables, after, strict=True):
        if id(variable) not in trained:
            found[f"the state of the network in {variable.path}"] = value
    return {name: np.asarray(value).astype(np.float64) for name, value in found.items()}


def _differences(
    ours: Mapping[str, Array],
    theirs: Mapping[str, Array],
    others: Sequence[Mapping[str, Array]],
    dataset: Dataset,
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield what is compared, with the difference as a part of its norm, and the allowed one."""
    rounding = ROUNDINGS * float(np.finfo(np.float32).eps)
    largest = max(_norm(value) for name, value in theirs.items() if "gradient" in name)
    counts = {"the metric": dataset.y_train, "the validation metric": dataset.y_val}
    for name, value in theirs.items():
        if np.array_equal(ours[name], value, equal_nan=True):
            # A network may overflow at once, by Keras' own training, too.
            yield name, (0.0, 0.0)
            continue
        norm = _norm(value)
        own = TIMES * max(_norm(other[name] - value) for other in others)
        allowed = own + rounding * norm
        if "gradient" in name:
            # Of sums of numbers that cancel out, nothing but rounding is left.
            allowed += rounding / TIMES * largest
        if name in counts:
            # Where two classes are equally probable, rounding decides for one example.
            allowed += 1.5 / len(counts[name])
        scale = norm or 1.0
        yield name, (_norm(ours[name] - value) / scale, allowed / scale)


def _of_optimizer(
    spec: RunSpec, trainer: Trainer, keras_side: _Keras, start: Sequence[Array]
) -> dict[str, tuple[float, float]]:
    """Return for each weight how far three steps of the same gradients lead apart."""
    mine, theirs = trainer.model, keras_side.model
    _assign(mine.variables, start)
    _assign(theirs.variables, start)
    theirs.optimizer = keras_side.own
    optimizers = [make_optimizer(spec.optimizer, model) for model in (mine, theirs)]
    shadows = Shadows(mine, trainer.transposes(optimizers[0], mine))
    trained = [shadows.trained, theirs.trainable_variables]
    generator = np.random.default_rng(0)
    for optimizer, variables in zip(optimizers, trained, strict=True):
        optimizer.build(variables)
    for _ in range(3):
        gradients = [
            (0.1 * generator.standard_normal(tuple(v.shape))).astype(v.dtype)
            for v in theirs.trainable_variables
        ]
        optimizers[1].apply([keras.ops.convert_to_tensor(g) for g in gradients], trained[1])
        turned = [
            g if shadows.of(v) is v else g.T
            for v, g in zip(mine.trainable_variables, gradients, strict=True)
        ]
        optimizers[0].apply([keras.ops.convert_to_tensor(g) for g in turned], trained[0])
    shadows.write()
    begun = {v.path: value for v, value in zip(theirs.variables, start, strict=True)}
    found = {}
    for one, other in zip(mine.trainable_variables, theirs.trainable_variables, strict=True):
        ours, value = (np.asarray(part.numpy(), np.float64) for part in (one, other))
        step = _norm(value - begun[other.path].astype(np.float64))
        allowed = 1e-4 + ROUNDINGS * _eps(other.dtype) * _norm(value) / (step or 1.0)
        found[f"the step of {other.path}"] = (_norm(ours - value) / (step or 1.0), allowed)
    return found


def _timed(spec: RunSpec, whole: Dataset, few: Dataset, seconds: float) -> float:
    """Return the seconds of an epoch of the study, by those that the few compared data took."""
    if seconds < LONG:
        few = _first(whole, spec, TIMED)
        trainer = make_trainer(spec, few)
        trainer.compile()
        trainer.start(0)
        seconds = min(trainer.run_epoch().seconds for _ in range(2))
    return seconds * len(whole.y_train) / len(few.y_train)


def _first(whole: Dataset, spec: RunSpec, batches: int) -> Dataset:
    """Return whole batches and the smaller last one, and as large a part of the other data."""
    examples = len(whole.y_train)
    count = min(examples, batches * spec.batch_size + examples % spec.batch_size)
    validated = max(1, round(len(whole.y_val) * count / examples))
    return replace(
        whole,
        x_train=whole.x_train[:count],
        y_train=whole.y_train[:count],
        x_val=whole.x_val[:validated],
        y_val=whole.y_val[:validated],
    )


def _moved(start: Sequence[Array], unit: float, generator: np.random.Generator) -> list[Array]:
    """Weights that differ by a rounding; seeds and counters are what they were."""
    return [
        value * (1 + unit * generator.choice([-1, 1], value.shape)).astype(value.dtype)
        if np.issubdtype(value.dtype, np.floating) or value.dtype.name == "bfloat16"
        else value
        for value in start
    ]


def _unit(model: Any) -> float:
    """One rounding of the coarsest numbers that a network computes with."""
    return max(_eps(layer.compute_dtype) for layer in layers_of(model) if layer.compute_dtype)


def _eps(dtype: Any) -> float:
    return {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float64": 2.0**-52}.get(str(dtype), 2.0**-23)


def _assign(variables: Sequence[Any], values: Sequence[Array]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _norm(values: Array) -> float:
    return math.sqrt(np.square(values, dtype=np.float64).sum())
