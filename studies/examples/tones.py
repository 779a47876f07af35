"""Which of four tones sound in a short noisy signal? Several of them may, or none."""

import numpy as np

SAMPLES, CYCLES = 64, (3, 5, 8, 13)


def draw(generator, examples):
    """Draw signals, and for each of them four labels of 0 and 1."""
    time = np.arange(SAMPLES) / SAMPLES
    labels = generator.integers(0, 2, (examples, len(CYCLES)))
    signals = generator.normal(0, 0.7, (examples, SAMPLES))
    for tone, cycles in enumerate(CYCLES):
        phase = generator.uniform(0, 2 * np.pi, (examples, 1))
        signals += labels[:, [tone]] * np.sin(2 * np.pi * cycles * time + phase)
    return signals, labels


def load():
    """Return what is trained on and what is tested on."""
    generator = np.random.default_rng(0)
    return draw(generator, 3000), draw(generator, 1000)
