# The study, checked, and what the rules need to know of it.

import ast
import functools
import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

from initstudy.study.config import Problem, describe, parse_study, suggest
from initstudy.study.costs import training_memory, training_minutes
from initstudy.data.datasets import SPECS, facts
from initstudy.errors import StudyError
from initstudy.results.files import replacing
from initstudy.results.recovery import claim, forget_killed_run, trained_as


def read_study():
    declared = [f for f in workflow.configfiles if f not in workflow.overwrite_configfiles]
    files = [*declared, *workflow.overwrite_configfiles]
    # A person's own code lies beside the configuration that names it; the last one wins.
    folders = dict.fromkeys(Path(os.path.relpath(file)).parent for file in reversed(files))
    study, problems = parse_study(config, [*folders, Path()])
    data = size = None
    if not problems:
        data, problems = look_at_data(study)
    if not problems:
        size, problems = ask_keras(study, data)
    if problems:
        # Not raised, since Snakemake would add lines of this file to what is wrong in another.
        sys.exit(describe(problems, files, workflow.config_settings.config))
    return study, data, size


def look_at_data(study):
    try:
        data = facts(study.dataset)
    except StudyError as error:
        return None, [Problem(("dataset",), str(error))]
    if study.held_out >= data.images:
        text = f"{study.held_out} of {data.images} training images leave none to learn from"
        return None, [Problem(("validation", "holdout"), text)]
    return data, []


def ask_keras(study, data):
    """Asks Keras in another process, and only for what it has not accepted before."""
    asked = study.for_keras() | {"shape": list(data.shape), "classes": data.classes}
    question = json.dumps(asked, sort_keys=True)
    asked = [code_version("initstudy/training/checks.py"), version("keras"), question]
    name = hashlib.sha256("\n".join(asked).encode()).hexdigest()
    accepted = Path(".snakemake", "initstudy-accepted", name)
    if accepted.exists():
        return json.loads(accepted.read_text()), []
    answer = subprocess.run(
        [sys.executable, "-m", "initstudy.training.checks"],
        input=question,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    )
    if answer.returncode != 0:
        raise WorkflowError(f"Keras could not be asked about the configuration:\n{answer.stderr}")
    size = json.loads(answer.stdout)
    problems = [Problem(tuple(path), message) for path, message in size.pop("problems")]
    if not problems:
        with replacing(accepted) as path:
            path.write_text(json.dumps(size))
    return size, problems


@functools.cache
def code_version(script):
    """SHA-256 of a script and of all modules of the library that it uses, however indirectly.

    As a param it reruns what an edit may change, and nothing else.
    """
    sources, queue = {}, [SCRIPTS / script]
    while queue:
        path = queue.pop()
        if path in sources or not path.is_file():
            continue
        sources[path] = path.read_bytes()
        for node in ast.walk(ast.parse(sources[path], str(path))):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            queue += [SCRIPTS / f"{name.replace('.', '/')}.py" for name in names]
    total = hashlib.sha256()
    for path in sorted(sources):
        total.update(f"{path.relative_to(SCRIPTS)}\n".encode() + sources[path])
    return total.hexdigest()


STUDY, DATA, SIZE = read_study()
VARIANTS = {variant.name: variant for variant in STUDY.variants}
# The seeds, from and below, on which each variant is compared with the baseline.
JUDGED_ON = {
    **{name: [STUDY.selection.start, STUDY.selection.stop] for name in VARIANTS},
    "best": [STUDY.confirmation.start, STUDY.confirmation.stop],
}
# A data set of a person's own is where it is, and what it holds decides the numbers.
DATASET = STUDY.dataset
if STUDY.dataset in SPECS:
    DATASET = ancient(f"resources/datasets/{STUDY.dataset}.npz")
# What more there is if training images are held out, or if the learning rate is chosen.
TESTS = f"results/{STUDY.name}/tests.csv" if STUDY.held_out else []
RATES = f"results/{STUDY.name}/learning_rates.csv" if STUDY.learning_rates else []
DIAGNOSED_AFTER = sorted(STUDY.diagnose_after)
FIGURES = {
    "kernel": dict(
        title="Kernel initializers, each with the baseline's bias initializer",
        variants=["baseline", *(variant.name for variant in STUDY.kernel_variants)],
        prefix="kernel-",
        seeds=[STUDY.selection.start, STUDY.selection.stop],
    ),
    "bias": dict(
        title="Bias initializers, each with the baseline's kernel initializer",
        variants=["baseline", *(variant.name for variant in STUDY.bias_variants)],
        prefix="bias-",
        seeds=[STUDY.selection.start, STUDY.selection.stop],
    ),
    "best_vs_baseline": dict(
        title="The best pair ({kernel} kernels, {bias} biases) against the baseline, on fresh seeds",
        variants=["baseline", "best"],
        prefix="",
        seeds=[STUDY.confirmation.start, STUDY.confirmation.stop],
    ),
}
# Of the kernels first of all: they decide what becomes of a signal.
SIGNALS = FIGURES["kernel"] if STUDY.kernel_variants else FIGURES["bias"]


wildcard_constraints:
    study=STUDY.name,
    dataset="|".join(SPECS),
    variant="[A-Za-z0-9_-]+",
    first="[0-9]+",
    last="[0-9]+",


ALL_FIGURES = [*FIGURES, "ranking", "differences", "signals"]
if STUDY.design == "factorial":
    ALL_FIGURES.append("pairs")
if RATES:
    ALL_FIGURES.append("learning_rates")
# The endings of the files that a training makes.
TRAINED = dict(history="csv", sum="csv.sha256", timings="timings.csv", job="job.yaml")
if STUDY.held_out:
    TRAINED = dict(TRAINED, tests="tests.csv")


def study_file(name):
    return f"results/{STUDY.name}/{name}"


def job_files(variants, seeds, ending="csv"):
    """A file of each training job: these variants' replicates, in the blocks that jobs train."""
    return [
        study_file(f"runs/{variant}/seeds-{block[0]}-{block[-1]}.{ending}")
        for variant in variants
        for block in STUDY.blocks(seeds)
    ]


def all_job_files(**kinds):
    return [
        *job_files(VARIANTS, STUDY.selection, **kinds),
        *job_files(["baseline", "best"], STUDY.confirmation, **kinds),
    ]


def reasons_to_train(wildcards):
    """What a training starts again for; a training of `best` waits for the choice, too.

    All are ancient as long as the training is what is asked for. So the same choice, made again,
    does not train `best` again (once it is made, Snakemake asks this again, since choose_best is a
    checkpoint). And files of another training are noticed if Snakemake keeps no record of them:
    it was killed, or they come from elsewhere.
    """
    reasons = [CHANGED, *best_pair(wildcards.variant)]
    block = f"seeds-{wildcards.first}-{wildcards.last}"
    trained = trained_as(study_file(f"runs/{wildcards.variant}/{block}.job.yaml"))
    return ancient(reasons) if trained == training_job(wildcards) else reasons


def best_pair(variant):
    """The file that says what `best` is, if it is asked about."""
    return [study_file("best.yaml")] if variant == "best" else []


def training_job(wildcards):
    """All that decides the numbers of a training, besides its seeds."""
    if wildcards.variant == "best":
        path = Path(study_file("best.yaml"))
        pair = yaml.safe_load(path.read_text()) if path.exists() else {}
    elif wildcards.variant in VARIANTS:
        variant = VARIANTS[wildcards.variant]
        pair = {
            "kernel_initializer": variant.kernel.plain(),
            "bias_initializer": variant.bias.plain(),
        }
    else:
        hint = suggest(wildcards.variant, [*VARIANTS, "best"])
        raise WorkflowError(f"This study has no variant {wildcards.variant!r}{hint}")
    return {
        "bias_initializer": pair.get("bias_initializer"),
        "kernel_initializer": pair.get("kernel_initializer"),
        "batch_size": STUDY.batch_size,
        "code": code_version("train.py"),
        "dataset": STUDY.dataset,
        "epochs": STUDY.epochs,
        "held_out": STUDY.held_out,
        "inputs": STUDY.inputs,
        "learning_rates": list(STUDY.learning_rates),
        "learning_rate_seeds": STUDY.learning_rate_seeds,
        "model": dict(STUDY.model),
        "optimizer": dict(STUDY.optimizer),
    }


def chosen_rate(wildcards):
    """The file of a variant's own learning rate, if rates are compared."""
    return study_file(f"learning_rates/{wildcards.variant}.yaml") if RATES else []


def diagnosis(wildcards):
    """All that decides the numbers of a diagnosis."""
    job = training_job(wildcards)
    del job["epochs"]
    diagnosing = dict(after=DIAGNOSED_AFTER, code=code_version("diagnose.py"), seeds=STUDY.seeds)
    return {**job, **diagnosing}


def minutes_of(wildcards):
    seeds = int(wildcards.last) - int(wildcards.first) + 1
    return minutes_of_trainings(seeds)


def minutes_of_trainings(count, epochs=STUDY.epochs):
    images = DATA.images - STUDY.held_out
    return training_minutes(SIZE["operations"], images, STUDY.batch_size, epochs, count)


# Newer than every file of an earlier run.
CHANGED = ".snakemake/initstudy-changed"
STATE = Path(CHANGED).parent
# Trainings end with the Snakemake that started them.
os.environ.update(INITSTUDY_SNAKEMAKE=str(os.getpid()))
try:
    STATE.mkdir(exist_ok=True)
    Path(CHANGED).touch()
except OSError as error:
    sys.exit(f"The records of runs cannot be written: {error}")
if workflow.is_main_process:
    # Kept, since the folder is held as long as this is.
    CLAIM = claim(STATE)
    if CLAIM and forget_killed_run(
        STATE,
        [
            Path(path).with_name(Path(path).name.replace("job.yaml", ending))
            for path in all_job_files(ending="job.yaml")
            if Path(path).exists()
            for ending in TRAINED.values()
        ],
    ):
        logger.info("The last run was killed; this one goes on where it stopped.")
