"""Networks for every kind of task, whose weights are the same each time that they are made.

Each function is what a user writes; TASKS says with which data, loss and metric it is trained, and
which metric of Keras that is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from like_fit import k, ramp, recurrent

EXAMPLES, TEST, STEPS, FEATURES = 48, 30, 6, 5
GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(size=(EXAMPLES + TEST, FEATURES)).astype(np.float32)
WORDS = GENERATOR.integers(1, 9, (EXAMPLES + TEST, STEPS)) * (
    np.arange(STEPS) < GENERATOR.integers(2, STEPS + 1, (EXAMPLES + TEST, 1))
)
SERIES = np.where((WORDS > 0)[..., None], GENERATOR.normal(size=(*WORDS.shape, 2)), 0.0).astype(
    np.float32
)
SUM = (X @ np.array([1.0, -2.0, 0.5, 0.0, 3.0], np.float32)).astype(np.float32)
PAIR = np.stack([SUM, np.abs(SUM) + 1], axis=1)
BINARY = (SUM > 0).astype(int)
THREE = np.digitize(SUM, [-1.5, 1.5])
SEVERAL = (X[:, :3] > 0.2).astype(int)
SHARES = np.exp(X[:, :3]) / np.exp(X[:, :3]).sum(axis=1, keepdims=True)
TAGS = WORDS % 3
HEIGHTS = SERIES.sum(axis=-1, keepdims=True)


def dense(shape: Any, outputs: int, activation: str | None = None) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Dense(6, "tanh", **k()),
            layers.Dense(outputs, activation, **k()),
        ]
    )


def linear(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, outputs)


def positive(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, outputs, "softplus")


def sigmoid(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, outputs, "sigmoid")


def softmax(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, outputs, "softmax")


def one_sigmoid(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, 1, "sigmoid")


def one_logit(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, 1)


def one_score(shape: Any, outputs: int) -> keras.Model:
    return dense(shape, 1, "tanh")


def absolute(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.abs(y_true - y_pred) ** 1.5, axis=-1)


def compiled(shape: Any, outputs: int) -> keras.Model:
    model = dense(shape, outputs)
    model.compile("sgd", absolute)
    return model


def root(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.sqrt(1 + ops.square(y_true - y_pred)), axis=-1)


def compiled_for_one(shape: Any, outputs: int) -> keras.Model:
    model = dense(shape, outputs)
    model.compile("sgd", root)
    return model


def compiled_by_name(shape: Any, outputs: int) -> keras.Model:
    model = dense(shape, outputs)
    model.compile("sgd", "mse")
    return model


def embedding() -> layers.Layer:
    return layers.Embedding(9, 4, mask_zero=True, embeddings_initializer=ramp)


def of_words(shape: Any, outputs: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            embedding(),
            layers.LSTM(3, **recurrent()),
            layers.Dense(1, "sigmoid", **k()),
        ]
    )


def tagger(shape: Any, outputs: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            embedding(),
            layers.GRU(4, return_sequences=True, **recurrent()),
            layers.Dense(outputs, "softmax", **k()),
        ]
    )


def of_series(shape: Any, outputs: int) -> keras.Model:
    # What has two dimensions is taken for an image, and gets a channel.
    return keras.Sequential(
        [
            keras.Input(shape[:2]),
            layers.Masking(),
            layers.LSTM(4, return_sequences=True, **recurrent()),
            layers.Dense(outputs, **k()),
        ]
    )


def transformer(shape: Any, outputs: int) -> keras.Model:
    inputs = keras.Input(shape)
    x = embedding()(inputs)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3, **k())(x, x))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(outputs, "softmax", **k())(x))


@dataclass(frozen=True)
class Task:
    """What is learned of what.

    Attributes:
        build: the network.
        x, y: all examples, training ones first.
        loss: of the study.
        metric: of the study.
        reference: the same metric as Keras has it.
        given: makes targets as `fit` needs them for that loss, of those that a study is given.
    """

    build: Callable[[Any, int], keras.Model]
    x: Any
    y: Any
    loss: Any
    metric: str
    reference: Callable[[], Any]
    given: Callable[[Any], Any] = field(default=lambda y: y)


def _hot(y: Any) -> Any:
    return np.eye(3, dtype=np.float32)[y]


def loss(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


m = keras.metrics
SMOOTH = loss("CategoricalCrossentropy", label_smoothing=0.1)
TASKS: dict[str, Task] = {
    "numbers": Task(
        linear, X, SUM, "mean_squared_error", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "several numbers": Task(
        linear, X, PAIR, loss("Huber", delta=0.5), "mean_squared_error", m.MeanSquaredError
    ),
    "root mean square": Task(
        linear, X, PAIR, "log_cosh", "root_mean_squared_error", m.RootMeanSquaredError
    ),
    "counts": Task(
        positive, X, np.abs(SUM).round(), "poisson", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "cosine": Task(
        linear, X, PAIR, "cosine_similarity", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "a loss of the model": Task(
        compiled, X, PAIR, "model", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "a function of one number": Task(
        compiled_for_one, X, SUM, "model", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "a name in compile": Task(
        compiled_by_name, X, SUM, "model", "mean_absolute_error", m.MeanAbsoluteError
    ),
    "binary": Task(one_sigmoid, X, BINARY, "binary_crossentropy", "accuracy", m.BinaryAccuracy),
    "binary logits": Task(
        one_logit,
        X,
        BINARY,
        loss("BinaryCrossentropy", from_logits=True),
        "accuracy",
        lambda: m.BinaryAccuracy(threshold=0.0),
    ),
    "binary softmax": Task(
        softmax,
        X,
        BINARY,
        "sparse_categorical_crossentropy",
        "log_loss",
        m.SparseCategoricalCrossentropy,
    ),
    "hinge": Task(
        one_score, X, BINARY, "hinge", "accuracy", lambda: m.BinaryAccuracy(threshold=0.0)
    ),
    "smoothed": Task(softmax, X, THREE, SMOOTH, "accuracy", m.CategoricalAccuracy, _hot),
    "one-hot": Task(
        softmax,
        X,
        np.eye(3)[THREE],
        "categorical_crossentropy",
        "log_loss",
        m.CategoricalCrossentropy,
    ),
    "logits": Task(
        linear,
        X,
        THREE,
        loss("SparseCategoricalCrossentropy", from_logits=True),
        "log_loss",
        lambda: m.SparseCategoricalCrossentropy(from_logits=True),
    ),
    "squares of classes": Task(
        softmax, X, THREE, "mean_squared_error", "accuracy", m.CategoricalAccuracy, _hot
    ),
    "several labels": Task(
        sigmoid, X, SEVERAL, "binary_crossentropy", "accuracy", m.BinaryAccuracy
    ),
    "focal labels": Task(
        sigmoid,
        X,
        SEVERAL,
        loss("BinaryFocalCrossentropy", gamma=1.5),
        "log_loss",
        m.BinaryCrossentropy,
    ),
    "a loss of the batch": Task(sigmoid, X, SEVERAL, "dice", "accuracy", m.BinaryAccuracy),
    "shares": Task(softmax, X, SHARES, "kl_divergence", "accuracy", m.CategoricalAccuracy),
    "words": Task(of_words, WORDS, BINARY, "binary_crossentropy", "accuracy", m.BinaryAccuracy),
    "a tag for each word": Task(
        tagger,
        WORDS,
        TAGS,
        "sparse_categorical_crossentropy",
        "accuracy",
        m.SparseCategoricalAccuracy,
    ),
    "a number for each step": Task(
        of_series,
        SERIES,
        HEIGHTS,
        "mean_squared_error",
        "mean_squared_error",
        m.MeanSquaredError,
    ),
    "a transformer": Task(
        transformer,
        WORDS,
        THREE,
        "sparse_categorical_crossentropy",
        "accuracy",
        m.SparseCategoricalAccuracy,
    ),
}
