"""Networks as users bring them, whose weights are the same each time that they are made.

Every kernel starts from `Ramp`, in the code and in the study, and all else is deterministic, too:
so Keras' own `fit` and a study can train the same network from the same weights.
"""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Ramp(keras.initializers.Initializer):
    """Numbers that depend on the shape alone, about as large as He's."""

    def __call__(self, shape, dtype=None):
        values = np.sin(1.7 * np.arange(np.prod(shape)) + len(shape))
        values *= np.sqrt(2 / max(1, np.prod(shape[:-1])))
        return values.reshape(shape).astype("float32")


ramp = Ramp()


def k(**more):
    return {"kernel_initializer": ramp, **more}


def recurrent(**more):
    return {"recurrent_initializer": ramp, **k(**more)}


def head(classes, **more):
    return layers.Dense(classes, activation="softmax", **k(**more))


def sequential(shape, classes, *inner):
    return keras.Sequential([keras.Input(shape), *inner, layers.Flatten(), head(classes)])


def rows(shape, classes, *inner):
    return sequential(shape, classes, layers.Reshape(tuple(shape[:2])), *inner)


class Block(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.inner = [layers.Dense(units, activation="tanh", **k()) for _ in range(2)]
        self.norm = layers.LayerNormalization()

    def call(self, x, training=None):
        for layer in self.inner:
            x = x + layer(x)
        return self.norm(x)


class Blocks(keras.Model):
    """Blocks in a list, a dictionary of heads, and a mean of these."""

    def __init__(self, classes):
        super().__init__()
        self.enter = layers.Dense(12, **k())
        self.blocks = [Block(12), Block(12)]
        self.heads = {"one": head(classes), "two": layers.Dense(classes, **k())}
        self.soft = layers.Softmax()

    def call(self, x, training=None):
        x = self.enter(ops.reshape(x, (ops.shape(x)[0], -1)))
        for block in self.blocks:
            x = block(x, training=training)
        return (self.heads["one"](x) + self.soft(self.heads["two"](x))) / 2


def subclassed_blocks(shape, classes):
    return Blocks(classes)


def three_deep(shape, classes):
    inner = keras.Sequential([layers.Conv2D(4, 3, activation="relu", **k())], name="inner")
    inputs = keras.Input(shape)
    middle = keras.Model(inputs, inner(layers.ZeroPadding2D()(inputs)), name="middle")
    return sequential(shape, classes, middle, layers.Conv2D(3, 2, use_bias=False, **k()))


class Tied(layers.Layer):
    """Multiplies by the transpose of another layer's kernel."""

    def __init__(self, other, **more):
        super().__init__(**more)
        self.other = other

    def call(self, x):
        return ops.matmul(x, ops.transpose(self.other.kernel))


def tied(shape, classes):
    inputs = keras.Input(shape)
    flat = layers.Flatten()(inputs)
    encoder = layers.Dense(6, activation="tanh", **k())
    return keras.Model(inputs, head(classes)(Tied(encoder)(encoder(flat)) + flat))


def bidirectional(shape, classes):
    return rows(
        shape,
        classes,
        layers.Bidirectional(
            layers.LSTM(4, return_sequences=True, **recurrent()), merge_mode="sum"
        ),
        layers.TimeDistributed(layers.Dense(3, activation="relu", **k())),
    )


def convolutional_lstm(shape, classes):
    steps = layers.Reshape((2, shape[0] // 2, *shape[1:]))
    return sequential(shape, classes, steps, layers.ConvLSTM2D(2, 3, **recurrent()))


def stacked_cells(shape, classes):
    cells = [layers.GRUCell(4, **recurrent()), layers.LSTMCell(3, **recurrent())]
    return rows(shape, classes, layers.RNN(cells, return_sequences=True))


def causal_attention(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Reshape(tuple(shape[:2]))(inputs)
    x = x + layers.MultiHeadAttention(2, 3, **k())(x, x, use_causal_mask=True)
    return keras.Model(inputs, head(classes)(layers.GlobalAveragePooling1D()(x)))


def grouped_attention(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Reshape(tuple(shape[:2]))(inputs)
    x = layers.LayerNormalization()(x + layers.GroupQueryAttention(3, 4, 2, **k())(x, x))
    return keras.Model(inputs, head(classes)(layers.Flatten()(x)))


def separable_rows(shape, classes):
    first = layers.SeparableConv1D(5, 3, depthwise_initializer=ramp, pointwise_initializer=ramp)
    return rows(shape, classes, first, layers.ELU(), layers.Conv1DTranspose(3, 2, **k()))


def upsampled(shape, classes):
    return sequential(
        shape,
        classes,
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu", **k()),
        layers.AveragePooling2D(2),
        layers.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer=ramp),
    )


def dilated(shape, classes):
    return sequential(
        shape,
        classes,
        layers.Conv2D(4, 3, dilation_rate=2, **k()),
        layers.GroupNormalization(2),
        layers.LeakyReLU(0.1),
        layers.Conv2D(4, 2, groups=2, padding="same", **k()),
    )


def frozen_backbone(shape, classes):
    backbone = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(4, 3, **k()),
            layers.BatchNormalization(momentum=0.5),
            layers.ReLU(),
        ],
        name="backbone",
    )
    backbone.layers[1].moving_mean.assign(np.full(4, 0.1))
    backbone.trainable = False
    return sequential(shape, classes, backbone, layers.BatchNormalization(momentum=0.5))


def adapters(shape, classes):
    layer = layers.Dense(8, activation="relu", **k())
    model = sequential(shape, classes, layers.Flatten(), layer)
    layer.enable_lora(2, a_initializer=ramp, b_initializer=ramp)
    return model


def half(shape, classes):
    return sequential(
        shape,
        classes,
        layers.Flatten(),
        layers.Dense(8, activation="relu", dtype="mixed_bfloat16", **k()),
        layers.Dense(6, activation="tanh", dtype="float64", **k()),
    )


def spectral(shape, classes):
    layer = layers.SpectralNormalization(layers.Dense(5, activation="relu", **k()))
    model = sequential(shape, classes, layers.Flatten(), layer)
    layer.vector_u.assign(np.full(layer.vector_u.shape, 0.3))
    return model


def constrained(shape, classes):
    return sequential(
        shape,
        classes,
        layers.Flatten(),
        layers.Dense(
            8,
            activation="relu",
            kernel_constraint="unit_norm",
            activity_regularizer="l2",
            bias_regularizer=keras.regularizers.L1(0.01),
            **k(kernel_regularizer=keras.regularizers.OrthogonalRegularizer()),
        ),
    )


def masked_embedding(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Embedding(20, 4, mask_zero=True, embeddings_initializer=ramp),
            layers.GlobalAveragePooling1D(),
            head(classes),
        ]
    )


def bilinear(shape, classes):
    layer = layers.EinsumDense("abc,bcde->ade", (2, 4), bias_axes="de", activation="gelu", **k())
    return rows(shape, classes, layer)


class Standardized(layers.Conv2D):
    """A convolution whose kernel is standardized each time that it is used (Qiao et al., 2019)."""

    def convolution_op(self, inputs, kernel):
        mean, variance = ops.moments(kernel, axes=[0, 1, 2], keepdims=True)
        return super().convolution_op(inputs, (kernel - mean) / ops.sqrt(variance + 1e-5))


def standardized(shape, classes):
    return sequential(shape, classes, Standardized(4, 3, activation="relu", **k()))


def zero_branch(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Dense(8, **k())(layers.Flatten()(inputs))
    last = layers.Dense(8, name="last", **k())
    model = keras.Model(inputs, head(classes)(x + last(ops.relu(x))))
    last.kernel.assign(0.5 * np.eye(8))
    return model


class Silent(keras.Model):
    """Its `call` has no argument `training`, so fit calls its dropout as in a test."""

    def __init__(self, classes):
        super().__init__()
        self.parts = [layers.Flatten(), layers.Dropout(0.5), head(classes)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def without_training(shape, classes):
    return Silent(classes)


def adapted(shape, classes):
    scaling = layers.Normalization(axis=-1)
    scaling.adapt(np.random.default_rng(0).normal(3, 2, (50, *shape)))
    return sequential(shape, classes, scaling, layers.Conv2D(3, 3, activation="swish", **k()))


@keras.saving.register_keras_serializable()
class Momentum(keras.optimizers.Optimizer):
    """An optimizer of a user's own, whose steps depend on the rows of a kernel."""

    def build(self, variables):
        if not self.built:
            super().build(variables)
            (self.slots,) = self.add_optimizer_variables(variables, ["slot"])

    def update_step(self, gradient, variable, rate):
        slot = self.slots[self._get_variable_index(variable)]
        slot.assign(0.9 * slot + gradient / (1e-3 + ops.max(ops.abs(gradient), 0, keepdims=True)))
        variable.assign(variable - rate * slot)


def own_optimizer(shape, classes):
    model = sequential(shape, classes, layers.Flatten(), layers.Dense(7, "relu", **k()))
    model.compile(Momentum(0.01), "sparse_categorical_crossentropy")
    return model
