"""Keras on TensorFlow, set up the one way this project uses it, whatever ~/.keras says."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # real errors reach Python as exceptions


# What Keras imports if it is there, for functions that nothing here calls.
NOT_NEEDED = ("matplotlib", "pandas", "scipy")


@contextmanager
def _light_import() -> Iterator[None]:
    """Spares a job what makes the import longer by a third, and serves no training.

    That is looking for garbage among a million new objects that all stay, and `NOT_NEEDED`. Who
    imports these afterwards, such as a person's own model, gets them.
    """
    left_out = [name for name in NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
        for name in left_out:
            del sys.modules[name]


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Holds back what C++ code writes to stderr, and shows it only if the import fails.

    TensorFlow tells every user about oneDNN and missing GPU drivers, before any log level counts.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


with _light_import(), _quiet_import():
    import keras
    import tensorflow as tf

keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")

__all__ = ["keras", "tf"]


def set_threads(threads: int) -> None:
    """Limits TensorFlow to so many threads; to be called before it computes anything.

    TensorFlow does not look at OMP_NUM_THREADS. Results may depend on the number in their last
    bits, so it belongs to what a study fixes.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
