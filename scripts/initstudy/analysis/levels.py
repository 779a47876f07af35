"""What all tests and intervals of the analysis have in common."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.95  # of all intervals
ALPHA = 0.05  # family-wise error
