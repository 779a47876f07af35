"""Kinds of networks that golden numbers are kept of."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


def residual(shape: Sequence[int], classes: int) -> Any:
    """A residual block of convolutions, normalized by batch."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    block = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(block)])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def depthwise(shape: Sequence[int], classes: int) -> Any:
    """A depthwise and a grouped convolution, and one over rows."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
            layers.Conv2D(8, 3, groups=4, activation="relu"),
            layers.Reshape((-1, 8)),
            layers.Conv1D(6, 2, activation="tanh"),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def noisy(shape: Sequence[int], classes: int) -> Any:
    """Dense layers with dropout, noise and normalizations, one of them used twice."""
    inputs = keras.Input(shape)
    x = layers.Dense(12, activation="elu")(layers.Flatten()(inputs))
    shared = layers.Dense(12, activation="tanh", use_bias=False)
    x = layers.Dropout(0.2)(shared(layers.LayerNormalization()(shared(x))))
    x = layers.BatchNormalization()(layers.GaussianNoise(0.1)(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(layers.PReLU()(x)))


def penalized(shape: Sequence[int], classes: int) -> Any:
    """A kernel with a penalty."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(10, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.Dense(classes, activation="softmax"),
        ]
    )
