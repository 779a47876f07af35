"""Which of three chords sounds? Few examples, on an encoder that knows tones (encoder.py)."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

SAMPLES = 64
# Each chord is two tones, in cycles of a signal.
CHORDS = ((3, 5), (3, 13), (8, 13))


def draw(generator, examples):
    """Draw noisy chords, and which one each is."""
    time = np.arange(SAMPLES) / SAMPLES
    chord = generator.integers(0, len(CHORDS), examples)
    signals = generator.normal(0, 1.5, (examples, SAMPLES))
    for tone in range(2):
        cycles = np.array(CHORDS)[chord, tone][:, None]
        phase = generator.uniform(0, 2 * np.pi, (examples, 1))
        signals += np.sin(2 * np.pi * cycles * time + phase)
    return signals, chord


def load():
    """Return 120 examples for training, and 1,000 for testing."""
    generator = np.random.default_rng(1)
    return draw(generator, 120), draw(generator, 1000)


def build(shape, classes):
    """Put a new head on the frozen encoder."""
    encoder = keras.models.load_model(Path(__file__).with_name("encoder.keras"))
    encoder.trainable = False
    return keras.Sequential(
        [
            keras.Input(shape),
            encoder,
            layers.Dense(16, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )
