# The studies, and what the rules ask of them. All that is known of studies is in the library.

import atexit
import functools
import os
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import IncompleteCheckpointException
from snakemake.io import checkpoint_target

PROJECT = Path(workflow.current_basedir).parent
SCRIPTS = PROJECT / "scripts"
sys.path.append(str(SCRIPTS))

from initstudy.code import source_id
from initstudy.data.catalog import SPECS
from initstudy.drawing.catalog import FIGURES, SUITE_FIGURES, always, figures_of, narrow
from initstudy.errors import StudyError
from initstudy.report import words
from initstudy.results.lock import hold
from initstudy.store import COMPARED, OUTPUTS, RUNS, SPECS as SPEC_FILES
from initstudy.studies import STATE, Source, Studies, keras_is_here, merged, section_of, settings_of
from initstudy.config.study import find
from initstudy.costs import minutes
from initstudy.plan import BEST, VARIANTS
from initstudy.config.problems import file_problems
from initstudy.upgrade import move_old_results

# The configuration of the folder that it runs in; this project's, if that has none, or if it is
# another workflow's, which uses this one as a module.
MODULE = not workflow.modifier.is_main_snakefile()
CONFIG = "config.yaml"
if MODULE or not Path(CONFIG).exists():
    CONFIG = str(PROJECT / CONFIG)
# Before Snakemake reads it; the others it has read. What is wrong is not raised, since Snakemake
# would add lines of this file to it.
if wrong := file_problems([CONFIG, *workflow.configfiles]):
    sys.exit(wrong)


# Passed over if the other workflow gives a configuration.
configfile: CONFIG


DEFAULTS = [file for file in workflow.configfiles if file == CONFIG]
# What it gives is a part of its own configuration, or is made up in its Snakefile.
SECTION = section_of(config, workflow.modifier_stack[0].globals["config"])
SETTINGS = settings_of(workflow.config_settings.config, SECTION)
# The later ones override the earlier ones.
LATER = workflow.overwrite_configfiles
FILES = [*(file for file in workflow.configfiles if file not in LATER), *LATER]
# Results that need not be trained again, which is of the run and not of a study.
ASKED = merged(config, SETTINGS)
KEPT = ASKED.pop("kept", None)
SETTINGS.pop("kept", None)
if KEPT is not None:
    KEPT = str(find(f"{KEPT}/scores.csv", [Path(), Path(os.path.relpath(PROJECT))]).parent)
STUDIES = Studies(
    Source("the configuration", ASKED, FILES, SETTINGS, SECTION),
    DEFAULTS,
    SETTINGS,
    workflow.modifier.modify_path,
    KEPT,
)
# A job of a cluster reads its spec and its data; it neither checks nor plans.
if not workflow.remote_exec:
    try:
        if MOVED := move_old_results(STATE / "lock", workflow.modifier.modify_path):
            print(MOVED, file=sys.stderr, flush=True)
        STUDIES.main
    except StudyError as error:
        sys.exit(str(error))

# Trainings end with the Snakemake that started them.
os.environ.update(INITSTUDY_SNAKEMAKE=str(os.getpid()))


LISTS = "|".join(STUDIES.lists)
# The folders whose code an analysis depends on, each with those before it.
RESULTS = ["config/description.py", "config/names.py", "results"]
ANALYSIS = [*RESULTS, "analysis"]
DRAWING = [*ANALYSIS, "drawing"]
VERDICT = [*ANALYSIS, "report/verdict.py", "report/words.py"]
REPORT = [*DRAWING, "report"]
SUITE = [*REPORT, "suite"]


wildcard_constraints:
    study=rf"(?!({LISTS})/)[A-Za-z0-9][A-Za-z0-9_-]*",
    suite=LISTS,
    variant="[A-Za-z0-9_-]+",
    dataset="|".join(SPECS),
    digest="[0-9a-f]{20}",
    epochs="[0-9]+",
    first="[0-9]+",
    look="[0-9]+",
    last="[0-9]+",
    described="[0-9a-f]{12}",


def code(script, folders, *templates):
    """The code id of a rule: of its script, folders of the library, and templates."""
    names = [f"scripts/initstudy/{folder}" for folder in folders]
    return source_id(
        f"scripts/{script}.py", *names, *(f"templates/{template}" for template in templates)
    )


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
        if name.startswith("looks/"):
            choosing, wanted = checkpoints.take_look, {"look": Path(name).stem}
        elif name == "best.yaml":
            choosing, wanted = checkpoints.choose_best, {}
        else:
            choosing, wanted = checkpoints.choose_learning_rates, {"group": Path(name).stem}
        # The choice is the last of its files.
        file = choosing.get(study=study, **wanted).output[-1]
        found = yaml.safe_load(Path(file).read_text()) if Path(file).exists() else None
        outdated = name == "best.yaml" and STUDIES[study].plan.best(lambda _: found) is None
        if found is None or outdated:
            # It is being made anew: another choice, once made, has Snakemake ask again meanwhile.
            raise IncompleteCheckpointException(choosing.rule, checkpoint_target(file))
        return found

    return choice


# What stages of a study train, by what was chosen before; see `initstudy.plan`.
def trials(wildcards):
    return lambda plan, choices: plan.trials(wildcards.group, choices)


def of_look(wildcards):
    return lambda plan, choices: plan.selection(choices, int(wildcards.look))


def selection(wildcards):
    STUDIES.choosing.add(wildcards.study)
    return lambda plan, choices: plan.selection(choices)


def sources(wildcards):
    return lambda plan, choices: plan.sources(choices)


def trainings(wildcards):
    return lambda plan, choices: plan.jobs(choices)


def trainings_of_variant(wildcards):
    return lambda plan, choices: plan.of_variant(wildcards.variant, choices)


def asked(wildcards, stage):
    """The training jobs of a stage."""
    plan, choices = STUDIES[wildcards.study].plan, choices_of(wildcards.study)
    return STUDIES.asked(wildcards.study, stage(wildcards)(plan, choices))


def files(stage, kind):
    """The files of a kind that the training jobs of a stage make, as an input."""
    return told(lambda wildcards: [job.file(kind) for job in asked(wildcards, stage)])


def chosen(stage):
    """The choices that decide which these are, as an input: one that is made anew is waited for."""

    def consulted(wildcards):
        member, names, choices = STUDIES[wildcards.study], [], choices_of(wildcards.study)

        def noting(name):
            names.append(f"{member.folder}/{name}")
            return choices(name)

        stage(wildcards)(member.plan, noting)
        return list(dict.fromkeys(names))

    return told(consulted)


def each(stage, what, files="histories"):
    """The variant, say, or the learning rate of each of the input files of a stage, as a param."""

    def attributes(wildcards, input):
        jobs = {Path(job.file()).parts[-3:]: job for job in asked(wildcards, stage)}
        return [getattr(jobs[Path(file).parts[-3:]], what) for file in input[files]]

    return attributes


@told
def described(wildcards):
    """The file that says what a study asks."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/{member.description.file}"


@told
def looks(wildcards):
    """What was settled at each look but the last; of one look what was before it."""
    member = STUDIES[wildcards.study]
    before = int(wildcards.look) if hasattr(wildcards, "look") else None
    files = member.plan.looks(choices_of(wildcards.study), before)
    return [f"{member.folder}/{file}" for file in files]


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
    file = STUDIES[wildcards.study].named("published")
    return local(file) if file else []


@told
def interaction(wildcards):
    """What only a factorial design can tell."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/interaction.csv" if member.description.factorial else []


@told
def variance(wildcards):
    """The sources of variance, if they are asked for."""
    member = STUDIES[wildcards.study]
    return f"{member.folder}/variance.csv" if member.description.variance_seeds else []


def figures(member, *endings):
    """The files of a study's figures."""
    return [
        f"{member.folder}/figures/{figure.name}.{ending}"
        for figure in figures_of(member.description)
        for ending in [*endings, *["narrow.svg"] * figure.narrow]
    ]


def shown(study, figure):
    """A figure as a part of `snakemake --report`, with the caption that our own report has."""
    return report(
        f"results/{study}/figures/{figure.name}.svg",
        caption=f"../templates/captions/{figure.name}.rst",
        category=study,
        subcategory="Figures",
        labels={"what": figure.name},
    )


def captions(wildcards):
    """Those of a study's figures, for `snakemake --report`."""
    study = STUDIES[wildcards.study].description
    return {name: one.text for name, one in words.captions(figures_of(study), study).items()}


@told
def drawn(wildcards):
    """The figures that a study's report shows."""
    return figures(STUDIES[wildcards.study], "svg")


def files_of(member):
    """All that a study makes.

    Nothing of it is left to what needs it: Snakemake makes an input anew that is missing only if
    what is made of it is missing or outdated, too. And where its own records are lost, that there
    is no file yet that says what is asked now is all that tells it of a change.
    """
    made = [rules.write_report, rules.draw_explorer, rules.collect, rules.choose_best]
    made += [rules.account_weights]
    made += [rules.conclude]
    made += [rules.measure_interaction] * member.description.factorial
    made += [rules.collect_learning_rates] * member.description.tuned
    made += [rules.measure_variance] * bool(member.description.variance_seeds)
    files = [file for rule in made for file in expand(rule.output, study=member.study.name)]
    files.append(f"{member.folder}/{member.description.file}")
    return files + figures(member, "svg", "png")


@told
def local_copy(wildcards):
    """A copy of a data set that the configuration names, which may be another one's."""
    file = STUDIES.main.named("dataset_file")
    return ancient(local(file)) if file else []


def planned(wildcards):
    """What the spec file of a run says; a job of a cluster reads no more."""
    return STUDIES.store.planned(wildcards.digest)


@told
def dataset(wildcards):
    """The data set of a run; what is in it is part of what the run's path says."""
    name = planned(wildcards).spec.dataset.name
    return ancient(f"resources/datasets/{name}.npz" if name in SPECS else local(name))


@told
def accepted(wildcards):
    """What Keras says of the study, if it could not be asked when this file was read."""
    file = planned(wildcards).accepted
    return ancient(file) if file else []


@told
def accepted_of(wildcards):
    """What Keras says of a study."""
    member = STUDIES[wildcards.study]
    here = keras_is_here()
    return ancient(local(member.accepted) if here else f"{member.folder}/accepted.json")


@told
def compared(wildcards):
    """That a user's network is trained as Keras trains it; of ours, tests tell it."""
    file = planned(wildcards).compared
    return ancient(file) if file else []


def seeds_of(wildcards):
    return range(int(wildcards.first), int(wildcards.last) + 1)


def runtime(wildcards):
    """The minutes that a job asks a cluster for."""
    epochs = int(wildcards.epochs) * len(seeds_of(wildcards))
    return minutes(planned(wildcards).epoch_seconds * epochs)


def name_of(wildcards, input):
    """What a job is called, as its spec file has it."""
    planned = STUDIES.store.planned(Path(input.spec).stem)
    return planned.name(int(wildcards.epochs), seeds_of(wildcards))


def listed(wildcards):
    """The studies of a list, by the name of its file."""
    return STUDIES.listed(wildcards.suite)


def of_each(name):
    """A file of each of them, as an input."""
    return told(lambda wildcards: [f"{member.folder}/{name}" for member in listed(wildcards)])


@told
def descriptions(wildcards):
    return [f"{member.folder}/{member.description.file}" for member in listed(wildcards)]


@told
def kept_tables(wildcards):
    """Tables of methods of a list that need not be trained."""
    listed(wildcards)
    if not STUDIES.kept.get(wildcards.suite):
        return []
    return [
        local(f"{KEPT}/{table}.csv")
        for table in ("learning_rates", "scores", "trainings", "trials")
    ]


def tell_cost():
    for text in [*STUDIES.taken, *STUDIES.notes]:
        print(text, file=sys.stderr, flush=True)
    limits = workflow.resource_settings
    if text := STUDIES.cost(limits.cores, limits.nodes):
        print(text, file=sys.stderr, flush=True)


# A run holds the folder by a lock of the kernel's, which ends with it however it ends: Snakemake's
# own is switched off in profiles/default.
onstart:
    try:
        hold(STATE / "lock")
    except StudyError as error:
        sys.exit(str(error))
    tell_cost()


# A dry run has no such moment: it is told at its end.
if workflow.output_settings.dryrun:
    atexit.register(tell_cost)
