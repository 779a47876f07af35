"""What starting Keras leaves out, and that nothing is missing afterwards."""

import subprocess
import sys

from helpers import LIBRARY

STARTING = """
import gc, sys
from initstudy.engine.backend import NOT_NEEDED
loaded = [name for name in NOT_NEEDED if name in sys.modules]
assert loaded == [], loaded
assert gc.isenabled()
import matplotlib.pyplot, pandas, scipy.ndimage
"""


def test_keras_starts_without_what_no_training_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTING], env=LIBRARY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
