"""Kinds of networks that users bring, small, with constant kernels: what is random is drawn."""

import keras
import numpy as np
from keras import layers, ops

K = keras.initializers.Constant(0.03)


def kernel(**more):
    """All kernels of a layer, constant."""
    return {"kernel_initializer": K, **more}


def head(classes, **more):
    """The output layer."""
    return layers.Dense(classes, activation="softmax", **{**kernel(), **more})


def stack(shape, classes, *inner):
    """A sequential model of these layers, a dense one and an output layer."""
    return keras.Sequential(
        [
            keras.Input(shape),
            *inner,
            layers.Flatten(),
            layers.Dense(6, activation="tanh", name="last", **kernel()),
            head(classes),
        ]
    )


def rows(shape, classes, *inner):
    """The same for layers that read an image row by row."""
    return stack(shape, classes, layers.Reshape(tuple(shape[:2])), *inner)


def without_biases(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(4, use_bias=False, **kernel()),
            head(classes, use_bias=False),
        ]
    )


def perceptron(shape, classes):
    return stack(shape, classes)


def convolutions(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, activation="relu", **kernel()),
        layers.MaxPooling2D(),
        layers.Conv2D(4, 2, use_bias=False, **kernel()),
    )


def grouped(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, **kernel()),
        layers.Conv2D(4, 3, groups=2, **kernel()),
    )


def transposed_convolution(shape, classes):
    return stack(shape, classes, layers.Conv2DTranspose(2, 3, strides=2, **kernel()))


def depthwise(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, **kernel()),
        layers.DepthwiseConv2D(3, depthwise_initializer=K),
    )


def one_dimensional(shape, classes):
    return rows(shape, classes, layers.Conv1D(4, 3, activation="relu", **kernel()))


def three_dimensional(shape, classes):
    return stack(
        shape, classes, layers.Reshape((*shape, 1)), layers.Conv3D(2, (3, 3, 1), **kernel())
    )


def batch_normalized(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, **kernel()),
        layers.BatchNormalization(momentum=0.5),
        layers.ReLU(),
    )


def frozen_normalization(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, **kernel()),
        layers.BatchNormalization(momentum=0.5, trainable=False),
    )


def normalized(shape, classes):
    return rows(
        shape,
        classes,
        layers.LayerNormalization(axis=(1, 2)),
        layers.GroupNormalization(2),
        layers.UnitNormalization(),
        layers.RMSNormalization(),
    )


def learned_slopes(shape, classes):
    return stack(shape, classes, layers.Conv2D(4, 3, **kernel()), layers.PReLU())


def regularized_kernels(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, kernel_regularizer="l2", bias_regularizer="l1", **kernel()),
        layers.Flatten(),
        layers.Dense(5, kernel_regularizer="l2", activity_regularizer="l2", **kernel()),
    )


def constrained_kernel(shape, classes):
    return stack(
        shape, classes, layers.Flatten(), layers.Dense(5, kernel_constraint="non_neg", **kernel())
    )


def penalized_activity(shape, classes):
    return stack(
        shape,
        classes,
        layers.Conv2D(4, 3, activity_regularizer="l2", **kernel()),
        layers.ActivityRegularization(l1=0.01),
    )


class Penalty(layers.Layer):
    def call(self, x):
        self.add_loss(0.1 * ops.mean(ops.square(x)))
        return x


def added_loss(shape, classes):
    return stack(shape, classes, layers.Conv2D(4, 3, **kernel()), Penalty())


def embedded(shape, classes):
    return stack(
        shape,
        classes,
        layers.Flatten(),
        layers.Embedding(20, 3, embeddings_initializer=keras.initializers.Constant(0.2)),
    )


class Position(layers.Layer):
    def build(self, shape):
        self.places = self.add_weight(shape=shape[1:], initializer="ones", name="places")
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="token")

    def call(self, x):
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, ops.shape(x)[2]))
        return ops.concatenate([token, x + self.places], axis=1)


def positions(shape, classes):
    return rows(shape, classes, Position(), layers.Dense(4, **kernel()))


def attention_of_dense_layers(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Reshape(shape[:2])(inputs)
    q, k, v = (layers.Dense(4, **kernel())(x) for _ in range(3))
    x = layers.Flatten()(layers.Attention(use_scale=True)([q, v, k]))
    return keras.Model(inputs, head(classes)(x))


def shared(shape, classes):
    inputs = keras.Input(shape)
    layer = layers.Dense(64, activation="tanh", name="shared", **kernel())
    x = layer(layer(layers.Flatten()(inputs)))
    return keras.Model(inputs, head(classes)(x))


def residual(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Conv2D(4, 3, padding="same", **kernel())(inputs)
    x = x + layers.Conv2D(4, 3, padding="same", **kernel())(ops.relu(x)) / 2.0
    return keras.Model(inputs, head(classes)(layers.GlobalAveragePooling2D()(x)))


def fixed_batch(shape, classes):
    inputs = keras.Input(shape, batch_size=24)
    return keras.Model(inputs, head(classes)(layers.Flatten()(inputs)))


def nested_without_kernels(shape, classes):
    scaling = keras.Sequential([keras.Input(shape), layers.Rescaling(0.5)], name="scaling")
    return stack(shape, classes, scaling)


class OwnDense(layers.Layer):
    def __init__(self, units, **more):
        super().__init__(**more)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer=K, name="kernel")
        self.bias = None

    def call(self, x):
        return ops.matmul(x, self.kernel)


def custom_kernel(shape, classes):
    return stack(shape, classes, layers.Flatten(), OwnDense(5))


class Helped(keras.Model):
    """A functional model that says more of itself."""

    def describe(self):
        return f"{len(self.layers)} layers"


def subclass_with_helper(shape, classes):
    inputs = keras.Input(shape)
    return Helped(inputs, head(classes)(layers.Flatten()(inputs)))


def masked_and_ended(shape, classes):
    return rows(shape, classes, layers.Masking(), layers.Dense(4, **kernel()))


def pooled_mask(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Masking()(layers.Reshape(shape[:2])(inputs))
    return keras.Model(inputs, head(classes)(layers.GlobalAveragePooling1D()(x)))


def pooled_mask_of_dense_layer(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Masking()(layers.Reshape(shape[:2])(inputs))
    x = layers.Dense(4, activation="tanh", **kernel())(x)
    return keras.Model(inputs, head(classes)(layers.GlobalAveragePooling1D()(x)))


def one_named_input(shape, classes):
    inputs = keras.Input(shape)
    return keras.Model({"image": inputs}, head(classes)(layers.Flatten()(inputs)))


@keras.saving.register_keras_serializable()
def leaky(x):
    return ops.maximum(x, 0.1 * x)


def registered_activation(shape, classes):
    return stack(shape, classes, layers.Conv2D(4, 3, activation=leaky, **kernel()))


def own_call(shape, classes):
    inputs = keras.Input(shape)
    return OwnCall(inputs, head(classes)(layers.Flatten()(inputs)))


class OwnCall(keras.Model):
    """A functional model that scales its inputs."""

    def call(self, x, training=None):
        return super().call(x * 2.0, training=training)


def regularized_twice(shape, classes):
    layer = layers.Dense(
        5,
        activity_regularizer="l2",
        bias_regularizer="l2",
        bias_constraint="non_neg",
        kernel_regularizer=keras.regularizers.L2(0.0),
        **kernel(),
    )
    return stack(shape, classes, layers.Flatten(), layer)


def frozen_random_backbone(shape, classes):
    inner = [keras.Input(shape), layers.Conv2D(3, 3, **kernel())]
    backbone = keras.Sequential(inner, name="backbone")
    backbone.trainable = False
    return stack(shape, classes, backbone)


def seeded_by_code(shape, classes):
    keras.utils.set_random_seed(3)
    inner = [keras.Input(shape), layers.Flatten(), layers.Dense(3), layers.Dense(classes)]
    return keras.Sequential([*inner, layers.Softmax()])


def changed_attribute(shape, classes):
    layer = layers.Rescaling(1.0)
    layer.scale = 4.0
    return stack(shape, classes, layer)


def compiled(shape, classes):
    model = perceptron(shape, classes)
    model.compile(
        keras.optimizers.SGD(0.5), loss=lambda y, p: ops.mean(ops.square(p)), metrics=["accuracy"]
    )
    return model


def compiled_with(optimizer, prepare=None, **more):
    def build(shape, classes):
        model = perceptron(shape, classes)
        model.compile(optimizer(**more), "sparse_categorical_crossentropy")
        if prepare:
            prepare(model)
        return model

    return build


class FirstRow(keras.optimizers.SGD):
    """Moves the first row of each weight alone, so that rows are no columns to it."""

    def update_step(self, gradient, variable, learning_rate):
        first = ops.arange(ops.shape(gradient)[0]) == 0
        first = ops.reshape(ops.cast(first, "float32"), (-1, *[1] * (len(gradient.shape) - 1)))
        super().update_step(gradient * first, variable, learning_rate)


DECAY = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)


def exclude(model):
    model.optimizer.exclude_from_weight_decay([model.get_layer("last").kernel])


with_adam = compiled_with(keras.optimizers.Adam, learning_rate=0.01)
with_schedule = compiled_with(keras.optimizers.SGD, learning_rate=DECAY)
with_own_optimizer = compiled_with(FirstRow, learning_rate=0.1)
with_exclusion = compiled_with(keras.optimizers.AdamW, exclude, weight_decay=0.5)
with_slots = compiled_with(
    keras.optimizers.Adam, lambda model: model.optimizer.build(model.trainable_variables)
)


def nested(shape, classes):
    inner = [keras.Input(shape), layers.Conv2D(3, 3, **kernel()), layers.Conv2D(3, 3, **kernel())]
    return stack(shape, classes, keras.Sequential(inner, name="backbone"))


def lstm(shape, classes):
    return rows(shape, classes, layers.LSTM(4, recurrent_initializer=K, **kernel()))


def gru(shape, classes):
    return rows(shape, classes, layers.GRU(4, **kernel()))


def simple_recurrent(shape, classes):
    return rows(shape, classes, layers.SimpleRNN(4, unroll=True, **kernel()))


def cells(shape, classes):
    return rows(shape, classes, layers.RNN([layers.GRUCell(4), layers.LSTMCell(3)]))


def convolutional_recurrent(shape, classes):
    steps = layers.Reshape((2, 4, *shape[1:]))
    return stack(shape, classes, steps, layers.ConvLSTM2D(2, 3, **kernel()))


def bidirectional(shape, classes):
    return rows(shape, classes, layers.Bidirectional(layers.LSTM(3)))


def distributed(shape, classes):
    return rows(shape, classes, layers.TimeDistributed(layers.Dense(3, **kernel()), name="each"))


def spectral(shape, classes):
    return rows(shape, classes, layers.SpectralNormalization(layers.Dense(3), name="spectral"))


def separable(shape, classes):
    return stack(shape, classes, layers.SeparableConv2D(4, 3, name="separable"))


def attention(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Reshape(shape[:2])(inputs)
    x = layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    return keras.Model(inputs, head(classes)(layers.Flatten()(x)))


def grouped_attention(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Reshape(shape[:2])(inputs)
    x = layers.GroupQueryAttention(3, 4, 2, name="attention")(x, x)
    return keras.Model(inputs, head(classes)(layers.Flatten()(x)))


def einsum(shape, classes):
    return rows(shape, classes, layers.EinsumDense("abc,cde->abde", (8, 2, 3), name="einsum"))


class Bilinear(layers.Layer):
    def build(self, shape):
        self.matrix = self.add_weight(shape=(shape[-1], 4), initializer=K, name="matrix")

    def call(self, x):
        return ops.matmul(x, self.matrix)


def custom_matrix(shape, classes):
    return rows(shape, classes, Bilinear(name="bilinear"))


class Factors(layers.Layer):
    def build(self, shape):
        self.left = self.add_weight(shape=(shape[-1], 2), initializer=K, name="left")
        self.right = self.add_weight(shape=(2, 4), initializer=K, name="right")

    def call(self, x):
        return ops.einsum("abc,cd->abd", x, ops.matmul(self.left, ops.cast(self.right, x.dtype)))


def custom_factors(shape, classes):
    return rows(shape, classes, Factors(name="factors"))


class NoBias(OwnDense):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer=K, name="kernel")


def custom_without_bias(shape, classes):
    return stack(shape, classes, layers.Flatten(), NoBias(5, name="unbiased"))


class NoActivation(OwnDense):
    def __init__(self, units, **more):
        super().__init__(units, **more)
        self.activation = None


def custom_without_activation(shape, classes):
    return stack(shape, classes, layers.Flatten(), NoActivation(5, name="inactive"))


class Local(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[1], shape[2], 4), initializer=K, name="kernel")
        self.bias = None

    def call(self, x):
        return ops.einsum("abc,bcd->abd", x, self.kernel)


def custom_local(shape, classes):
    return rows(shape, classes, Local(name="local"))


def late_weights(shape, classes):
    layer = layers.Conv2D(4, 3, activation=layers.PReLU(), name="late", **kernel())
    return stack(shape, classes, layer)


def stopped(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Dense(4, name="stopped", **kernel())(layers.Flatten()(inputs))
    return keras.Model(inputs, head(classes)(ops.stop_gradient(x)))


def frozen_dense(shape, classes):
    return stack(
        shape, classes, layers.Flatten(), layers.Dense(5, trainable=False, name="fixed", **kernel())
    )


def frozen_convolution(shape, classes):
    return stack(shape, classes, layers.Conv2D(4, 3, trainable=False, name="fixed", **kernel()))


def frozen_variable(shape, classes):
    model = stack(shape, classes, layers.Flatten(), layers.Embedding(20, 3, name="vectors"))
    model.get_layer("vectors").embeddings.trainable = False
    return model


class ForgetfulPenalty(layers.Layer):
    def __init__(self, rate=0.0, **more):
        super().__init__(**more)
        self.rate = rate

    def get_config(self):
        return super().get_config()

    def call(self, x):
        self.add_loss(self.rate * ops.mean(ops.square(x)))
        return x


def forgotten_penalty(shape, classes):
    return stack(shape, classes, ForgetfulPenalty(0.5))


def frozen_model(shape, classes):
    model = perceptron(shape, classes)
    model.trainable = False
    return model


def frozen_later(shape, classes):
    model = perceptron(shape, classes)
    model.get_layer("last").trainable = False
    return model


def pretrained(shape, classes):
    model = perceptron(shape, classes)
    layer = model.get_layer("last")
    layer.set_weights([np.full(layer.kernel.shape, 0.5), np.zeros(6)])
    return model


def pretrained_bias(shape, classes):
    model = perceptron(shape, classes)
    model.get_layer("last").bias.assign(np.ones(6))
    return model


def pretrained_backbone(shape, classes):
    inner = [keras.Input(shape), layers.Flatten(), layers.Dense(4)]
    backbone = keras.Sequential(inner, name="backbone")
    backbone.set_weights([np.full((64, 4), 0.5), np.zeros(4)])
    backbone.trainable = False
    return stack(shape, classes, backbone)


def pretrained_embedding(shape, classes):
    model = stack(shape, classes, layers.Flatten(), layers.Embedding(20, 3, name="vectors"))
    model.get_layer("vectors").set_weights([np.full((20, 3), 7.0)])
    return model


def moved_statistics(shape, classes):
    model = stack(shape, classes, layers.BatchNormalization(name="normalized"))
    model.get_layer("normalized").moving_mean.assign(np.ones(1))
    return model


def adapted(shape, classes):
    normalization = layers.Normalization(axis=None, name="adapted")
    normalization.adapt(np.arange(10.0))
    return stack(shape, classes, normalization)


def dense_with(**more):
    def build(shape, classes):
        layer = layers.Dense(5, name="odd", **{**kernel(), **more})
        return stack(shape, classes, layers.Flatten(), layer)

    return build


activity_regularized = dense_with(activity_regularizer="l2")
bias_regularized = dense_with(bias_regularizer="l2")
bias_constrained = dense_with(bias_constraint="non_neg")
half_precision = dense_with(dtype="mixed_float16")
double_precision = dense_with(dtype="float64")
adapters = dense_with(lora_rank=2)
quantized = dense_with(dtype="int8_from_float32")


def half_inside(shape, classes):
    scaling = keras.Sequential([layers.Rescaling(0.5, dtype="bfloat16", name="odd")])
    return stack(shape, classes, scaling)


def anonymous(shape, classes):
    return stack(shape, classes, layers.Lambda(lambda x: x / 16.0, name="anonymous"))


def own_activation(shape, classes):
    def bent(x):
        return ops.maximum(x, 0.1 * x)

    return stack(shape, classes, layers.Conv2D(4, 3, activation=bent, name="bent", **kernel()))


class Without(layers.Layer):
    def __init__(self, table):
        super().__init__(name="tabled")
        self.table = table

    def call(self, x):
        return x * ops.convert_to_tensor(self.table, "float32")


def without_configuration(shape, classes):
    return stack(shape, classes, Without(np.ones((8, 1))))


class Forgetful(layers.Layer):
    def __init__(self, factor=1.0, **more):
        super().__init__(**more)
        self.factor = factor

    def get_config(self):
        return super().get_config()

    def call(self, x):
        return self.factor * x


def forgotten_argument(shape, classes):
    return stack(shape, classes, Forgetful(3.0, name="forgetful"))


def noisy(shape, classes):
    return stack(shape, classes, layers.Flatten(), layers.Dropout(0.3), layers.GaussianNoise(0.1))


def noise_seeded_by_code(shape, classes):
    return stack(shape, classes, layers.Flatten(), layers.Dropout(0.3, seed=1, name="dropped"))


def drawn_constant(shape, classes):
    factors = np.random.uniform(size=64).astype("float32")  # noqa: NPY002 - as users do
    return stack(shape, classes, layers.Flatten(), layers.Lambda(lambda x: x * factors))


class OwnStep(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


class OwnLoss(keras.Model):
    def compute_loss(self, **more):
        return 2 * super().compute_loss(**more)


def of_class(kind):
    def build(shape, classes):
        inputs = keras.Input(shape)
        return kind(inputs, head(classes)(layers.Flatten()(inputs)))

    return build


own_step, own_loss = of_class(OwnStep), of_class(OwnLoss)


class Subclassed(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.flatten, self.head = layers.Flatten(), head(classes)

    def call(self, x):
        return self.head(self.flatten(x))


def subclassed(shape, classes):
    return Subclassed(classes)


def stateful(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape, batch_size=24),
            layers.Reshape(shape[:2]),
            layers.LSTM(3, stateful=True, name="remembers"),
            head(classes),
        ]
    )


def two_inputs(shape, classes):
    inputs = [keras.Input(shape), keras.Input(shape)]
    return keras.Model(inputs, head(classes)(layers.Flatten()(layers.Add()(inputs))))


def two_outputs(shape, classes):
    inputs = keras.Input(shape)
    x = layers.Flatten()(inputs)
    return keras.Model(inputs, [head(classes)(x), head(classes)(x)])


def masked_loss(shape, classes):
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Masking(), head(classes)])


def mask_through_dense(shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Reshape(shape[:2]),
            layers.Masking(7.0),
            layers.Dense(4, activation="tanh", **kernel()),
            layers.GlobalAveragePooling1D(name="pooled"),
            head(classes),
        ]
    )


def policy_of_all(shape, classes):
    keras.mixed_precision.set_global_policy("mixed_float16")
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), head(classes, dtype="float32", name="output")]
    )


def floats_of_all(shape, classes):
    keras.config.set_floatx("float64")
    return perceptron(shape, classes)


def drawn_constant_with_adam(shape, classes):
    model = drawn_constant(shape, classes)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def all_in_bfloat16(shape, classes):
    return stack(shape, classes, layers.Flatten(), layers.Dense(5, dtype="bfloat16"))
