"""What stands in two places is the same in both."""

import re

import pytest
import yaml
from helpers import REPOSITORY

LOCK = dict(
    re.findall(r"^([a-z0-9-]+)==(\S+)", (REPOSITORY / "requirements.lock").read_text(), re.M)
)


@pytest.mark.parametrize("path", sorted((REPOSITORY / "envs").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_conda_environment_has_the_versions_of_the_lock_file(path: object) -> None:
    environment = yaml.safe_load(path.read_text())
    pins = next(part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    assert pins
    for pin in pins:
        name, version = pin.split("==")
        text = (REPOSITORY / "requirements.lock").read_text()
        assert re.search(rf"^{name}=={re.escape(version)}\b", text, re.M), pin


def test_every_package_of_the_lock_file_has_hashes() -> None:
    text = (REPOSITORY / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) > 50
    assert all("--hash=sha256:" in entry for entry in entries)
    assert {"snakemake", "tensorflow", "pandas", "matplotlib"} <= LOCK.keys()


def test_every_rule_has_a_script_of_its_name_and_every_script_is_called() -> None:
    rules = "".join(path.read_text() for path in (REPOSITORY / "rules").glob("*.smk"))
    named = set(re.findall(r"^(?:rule|checkpoint) (\w+):", rules, re.M))
    assert named == {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
