"""A configuration that cannot be run is refused before any job starts, in one message."""

import re

import numpy as np
import pytest
import yaml
from helpers import Project


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["seedz=3"], ["seedz: there is no such key", "'seeds'"]),
        (["epochs=ten"], ["epochs: 'ten' must be a whole number from 1"]),
        (
            ["kernel_initializers=[he_norml]"],
            ["kernel_initializers[0]", "did you mean 'he_normal'"],
        ),
        (["bias_initializers=[orthogonal]"], ["bias_initializers[0]", "cannot make a bias"]),
        (["optimizer=adamm"], ["optimizer: 'adamm'", "'adam'"]),
        (["model={activation: rleu}"], ["model.activation: 'rleu'", "'relu'"]),
        (["study=../../x"], ["study: '../../x' cannot become part of a file name"]),
        (["diagnose_after=[2]"], ["--config: diagnose_after: every run", "remove this key"]),
        (
            ["optimizer={class_name: SGD, config: {nesterov: n}}"],
            ["--config: optimizer.config: nesterov: 'n' is text here", "write true or false"],
        ),
        (["dataset=mnits"], ["dataset: 'mnits'", "'mnist'"]),
        (["keep_weights=yess"], ["keep_weights: 'yess' must be true or false"]),
        (
            ["optimizer={class_name: SGD, config: {momentum: 7}}"],
            ["--config: optimizer: Keras refuses 'SGD' with {'momentum': 7}"],
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_told(
    project: Project, arguments: list[str], parts: list[str]
) -> None:
    outcome = project.snakemake("--config", *arguments)
    assert outcome.code == 1
    for part in parts:
        assert part in outcome.text
    assert "Traceback" not in outcome.text
    assert not (project / "results").exists()
    assert not (project / "logs").exists()


def test_a_mistake_in_a_file_is_told_with_its_line(project: Project) -> None:
    (project / "other.yaml").write_text("study: other\n\nepochs: 0\nmodel:\n  activaton: tanh\n")
    outcome = project.snakemake("--configfile", "other.yaml")
    assert outcome.code == 1
    assert "The configuration has 2 problems:" in outcome.text
    assert "other.yaml:3: epochs: 0 must be" in outcome.text
    assert "other.yaml:5: model.activaton: there is no such key; did you mean 'activation'?" in (
        outcome.text
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("other.yaml", "seeds: 2\nepochs: 3\nseeds: 4\n", "other.yaml:3: seeds: is in line 1"),
        ("config.yaml", "seeds: 2\nepochs: 3\nseeds: 4\n", "config.yaml:3: seeds: is in line"),
        ("config.yaml", "study: x\n  epochs: 3\n", "config.yaml:2: this is not YAML: mapping val"),
        ("config.yaml", "- study: x\n", "config.yaml: it must hold keys and values"),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    project: Project, name: str, text: str, message: str
) -> None:
    (project / name).write_text(text)
    other = ["--configfile", name] if name != "config.yaml" else []
    outcome = project.snakemake("--dry-run", *other)
    assert outcome.code == 1
    assert message in outcome.text
    assert "Traceback" not in outcome.text
    assert "Error" not in outcome.text


def test_a_partial_override_of_a_mapping_is_merged(project: Project) -> None:
    (project / "other.yaml").write_text("study: other\nmodel: {activation: tanh}\n")
    (project / "config.yaml").write_text("model: {hidden_units: [3]}\nbias_initializers: [ones]\n")
    outcome = project.plan("--configfile", "other.yaml")
    assert "results/other/" in outcome.text
    (project / "inspect.smk").write_text(
        'include: "Snakefile"\nstudy = flow.studies.main.study\n'
        'print("MODEL", *study.model.values(), study.epochs)\n'
    )
    outcome = project.plan("-s", "inspect.smk", "--configfile", "other.yaml")
    (printed,) = re.findall("MODEL (.*)", outcome.text)
    assert sorted(printed.split()) == ["100", "[3]", "tanh"]


def test_true_and_null_on_the_command_line_are_what_they_are_in_a_file(project: Project) -> None:
    (project / "inspect.smk").write_text(
        'include: "Snakefile"\nstudy = flow.studies.main.study\n'
        'print("STUDY", study.keep_weights, study.published, study.optimizer["config"])\n'
    )
    rule = "optimizer={class_name: SGD, config: {momentum: 0.9, nesterov: false, clipnorm: null}}"
    settings = ("--config", "keep_weights=true", "published=null", rule)
    assert "STUDY True None {'momentum': 0.9, 'nesterov': False, 'clipnorm': None}" in (
        project.plan("-s", "inspect.smk", *settings).text
    )


def test_a_data_set_is_looked_through_before_anything_is_trained(project: Project) -> None:
    inputs, labels = np.arange(80.0).reshape(20, 4), np.arange(20) % 2
    arrays = {"x_train": inputs, "y_train": labels, "x_test": inputs, "y_test": labels}
    np.savez(project / "own.npz", **arrays, x_val=inputs)
    settings = ("--config", "dataset=own.npz", "judge_by=epochs_to_target", "margin=1")
    # In a process of its own, at whose end a dry run has its say.
    said = Project(project.folder).plan(*settings).text
    assert said.count("Note on notebook: own.npz also holds x_val, which initstudy does not") == 1
    np.savez(project / "own.npz", **{**arrays, "x_train": inputs + 1e15, "y_test": labels * 0})
    outcome = project.snakemake("--dry-run", *settings)
    assert outcome.code == 1
    assert "--config: dataset: own.npz: y_test has the label 0 alone" in outcome.text
    assert "Traceback" not in outcome.text


def test_an_initializer_with_parameters_becomes_part_of_file_names(project: Project) -> None:
    config = yaml.safe_load((project / "config.yaml").read_text())
    config["kernel_initializers"] = [
        {
            "name": "he_fan_out",
            "class_name": "VarianceScaling",
            "config": {"scale": 2.0, "mode": "fan_out"},
        }
    ]
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    assert ("kernel-he_fan_out", 0, 9) in project.plan().trained
