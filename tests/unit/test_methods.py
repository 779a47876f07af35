"""The methods paragraph says what was done, and cites what was used and nothing else."""

import re
from dataclasses import replace

import pytest
import yaml
from helpers import REPOSITORY
from made_up import configured

import initstudy
from initstudy.analysis.evidence import REASONS
from initstudy.config import names
from initstudy.engine.literature import PLACES
from initstudy.report.methods import bibtex, methods, sources
from initstudy.study import Study

VERSIONS = {"snakemake": "9.9", "tensorflow": "2.99", "keras": "3.99"}


def cited(bib: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),$", bib, re.M)


def test_the_default_study_is_told_as_it_is() -> None:
    text, bib = methods(configured(), VERSIONS)
    for words in [
        "We compared 13 pairs of a kernel and a bias initializer: glorot_uniform [glorot2010]",
        "with 16-16 hidden units (relu)",
        "trained on mnist [lecun1998] (inputs as they are) by adam for 100 epochs in b",
        "The validation set is the test set.",
        "Each pair was run with 10 seeds. Runs of a pair differ by first weights and the order of",
        "on 10 new seeds",
        "by moderated t tests [smyth2004]",
        "corrected for 12 comparisons with the baseline, so that all intervals hold together",
        "lies within an equivalence margin of 0.005 (accuracies as fractions of 1) [schuir",
        "Pairs that are worse than another are ruled out as the best [hsu1984]; the comparisons of",
        "TensorFlow 2.99 [tensorflow2015]",
    ]:
        assert words in text
    assert cited(bib) == list(dict.fromkeys(re.findall(r"\[(\w+)\]", text)))
    assert not {"saxe2014", "wilcoxon1945", "choi2019", "xiao2017"} & {*cited(bib)}
    assert "VERSION" not in bib
    # Where the choice fell on the baseline, nothing was trained again.
    kept, _ = methods(configured(), VERSIONS, confirmed=False)
    assert "run again" not in kept
    again = " The pair that did best was run again on 10 new seeds, beside the baseline."
    assert text.replace(again, "") == kept


def test_what_is_asked_differently_is_told_differently() -> None:
    study = configured(
        dataset="digits",
        inputs="unit",
        validation={"holdout": 300},
        training_images=500,
        learning_rates=[0.01, 0.1],
        learning_rate_seeds=2,
        seeds=[10, 20],
        vary=["order"],
        judge_by="epochs_to_target",
        target_accuracy=0.85,
        margin=None,
        kernel_initializers=["lsuv", {"name": "wide", "class_name": "ZerO"}],
        bias_initializers=[],
    )
    text, bib = methods(study, VERSIONS)
    for words in [
        "lsuv [mishkin2016], wide [zhao2022] kernels",
        "digits [alpaydin1998] (inputs scaled from 0 to 1)",
        "Training used 500 examples",
        "300 training examples were held out",
        "the best of the learning rates 0.01, 0.1, by the median over 2 tuning runs on separate",
        "up to 20 seeds, with interim analyses after 10,",
        "Runs of a pair differ by the order of the examples;",
        "number of epochs until a validation accuracy of 85 %",
        "exact signed-rank tests with their intervals [wilcoxon1945]",
    ]:
        assert words in text
    # Without a margin nothing is equivalent.
    assert "schuirmann1987" not in cited(bib)
    assert "smyth2004" not in cited(bib)
    assert {"kim1987", "choi2019", "hodges1963"} <= {*cited(bib)}
    assert "searle1992" not in bib
    pairs, _ = methods(configured(comparisons="all_pairs", design="factorial"), VERSIONS)
    assert "and all other pairs of them" in pairs
    assert "corrected for all pairs, so that" in pairs
    assert "their own number" not in pairs
    one, _ = methods(configured(kernel_initializers=["ones"], bias_initializers=[]), VERSIONS)
    assert "corrected for 1 comparison with the baseline" in one
    assert "their own number" not in one


@pytest.mark.parametrize("reason", REASONS)
def test_what_concludes_nothing_is_said_to(reason: str) -> None:
    text, _ = methods(configured(), VERSIONS, nothing=reason)
    (said,) = re.findall(r" Nothing was concluded: [a-z ]{15,}\.", text)
    # Since nothing was decided, the paragraph is otherwise the same.
    without, _ = methods(configured(), VERSIONS)
    assert text.replace(said, "") == without


def test_a_test_set_that_was_chosen_at_random_is_told() -> None:
    study = configured(test_share=0.25, split_seed=3)
    own = Study.of(study, replace(study.data, split=True))
    text = "The test set is 25 % of the examples, chosen at random within each class (seed 3)."
    assert text in methods(own, VERSIONS)[0]
    assert "chosen at random" not in methods(study, VERSIONS)[0]
    numbers = replace(own.data, target=replace(own.data.target, kind="numbers"))
    assert "chosen at random (seed 3)." in methods(Study.of(study, numbers), VERSIONS)[0]


def test_everything_that_can_be_used_has_its_reference() -> None:
    used = {name.lower().replace("_", "") for name in (*PLACES, *names.DATASETS)}
    assert used <= {*sources()}
    keys = {*sources().values()}
    assert sorted(cited(bibtex(keys))) == sorted(keys)
    assert "cited_for" not in bibtex(keys)
    with pytest.raises(KeyError):
        bibtex(["nobody1900"])


def test_the_program_can_be_cited() -> None:
    found = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    assert found["version"] == initstudy.__version__
