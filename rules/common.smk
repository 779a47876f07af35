# The studies, and what the rules ask of them. All that is known of studies is in the library.

import functools
import os
import sys
from pathlib import Path

import yaml

PROJECT = Path(workflow.current_basedir).parent
SCRIPTS = PROJECT / "scripts"
sys.path.append(str(SCRIPTS))

from initstudy.data.catalog import SPECS
from initstudy.drawing.catalog import FIGURES, figures_of
from initstudy.errors import StudyError
from initstudy.results.lock import hold
from initstudy.studies import STATE, Source, Studies, keras_is_here
from initstudy.study.code import code_digest
from initstudy.study.plan import BEST, VARIANTS
from initstudy.study.problems import file_problems
from initstudy.study.trainings import OUTPUTS, TRAININGS

# The configuration of the folder that it runs in; this project's, if that has none.
CONFIG = "config.yaml" if Path("config.yaml").exists() else str(PROJECT / "config.yaml")
# Before Snakemake reads it; the others it has read. What is wrong is not raised, since Snakemake
# would add lines of this file to it.
if wrong := file_problems([CONFIG, *workflow.configfiles]):
    sys.exit(wrong)


configfile: CONFIG


# Another workflow that uses this one as a module gives its own configuration.
DEFAULTS = [file for file in workflow.configfiles if file == CONFIG]
SETTINGS = workflow.config_settings.config
try:
    STUDIES = Studies(
        Source("the configuration", config, [*DEFAULTS, *workflow.overwrite_configfiles], SETTINGS),
        DEFAULTS,
        SETTINGS,
    )
except StudyError as error:
    sys.exit(str(error))

# Trainings end with the Snakemake that started them.
os.environ.update(INITSTUDY_SNAKEMAKE=str(os.getpid()))


LISTS = "|".join(STUDIES.lists)


wildcard_constraints:
    study=rf"(?!({LISTS})/)[A-Za-z0-9][A-Za-z0-9_-]*",
    suite=LISTS,
    variant="[A-Za-z0-9_-]+",
    dataset="|".join(SPECS),
    digest="[0-9a-f]{20}",
    epochs="[0-9]+",
    first="[0-9]+",
    last="[0-9]+",
    described="[0-9a-f]{12}",


def told(function):
    """An input function whose errors are told as they are, without what Snakemake adds."""

    @functools.wraps(function)
    def call(wildcards):
        try:
            return function(wildcards)
        except StudyError as error:
            sys.exit(str(error))

    return call


def choices_of(study):
    """What a study has chosen; Snakemake asks again once a choice is made."""

    def choice(name):
        if name == "best.yaml":
            file = checkpoints.choose_best.get(study=study).output[0]
        else:
            group = Path(name).stem
            file = checkpoints.choose_learning_rates.get(study=study, group=group).output.choice
        return yaml.safe_load(Path(file).read_text())

    return choice


def asked(wildcards, stage):
    """The training jobs of one stage of a study, see `initstudy.study.plan`."""
    plan = STUDIES[wildcards.study].plan
    return STUDIES.asked(wildcards.study, stage(plan, choices_of(wildcards.study)))


def trials(wildcards):
    return asked(wildcards, lambda plan, choices: plan.trials(wildcards.group, choices))


def selection(wildcards):
    return asked(wildcards, lambda plan, choices: plan.selection(choices))


def trainings(wildcards):
    return asked(wildcards, lambda plan, choices: plan.jobs(choices))


def trainings_of_variant(wildcards):
    return asked(wildcards, lambda plan, choices: plan.of_variant(wildcards.variant, choices))


def files(jobs, kind):
    """The files of a kind that these training jobs make, as an input."""
    return told(lambda wildcards: [job.file(kind) for job in jobs(wildcards)])


def each(jobs, what):
    """The variant or the learning rate of each of these, as a param. It takes the input, so that
    Snakemake does not track it: what can change is in the file that describes the study.
    """
    return lambda wildcards, input: [getattr(job, what) for job in jobs(wildcards)]


@told
def described(wildcards):
    """The file that says what a study asks."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/{member.description.file}"


@told
def learning_rates(wildcards):
    """What each variant reached at each learning rate, if rates are compared."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/learning_rates.csv" if member.description.tuned else []


@told
def rates_of(wildcards):
    """What was chosen on: for the variants, and for `best` unless that is the baseline itself."""
    member = STUDIES[wildcards.study]
    choices, folder = choices_of(wildcards.study), f"{member.folder}/learning_rates"
    best = member.plan.best(choices)
    groups = [VARIANTS] if member.plan.is_baseline(best) else [VARIANTS, BEST]
    return [f"{folder}/{group}.csv" for group in groups]


@told
def published(wildcards):
    """Published results to stand beside a study's, if it has some."""
    return STUDIES[wildcards.study].study.published or []


@told
def interaction(wildcards):
    """What only a factorial design can tell."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/interaction.csv" if member.description.factorial else []


def figures(member, *endings):
    """The files of a study's figures."""
    return [
        f"{member.folder}/figures/{figure.name}.{ending}"
        for figure in figures_of(member.description)
        for ending in endings
    ]


@told
def drawn(wildcards):
    """The figures that a study's report shows."""
    return figures(STUDIES[wildcards.study], "svg")


def files_of(member):
    """All that a study makes."""
    made = ["report.html", "histories.csv", "summary.csv", "verdict.md", "explorer.html"]
    made += ["interaction.csv"] * member.description.factorial
    return [f"{member.folder}/{name}" for name in made] + figures(member, "svg", "png")


# A run holds the folder by a lock of the kernel's, which ends with it however it ends: Snakemake's
# own is switched off in profiles/default.
onstart:
    try:
        HELD = hold(STATE / "lock")
    except StudyError as error:
        sys.exit(str(error))
    # On a cluster there are no cores to be told, but jobs at one time, of a core each.
    at_once = workflow.resource_settings
    logger.info(STUDIES.cost(at_once.cores or at_once.nodes or 1))
