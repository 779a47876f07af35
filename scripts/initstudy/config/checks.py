"""What is wrong between the keys of a configuration, where each by itself is right."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from initstudy.config.initializers import Initializer
from initstudy.config.problems import Problem, show
from initstudy.engine.spec import ORDER, PER_LAYER, SOURCES, WEIGHTS, rate_of

if TYPE_CHECKING:
    from initstudy.config.configuration import Configuration

# From so many a variance has an interval.
FEWEST_FOR_VARIANCE = 5
# Of a factorial design, as many as the longest lists of a one-factor design make.
MOST_PAIRS = 20_001


def problems(made: "Configuration") -> Iterator[Problem]:
    """Find all of them."""
    yield from _duplicates("kernel_initializers", made.kernel_initializers, made.baseline.kernel)
    yield from _duplicates("bias_initializers", made.bias_initializers, made.baseline.bias)
    yield from _miscounted_layers(made)
    yield from _target(made)
    yield from _comparisons(made)
    yield from _learning_rates(made)
    yield from _variance(made)


def _duplicates(
    name: str, entries: Sequence[Initializer], baseline: Initializer
) -> Iterator[Problem]:
    # Two names that differ in case only are one file on some file systems.
    seen: dict[str, str] = {}
    for index, entry in enumerate(entries):
        first = seen.setdefault(entry.name.lower(), f"{name}[{index}]")
        if first != f"{name}[{index}]":
            yield Problem((name, index), f"{entry.name!r} is at {first} already; remove one")
        if entry == baseline:
            yield Problem((name, index), f"{entry.name!r} is the baseline's own; remove it here")
        elif entry.name.lower() == baseline.name.lower():
            yield Problem(
                (name, index),
                f"{entry.name!r} is the name of the baseline's, which is another; rename one",
            )


def _miscounted_layers(made: "Configuration") -> Iterator[Problem]:
    if "build" in made.model:
        return  # How many layers it has is known when it is built.
    layers = len(made.model["hidden_units"]) + 1
    for role in ("kernel", "bias"):
        for entry in made.for_keras()[role]:
            listed = entry["config"].get("layers") if entry["class_name"] == PER_LAYER else None
            if listed is not None and len(listed) != layers:
                yield Problem(
                    tuple(entry["path"]),
                    f"it has {len(listed)} entries, the network {layers} layers with weights "
                    f"({layers - 1} hidden ones and the output)",
                )


def _target(made: "Configuration") -> Iterator[Problem]:
    if len(made.columns) != len(set(made.columns)):
        yield Problem(("target",), f"one is twice in {show([*made.columns])}; remove it")


def _comparisons(made: "Configuration") -> Iterator[Problem]:
    kernels, biases = len(made.kernel_initializers), len(made.bias_initializers)
    pairs = (kernels + 1) * (biases + 1)
    if made.design == "factorial" and pairs > MOST_PAIRS:
        yield Problem(
            ("design",),
            f"{kernels} kernel and {biases} bias initializers beside the baseline's make {pairs} "
            f"pairs, more than {MOST_PAIRS}; list fewer, or use 'one_factor'",
        )
    if made.comparisons == "all_pairs" and len(made.analyses) > 1:
        yield Problem(
            ("comparisons",),
            "interim analyses are for comparisons with the baseline; for all pairs seeds must be "
            "one number",
        )
    if made.judged == "accuracy" != made.metric:
        yield Problem(
            ("judge_by",),
            f"'accuracy' is not what the study measures: the key metric has {made.metric!r}. Write "
            "judge_by: metric",
        )
    margin = made.asked_margin
    if not isinstance(margin, float):
        return
    if margin < 1 and made.judged == "epochs_to_target":
        yield Problem(
            ("margin",),
            f"{show(margin)} is less than an epoch, and judge_by is epochs_to_target; give "
            "a number of epochs, such as 2, or null for none",
        )
    shares = made.metric == "accuracy" and made.judged not in ("loss", "epochs_to_target")
    if margin > 0.5 and shares:
        yield Problem(
            ("margin",),
            f"{show(margin)} must be a fraction of 1 that is at most 0.5, such as 0.005 for "
            "half a percentage point",
        )


def _variance(made: "Configuration") -> Iterator[Problem]:
    if not made.variance_seeds:
        return
    if made.variance_seeds < FEWEST_FOR_VARIANCE:
        yield Problem(
            ("variance_seeds",),
            f"{made.variance_seeds} runs are too few for a variance; {FEWEST_FOR_VARIANCE} are "
            "the fewest, or 0 for none",
        )
    if made.analyses[0] < FEWEST_FOR_VARIANCE:
        yield Problem(
            ("seeds",),
            f"{made.analyses[0]} are too few for a variance, which variance_seeds asks for; "
            f"{FEWEST_FOR_VARIANCE} are the fewest",
        )
    if made.vary != SOURCES:
        yield Problem(
            ("vary",),
            f"with variance_seeds the runs vary by both, [{WEIGHTS}, {ORDER}], and each alone is "
            "added",
        )


def _learning_rates(made: "Configuration") -> Iterator[Problem]:
    rates = list(made.learning_rates)
    if len(rates) != len(set(rates)):
        yield Problem(("learning_rates",), f"one is twice in {show(rates)}")
    if rates and not made.held_out:
        yield Problem(
            ("learning_rates",),
            "rates that were chosen on the test set would flatter all variants, and some more "
            "than others; hold out examples for the choice with validation: {holdout: 10000}",
        )
    if rates and isinstance(rate_of(made.optimizer), int | float):
        yield Problem(
            ("optimizer", "config", "learning_rate"), "learning_rates has it already; remove one"
        )
