"""What a study is evidence of counts in a suite, too."""

from pathlib import Path

from made_up import made_up_study
from test_evidence import copies, of, study, varied

from initstudy.analysis.evidence import Evidence
from initstudy.suite import members


def test_a_suite_says_which_study_is_no_evidence_and_counts_copies_once(tmp_path: Path) -> None:
    results = made_up_study(tmp_path / "made")
    entry = members.entry(results, ["baseline", "kernel-ones"])
    copied = of(study({"baseline": copies(0.5), "kernel-ones": copies(0.6)}))
    diverged = of(study({"baseline": varied(0.5)}, diverged=True))
    assert len(members.apart(entry, copied).accuracies) == 1
    assert len(members.apart(entry, copied).times) == 1
    assert members.apart(entry, diverged) is members.apart(entry, Evidence()) is entry
    said = members.lacking({"a": Evidence(), "b": diverged}).splitlines()
    assert len(said) == 1
    assert said[0].startswith("- Nothing is concluded from **b** by itself: all 7 runs diverged.")
