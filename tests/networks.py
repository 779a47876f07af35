"""The networks that the engine is measured on, as persons would write their own."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


def convolution(shape: Sequence[int], classes: int) -> Any:
    """One convolution."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def lenet(shape: Sequence[int], classes: int) -> Any:
    """Two convolutions, each followed by pooling, and two dense layers."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def residual(shape: Sequence[int], classes: int) -> Any:
    """Two residual blocks of eight channels, normalized by batch, on a quarter of the places."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    for _ in range(2):
        block = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same")(block)])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def normalized(shape: Sequence[int], classes: int) -> Any:
    """Six dense layers, each normalized over its units."""
    hidden = [
        layer
        for _ in range(6)
        for layer in (layers.Dense(64), layers.LayerNormalization(), layers.ReLU())
    ]
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            *hidden,
            layers.Dense(classes, activation="softmax"),
        ]
    )


def regularized(shape: Sequence[int], classes: int) -> Any:
    """Four residual blocks of dense layers, with all that is done to units by themselves."""
    inputs = keras.Input(shape)
    x = layers.Dense(64)(layers.Flatten()(inputs))
    for _ in range(4):
        block = layers.LeakyReLU()(layers.BatchNormalization()(x))
        block = layers.Dropout(0.1)(layers.GaussianNoise(0.1)(layers.Dense(64)(block)))
        x = layers.Add()([x, block])
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(layers.PReLU()(x)))


def transformer(shape: Sequence[int], classes: int) -> Any:
    """A transformer's block, which reads an image row by row."""
    inputs = keras.Input(shape)
    x = layers.Dense(32)(layers.Reshape(tuple(shape[:2]))(inputs))
    attended = layers.MultiHeadAttention(num_heads=4, key_dim=8, dropout=0.1)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    fed = layers.Dense(32)(layers.Dense(64, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, fed]))
    return keras.Model(
        inputs,
        layers.Dense(classes, activation="softmax")(layers.GlobalAveragePooling1D()(x)),
    )


def lstm(shape: Sequence[int], classes: int) -> Any:
    """An LSTM that reads an image row by row."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Reshape(tuple(shape[:2])),
            layers.LSTM(32),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def attention(shape: Sequence[int], classes: int) -> Any:
    """A block with MultiHeadAttention over the rows of an image."""
    inputs = keras.Input(shape)
    x = layers.Dense(32)(layers.Reshape(tuple(shape[:2]))(inputs))
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 8)(x, x))
    x = layers.GlobalAveragePooling1D()(x + layers.Dense(32, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
