"""What all studies of a list have, which planning needs to know, too."""

import json
from collections.abc import Sequence

from initstudy.config.initializers import Variant
from initstudy.errors import StudyError
from initstudy.study import Study


def shared_variants(
    studies: Sequence[Study],
) -> tuple[list[str], dict[str, Sequence[str]]]:
    """Find the variants that can be compared over all studies.

    Returns:
        The names of those that all studies have, with the same initializers, in the order of the
        first; and of each other one the studies that lack it, of which there is none if only the
        initializers differ. `best` is none of either: it is another pair in each study.

    Raises:
        StudyError: if the baselines differ, or nothing besides them is shared.
    """
    shared: list[str] = []
    left_out: dict[str, Sequence[str]] = {}
    for name in dict.fromkeys(name for study in studies for name in study.variants):
        without = [study.name for study in studies if name not in study.variants]
        same = {_meaning(study.variants[name]) for study in studies if name in study.variants}
        if without or len(same) > 1:
            left_out[name] = without
        else:
            shared.append(name)
    if "baseline" not in shared:
        raise StudyError(
            "The studies have different baselines, so differences from them cannot be "
            "compared: "
            + "; ".join(
                "{} has {} kernels and {} biases".format(s.name, *s.initializers["baseline"])
                for s in studies
            )
            + "."
        )
    if shared == ["baseline"]:
        lacking = (
            f"{name} is not in {', '.join(without)}"
            if without
            else f"{name} has other initializers in each"
            for name, without in left_out.items()
        )
        raise StudyError(
            f"The studies share no variant besides the baseline: {'; '.join(lacking)}."
        )
    return shared, left_out


def _meaning(variant: Variant) -> str:
    pair = variant.kernel.plain(), variant.bias.plain()
    return json.dumps([{**initializer, "name": None} for initializer in pair], sort_keys=True)
