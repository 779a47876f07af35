"""Whether a study's data are enough for what it asks of them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy.typing as npt

from initstudy.config.configuration import Configuration
from initstudy.config.names import MEASURES
from initstudy.config.problems import Problem
from initstudy.costs import COPIES_OF_DATA
from initstudy.data import npz
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import file_of
from initstudy.data.prepared import memory
from initstudy.data.targets import Target, class_counts, constant_of, lacking, read_targets
from initstudy.engine.data import Dataset, hold_out, learn_from
from initstudy.engine.spec import OWN_VALIDATION
from initstudy.errors import StudyError
from initstudy.study import Study

# What target_accuracy and published are if nobody has set them.
TARGET = Configuration.model_fields["target_accuracy"].default
NOTEBOOK = Path(Configuration.model_fields["published"].default).name
Values = npt.NDArray[Any]


def divided(study: Study, file: str | Path) -> tuple[Values, Values]:
    """Return the targets to learn from, and those to validate on.

    Args:
        study: holds out and learns from no more examples than there are.
        file: its data set, of which only targets are read, and divided as those of a run are.
    """
    own = study.held_out == OWN_VALIDATION
    names = ["y_train", "y_test", *(["y_val"] if own else [])]
    raw = {name: npz.array(file, name) for name in names}
    made = read_targets(str(file), raw, study.metric)[1]
    train, test, val = (made[name] for name in ("y_train", "y_test", names[-1]))
    parts = Dataset(train, train, val, val, test, test, (), study.data.target.count)
    if study.held_back:
        parts = hold_out(parts, study.held_back)
    if study.training_images:
        parts = learn_from(parts, study.training_images)
    return parts.y_train, parts.y_val


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
    if study.dataset not in SPECS:
        learned, validated = divided(study, file_of(study.dataset, study.data.sha256))
        found += _too_few(study, learned, validated)
        constant = _constant(study, validated)
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
    yield from _too_large(study)
    if study.data.validation and study.held_out != OWN_VALIDATION:
        yield (
            "The data have x_val and y_val, which are not used: validation: x_val validates on "
            "them."
        )
    left = study.data.examples - study.held_back
    if study.held_back > left:
        yield (
            f"validation: {study.held_back} of the {study.data.examples} training examples are "
            f"held out, which leaves {left} for training. A smaller holdout leaves more."
        )
    constant = study.constant
    known = None
    if Path(file).exists():
        # If it is damaged, the job that reads it says so.
        with suppress(StudyError):
            known = divided(study, file)
    if known:
        learned, validated = known
        constant = _constant(study, validated)
        if missing := _lacking(study.data.target, learned):
            yield f"No example with the label {missing} is used in training."
        if study.held_out and (missing := _lacking(study.data.target, validated)):
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
            f"{study.published} is not used: it has accuracies, and the metric is {study.metric}."
        )


def _constant(study: Study, validated: Values) -> float:
    """Return what the best constant answer has where a target is looked for.

    Of errors it is that of the test examples, which their targets are a part of.
    """
    if not study.perfect:
        return study.constant
    return constant_of(study.data.target, validated)[study.metric]


def _is_reached(study: Study, constant: float) -> bool:
    """Whether a constant answer reaches the target."""
    return study.sign * (study.target - constant) <= 0


def _too_large(study: Study) -> Iterator[str]:
    needed = COPIES_OF_DATA * study.data.bytes
    if needed > memory():
        yield (
            f"A run takes about {needed / 1e9:.3g} GB of memory for its data, and this machine has "
            f"{memory() / 1e9:.3g} GB. Use fewer examples, or a machine with more."
        )


def _too_few(study: Study, learned: Values, validated: Values) -> Iterator[Problem]:
    target = study.data.target
    # A label may be one that no example has at all, which was said.
    missing = _lacking(target, learned) if target.kind == "classes" else ""
    if missing or (learned == learned[:1]).all():
        key = ("training_images",) if study.training_images else ("validation", "holdout")
        asked = study.training_images or study.held_back
        of_them = f"none of them has the label {missing}" if missing else "all have one target"
        yield Problem(
            key,
            f"{asked} leaves {len(learned)} examples for training, and {of_them}. Choose a "
            f"{'larger' if study.training_images else 'smaller'} number"
            + (", or leave this class out of the data" if missing else ""),
        )
    if not study.held_out or not (validated == validated[:1]).all():
        return
    alone = (
        f"examples with the {_called(target, validated[0])} alone, so their metric means nothing"
    )
    if study.held_back:
        text = f"{study.held_back} holds out {alone}. Choose a larger number"
        yield Problem(("validation", "holdout"), text)
    else:
        yield Problem(("validation",), f"{study.held_out} has {alone}. Add others")


def _lacking(target: Target, values: Values) -> str:
    """List the classes or labels that none of some examples has; empty if each is there."""
    if target.kind == "numbers":
        return ""
    if target.kind == "labels":
        counts = (values.reshape(-1, target.count) > 0).sum(axis=0)
    else:
        counts = class_counts(values, target.count)
    return lacking(counts, target.names)


def _called(target: Target, value: Values) -> str:
    """Say what the target of an example is."""
    if value.ndim:
        return f"{target.kind} {value.tolist()}"
    if target.kind == "numbers":
        return f"target {value:g}"
    return f"label {target.names[int(value)] if target.names else value}"


def _reached(study: Study, constant: float) -> str:
    where = "validation" if study.held_out else "test"
    if study.perfect and study.data.target.kind == "classes":
        return (
            f"{study.target:g} is no more than a constant prediction reaches, since {constant:g} "
            f"of the {where} examples have the same label"
        )
    return (
        f"{study.target:g} is not better than the best constant answer, which has {constant:.4g} "
        f"on the {where if study.perfect else 'test'} examples"
    )
