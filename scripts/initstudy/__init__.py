"""Compare weight and bias initializers by replicated, paired trainings."""
