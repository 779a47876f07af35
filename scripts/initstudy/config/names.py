"""The names that a configuration may use."""

DATASETS = ("mnist", "fashion_mnist", "digits", "letters", "satellite", "shuttle")
# What variants can be judged by, and what it is called: the metrics, and what else there is.
METRICS = {
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "mean_absolute_error": "mean absolute error",
    "mean_squared_error": "mean squared error",
    "root_mean_squared_error": "root mean squared error",
}
MEASURES = {
    **METRICS,
    "metric": "metric",
    "loss": "loss",
    "epochs_to_target": "number of epochs to the target",
    "area_under_curve": "area under the learning curve",
}
# Those that may be infinite, and so are compared by ranks and reported by medians.
RANKED = ("loss", "epochs_to_target")
NAME = r"[A-Za-z0-9][A-Za-z0-9_]{0,63}"  # what can become part of a file name
CUSTOM = r".+\.py:[A-Za-z_]\w*"  # of a user: file.py:name
