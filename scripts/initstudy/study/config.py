"""The configuration of a study: checked against its schema, filled with defaults, typed."""

import difflib
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from initstudy.study.names import DATASETS, NAME, OWN, PER_LAYER, is_own

KeyPath = tuple[str | int, ...]

# Keys inside of which only numbers make sense.
NUMERIC = ("config", "hidden_units", "learning_rates", "validation", "diagnose_after")

# Of a factorial design, as many as the longest lists of a one-factor design make.
MOST_PAIRS = 20_001


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration, and the key that it is wrong at."""

    path: KeyPath
    message: str

    def key(self) -> str:
        """The key as a person writes it: `kernel_initializers[2].config`."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")


@dataclass(frozen=True)
class Initializer:
    """An initializer by the name it has in this study.

    Attributes:
        name: what file names, tables and figures call it.
        class_name: a name of `initializers.known_initializers`, `file.py:name` of a person's own,
            or PER_LAYER.
        config: its parameters, without the seed; of PER_LAYER {layers: [...]} or {hidden: ...,
            output: ...}, for each layer a mapping with class_name, config and perhaps source.
        source: SHA-256 of a person's own file.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    source: str | None = None

    @classmethod
    def parse(cls, entry: Any, folders: Sequence[Path] = (Path(),)) -> "Initializer":
        """From a configuration's entry, in one of its forms.

        Args:
            entry: an identifier, {name, class_name, config}, a list with one for each layer,
                {name, layers: that list}, or {hidden, output}.
            folders: where a person's own files are looked for, in this order.
        """

        def one(part: Any) -> dict[str, Any]:
            spec: dict[str, Any] = {"class_name": part} if isinstance(part, str) else part
            name, config = spec["class_name"], dict(spec.get("config", {}))
            if not is_own(name):
                return {"class_name": name, "config": config}
            found, source = own_code(name, folders)
            return {"class_name": found, "config": config, "source": source}

        def label(part: Any) -> str:
            text: str = part if isinstance(part, str) else part["class_name"]
            return text.rpartition(":")[2]

        if isinstance(entry, str):
            return cls(label(entry), **one(entry))
        if isinstance(entry, list):
            entry = {"layers": entry}
        if "class_name" in entry:
            return cls(entry["name"], **one(entry))
        if "layers" in entry:
            parts = entry["layers"]
            config: dict[str, Any] = {"layers": [one(part) for part in parts]}
        else:
            parts = [entry["hidden"], entry["output"]]
            config = {"hidden": one(parts[0]), "output": one(parts[1])}
        name = entry.get("name", "_then_".join(label(part) for part in parts))
        return cls(name, PER_LAYER, config)

    def plain(self) -> dict[str, Any]:
        """As a plain mapping, which YAML, JSON and Snakemake's params can hold."""
        source = {} if self.source is None else {"source": self.source}
        return {
            "name": self.name,
            "class_name": self.class_name,
            "config": dict(self.config),
        } | source

    def entry(self) -> str | dict[str, Any]:
        """As an entry of a configuration."""
        if self.class_name == PER_LAYER:

            def plain(part: Any) -> Any:
                if isinstance(part, list):
                    return [plain(one) for one in part]
                return {"class_name": part["class_name"], "config": part["config"]}

            return {"name": self.name, **{key: plain(part) for key, part in self.config.items()}}
        if self.name == self.class_name and not self.config:
            return self.name
        return {"name": self.name, "class_name": self.class_name, "config": dict(self.config)}


def find(file: str, folders: Sequence[Path]) -> Path:
    """The path of a person's own file, in the first folder that has it; as it is if none has."""
    path = Path(file).expanduser()
    return next((folder / path for folder in folders if (folder / path).is_file()), path)


def own_code(name: str, folders: Sequence[Path]) -> tuple[str, str]:
    """What stands for `file.py:name` in a job: with the file's path, and the file's SHA-256."""
    file, _, attribute = name.rpartition(":")
    path = find(file, folders)
    return f"{path}:{attribute}", hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Variant:
    """A kernel and a bias initializer to train with."""

    name: str
    kernel: Initializer
    bias: Initializer


@dataclass(frozen=True)
class Study:
    """A checked configuration; its attributes are explained in schemas/config.schema.yaml.

    Attributes:
        dataset: a name, or the path of a person's own .npz.
        held_out: training images that are kept for validation; 0 if the test images are it.
        model: {hidden_units, activation}, or {build, source} of a person's own: `file.py:name` and
            the file's SHA-256.
    """

    name: str
    dataset: str
    dataset_file: str | None
    inputs: str
    held_out: int
    model: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    learning_rates: tuple[float, ...]
    learning_rate_seeds: int
    batch_size: int
    epochs: int
    diagnose_after: tuple[int, ...]
    seeds: int
    seeds_per_job: int
    baseline: Variant
    kernel_variants: tuple[Variant, ...]
    bias_variants: tuple[Variant, ...]
    design: str
    confirmation_seeds: int
    target_accuracy: float
    published: str | None

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All but `best`, which is known only when these are trained."""
        one_factor = (self.baseline, *self.kernel_variants, *self.bias_variants)
        return (*one_factor, *self.pair_variants)

    @property
    def pair_variants(self) -> tuple[Variant, ...]:
        """What a factorial design adds: the pairs that differ from the baseline in both."""
        if self.design == "one_factor":
            return ()
        # Names of initializers have no "-", so these are unambiguous.
        return tuple(
            Variant(f"{kernel.name}-{bias.name}", kernel.kernel, bias.bias)
            for kernel in self.kernel_variants
            for bias in self.bias_variants
        )

    @property
    def selection(self) -> range:
        """The seeds that every variant is trained on, and `best` is chosen on."""
        return range(self.seeds)

    @property
    def confirmation(self) -> range:
        """The fresh seeds that `best` and the baseline are compared on."""
        return range(self.seeds, self.seeds + self.confirmation_seeds)

    def blocks(self, seeds: range) -> list[range]:
        """The seeds as the jobs train them: `seeds_per_job` at a time.

        Example:
            With seeds_per_job = 10, `range(0, 15)` gives `[range(0, 10), range(10, 15)]`.
        """
        starts = range(seeds.start, seeds.stop, self.seeds_per_job)
        return [range(start, min(start + self.seeds_per_job, seeds.stop)) for start in starts]

    def plain(self) -> dict[str, Any]:
        """All keys of the configuration, defaults and all, as YAML can hold them."""
        return {
            "study": self.name,
            "dataset": self.dataset,
            "dataset_file": self.dataset_file,
            "inputs": self.inputs,
            "validation": {"holdout": self.held_out} if self.held_out else "test",
            "model": self.model.get("build", self.model),
            "optimizer": self.optimizer
            if self.optimizer["config"]
            else self.optimizer["class_name"],
            "learning_rates": list(self.learning_rates),
            "learning_rate_seeds": self.learning_rate_seeds,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "diagnose_after": list(self.diagnose_after),
            "seeds": self.seeds,
            "seeds_per_job": self.seeds_per_job,
            "baseline": {
                "kernel_initializer": self.baseline.kernel.entry(),
                "bias_initializer": self.baseline.bias.entry(),
            },
            "kernel_initializers": [variant.kernel.entry() for variant in self.kernel_variants],
            "bias_initializers": [variant.bias.entry() for variant in self.bias_variants],
            "design": self.design,
            "confirmation_seeds": self.confirmation_seeds,
            "target_accuracy": self.target_accuracy,
            "published": self.published,
        }

    def for_keras(self) -> dict[str, Any]:
        """What `initstudy.training.checks` looks at, as plain values, with the keys."""

        def entries(role: str, pick: Callable[[Variant], Initializer]) -> list[dict[str, Any]]:
            listed = self.kernel_variants if role == "kernel" else self.bias_variants
            paths: list[KeyPath] = [("baseline", f"{role}_initializer")]
            paths += [(f"{role}_initializers", index) for index in range(len(listed))]
            return [
                {"path": list(path), **pick(variant).plain()}
                for path, variant in zip(paths, (self.baseline, *listed), strict=True)
            ]

        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "learning_rates": list(self.learning_rates),
            "kernel": entries("kernel", lambda variant: variant.kernel),
            "bias": entries("bias", lambda variant: variant.bias),
        }


def suggest(name: object, known: Iterable[str]) -> str:
    """The end of an error message: `; did you mean 'epochs'?`, or the names there are."""
    names = list(dict.fromkeys(known))
    lowered = {other.lower(): other for other in reversed(names)}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return "; known are " + ", ".join(names) if names else ""


def parse_study(
    raw: Mapping[str, Any], schema: Mapping[str, Any], folders: Sequence[Path] = (Path(),)
) -> tuple[Study | None, list[Problem]]:
    """Checks a configuration and makes a study of it.

    Numbers that came as text are taken as numbers where only numbers make sense: YAML reads 1e-3 as
    text, and so does Snakemake everything inside of a mapping on the command line.

    Args:
        raw: the configuration as read from YAML, merged from all its files.
        schema: JSON Schema, draft 2020-12, with a default for every top-level key.
        folders: where a person's own files are looked for.

    Returns:
        The study and an empty list, or None and all that is wrong. That Keras knows the names and
        takes the parameters is not looked at here: see `initstudy.training.checks`.
    """
    config = _with_numbers(_with_defaults(raw, schema))
    problems = [
        problem
        for error in Draft202012Validator(schema).iter_errors(config)
        for problem in _explain(error)
    ]
    if not problems:
        problems = [*_model_problems(config["model"], folders)]
    if not problems:
        layers = None
        if isinstance(config["model"], Mapping):
            layers = len(config["model"]["hidden_units"]) + 1
        problems = [
            Problem((*path, *problem.path), problem.message)
            for path, entry in _initializer_entries(config)
            for problem in _initializer_problems(entry, layers, folders)
        ]
    if problems:
        return None, problems
    kernels, biases = (
        [
            Initializer.parse(entry, folders)
            for entry in (
                config["baseline"][f"{role}_initializer"],
                *config[f"{role}_initializers"],
            )
        ]
        for role in ("kernel", "bias")
    )
    (kernel, *kernels), (bias, *biases) = kernels, biases
    problems = [
        *_duplicates("kernel_initializers", kernels, kernel),
        *_duplicates("bias_initializers", biases, bias),
        *_too_many_pairs(config),
        *_late_epochs(config),
        *_missing_files(config, folders),
        *_learning_rate_problems(config),
    ]
    if problems:
        return None, problems
    optimizer = config["optimizer"]
    if isinstance(optimizer, str):
        optimizer = {"class_name": optimizer}
    model, validation = config["model"], config["validation"]
    if isinstance(model, str):
        build, source = own_code(model, folders)
        model = {"build": build, "source": source}
    else:
        units = [int(units) for units in model["hidden_units"]]
        # In this order, whatever the file's: Snakemake compares what a job was by its text.
        model = {"hidden_units": units, "activation": model["activation"]}
    dataset = config["dataset"]
    study = Study(
        name=config["study"],
        dataset=str(find(dataset, folders)) if dataset.endswith(".npz") else dataset,
        dataset_file=config["dataset_file"],
        inputs=config["inputs"],
        held_out=0 if validation == "test" else int(validation["holdout"]),
        model=model,
        optimizer={"class_name": optimizer["class_name"], "config": optimizer.get("config", {})},
        learning_rates=tuple(float(rate) for rate in config["learning_rates"]),
        learning_rate_seeds=int(config["learning_rate_seeds"]),
        batch_size=int(config["batch_size"]),
        epochs=int(config["epochs"]),
        diagnose_after=tuple(int(epoch) for epoch in config["diagnose_after"]),
        seeds=int(config["seeds"]),
        seeds_per_job=int(config["seeds_per_job"]),
        baseline=Variant("baseline", kernel, bias),
        kernel_variants=tuple(Variant(f"kernel-{k.name}", k, bias) for k in kernels),
        bias_variants=tuple(Variant(f"bias-{b.name}", kernel, b) for b in biases),
        design=config["design"],
        confirmation_seeds=int(config["confirmation_seeds"]),
        target_accuracy=float(config["target_accuracy"]),
        published=config["published"],
    )
    return study, []


def _initializer_entries(config: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    for role in ("kernel", "bias"):
        yield ("baseline", f"{role}_initializer"), config["baseline"][f"{role}_initializer"]
        for index, entry in enumerate(config[f"{role}_initializers"]):
            yield (f"{role}_initializers", index), entry


def _model_problems(model: Any, folders: Sequence[Path]) -> Iterator[Problem]:
    if isinstance(model, str):
        found = _own_problem(model, folders)
        if not is_own(model):
            found = f"{_show(model)} is not of the form file.py:name, a function of your own"
        if found:
            yield Problem(("model",), found)


def _own_problem(name: str, folders: Sequence[Path]) -> str | None:
    """What is wrong with the name of a person's own code; None if it is not, or nothing is."""
    if not is_own(name):
        return None
    if not re.fullmatch(OWN, name):
        return f"{_show(name)} is not of the form file.py:name"
    file = find(name.rpartition(":")[0], folders)
    if not file.is_file():
        return f"there is no file {str(file)!r} in {' or '.join(map(str, folders))}"
    return None


def _learning_rate_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    rates = [float(rate) for rate in config["learning_rates"]]
    key = ("learning_rates",)
    if not rates:
        return
    if len(rates) != len(set(rates)):
        yield Problem(key, f"one stands twice in {_show(rates)}")
    if config["validation"] == "test":
        yield Problem(
            key,
            "rates that were chosen on the test images would flatter all variants, and not all "
            "alike; keep images for the choice with validation: {holdout: 10000}",
        )
    optimizer = config["optimizer"]
    if isinstance(optimizer, Mapping) and "learning_rate" in optimizer.get("config", {}):
        yield Problem(
            ("optimizer", "config", "learning_rate"), "learning_rates says it already; remove one"
        )
    if config["learning_rate_seeds"] > config["seeds"]:
        yield Problem(
            ("learning_rate_seeds",),
            f"{config['learning_rate_seeds']} is more than the study's {config['seeds']} seeds",
        )


def _initializer_problems(
    entry: Any, layers: int | None, folders: Sequence[Path]
) -> Iterator[Problem]:
    """What the schema cannot tell of an entry; the paths are relative to it."""
    parts: list[tuple[KeyPath, Any]] = [((), entry)]
    if isinstance(entry, Mapping):
        forms = [form for form in ("class_name", "layers", "hidden") if form in entry]
        if len(forms) != 1 or ("hidden" in entry) != ("output" in entry):
            yield Problem(
                (),
                f"{_show(entry)} must have either class_name, or layers, or hidden and output",
            )
            return
        if forms == ["class_name"] and "name" not in entry:
            yield Problem(
                (), f"{_show(entry)} lacks the key 'name': what files and figures call it"
            )
            return
        if forms != ["class_name"] and "config" in entry:
            yield Problem(("config",), "it belongs to the initializer of a layer")
            return
        if forms == ["layers"]:
            parts = [(("layers", index), part) for index, part in enumerate(entry["layers"])]
        elif forms == ["hidden"]:
            parts = [((key,), entry[key]) for key in ("hidden", "output")]
    elif isinstance(entry, list):
        parts = [((index,), part) for index, part in enumerate(entry)]
    listed = isinstance(entry, list) or (isinstance(entry, Mapping) and "layers" in entry)
    if listed and layers is not None and len(parts) != layers:
        yield Problem(
            (),
            f"it has {len(parts)} entries, the network {layers} layers with weights "
            f"({layers - 1} hidden ones and the output)",
        )
        return
    found = False
    for path, part in parts:
        name = part if isinstance(part, str) else part["class_name"]
        where = path if isinstance(part, str) else (*path, "class_name")
        wrong = _own_problem(name, folders)
        if wrong:
            found = True
            yield Problem(where, wrong)
        elif not is_own(name) and not re.fullmatch(NAME, name):
            found = True
            yield Problem(
                where,
                f"{_show(name)} is no name of an initializer (letters, digits and _, since it "
                "becomes part of file names), nor file.py:name",
            )
    if not found:
        name = Initializer.parse(entry, folders).name
        if not re.fullmatch(NAME, name):
            yield Problem(
                (),
                f"{_show(name)} cannot become part of a file name, of at most 64 letters, digits "
                "and _; give it a name: {name: ..., layers: [...]}",
            )


def describe(
    problems: Sequence[Problem], files: Sequence[str | Path], command_line: Collection[str] = ()
) -> str:
    """A message that lists all problems, each with its key and, where it can be told, its line.

    Args:
        problems: what is wrong.
        files: the configuration files, in the order in which later ones override earlier ones.
        command_line: the top-level keys that were set on the command line, which overrides files.
    """
    roots = [(path, root) for path in files if (root := _compose(path)) is not None]
    lines = []
    for problem in problems:
        where = "--config" if problem.path[0] in command_line else _locate(problem.path, roots)
        lines.append(f"  {where + ': ' if where else ''}{problem.key()}: {problem.message}")
    count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
    return f"The configuration has {count}:\n" + "\n".join(lines)


def _with_defaults(config: Any, schema: Mapping[str, Any]) -> Any:
    if not isinstance(config, Mapping):
        return config
    filled = dict(config)
    for key, part in schema.get("properties", {}).items():
        if "default" in part:
            filled.setdefault(key, deepcopy(part["default"]))
        if key in filled and "properties" in part:
            filled[key] = _with_defaults(filled[key], part)
    return filled


def _with_numbers(value: Any, numeric: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_numbers(part, numeric or key in NUMERIC) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_numbers(part, numeric) for part in value]
    if numeric and isinstance(value, str):
        if re.fullmatch(r"[+-]?\d+", value):
            return int(value)
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
            return float(value)
    return value


def _explain(error: ValidationError) -> Iterator[Problem]:
    path: KeyPath = tuple(error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        known = schema["properties"]
        for key in instance:
            if key not in known:
                yield Problem((*path, str(key)), f"there is no such key{suggest(key, known)}")
    elif error.validator == "required":
        for key in schema["required"]:
            if key not in instance:
                hint = schema["properties"][key]["description"]
                yield Problem(path, f"{_show(instance)} lacks the key {key!r}: {hint}")
    elif error.validator == "enum":
        hint = suggest(instance, schema["enum"])
        yield Problem(path, f"{_show(instance)} is not one of its values{hint}")
    elif error.validator == "pattern" and schema["pattern"].startswith("^["):
        yield Problem(
            path,
            f"{_show(instance)} cannot become part of a file name; "
            f"use letters, digits and {'_ or -' if '_-' in schema['pattern'] else '_'}, "
            "beginning with a letter or digit",
        )
    else:
        yield Problem(path, f"{_show(instance)} must be {_expected(schema)}")


def _expected(schema: Mapping[str, Any]) -> str:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "array": "a list",
        "object": "a mapping",
        "null": "null",
    }
    text = " or ".join(words[kind] for kind in types)
    if "maximum" in schema:
        text += f" from {schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        text += f" of at most {schema['maxLength']} characters"
    if "maxItems" in schema:
        text += f" of at most {schema['maxItems']} entries"
    return f"{text} ({schema['description']})" if "description" in schema else text


def _show(value: Any) -> str:
    text = "nothing (null)" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _duplicates(key: str, entries: list[Initializer], baseline: Initializer) -> Iterator[Problem]:
    # Two names that differ in case only are one file on some file systems.
    seen: dict[str, str] = {}
    for index, entry in enumerate(entries):
        first = seen.setdefault(entry.name.lower(), f"{key}[{index}]")
        if first != f"{key}[{index}]":
            yield Problem((key, index), f"{entry.name!r} stands at {first} already; remove one")
        if entry == baseline:
            yield Problem((key, index), f"{entry.name!r} is the baseline's own; remove it here")
        elif entry.name.lower() == baseline.name.lower():
            yield Problem(
                (key, index),
                f"{entry.name!r} is the name of the baseline's, which is another; rename one",
            )


def _too_many_pairs(config: Mapping[str, Any]) -> Iterator[Problem]:
    kernels, biases = len(config["kernel_initializers"]), len(config["bias_initializers"])
    pairs = (kernels + 1) * (biases + 1)
    if config["design"] == "factorial" and pairs > MOST_PAIRS:
        yield Problem(
            ("design",),
            f"{kernels} kernel and {biases} bias initializers beside the baseline's make {pairs} "
            f"pairs, more than {MOST_PAIRS}; list fewer, or use 'one_factor'",
        )


def _late_epochs(config: Mapping[str, Any]) -> Iterator[Problem]:
    for index, epoch in enumerate(config["diagnose_after"]):
        if epoch > config["epochs"]:
            yield Problem(
                ("diagnose_after", index),
                f"there is no epoch {epoch:g} to diagnose after, the study has "
                f"{config['epochs']:g} epochs",
            )


def _missing_files(config: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[Problem]:
    for key in ("dataset_file", "published"):
        if config[key] is not None and not Path(config[key]).expanduser().is_file():
            yield Problem((key,), f"there is no file {config[key]!r}; give its path, or null")
    dataset = config["dataset"]
    if not dataset.endswith(".npz") and dataset not in DATASETS:
        hint = suggest(dataset, DATASETS)
        yield Problem(("dataset",), f"{_show(dataset)} is no data set, nor a .npz file{hint}")
    if dataset.endswith(".npz") and not find(dataset, folders).is_file():
        places = " or ".join(map(str, folders))
        yield Problem(("dataset",), f"there is no file {dataset!r} in {places}")


def _compose(path: str | Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # Snakemake has read it, so it only cannot be pointed into.
    return node


def _locate(path: KeyPath, roots: Sequence[tuple[str | Path, yaml.Node]]) -> str:
    """`file:line` of a key in the last file that has it; empty if none has (command line)."""
    for file, root in reversed(roots):
        node, line = root, None
        for part in path:
            found = None
            if isinstance(node, yaml.MappingNode):
                found = next((kv for kv in node.value if kv[0].value == str(part)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                found = (node.value[part],) * 2 if part < len(node.value) else None
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        else:
            if line is not None:
                return f"{file}:{line}"
    return ""
