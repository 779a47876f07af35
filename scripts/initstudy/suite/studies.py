"""The studies of a suite: their configurations, the variants they share, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from initstudy.analysis.statistics import Floats
from initstudy.errors import StudyError
from initstudy.results import histories
from initstudy.study.config import Initializer, Study, Variant, describe, parse_study
from initstudy.study.problems import read_yaml

# What every study takes its other keys from, as Snakemake does.
DEFAULTS = Path("config.yaml")
RESULTS = Path("results")


@dataclass(frozen=True)
class Member:
    """A study of a suite.

    Attributes:
        file: its configuration, as the suite names it.
        study: what that says.
    """

    file: str
    study: Study

    @property
    def folder(self) -> Path:
        """Where its results are."""
        return RESULTS / self.study.name

    @property
    def facts(self) -> dict[str, str]:
        """What it is, for the suite's report, and where its own report is from there."""
        study = self.study
        return {
            "name": study.name,
            "report": f"../{study.name}/report.html",
            "file": self.file,
            "dataset": study.dataset,
            "inputs": study.inputs,
            "network": _network(study.model),
            "epochs": str(study.epochs),
            "seeds": str(study.seeds),
        }


def read_suite(path: str | Path, settings: Mapping[str, Any]) -> list[Member]:
    """Reads the list of studies and the configuration of each.

    Args:
        path: of the suite: `{studies: [files]}`.
        settings: keys that were set on the command line, for all studies.

    Raises:
        StudyError: if the list or a configuration is not as it must be, or if two of the studies,
            or one and the suite, would write to the same folder.
    """
    suite = _mapping(path)
    files = suite.get("studies")
    if (
        suite.keys() != {"studies"}
        or not isinstance(files, list)
        or not files
        or not all(isinstance(file, str) for file in files)
    ):
        raise StudyError(f"{path}: it must hold one key, studies, with a list of their files.")
    members = [Member(file, _study(file, settings)) for file in files]
    named = {Path(path).stem: str(path)}
    for member in members:
        first = named.setdefault(member.study.name, member.file)
        if first != member.file or list(files).count(member.file) > 1:
            raise StudyError(
                f"{path}: the results of {member.file} would go to {member.folder}/, as those of "
                f"{first} do; give it another name (key study), or remove it."
            )
    return members


def shared_variants(members: Sequence[Member]) -> tuple[list[str], dict[str, str]]:
    """The variants that can be compared over all studies.

    Returns:
        The names of those that all studies have, with the same initializers, in the order of the
        first; and why each other one is left out, by its name. `best` is none of either: it is
        another pair in each study.

    Raises:
        StudyError: if the baselines differ, or nothing besides them is shared.
    """
    by_study = [{v.name: v for v in member.study.variants} for member in members]
    shared, left_out = [], {}
    for name in dict.fromkeys(name for variants in by_study for name in variants):
        without = [
            member.study.name
            for member, variants in zip(members, by_study, strict=True)
            if name not in variants
        ]
        same = {_meaning(variants[name]) for variants in by_study if name in variants}
        if without:
            left_out[name] = "not in " + ", ".join(without)
        elif len(same) > 1:
            left_out[name] = "not the same initializers in all studies"
        else:
            shared.append(name)
    if "baseline" not in shared:
        raise StudyError(
            "The studies have different baselines, so their differences from them cannot be "
            "compared: "
            + "; ".join(
                f"{m.file} has {m.study.baseline.kernel.name} kernels and "
                f"{m.study.baseline.bias.name} biases"
                for m in members
            )
            + "."
        )
    if shared == ["baseline"]:
        raise StudyError(
            "The studies share no variant besides the baseline: "
            + "; ".join(f"{name} is {reason}" for name, reason in left_out.items())
            + "."
        )
    return shared, left_out


def final_accuracies(member: Member, variants: Sequence[str]) -> Floats:
    """The final accuracies of a study's variants, of its test images.

    This is the only place that knows where a suite's accuracies come from.

    Args:
        member: a study that was run.
        variants: some of its.

    Returns:
        float64 (seeds, variants); a diverged replicate has `histories.ACCURACY_OF_DIVERGED`.

    Raises:
        StudyError: if results are missing, or are not of this configuration as far as its
            histories and its summary can tell: other variants, initializers, seeds or epochs.
    """
    study, path = member.study, member.folder / "histories.csv"
    try:
        if not path.exists():
            raise StudyError(f"There is no {path}.")
        tests = member.folder / "tests.csv" if study.held_out else None
        finals = histories.by_variant(histories.read_final(path, study.epochs, tests))
        for name in variants:
            _check_seeds(path, name, finals.get(name), study)
        _check_initializers(member, variants)
        return pd.DataFrame(
            {name: histories.accuracies(finals, name, study.selection) for name in variants}
        ).to_numpy()
    except StudyError as error:
        raise StudyError(
            f"{error}\nThe suite needs the results of {member.file} as it is now. Run "
            f"`make suite`, or that study alone: snakemake --cores all --configfile {member.file}"
        ) from None


def _network(model: Mapping[str, Any]) -> str:
    if "build" in model:
        return str(model["build"])
    units = [str(units) for units in model["hidden_units"]]
    layers = ", ".join(units)
    if len(units) > 3 and len({*units}) == 1:
        layers = f"{len(units)} x {units[0]}"
    return f"{layers or 'no hidden layer'}; {model['activation']}"


def _study(file: str, settings: Mapping[str, Any]) -> Study:
    files = list(dict.fromkeys([DEFAULTS, Path(file)]))
    raw: Any = {}
    for layer in [*(_mapping(path) for path in files), settings]:
        raw = _merged(raw, layer)
    folders = dict.fromkeys(path.parent for path in reversed(files))
    study, problems = parse_study(raw, [*folders, Path()])
    if study is None:
        raise StudyError(f"{file}: {describe(problems, files, settings)}")
    return study


def _mapping(path: str | Path) -> Mapping[str, Any]:
    content = read_yaml(path)
    if not isinstance(content, Mapping):
        raise StudyError(f"{path}: it must hold keys and values.")
    return content


def _merged(old: Any, new: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key, as Snakemake does, all else is replaced."""
    merged = dict(old) if isinstance(old, Mapping) else {}
    for key, value in new.items():
        merged[key] = _merged(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged


def _meaning(variant: Variant) -> str:
    def without_name(initializer: Initializer) -> dict[str, Any]:
        return {**initializer.plain(), "name": None}

    return yaml.safe_dump([without_name(variant.kernel), without_name(variant.bias)])


def _check_seeds(path: Path, name: str, rows: pd.DataFrame | None, study: Study) -> None:
    expected = {*study.selection, *(study.confirmation if name == "baseline" else ())}
    found = set() if rows is None else set(rows["seed"].tolist())
    for seeds, words in ((expected - found, "lacks"), (found - expected, "has besides its own")):
        if seeds:
            raise StudyError(f"{path}: {name} {words} the seeds {_ranges(seeds)}.")


def _ranges(seeds: set[int]) -> str:
    """Seeds in short: `0 to 3, 7`."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ", ".join(f"{p[0]} to {p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)


def _check_initializers(member: Member, variants: Sequence[str]) -> None:
    path = member.folder / "summary.csv"
    try:
        table = pd.read_csv(path, dtype=str).set_index("variant")
        trained = table[["kernel_initializer", "bias_initializer"]].to_dict("index")
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(f"{path} cannot be read: {error}") from None
    for variant in member.study.variants:
        expected = {
            "kernel_initializer": variant.kernel.name,
            "bias_initializer": variant.bias.name,
        }
        if variant.name in variants and trained.get(variant.name) != expected:
            raise StudyError(f"{path}: {variant.name} is not of the initializers {expected}.")
