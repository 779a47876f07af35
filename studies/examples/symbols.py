"""Which of eight symbols is the most frequent one? Tokens are 1 to 8, and 0 behind the end."""

import keras
import numpy as np
from keras import layers

LONGEST, SYMBOLS = 16, 8


def load():
    """Draw sequences in which one symbol is more frequent than any other; 600 are for testing."""
    generator = np.random.default_rng(0)
    x, y = [], []
    while len(x) < 3000:
        tokens = generator.integers(1, SYMBOLS + 1, generator.integers(5, LONGEST + 1))
        counts = np.bincount(tokens, minlength=SYMBOLS + 1)[1:]
        if np.sum(counts == counts.max()) == 1:
            x.append(tokens)
            y.append(counts.argmax())
    x, y = keras.utils.pad_sequences(x, LONGEST, padding="post"), np.array(y)
    return (x[600:], y[600:]), (x[:600], y[:600])


def build(shape, classes):
    """One block of a transformer, and the mean of its steps that are not padding."""
    inputs = keras.Input(shape)
    x = layers.Embedding(SYMBOLS + 1, 16, mask_zero=True)(inputs)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 8)(x, x))
    dense = layers.Dense(16)(layers.Dense(32, activation="relu")(x))
    x = layers.LayerNormalization()(x + dense)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
