"""The study on a real SLURM of two nodes: the same bytes as here, whatever happens there."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml
from forks import Server
from helpers import (
    REPOSITORY,
    SMALL,
    Outcome,
    Project,
    configure,
    copy_project,
    wait_until,
)
from slurm import Slurm

# Replicates that are short, but not so short that a job is through before it is met.
STUDY = {
    **SMALL,
    "dataset": "few.npz",
    "training_images": None,
    "published": None,
    "epochs": 50,
    "seeds": 5,
    "seeds_per_job": 5,
    "confirmation_seeds": 5,
}
# Four variants, then the baseline and `best` on fresh seeds.
JOBS = 6
# Two studies of the same variants, whose trainings do no work.
SUITE = {
    **STUDY,
    "kernel_initializers": ["ones"],
    "bias_initializers": [],
    "epochs": 2,
    "seeds": 3,
}
RATES = {
    "study": "rates",
    "validation": {"holdout": 200},
    "learning_rates": [0.001, 0.01],
    "learning_rate_seeds": 1,
}
HISTORIES = "results/notebook/histories.csv"
VERDICT = "results/notebook/verdict.md"
# Looking at the queue often is for small clusters and short jobs.
PROFILES = {
    "generic-slurm": ["--seconds-between-status-checks", "2"],
    "slurm": ["--slurm-init-seconds-before-status-checks", "3"],
}
TOGETHER = ["--seconds-between-status-checks", "2"]


def both_profiles(first: str) -> pytest.MarkDecorator:
    """Through one profile always, through the other too with `--thorough`."""
    return pytest.mark.parametrize(
        "profile",
        [
            pytest.param(profile, marks=[] if profile == first else pytest.mark.thorough)
            for profile in PROFILES
        ],
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of few and small images, whose labels can be learnt."""
    chance = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("images") / "few.npz"
    arrays = {}
    for part, count in (("train", 2000), ("test", 500)):
        labels = chance.integers(0, 3, count)
        noise = chance.integers(0, 200, (count, 6, 6), np.uint8)
        arrays |= {f"x_{part}": noise + (20 * labels[:, None, None]).astype(np.uint8)}
        arrays |= {f"y_{part}": labels.astype(np.uint8)}
    np.savez(path, **arrays)
    return path


def place(project: Project, images: Path) -> Project:
    shutil.copy2(images, project / "few.npz")
    return project


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, images: Path, server: Server) -> Project:
    """The study as it is run on one machine."""
    folder = tmp_path_factory.mktemp("here")
    shutil.copy2(images, folder / "few.npz")
    project = copy_project(folder, images, server)
    configure(project, **STUDY)
    project.run(VERDICT)
    return project


@pytest.fixture
def there(tmp_path: Path, images: Path, slurm: Slurm) -> Project:
    """A project in which nothing has been run."""
    (tmp_path / "project").mkdir()
    project = place(copy_project(tmp_path / "project", images), images)
    configure(project, **STUDY)
    return project


class Run:
    """A run through a profile, at work."""

    def __init__(
        self,
        project: Project,
        profile: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = project / "run.log"
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--profile",
            profile if "/" in profile else f"profiles/{profile}",
            *PROFILES.get(Path(profile).name, TOGETHER),
            *arguments,
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=project.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                # What a shell says of where it is, links and all.
                env={**os.environ, "PWD": str(project.folder), **(environment or {})},
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ended(self, seconds: float = 600) -> Outcome:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # Its way to cancel its jobs; some executors do not end on SIGTERM.
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            self.process.kill()
        return Outcome(self.process.wait(), self.log.read_text())


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """The runs of a test, which all end with it."""
    started: list[Run] = []
    yield started
    for run in started:
        run.process.kill()
    subprocess.run(["scancel", "--me"], timeout=30, check=False)


@both_profiles("slurm")
def test_the_same_bytes_as_here(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    runs.append(Run(there, profile, VERDICT))
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert there.results == here.results
    jobs = jobs_of(there, slurm)
    # One for each training, none for what takes a second; on both nodes.
    assert len(outcome.trained) == JOBS
    assert len(jobs) == JOBS
    assert {job["state"] for job in jobs.values()} == {"COMPLETED"}
    assert {job["node"] for job in jobs.values()} == set(slurm.nodes)


@pytest.mark.thorough
def test_short_runs_together_are_the_same_bytes(
    there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """Two jobs for the four variants, of which one is killed, and what is missing of it again."""
    runs.append(Run(there, "together-slurm", HISTORIES, environment={"INITSTUDY_TOGETHER": "2"}))
    stop_amid(there, {digest: name for name, digest in digests_of(here).items()}, "run")[1].kill()
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert_trained_as(here, there)
    found = states(there, slurm)
    # Two batches, the second attempt of one, and the confirmation, whose two runs are a batch.
    assert found.count("FAILED") == 1
    assert found.count("COMPLETED") == 3
    assert "Trying to restart job" in outcome.text


def test_what_a_job_asks_for(project: Project, slurm: Slurm) -> None:
    """The default study's ten seeds; its submission is refused, so nothing runs."""
    asked = "echo {resources.mem_mb} {resources.runtime} {threads} >> asked; false"
    outcome = project.snakemake(
        *("results/notebook/runs/baseline.csv", "--profile", "profiles/generic-slurm"),
        *("--cluster-generic-submit-cmd", asked),
    )
    assert outcome.code != 0
    # More of both each time.
    lines = (project / "asked").read_text().splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["1862", "11", "1"],
        ["3724", "22", "1"],
        ["5586", "33", "1"],
    ]


@pytest.mark.thorough
@both_profiles("generic-slurm")
def test_a_suite_whose_choices_are_found_by_its_jobs(
    profile: str, tmp_path: Path, images: Path, slurm: Slurm, runs: list[Run]
) -> None:
    """Two studies, trainings of no work: a job knows of its training what the files here say.

    The learning rates and `best` of the second are chosen, and in no configuration.
    """
    projects = []
    for name in ("alone", "project"):
        (tmp_path / name).mkdir()
        project = place(copy_project(tmp_path / name, images), images)
        shutil.copy2(REPOSITORY / "tests/no_work.py", project / "scripts/train.py")
        configure(project, **SUITE)
        (project / "rates.yaml").write_text(yaml.safe_dump(RATES))
        (project / "suite.yaml").write_text("studies: [config.yaml, rates.yaml]\n")
        projects.append(project)
    alone, there = projects
    tables = [f"results/{study}/histories.csv" for study in ("notebook", "rates")]
    alone.run(*tables)
    runs.append(Run(there, profile, "suite"))
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    for table in [*tables, "results/rates/runs.csv", "results/rates/best.yaml"]:
        assert (there / table).read_bytes() == (alone / table).read_bytes()
    assert (there / "results/suite/suite.html").exists()
    jobs = jobs_of(there, slurm)
    # The pair that is chosen was tried already, so its rates take no trainings.
    trials, selection, confirmation = 2 * 2, 2, 2
    assert len(jobs) == trials + selection + confirmation + selection + confirmation
    assert len(there.trainings) == len(jobs)
    assert states(there, slurm) == ["COMPLETED"] * len(jobs)
    if profile == "generic-slurm":
        # Named after what they make, which nobody else makes.
        names = {job["name"] for job in jobs.values()}
        assert names == {
            f"runs.{digest}.{epochs}.{file.removesuffix('.csv')}"
            for _, _, digest, epochs, file in (path.split("/") for path in there.trainings)
        }


@both_profiles("generic-slurm")
def test_jobs_that_fail_are_submitted_again(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """One is killed, one cancelled, one stopped until its time is up, one over its memory.

    Those that had begun go on from their records.
    """
    digests = digests_of(here)
    memory = f"500 * attempt if wildcards.digest == '{digests['baseline']}' else 1500"
    resources = ["train:runtime=1 if attempt == 1 else 5", f"train:mem_mb={memory}"]
    runs.append(Run(there, profile, HISTORIES, "--set-resources", *resources))
    # In which order they come is SLURM's choice.
    left = {digests[name]: name for name in ("kernel-ones", "bias-ones", "kernel-random_normal")}
    kept: dict[str, int] = {}
    while left:
        digest, process = stop_amid(there, left)
        kept |= {path: time for path, time in there.records.items() if digest in path}
        variant = left.pop(digest)
        if variant == "bias-ones":
            process.kill()
        elif variant == "kernel-random_normal":
            subprocess.run(["scancel", running(there, slurm, digest)], check=True)
    if profile == "generic-slurm":
        # Not through the profile slurm, which does not survive it (docs/cluster-profiles.md).
        slurm.stop_daemon("slurmctld")
        time.sleep(25)
        slurm.start_controller()
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert_trained_as(here, there)
    assert len(kept) >= 3
    assert kept.items() <= there.records.items()
    found = states(there, slurm)
    assert found.count("COMPLETED") == JOBS
    assert found.count("CANCELLED") == 1
    assert found.count("TIMEOUT") >= 1
    # The one that was killed, and the one that had too little memory.
    assert found.count("FAILED") >= 2
    assert len(re.findall(r"^Trying to restart job", outcome.text, re.MULTILINE)) >= 4
    logs = [*there.folder.glob("logs/slurm/*"), *there.folder.glob(".snakemake/slurm_logs/*/*/*")]
    assert any("exceeded memory limit" in log.read_text() for log in logs)
    # Both show it, and where it stands.
    assert "exceeded memory limit" in outcome.text
    if profile == "generic-slurm":
        name = rf"runs\.{digests['baseline']}\.epochs-50\.seeds-0-4"
        assert re.search(rf"SLURM's job \d+, {name}, ended as FAILED", outcome.text)
        assert re.search(rf"The last lines of its log logs/slurm/{name}\.log:", outcome.text)
        assert re.search(r"ended as TIMEOUT.* It had asked for \S+ and 00:01:00", outcome.text)


@pytest.mark.thorough
@both_profiles("generic-slurm")
def test_snakemake_is_killed_and_then_a_node_goes_down(
    profile: str, there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """In a folder behind a symbolic link, as a home often is; SLURM knows it without."""
    link = there.folder.with_name("link")
    link.symlink_to(there.folder)
    there = Project(link)
    digest = digests_of(here)["kernel-ones"]
    runs.append(Run(there, profile, HISTORIES))
    stop_amid(there, {digest: "kernel-ones"})
    wait_until(lambda: "COMPLETED" in states(there, slurm))
    runs[0].process.kill()
    runs[0].process.wait()
    # The others in the queue go on, and end while nobody looks.
    wait_until(
        lambda: states(there, slurm).count("COMPLETED") >= 3 and len(alive(there, slurm)) == 1
    )
    finished, records = there.trainings, there.records
    assert len(finished) >= 3
    if profile == "slurm":
        # The command of docs/cluster-jobs.md; the other profile sees to it itself.
        page = (REPOSITORY / "docs/cluster-jobs.md").read_text()
        cancels = next(line.strip() for line in page.split("\n") if "xargs -r scancel" in line)
        subprocess.run(
            ["bash", "-c", cancels], check=True, cwd=link, env={**os.environ, "PWD": str(link)}
        )
        wait_until(lambda: not alive(there, slurm))
    runs.append(Run(there, profile, HISTORIES))
    number = None

    def submitted() -> bool:
        nonlocal number
        number = running(there, slurm, digest)
        return number is not None and jobs_of(there, slurm)[number]["state"] == "RUNNING"

    wait_until(lambda: states(there, slurm).count("CANCELLED") == 1)
    wait_until(submitted)
    # Or it might be through before its node is down.
    stop_amid(there, {digest: "kernel-ones"})
    node = jobs_of(there, slurm)[str(number)]["node"]
    lost = slurm.crash(node)
    try:
        outcome = runs[1].ended()
    finally:
        slurm.start_node(node)
        slurm.wait_for_nodes()
    assert outcome.code == 0, outcome.text
    assert "unlock" not in outcome.text
    assert finished.items() <= there.trainings.items()
    assert records.items() <= there.records.items()
    assert_trained_as(here, there)
    jobs = jobs_of(there, slurm)
    assert number in lost
    assert {jobs[number]["state"] for number in lost} == {"NODE_FAIL"}
    assert states(there, slurm).count("CANCELLED") == 1
    assert states(there, slurm).count("COMPLETED") == JOBS


def limit(memory: int) -> None:
    """Of the partition, in MB; 0 for none."""
    allowed = f"MaxMemPerNode={memory}"
    subprocess.run(["scontrol", "update", "PartitionName=debug", allowed], check=True)


@pytest.mark.parametrize(
    "resource",
    ["runtime=120", pytest.param("mem_mb=5900", marks=pytest.mark.thorough)],
)
def test_jobs_that_cannot_start_are_named(
    resource: str, there: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """More time, or memory, than the partition ever gives: nothing else would be shown."""
    target = "results/notebook/runs/baseline.csv"
    asked = ["--set-resources", f"train:{resource}", "--retries", "0"]
    environment = {"INITSTUDY_PATIENCE": "1"}
    limit(1000 if resource.startswith("mem_mb") else 0)
    try:
        runs.append(Run(there, "generic-slurm", target, *asked, environment=environment))
        wait_until(
            lambda: re.search("cannot start: |Error submitting", runs[0].said) is not None, 120
        )
    finally:
        limit(0)
    if resource.startswith("runtime"):
        assert "cannot start: PartitionTimeLimit. It asks for" in runs[0].said
        assert 'ask for less time, as in --set-resources "train:runtime=' in runs[0].said
        # Once, however often it is looked at.
        time.sleep(6)
        assert runs[0].said.count("cannot start: ") == 1
    # Snakemake gives scancel two seconds, which may be too few where all cores are at work.
    runs[0].process.send_signal(signal.SIGINT)
    runs[0].ended(60)
    subprocess.run(["scancel", "--me"], check=True)


def test_a_wrong_partition_is_named(there: Project, slurm: Slurm, runs: list[Run]) -> None:
    """As SLURM names it; the partition is set as docs/cluster.md sets a site's options."""
    environment = {"SBATCH_PARTITION": "nowhere"}
    target = "results/notebook/runs/baseline.csv"
    runs.append(Run(there, "generic-slurm", target, environment=environment))
    outcome = runs[0].ended(120)
    assert outcome.code != 0
    assert "invalid partition specified: nowhere" in outcome.text
    assert "Traceback" not in outcome.text
    assert not jobs_of(there, slurm)


@pytest.mark.thorough
def test_a_wrong_partition_is_named_once_for_runs_that_are_one_job(
    there: Project, slurm: Slurm, runs: list[Run]
) -> None:
    environment = {"SBATCH_PARTITION": "nowhere"}
    runs.append(Run(there, "together-slurm", HISTORIES, environment=environment))
    outcome = runs[0].ended(180)
    assert outcome.code != 0
    # Four runs, and two attempts more.
    assert "SLURM refused a job of 4 runs" in outcome.text
    assert outcome.text.count("invalid partition specified: nowhere") == 3
    assert outcome.text.count("remove the cause (such as a partition") == 3
    assert "Traceback" not in outcome.text
    assert not jobs_of(there, slurm)


OTHER = """
module initstudy:
    snakefile: "{project}/Snakefile"
    config: {{"study": "mine", "dataset": "{project}/few.npz", **{settings}}}

use rule * from initstudy as initstudy_*

rule mine:
    default_target: True
    input: "results/mine/runs/baseline.csv"
    output: "mine.csv"
    shell: "hostname; cp {{input}} {{output}}"
"""


@both_profiles("generic-slurm")
def test_from_other_folders(
    profile: str, there: Project, slurm: Slurm, runs: list[Run], tmp_path: Path
) -> None:
    """As a module whose workflow has a rule that asks for nothing, then with --directory."""
    shutil.copy2(REPOSITORY / "tests/no_work.py", there / "scripts/train.py")
    other = Project(tmp_path / "other")
    other.folder.mkdir()
    keys = ("published", "compile", "kernel_initializers", "seeds", "seeds_per_job")
    settings = {key: SUITE[key] for key in keys} | {"confirmation_seeds": 1, "epochs": 2}
    text = OTHER.format(project=there.folder, settings=settings)
    (other / "Snakefile").write_text(text)
    runs.append(Run(other, f"{there.folder}/profiles/{profile}"))
    outcome = runs[0].ended()
    assert outcome.code == 0, outcome.text
    assert states(other, slurm) == ["COMPLETED"] * 2
    if profile == "slurm":
        return
    last = Project(tmp_path / "a last one")
    last.folder.mkdir()
    shutil.copy2(there / "few.npz", last.folder)
    target = ["results/notebook/runs/baseline.csv", "--directory", str(last.folder)]
    runs.append(Run(there, profile, *target))
    outcome = runs[1].ended()
    assert outcome.code == 0, outcome.text
    assert (last / target[0]).exists()
    assert not (there / "results").exists()
    assert list(last.folder.glob("logs/slurm/runs.*.log"))


@pytest.mark.thorough
def test_two_runs_of_one_job_at_once_write_the_same_bytes(
    there: Project, here: Project, slurm: Slurm, runs: list[Run]
) -> None:
    """Jobs that are left in the queue go on beside their successors, which nobody prevents here."""
    plain = "sbatch --parsable --mem={resources.mem_mb} --output=/dev/null"
    arguments = [HISTORIES, "--cluster-generic-submit-cmd", plain]
    runs.append(Run(there, "generic-slurm", *arguments))
    stop_amid(there, {digest: name for name, digest in digests_of(here).items()})[1].send_signal(
        signal.SIGCONT
    )
    runs[0].process.kill()
    runs[0].process.wait()
    left = alive(there, slurm)
    runs.append(Run(there, "generic-slurm", *arguments))
    outcome = runs[1].ended()
    assert outcome.code == 0, outcome.text
    wait_until(lambda: not alive(there, slurm))
    assert left
    assert len(jobs_of(there, slurm)) > JOBS
    assert_trained_as(here, there)


# Of every Debian; SLURM knows no user without a name.
FIRST, SECOND = "games", "news"
GROUP = 20_000


def python_of_users() -> str | None:
    """A Python of this version that a user who is not root may run."""
    version = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}"
    for path in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError, KeyError, subprocess.CalledProcessError):
            subprocess.run([path, "-c", version], user=FIRST, stderr=subprocess.DEVNULL, check=True)
            return path
    return None


def as_user(name: str, project: Project, *arguments: str) -> Outcome:
    """Snakemake of a user who is not root, whose group is GROUP."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [str(python_of_users()), "-m", "snakemake", *arguments],
        cwd=project.folder,
        user=name,
        group=GROUP,
        extra_groups=[],
        umask=0o002,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": packages,
            "HOME": str(project.folder.parent / f"home-{name}"),
            "USER": name,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return Outcome(done.returncode, done.stdout)


@pytest.fixture
def belongs(there: Project, tmp_path: Path) -> Project:
    """The project of the user FIRST, whose trainings do no work."""
    if python_of_users() is None:
        pytest.skip("only root has other users, and they need a Python")
    shutil.copy2(REPOSITORY / "tests/no_work.py", there / "scripts/train.py")
    for name in ("accepted", "compared"):
        kept = (there / ".initstudy" / name).resolve()
        (there / ".initstudy" / name).unlink()
        shutil.copytree(kept, there / ".initstudy" / name)
    for folder in [tmp_path, *tmp_path.parents]:
        if pwd.getpwuid(folder.stat().st_uid).pw_uid == 0 and str(folder) != "/tmp":
            folder.chmod(folder.stat().st_mode | 0o055)
    for name in (FIRST, SECOND):
        (tmp_path / f"home-{name}").mkdir()
        shutil.chown(tmp_path / f"home-{name}", name, GROUP)
    for path in [there.folder, *there.folder.rglob("*")]:
        os.chown(path, pwd.getpwnam(FIRST).pw_uid, GROUP, follow_symlinks=False)
    return there


BEST = "results/notebook/best.yaml"


def test_another_user_in_the_folder_is_refused_in_a_sentence(belongs: Project) -> None:
    for options in (["--dry-run"], []):
        outcome = as_user(SECOND, belongs, "--cores", "2", *options, "--", BEST)
        assert outcome.code == 1
        assert "You may not write to" in outcome.text
        assert "A group of users" in outcome.text
        assert "Traceback" not in outcome.text


@pytest.mark.thorough
def test_a_group_of_users_shares_a_folder(belongs: Project) -> None:
    """As docs/cluster-jobs.md sets it up; the second goes on where the first has ended."""
    page = (REPOSITORY / "docs/cluster-jobs.md").read_text()
    section = page.split("## A group of users")[1]
    lines = section.split("```")[1].split("\n")[1:]
    commands = [line.replace("GROUP", str(GROUP)) for line in lines if "umask" not in line]
    subprocess.run(["bash", "-ec", "\n".join(commands)], cwd=belongs.folder, check=True)
    assert any("umask 002" in line for line in lines)
    first = as_user(FIRST, belongs, "--cores", "2", BEST)
    assert first.code == 0, first.text
    second = as_user(SECOND, belongs, "--cores", "2", "--config", "seeds=6", "--", BEST)
    assert second.code == 0, second.text
    assert second.jobs["train"] == 4


@pytest.mark.thorough
def test_a_user_who_is_not_root(belongs: Project, slurm: Slurm) -> None:
    profile = ["--profile", "profiles/generic-slurm", *PROFILES["generic-slurm"]]
    outcome = as_user(FIRST, belongs, BEST, *profile)
    assert outcome.code == 0, outcome.text
    assert states(belongs, slurm) == ["COMPLETED"] * 4
    owners = {path.stat().st_uid for path in belongs.folder.glob("results/runs/*/epochs-*/*")}
    assert owners == {pwd.getpwnam(FIRST).pw_uid}


def assert_trained_as(here: Project, there: Project) -> None:
    """All that its trainings came to; what is made of that is the same here and there."""
    made = there.results
    assert HISTORIES in made
    assert made == {path: here.results[path] for path in made}


def jobs_of(project: Project, slurm: Slurm) -> dict[str, dict[str, str]]:
    jobs = slurm.jobs().items()
    folder = str(project.folder.resolve())
    return {number: job for number, job in jobs if job["folder"] == folder}


def states(project: Project, slurm: Slurm) -> list[str]:
    return [job["state"] for job in jobs_of(project, slurm).values()]


def alive(project: Project, slurm: Slurm) -> list[str]:
    there = ("PENDING", "RUNNING", "COMPLETING")
    return [number for number, job in jobs_of(project, slurm).items() if job["state"] in there]


def digests_of(project: Project) -> dict[str, str]:
    """The digest of each variant's training."""
    names = ["baseline", "kernel-random_normal", "kernel-ones", "bias-ones"]
    return {name: project.history(name, 0).parts[-3] for name in names}


def running(project: Project, slurm: Slurm, digest: str) -> str | None:
    """The number of the job that is at a training."""
    for number in alive(project, slurm):
        shown = subprocess.run(["scontrol", "show", "job", number], capture_output=True, text=True)
        if digest in shown.stdout:
            return number
    return None


def stop_amid(
    project: Project, digests: Mapping[str, str], script: str = "train.py"
) -> tuple[str, psutil.Process]:
    """Stops the first of these trainings that has finished a replicate, but not its job.

    Returns:
        Its digest, and its process.
    """
    found: list[tuple[str, psutil.Process]] = []

    def look() -> bool:
        for digest in digests:
            if any((project / f"results/runs/{digest}/checkpoints").glob("[0-9]*.npz")):
                process = process_of(project, digest, script)
                if process is not None:
                    process.send_signal(signal.SIGSTOP)
                    found.append((digest, process))
                    return True
        return False

    wait_until(look)
    digest, process = found[0]
    assert 0 < sum(digest in path for path in project.records) < STUDY["seeds"]
    return digest, process


def process_of(project: Project, digest: str, script: str) -> psutil.Process | None:
    """The process that is at a training."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        with contextlib.suppress(psutil.Error):
            command = process.info["cmdline"] or [""]
            here = process.info["cwd"] == str(project.folder.resolve())
            mine = here and any(part.endswith(script) for part in command[-2:])
            if mine and any(f"/{digest}/" in file.path for file in process.open_files()):
                return process
    return None
