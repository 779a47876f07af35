"""Keras on TensorFlow, set up the one way this project uses it, whatever ~/.keras says."""

import gc
import inspect
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # real errors reach Python as exceptions


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no garbage among a million new objects, all of which stay: a fifth of an import."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Hold back what C++ code writes to stderr, and show it only if the import fails.

    TensorFlow writes of oneDNN and of missing GPU drivers before any log level counts.
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


with _without_collecting(), _quiet_import():
    import keras
    import tensorflow as tf

keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")

__all__ = ["keras", "tf"]


def classes_of(module: Any, base: type[Any]) -> dict[str, type[Any]]:
    """Return the classes of a module of Keras that are derived from one, by their names."""
    return {
        name: kind
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base
    }


def set_threads(threads: int) -> None:
    """Limit TensorFlow to so many threads; to be called before it computes anything.

    TensorFlow does not look at OMP_NUM_THREADS. Results may depend on the number in their last
    bits, so it belongs to what a study fixes.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
