"""Whether a study's data are enough for what it asks of them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initstudy.config.problems import Problem
from initstudy.data.catalog import SPECS
from initstudy.data.checks import labels
from initstudy.engine.data import Dataset, hold_out, learn_from
from initstudy.errors import StudyError
from initstudy.study import Study

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """How many there are of each class.

    Attributes:
        learned: to learn from.
        validated: to validate on.
    """

    learned: Counts
    validated: Counts

    @classmethod
    def of(cls, study: Study, classes: int, file: str | Path) -> "Examples":
        """Those of a study, as its data set will be divided.

        Args:
            study: holds out and learns from no more examples than there are.
            classes: how many there are.
            file: the data set, of which only labels are read.
        """
        train, test = (labels(file, name).astype(np.int32) for name in ("y_train", "y_test"))
        divided = Dataset(train, train, test, test, test, test, (), classes)
        if study.held_out:
            divided = hold_out(divided, study.held_out)
        if study.training_images:
            divided = learn_from(divided, study.training_images)
        counts = (np.bincount(y, minlength=classes) for y in (divided.y_train, divided.y_val))
        return cls(*counts)

    @property
    def share(self) -> float:
        """That of the most frequent class among those to validate on."""
        return float(self.validated.max() / self.validated.sum())


def problems(study: Study) -> list[Problem]:
    """Find what of a configuration its data are not enough for."""
    left = study.data.examples - study.held_out
    if left <= 0:
        text = (
            f"{study.held_out} of {study.data.examples} training examples leave none for training"
        )
        return [Problem(("validation", "holdout"), text)]
    if study.training_images and study.training_images > left:
        text = (
            f"{study.training_images} is more than the {left} examples that are left for training"
        )
        return [Problem(("training_images",), text)]
    found: list[Problem] = []
    share = study.data.majority_accuracy
    # Of a data set of the catalogue it is not known before it was fetched.
    if study.dataset not in SPECS:
        examples = Examples.of(study, study.data.classes, study.dataset)
        found += _too_few(study, examples)
        share = examples.share
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
    share = study.data.majority_accuracy
    examples = None
    if Path(file).exists():
        # If it is damaged, the job that reads it says so.
        with suppress(StudyError):
            examples = Examples.of(study, study.data.classes, file)
    if examples:
        share = examples.share
        if lacking := _lacking(examples.learned):
            yield f"No example with the label {lacking} is used in training."
        if study.held_out and (lacking := _lacking(examples.validated)):
            yield (
                f"No example with the label {lacking} is held out, so the validation set lacks "
                "this label."
            )
    if study.target_accuracy <= share:
        yield f"target_accuracy: {_reached(study, share)}; epochs_to_target means nothing here."


def _too_few(study: Study, examples: Examples) -> Iterator[Problem]:
    if lacking := _lacking(examples.learned):
        key = ("training_images",) if study.training_images else ("validation", "holdout")
        asked = study.training_images or study.held_out
        many = examples.learned.sum()
        yield Problem(
            key,
            f"{asked} leaves {many} examples for training, and none of them has the label "
            f"{lacking}. Choose a {'larger' if study.training_images else 'smaller'} number, or "
            "leave this class out of the data",
        )
    if study.held_out and np.count_nonzero(examples.validated) == 1:
        (only,) = np.flatnonzero(examples.validated)
        yield Problem(
            ("validation", "holdout"),
            f"{study.held_out} holds out examples with the label {only} alone, so accuracies "
            "of them mean nothing. Choose a larger number",
        )


def _lacking(counts: Counts) -> str:
    """The labels that none has; empty if each is there."""
    return ", ".join(map(str, np.flatnonzero(counts == 0)[:5]))


def _reached(study: Study, share: float) -> str:
    where = "validation" if study.held_out else "test"
    return (
        f"{study.target_accuracy:g} is no more than a constant prediction reaches, since {share:g} "
        f"of the {where} examples have the same label"
    )
