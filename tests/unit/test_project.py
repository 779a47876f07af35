"""What stands in two places is the same in both."""

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers import REPOSITORY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = dict(
    re.findall(r"^([a-z0-9-]+)==(\S+)", (REPOSITORY / "requirements.lock").read_text(), re.M)
)


ENVIRONMENTS = sorted((REPOSITORY / "envs").glob("*.yaml"))
# Imports scripts where some modules cannot be found. As Snakemake does, `scripts/` comes last.
IMPORTING = """
import importlib.abc, importlib.util, json, sys
hidden, scripts, folder = json.loads(sys.argv[1])
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError("hidden: " + name, name=name)
sys.meta_path.insert(0, Hide())
sys.path.append(folder)
for script in scripts:
    importlib.import_module(script)
"""


def pins(environment: Path) -> dict[str, str]:
    parts = yaml.safe_load(environment.read_text())["dependencies"]
    listed = next(part["pip"] for part in parts if isinstance(part, dict))
    return dict(pin.split("==") for pin in listed)


def with_dependencies(packages: list[str]) -> set[str]:
    """The packages that are installed with these."""
    found: set[str] = set()
    waiting = [canonicalize_name(package) for package in packages]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            for text in importlib.metadata.requires(package) or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                    waiting.append(canonicalize_name(needed.name))
    return found


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda p: p.stem)
def test_a_conda_environment_has_the_versions_of_the_lock_file(path: Path) -> None:
    assert pins(path)
    text = (REPOSITORY / "requirements.lock").read_text()
    for name, version in pins(path).items():
        assert re.search(rf"^{name}=={re.escape(version)}\b", text, re.M), name


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda p: p.stem)
def test_a_conda_environment_has_what_its_scripts_import(path: Path) -> None:
    rules = "\n".join(file.read_text() for file in (REPOSITORY / "rules").glob("*.smk"))
    bodies = re.split(r"^(?:rule|checkpoint) ", rules, flags=re.M)
    mine = [body for body in bodies if f'"../envs/{path.name}"' in body]
    scripts = [re.search(r"scripts/(\w+)\.py\"\n*(?:$|\n\n)", body)[1] for body in mine]
    assert scripts
    there = with_dependencies(list(pins(path)))
    hidden = [
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if not there & set(map(canonicalize_name, owners)) and module != "initstudy"
    ]
    assert "snakemake" in hidden
    arguments = [hidden, scripts, str(REPOSITORY / "scripts")]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING, json.dumps(arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_oldest_snakemake_is_that_of_the_package() -> None:
    asked = re.search(r'"snakemake>=([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text())
    assert f'min_version("{asked[1]}")' in (REPOSITORY / "Snakefile").read_text()


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("requirements.lock", 50),
        ("requirements-cluster.lock", 3),
        ("requirements-docs.lock", 20),
        ("requirements-uv.lock", 1),
    ],
)
def test_every_package_of_a_lock_file_has_hashes(path: str, least: int) -> None:
    text = (REPOSITORY / path).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) >= least
    assert all("--hash=sha256:" in entry for entry in entries)
    assert {"snakemake", "tensorflow", "pandas", "matplotlib"} <= LOCK.keys()


# Stands in for Python, pip and uv: makes an environment of itself, and notes what is asked.
STAND_IN = """#!/bin/sh
case "$*" in
-c*) exec {python} "$@" ;;
"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && cp "$0" "$4/bin/uv" ;;
*{fails}*) exit 1 ;;
*) echo "$(basename "$0") $*" >> {notes} ;;
esac
"""


@pytest.mark.parametrize(
    ("fails", "installer"),
    [("nothing", "uv"), ("requirements-uv.lock", "python"), ("--compile-bytecode", "python")],
    ids=["uv", "no wheel of uv", "uv reaches no index"],
)
def test_an_environment_is_set_up_by_uv_or_else_by_pip(
    fails: str, installer: str, tmp_path: Path
) -> None:
    notes, python = tmp_path / "notes", tmp_path / "python3"
    python.write_text(STAND_IN.format(python=sys.executable, notes=notes, fails=fails))
    python.chmod(0o755)
    done = subprocess.run(
        ["make", f"VENV={tmp_path}/venv", f"PYTHON={python}", f"{tmp_path}/venv/installed"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (asked,) = [line for line in notes.read_text().splitlines() if "-r requirements.lock" in line]
    assert asked.split()[0] == installer
    assert "--require-hashes" in asked
    said = "uv cannot set up" in done.stdout
    assert said == (installer == "python")


def test_every_rule_has_a_script_of_its_name_and_every_script_is_called() -> None:
    rules = "".join(path.read_text() for path in (REPOSITORY / "rules").glob("*.smk"))
    called = re.findall(
        r"^(?:rule|checkpoint) (\w+):$.*?^    script:\n        \"../scripts/(\w+).py\"$",
        rules,
        re.M | re.S,
    )
    assert [rule for rule, script in called if rule != script] == []
    assert {script for _, script in called} == {
        path.stem for path in (REPOSITORY / "scripts").glob("*.py")
    }
    assert len(called) == len(re.findall(r"^(?:rule|checkpoint) \w+:$", rules, re.M))


def test_only_trainings_are_jobs_of_a_cluster() -> None:
    """And what is asked of Keras: whether it trains alike, and what could not be asked before."""
    rules = "".join(path.read_text() for path in (REPOSITORY / "rules").glob("*.smk"))
    # One that is made of another does not have its `localrule`.
    parts = re.split(r"^(?:(?:use )?rule|checkpoint) ", rules, flags=re.M)[1:]
    named = {part.partition("\n")[0].rstrip(":"): part for part in parts}
    on_a_cluster = {name for name, part in named.items() if "\n    localrule: True\n" not in part}
    assert on_a_cluster == {"train", "ask_keras", "compare_with_keras"}
    targets = (REPOSITORY / "Snakefile").read_text().split("\nrule ")[1:]
    assert all("\n    localrule: True\n" in part for part in targets)


def test_what_follows_from_a_choice_waits_for_it() -> None:
    """Snakemake ends a run if what a param is made of is being made anew and is no input."""
    rules = [
        part
        for file in sorted((REPOSITORY / "rules").glob("*.smk"))
        for part in re.split(r"\n(?=rule |checkpoint )", file.read_text())
    ]
    stages = [set(re.findall(r'flow\.(?:outputs|runs)\("(\w+)"', part)) for part in rules]
    following = [
        (part, stage) for part, found in zip(rules, stages, strict=True) for stage in found
    ]
    assert len(following) == 4
    for part, stage in following:
        assert f'choices=flow.chosen("{stage}"),' in part, part


def test_the_workflow_catalogue_is_shown_the_configuration_that_there_is() -> None:
    assert (REPOSITORY / "config/config.yaml").samefile(REPOSITORY / "config.yaml")


def test_every_folder_and_entry_is_on_the_map_of_the_contributing_page() -> None:
    page = (REPOSITORY / "CONTRIBUTING.md").read_text().partition("## Where things are")[2]
    rows = re.findall(r"^\| (`.+?) \|", page.partition("\n## ")[0], re.M)
    named = re.findall(r"`([^`]+)`", " ".join(rows))
    command = ["git", "ls-files"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    files = [Path(line).parts for line in listed.stdout.splitlines()]
    top = {parts[0] for parts in files}
    beside = {parts[1] for parts in files if parts[0] == "scripts" and len(parts) > 2}
    library = {parts[2] for parts in files if parts[:2] == ("scripts", "initstudy")}
    # Some names are there twice: folders of the project and of the library.
    assert sorted(named) == sorted([*top, *beside - {"initstudy"}, *library - {"__init__.py"}])


def test_no_two_modules_of_tests_have_one_name() -> None:
    names = [path.name for path in (REPOSITORY / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names)), "pytest cannot collect the second"
