"""Train an encoder on the signals of tones.py, and save it as encoder.keras beside this file.

python studies/examples/encoder.py
"""

from pathlib import Path

import keras
from keras import layers
from tones import SAMPLES, load


def train():
    """Train an encoder with an output for each tone behind it, and keep the encoder."""
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [
            keras.Input((SAMPLES,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(24, activation="relu"),
        ],
        name="encoder",
    )
    model = keras.Sequential([encoder, layers.Dense(4, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    (x, y), test = load()
    model.fit(x, y, epochs=20, validation_data=test, verbose=2)
    encoder.save(Path(__file__).with_name("encoder.keras"))


if __name__ == "__main__":
    train()
