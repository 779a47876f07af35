"""The networks of the benchmark (suite.yaml) that are more than layers of units."""

import keras
from keras import layers


def layer_normalized(shape, classes):
    """Six layers of 64 ReLUs, each normalized over its units."""
    x = inputs = keras.Input(shape)
    for _ in range(6):
        x = layers.ReLU()(layers.LayerNormalization()(layers.Dense(64)(x)))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def batch_normalized(shape, classes):
    """Six layers of 64 ReLUs, each normalized over the batch."""
    x = inputs = keras.Input(shape)
    for _ in range(6):
        x = layers.ReLU()(
            layers.BatchNormalization(momentum=0.9)(layers.Dense(64, use_bias=False)(x))
        )
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def lenet(shape, classes):
    """Two convolutions, each followed by pooling, and two dense layers."""
    x = inputs = keras.Input(shape)
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def residual(shape, classes):
    """Four residual blocks of two convolutions each, normalized over the batch."""
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(16, 5, strides=4, padding="same")(x)
    for _ in range(4):
        branch = x
        for _ in range(2):
            branch = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(branch))
            branch = layers.Conv2D(16, 3, padding="same")(branch)
        x = layers.Add()([x, branch])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x)))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def plain_residual(shape, classes):
    """Eight residual blocks of two convolutions each, without normalization."""
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    for _ in range(8):
        branch = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(16, 3, padding="same")(branch)])
        x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def transformer(shape, classes):
    """Two blocks of attention with one head, which see an image as a set of rows.

    Queries, keys and values are dense layers, so that they are initialized as all others are.
    """
    inputs = keras.Input(shape)
    x = layers.Dense(32)(layers.Reshape(shape[:2])(inputs))
    for _ in range(2):
        normal = layers.LayerNormalization()(x)
        query, key, value = (layers.Dense(32, use_bias=False)(normal) for _ in range(3))
        attended = layers.Attention(use_scale=False)([query, value, key])
        x = layers.Add()([x, layers.Dense(32)(attended)])
        fed = layers.Dense(64, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(32)(fed)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
