"""Are the brackets balanced? Tokens are 1 for "(", 2 for ")", and 0 behind the end."""

import keras
import numpy as np
from keras import layers

LONGEST = 20


def draw(generator, balanced):
    """Draw a sequence with as many brackets of the one kind as of the other."""
    pairs = generator.integers(LONGEST // 4, LONGEST // 2 + 1)
    while True:
        tokens = generator.permutation(np.repeat([1, 2], pairs))
        depth = np.cumsum(np.where(tokens == 1, 1, -1))
        # Otherwise a bracket closes before it opens.
        if (depth.min() >= 0) == balanced:
            return tokens


def load():
    """Return 2,400 different sequences for training and 600 for testing, half of them balanced."""
    generator = np.random.default_rng(0)
    found = {}
    while len(found) < 3000:
        is_balanced = len(found) % 2 == 0
        tokens = draw(generator, is_balanced)
        found.setdefault(tokens.tobytes(), (tokens, is_balanced))
    x, y = zip(*found.values(), strict=True)
    x, y = keras.utils.pad_sequences(x, LONGEST, padding="post"), np.array(y)
    return (x[600:], y[600:]), (x[:600], y[:600])


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
