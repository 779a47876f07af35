"""The figures of a study: for each one of the catalog a function of its name."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from initstudy.analysis import interaction, measures
from initstudy.analysis import learning_rates as rates
from initstudy.analysis.levels import Floats
from initstudy.analysis.measures import ACCURACY, measure_of
from initstudy.config.problems import suggest
from initstudy.drawing import catalog, figures, heatmap
from initstudy.drawing.scatter import scatter
from initstudy.drawing.signals import signals_by_depth, signals_of
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.results.study import StudyResults


def draw(name: str, results: StudyResults, narrow: bool = False) -> Figure:
    """A figure of a study.

    Args:
        name: one of `catalog.figures_of` that study.
        results: of it; the figure reads no more of them than it needs.
        narrow: as a phone shows it, if it has such a form (`catalog.Figure.narrow`).

    Raises:
        StudyError: if what it needs is not there, or is not as it must be, or if there is no such
            figure, or none of that form.
    """
    if name not in DRAWN:
        raise StudyError(f"There is no figure {name!r}{suggest(name, DRAWN)}.")
    if narrow and name not in (narrowed := catalog.narrow(catalog.FIGURES)):
        raise StudyError(f"The figure {name!r} has no narrow form; {', '.join(narrowed)} have one.")
    return DRAWN[name](results, narrow=True) if narrow else DRAWN[name](results)


def differences(results: StudyResults, narrow: bool = False) -> Figure:
    """The differences of the variants from the baseline on the same seeds."""
    study = results.study
    measure = measure_of(study)

    def single(variant: str, seeds: range) -> Floats:
        base = results.scores("baseline", seeds)
        return measures.differences(results.scores(variant, seeds), base)

    def earlier(variant: str) -> tuple[float, ...]:
        last = 0 if variant == "best" else len(results.judged_on(variant))
        looks = [range(count) for count in study.analyses if count < last]
        return tuple(measure.sign * measure.center(single(variant, seeds)) for seeds in looks)

    return figures.differences(
        "Differences from the baseline, seed by seed",
        [
            figures.Estimate(
                row.variant,
                row.difference,
                row.difference_ci_low,
                row.difference_ci_high,
                measure.sign * single(row.variant, results.judged_on(row.variant)),
                words=row.decision,
                note=_note(row),
                earlier=earlier(row.variant),
                decided=(row.difference_decided_low, row.difference_decided_high),
            )
            for row in _rows(results)
            if row.variant != "baseline"
        ],
        study.margin,
        measure,
        narrow,
    )


def ranking(results: StudyResults, narrow: bool = False) -> Figure:
    """The variants by what they are judged by."""
    measure = measure_of(results.study)
    what = "final accuracy" if measure is ACCURACY else measure.words
    return figures.ranking(
        _title(what, "of every variant"),
        [
            figures.Estimate(
                row.variant,
                row.metric_value,
                row.metric_ci_low,
                row.metric_ci_high,
                measure.sign * results.scores(row.variant),
                row.published_accuracy if measure is ACCURACY else float("nan"),
                note=_note(row),
            )
            for row in _rows(results)
        ],
        catalog.images_of(results.study),
        measure,
        narrow,
    )


def comparisons(results: StudyResults) -> Figure:
    """Draw every two variants, and what was decided of them."""
    measure = measure_of(results.study)
    scores = measure.sign * results.summary.set_index("variant")["metric_value"]
    seeds = len(results.study.selection)
    title = f"Every two variants, n = {seeds} seeds"
    return heatmap.comparisons(title, results.pairs, scores, measure)


def learning_rates(results: StudyResults) -> Figure:
    """What each variant reaches at each learning rate."""
    measure = measure_of(results.study)
    tried = rates.read(results.learning_rates_file)
    means = rates.means(tried, measure)
    return figures.rate_curves(
        _title(measure.words, "by learning rate"),
        list(means.index),
        means.columns.to_numpy(dtype=float),
        means.to_numpy(),
        tried["seed"].nunique(),
        measure,
    )


def budgets(results: StudyResults) -> Figure:
    """What each variant reaches by how many learning rates are tried."""
    measure = measure_of(results.study)
    reached = rates.by_budget(rates.read(results.learning_rates_file), measure)
    return figures.budget_curves(
        _title(measure.words, "by tuning budget"),
        list(reached.index),
        reached.to_numpy(),
        measure,
    )


def pairs(results: StudyResults) -> Figure:
    """The final accuracies of all pairs of a factorial design, and their interactions."""
    study = results.study
    layout = interaction.layout(results.final, study.initializers, study.selection)
    return heatmap.pairs(
        "Every kernel with every bias initializer", layout, catalog.images_of(study)
    )


def variance(results: StudyResults) -> Figure:
    """What the scatter of each variant's replicates is made of."""
    return scatter("Sources of the variance of runs", results.variance)


def kernel(results: StudyResults, narrow: bool = False) -> Figure:
    """The learning curves of the kernel initializers."""
    return _learning_curves(results, KERNELS, "kernel", narrow)


def bias(results: StudyResults, narrow: bool = False) -> Figure:
    """The learning curves of the bias initializers."""
    return _learning_curves(results, BIASES, "bias", narrow)


def best_vs_baseline(results: StudyResults, narrow: bool = False) -> Figure:
    """The learning curves of the best pair and the baseline, on fresh seeds.

    If the choice fell on the baseline's own pair, it alone is drawn, on the seeds of the choice.
    """
    study = results.study
    if "best" in results.initializers:
        kernels, biases = results.initializers["best"]
        title = (
            f"The best pair ({kernels} kernels, {biases} biases) against the baseline, on new seeds"
        )
        variants, seeds = ["baseline", "best"], study.confirmation
    else:
        kernels, biases = results.initializers["baseline"]
        title = f"The best pair is the baseline's own ({kernels} kernels, {biases} biases)"
        variants, seeds = ["baseline"], study.selection
    curves = [_curves(results, v, v, seeds) for v in variants]
    return figures.learning_curves(title, curves, narrow)


def signals(results: StudyResults) -> Figure:
    """Dead units, gradients and activations by layer, and by epoch."""
    study = results.study
    # Of the kernels first of all: they decide what becomes of a signal.
    role, title = "kernel", KERNELS
    if study.with_role(role) == ["baseline"]:  # no kernels are compared
        role, title = "bias", BIASES
    variants = study.with_role(role)
    tables = histories.by_variant(results.diagnostics)
    if lacking := [name for name in variants if name not in tables]:
        raise StudyError(f"There are no diagnostics of {', '.join(lacking)}.")
    accuracy = results.summary.set_index("variant")["accuracy_mean"]
    epochs = sorted(results.diagnostics["epoch"].unique().tolist())
    return signals_by_depth(
        f"Signals by depth. {title}",
        epochs,
        [
            signals_of(
                _label(name, role), accuracy[name], tables[name], epochs, results.judged_on(name)
            )
            for name in variants
        ],
    )


KERNELS = "Kernel initializers, each with the baseline's bias initializer"
BIASES = "Bias initializers, each with the baseline's kernel initializer"

DRAWN: dict[str, Callable[..., Figure]] = {
    function.__name__: function
    for function in (
        differences,
        ranking,
        comparisons,
        learning_rates,
        budgets,
        pairs,
        variance,
        kernel,
        bias,
        best_vs_baseline,
        signals,
    )
}


def _rows(results: StudyResults) -> list[Any]:
    return list(results.summary.itertuples())


def _title(what: str, more: str) -> str:
    return f"{what[0].upper()}{what[1:]} {more}"


def _note(row: Any) -> str:
    """Whose scatter is of another kind than that of the others."""
    if row.one_run:
        return " copies of one run"
    return ", order alone" if row.deterministic else ""


def _learning_curves(results: StudyResults, title: str, role: str, narrow: bool) -> Figure:
    study = results.study
    return figures.learning_curves(
        title,
        [
            _curves(results, name, _label(name, role), study.selection)
            for name in study.with_role(role)
        ],
        narrow,
    )


def _curves(results: StudyResults, variant: str, label: str, seeds: range) -> figures.Curves:
    training, validation = (
        results.curves(variant, seeds, metric) for metric in ("accuracy", "val_accuracy")
    )
    return figures.Curves(label, training, validation)


def _label(variant: str, role: str) -> str:
    """Its initializer of that role, where all others share the other one."""
    return variant.removeprefix(f"{role}-")
