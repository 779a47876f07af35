"""Are the brackets balanced? Tokens are 1 for "(", 2 for ")", and 0 behind the end."""

import keras
import numpy as np
from keras import layers

LONGEST = 12


def balanced(tokens):
    """Say whether no bracket closes before one opens, and all are closed at the end."""
    depth = np.cumsum(np.where(tokens == 1, 1, -1))
    return bool(depth.min() >= 0 and depth[-1] == 0)


def load():
    """Draw sequences of all even lengths, half of them balanced; a fifth is for testing."""
    generator = np.random.default_rng(0)
    x = {True: [], False: []}
    while min(len(kind) for kind in x.values()) < 1500:
        length = 2 * int(generator.integers(2, LONGEST // 2 + 1))
        tokens = generator.permutation(np.repeat([1, 2], length // 2))
        x[balanced(tokens)].append(tokens)
    x, y = [*x[True][:1500], *x[False][:1500]], np.repeat([1, 0], 1500)
    order = generator.permutation(3000)
    x = keras.utils.pad_sequences(x, LONGEST, padding="post")[order]
    return (x[600:], y[order][600:]), (x[:600], y[order][:600])


def build(shape, outputs):
    """An LSTM reads the sequence; the mask of the Embedding hides what is behind its end."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Embedding(3, 8, mask_zero=True),
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
