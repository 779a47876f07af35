"""Whether a study's data are enough for what it asks of them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initstudy.config.configuration import Configuration
from initstudy.config.names import MEASURES
from initstudy.config.problems import Problem
from initstudy.data import npz
from initstudy.data.catalog import SPECS
from initstudy.data.targets import lacking, read_targets
from initstudy.engine.data import Dataset, hold_out, learn_from
from initstudy.engine.spec import METRIC, OWN_VALIDATION
from initstudy.errors import StudyError
from initstudy.study import Study

# What target_accuracy and published are if nobody has set them.
TARGET = Configuration.model_fields["target_accuracy"].default
NOTEBOOK = Path(Configuration.model_fields["published"].default).name
Counts = npt.NDArray[np.int64]


def counts(study: Study, file: str | Path) -> tuple[Counts, Counts]:
    """Count the examples of each class to learn from, and to validate on.

    Args:
        study: holds out and learns from no more examples than there are.
        file: its data set, of which only labels are read, and divided as those of a run are.
    """
    own = study.held_out == OWN_VALIDATION
    names = ["y_train", "y_test", *(["y_val"] if own else [])]
    made = read_targets(str(file), {name: npz.array(file, name) for name in names}, METRIC)[1]
    train, test, val = (made[name] for name in ("y_train", "y_test", names[-1]))
    divided = Dataset(train, train, val, val, test, test, (), study.data.target.count)
    if study.held_back:
        divided = hold_out(divided, study.held_back)
    if study.training_images:
        divided = learn_from(divided, study.training_images)
    learned, validated = (
        np.bincount(y, minlength=study.data.target.count) for y in (divided.y_train, divided.y_val)
    )
    return learned, validated


def _share(validated: Counts) -> float:
    """Return that of the most frequent class."""
    return float(validated.max() / validated.sum())


def problems(study: Study) -> list[Problem]:
    """Find what of a configuration its data are not enough for."""
    if study.held_out == OWN_VALIDATION and not study.data.validation:
        return [Problem(("validation",), "the data have no x_val and y_val")]
    left = study.data.examples - study.held_back
    if left <= 0:
        asked = f"{study.held_back} of {study.data.examples}"
        text = f"{asked} training examples leave none for training"
        return [Problem(("validation", "holdout"), text)]
    if study.training_images and study.training_images > left:
        text = (
            f"{study.training_images} is more than the {left} examples that are left for training"
        )
        return [Problem(("training_images",), text)]
    found: list[Problem] = []
    constant = study.constant
    # Of a data set of the catalogue it is not known before it was fetched.
    if study.dataset not in SPECS and _has_classes(study):
        learned, validated = counts(study, study.dataset)
        found += _too_few(study, learned, validated)
        if study.perfect:
            constant = _share(validated)
    if _is_reached(study, constant) and study.judge_by == "epochs_to_target":
        side = "above" if study.perfect else "below"
        mend = f"Set it {side} that, for instance to the {MEASURES[study.metric]} of the baseline"
        text = f"{_reached(study, constant)}. {mend}"
        found.append(Problem((study.target_key,), text))
    return found


def notes(study: Study, file: str | Path) -> Iterator[str]:
    """Say what is worth knowing of a study's data before a run, a sentence each.

    Args:
        study: without `problems`.
        file: the data set; one of the catalogue need not be there yet.
    """
    yield from study.data.notes
    yield from _unused(study)
    if study.data.validation and study.held_out != OWN_VALIDATION:
        yield (
            "The data have x_val and y_val, which are not used: validation: x_val validates on "
            "them."
        )
    constant = study.constant
    known = None
    if Path(file).exists() and _has_classes(study):
        # If it is damaged, the job that reads it says so.
        with suppress(StudyError):
            known = counts(study, file)
    if known:
        learned, validated = known
        names = study.data.target.names
        if study.perfect:
            constant = _share(validated)
        if missing := lacking(learned, names):
            yield f"No example with the label {missing} is used in training."
        if study.held_out and (missing := lacking(validated, names)):
            yield (
                f"No example with the label {missing} is held out, so the validation set lacks "
                "this label."
            )
    if _is_reached(study, constant):
        yield (
            f"{study.target_key}: {_reached(study, constant)}; epochs_to_target means nothing here."
        )


def _unused(study: Study) -> Iterator[str]:
    """Say which keys are for another metric than the study's."""
    unused = study.target_error is not None, study.target_accuracy != TARGET
    key = "target_error" if study.perfect else "target_accuracy"
    if unused[0 if study.perfect else 1]:
        yield f"{key} is not used: the metric is {study.metric}; set {study.target_key}."
    if study.published and not study.perfect and Path(study.published).name != NOTEBOOK:
        yield (
            f"{study.published} does not stand beside the results: it has accuracies, and the "
            f"metric is {study.metric}."
        )


def _has_classes(study: Study) -> bool:
    return study.data.target.kind == "classes"


def _is_reached(study: Study, constant: float) -> bool:
    """Whether a constant answer reaches the target."""
    return study.sign * (study.target - constant) <= 0


def _too_few(study: Study, learned: Counts, validated: Counts) -> Iterator[Problem]:
    names = study.data.target.names
    if missing := lacking(learned, names):
        key = ("training_images",) if study.training_images else ("validation", "holdout")
        asked = study.training_images or study.held_back
        many = learned.sum()
        yield Problem(
            key,
            f"{asked} leaves {many} examples for training, and none of them has the label "
            f"{missing}. Choose a {'larger' if study.training_images else 'smaller'} number, or "
            "leave this class out of the data",
        )
    if study.held_out and np.count_nonzero(validated) == 1:
        (only,) = np.flatnonzero(validated)
        yield Problem(
            ("validation", "holdout"),
            f"{study.held_out} holds out examples with the label {only} alone, so accuracies "
            "of them mean nothing. Choose a larger number",
        )


def _reached(study: Study, constant: float) -> str:
    where = "validation" if study.held_out else "test"
    if study.perfect and _has_classes(study):
        return (
            f"{study.target:g} is no more than a constant prediction reaches, since {constant:g} "
            f"of the {where} examples have the same label"
        )
    return (
        f"{study.target:g} is no better than the best constant answer, which has {constant:.4g} on "
        "the test examples"
    )
