"""Whether a study's data are enough for what it asks of them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import Problem
from initstudy.data import npz
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import file_of
from initstudy.data.targets import read_targets
from initstudy.engine.data import Dataset, hold_out, learn_from
from initstudy.errors import StudyError
from initstudy.study import Study

Counts = npt.NDArray[np.int64]


def counts(study: Study, file: str | Path) -> tuple[Counts, Counts]:
    """Count the examples of each class to learn from, and to validate on.

    Args:
        study: holds out and learns from no more examples than there are.
        file: its data set, of which only labels are read, and divided as those of a run are.
    """
    raw = {name: npz.array(file, name) for name in ("y_train", "y_test")}
    made = read_targets(str(file), raw, "accuracy")[1]
    train, test = made["y_train"], made["y_test"]
    divided = Dataset(train, train, test, test, test, test, (), study.data.target.count)
    if study.held_out:
        divided = hold_out(divided, study.held_out)
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
    left = study.data.examples - study.held_out
    if left <= 0:
        asked = f"{study.held_out} of {study.data.examples}"
        text = f"{asked} training examples leave none for training"
        return [Problem(("validation", "holdout"), text)]
    if study.training_images and study.training_images > left:
        text = (
            f"{study.training_images} is more than the {left} examples that are left for training"
        )
        return [Problem(("training_images",), text)]
    found: list[Problem] = []
    share = study.constant
    # Of a data set of the catalogue it is not known before it was fetched.
    if study.dataset not in SPECS:
        learned, validated = counts(study, file_of(study.dataset, study.data.sha256))
        found += _too_few(study, learned, validated)
        share = _share(validated)
    if study.target_accuracy <= share and study.judge_by == "epochs_to_target":
        mend = "Set it above that share, for instance to the accuracy of the baseline"
        text = f"{_reached(study, share)}. {mend}"
        found.append(Problem(("target_accuracy",), text))
    return found


def notes(study: Study, file: str | Path) -> Iterator[str]:
    """Say what is worth knowing of a study's data before a run, a sentence each.

    Args:
        study: without `problems`.
        file: the data set; one of the catalogue need not be there yet.
    """
    yield from study.data.notes
    share = study.constant
    known = None
    if Path(file).exists():
        # If it is damaged, the job that reads it says so.
        with suppress(StudyError):
            known = counts(study, file)
    if known:
        learned, validated = known
        share = _share(validated)
        if lacking := _lacking(learned):
            yield f"No example with the label {lacking} is used in training."
        if study.held_out and (lacking := _lacking(validated)):
            yield (
                f"No example with the label {lacking} is held out, so the validation set lacks "
                "this label."
            )
    if study.target_accuracy <= share:
        yield f"target_accuracy: {_reached(study, share)}; epochs_to_target means nothing here."


def _too_few(study: Study, learned: Counts, validated: Counts) -> Iterator[Problem]:
    if lacking := _lacking(learned):
        key = ("training_images",) if study.training_images else ("validation", "holdout")
        asked = study.training_images or study.held_out
        many = learned.sum()
        yield Problem(
            key,
            f"{asked} leaves {many} examples for training, and none of them has the label "
            f"{lacking}. Choose a {'larger' if study.training_images else 'smaller'} number, or "
            "leave this class out of the data",
        )
    if study.held_out and np.count_nonzero(validated) == 1:
        (only,) = np.flatnonzero(validated)
        yield Problem(
            ("validation", "holdout"),
            f"{study.held_out} holds out examples with the label {only} alone, so accuracies "
            "of them mean nothing. Choose a larger number",
        )


def _lacking(counts: Counts) -> str:
    """List the labels that none has; empty if each is there."""
    return ", ".join(map(str, np.flatnonzero(counts == 0)[:5]))


def _reached(study: Study, share: float) -> str:
    where = "validation" if study.held_out else "test"
    return (
        f"{study.target_accuracy:g} is no more than a constant prediction reaches, since {share:g} "
        f"of the {where} examples have the same label"
    )
