"""Draw workloads at random, so that no method can be tuned to a list of them.

    python studies/drawn.py --seed 7 > drawn_7.yaml
    snakemake --cores 2 results/drawn_7/suite.html

A data set, the depth, the width, the activation and the optimizer are drawn independently, each
alternative being as probable as any other.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from initstudy.config.problems import read_yaml
from initstudy.report.reference import Plain

# The settings of the reference benchmark.
SUITE = Path(__file__).parents[1] / "suite.yaml"

DEPTHS = (1, 2, 3, 5, 8, 12, 20)
WIDTHS = (16, 32, 64, 128, 256)
ACTIVATIONS = ("relu", "tanh", "gelu", "selu")
# With the smallest learning rate of shallow networks; deep ones begin one lower, the few images of
# digits one higher.
OPTIMIZERS: Mapping[str, tuple[Any, float]] = {
    "adam": ("adam", 0.0003),
    "adamw": ({"class_name": "AdamW", "config": {"weight_decay": 0.01}}, 0.0003),
    "momentum": ({"class_name": "SGD", "config": {"momentum": 0.9}}, 0.003),
}
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
# So many learning rates are tried.
TRIED = 5
# So many hidden layers, and more, are called deep.
DEEP = 8
# How each data set is used, 20,000 to 78,000 images or rows in all. The targets are round numbers
# that were written here before anything was run.
DATASETS: Mapping[str, Mapping[str, Any]] = {
    "mnist": {"holdout": 5000, "training_images": 10000, "epochs": 6, "target": 0.94},
    "fashion_mnist": {"holdout": 5000, "training_images": 10000, "epochs": 6, "target": 0.84},
    "digits": {"holdout": 348, "training_images": 1000, "epochs": 20, "target": 0.95},
    "letter": {"holdout": 3000, "training_images": 12000, "epochs": 6, "target": 0.85},
    "satimage": {"holdout": 1000, "training_images": 4000, "epochs": 15, "target": 0.87},
    "magic": {"holdout": 3000, "training_images": 10000, "epochs": 6, "target": 0.85},
}


def draw(seed: int, count: int = 3) -> list[dict[str, Any]]:
    """Draw workloads, as entries of a list of studies.

    Args:
        seed: the same one draws the same workloads, and more of them after fewer.
        count: how many.
    """
    generator = np.random.default_rng(seed)

    def one_of(choices: Any) -> Any:
        return list(choices)[int(generator.integers(len(choices)))]

    drawn = []
    for number in range(count):
        dataset, depth, width = one_of(DATASETS), one_of(DEPTHS), one_of(WIDTHS)
        activation, name = one_of(ACTIVATIONS), one_of(OPTIMIZERS)
        use, (optimizer, lowest) = DATASETS[dataset], OPTIMIZERS[name]
        first = RATES.index(lowest) - (depth >= DEEP) + (dataset == "digits")
        pixels = dataset in ("mnist", "fashion_mnist", "digits")
        kinds = ["drawn", "deep" if depth >= DEEP else "shallow", "no normalization"]
        drawn.append(
            {
                "study": f"drawn_{seed}_{number}",
                "kinds": kinds,
                "dataset": dataset,
                "inputs": "standardized" if pixels else "features",
                "validation": {"holdout": use["holdout"]},
                "training_images": use["training_images"],
                "model": {"hidden_units": [width] * depth, "activation": activation},
                "optimizer": optimizer,
                "learning_rates": list(RATES[first : first + TRIED]),
                "epochs": use["epochs"],
                "target_accuracy": use["target"],
            }
        )
    return drawn


def main() -> None:
    """Print a list of drawn workloads, with the settings of the reference benchmark."""
    parser = argparse.ArgumentParser(prog="python studies/drawn.py", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="of what is drawn")
    parser.add_argument("--count", type=int, default=3, help="how many workloads (3)")
    asked = parser.parse_args()
    settings = read_yaml(SUITE)["settings"]
    content = {"settings": settings, "studies": draw(asked.seed, asked.count)}
    sys.stdout.write(f"# Drawn by python studies/drawn.py --seed {asked.seed}\n")
    yaml.dump(content, sys.stdout, Plain, sort_keys=False, default_flow_style=None, width=100)


if __name__ == "__main__":
    main()
