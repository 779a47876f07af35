"""What a run says to a person, by the records that Snakemake would give."""

import io
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import snakemake_logger_plugin_initstudy as progress
from in_memory import study
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from initstudy.analysis.findings import find
from initstudy.report.verdict import headline
from initstudy.results.findings import dump


def handler(**changes: object) -> progress.LogHandler:
    settings = {"stdout": False, "quiet": set(), "show_failed_logs": False, "dryrun": False}
    return progress.LogHandler(SimpleNamespace(**{**settings, **changes}), None)


def record(event: LogEvent | None, message: str = "", level: int = logging.INFO, **fields: object):
    made = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    made.__dict__.update(fields)
    if event is not None:
        made.event = event
    return made


def training(
    folder: Path,
    jobid: int,
    variant: str,
    accuracies: list[float],
    study: str = "quick",
    first: int = 0,
) -> list:
    """Of a job that trains a variant, one seed for each accuracy."""
    path = folder / f"{study}-{variant}/seeds-{first}-{first + len(accuracies) - 1}.csv"
    path.parent.mkdir()
    rows = [f"{seed},1,1,0.1,1,{value}" for seed, value in enumerate(accuracies)]
    path.write_text("\n".join(["seed,epoch,loss,accuracy,val_loss,val_accuracy", *rows]) + "\n")
    message = f"Training {variant} of {study}, seeds 0 to 1; progress in logs/x.log"
    return [
        record(
            LogEvent.JOB_INFO,
            rule_name="train",
            jobid=jobid,
            rule_msg=message,
            output=[str(path.with_suffix(".tests.csv")), str(path)],
        ),
        record(LogEvent.JOB_FINISHED, job_id=jobid),
    ]


def test_it_tells_what_is_done_and_who_leads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", -1)
    monkeypatch.setenv("INITSTUDY_RUNS", "8")
    teller = handler()
    teller.emit(record(LogEvent.RUN_INFO, "Job stats: ...", stats={"train": 4, "total": 9}))
    for one in training(tmp_path, 3, "baseline", [0.5, 0.7]):
        teller.emit(one)
    teller.emit(record(LogEvent.PROGRESS, done=1, total=9))
    for one in training(tmp_path, 4, "kernel-he_normal", [0.9, float("nan")]):
        teller.emit(one)
    teller.emit(record(LogEvent.PROGRESS, done=3, total=9))
    teller.emit(record(None, "Select jobs to execute..."))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("2 of 8 runs done, about ")
    assert "best" not in first
    # What diverged counts as nothing right.
    assert second.startswith("4 of 8 runs done")
    assert second.endswith(
        "; baseline is the best of 2 variants so far, 60.0 % of the validation set (2 seeds)"
    )


def test_nobody_leads_over_studies_or_where_learning_rates_are_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", -1)
    teller = handler()
    tried = training(tmp_path, 1, "kernel-ones", [0.99], first=1_000_000)
    others = [training(tmp_path, 2, "baseline", [0.9]), training(tmp_path, 4, "bias-ones", [0.8])]
    for one in [*tried, *others[0], *others[1]]:
        teller.emit(one)
    teller.emit(record(LogEvent.PROGRESS, done=2, total=9))
    assert "baseline is the best of 2 variants so far" in capsys.readouterr().err
    for one in training(tmp_path, 3, "baseline", [0.95], study="other"):
        teller.emit(one)
    teller.emit(record(LogEvent.PROGRESS, done=3, total=9))
    said = capsys.readouterr().err
    assert "4 of 4 runs done" in said
    assert "best" not in said


def test_time_is_told_once_more_are_done_than_run_and_of_trainings_that_a_choice_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", -1)
    monkeypatch.setenv("INITSTUDY_RUNS", "3")
    teller = handler()
    teller._started -= 600
    teller.emit(record(LogEvent.RUN_INFO, "Job stats: ...", stats={"train": 3}))
    begun, ended = zip(*(training(tmp_path, n, f"v{n}", [0.5]) for n in range(4)), strict=True)

    def after(*records: logging.LogRecord) -> str:
        for one in records:
            teller.emit(one)
        teller.emit(record(LogEvent.PROGRESS, done=5, total=30))
        return capsys.readouterr().err.split(";")[0].strip()

    assert after(*begun[:2], ended[0]) == "1 of 3 runs done"
    assert after(begun[2], ended[1]) == "2 of 3 runs done, about 5 min left"
    assert after(ended[2], begun[3]) == "3 of 4 runs done, about 3 min left"
    assert after(ended[3]) == "4 of 4 runs done"
    # What is made of them comes after it.
    assert after() == ""


def test_in_a_terminal_there_is_a_bar_from_the_start_and_words_end_where_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INITSTUDY_RUNS", "8")
    teller = handler()
    teller._console = Console(file=io.StringIO(), force_terminal=True, width=70)
    teller.emit(record(LogEvent.RUN_INFO, "Job stats: ...", stats={"train": 4, "total": 9}))

    def shown() -> list[str]:
        teller._bar.refresh()
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", teller._console.file.getvalue())
        return re.split(r"[\r\n]+", text.rstrip())

    assert re.search(r" 0 % +0:00:00 0 of 8 runs done *$", shown()[-1])
    for number, name in enumerate(["baseline", "kernel-random_uniform"]):
        for one in training(tmp_path, number, name, [0.5, 0.7]):
            teller.emit(one)
    teller.emit(record(LogEvent.PROGRESS, done=2, total=9))
    assert re.search(r" 50 % +0:00:0\d 4 of 8 runs done, about .*…$", shown()[-1])
    assert {len(line) <= 70 for line in shown()} == {True}
    teller.close()


def test_of_a_run_that_trains_nothing_its_steps_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller = handler()
    teller.emit(record(LogEvent.RUN_INFO, "Job stats: ...", stats={"conclude": 1, "total": 6}))
    teller.emit(record(LogEvent.PROGRESS, done=6, total=6))
    assert capsys.readouterr().err == "6 of 6 steps done\n"


def test_what_goes_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    teller = handler()
    teller.emit(record(None, "Falling back to greedy scheduler.", logging.WARNING))
    teller.emit(record(LogEvent.ERROR, "There is no study 'x'.", logging.ERROR))
    teller.emit(record(None, "Nothing to be done (all requested files are present)."))
    said = capsys.readouterr().err
    for words in ("Falling back", "There is no study 'x'.", "Nothing to be done"):
        assert words in said


def test_a_dry_run_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    handler(dryrun=True).emit(record(LogEvent.RUN_INFO, "Job stats:\njob  count"))
    assert "Job stats:" in capsys.readouterr().err


def test_it_ends_with_the_recommendation_and_what_to_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = 0.9 + np.random.default_rng(0).normal(0, 0.004, 10)
    findings = find(study({"baseline": base, "kernel-good": base + 0.05}))
    report = tmp_path / "report.html"
    (tmp_path / "findings.json").write_text(dump(findings))
    # Only the findings are read.
    (tmp_path / "verdict.md").write_text("# Other words\n\nNone of these.\n")
    teller = handler()
    message = f"Everything is there; open {report}"
    teller.emit(record(LogEvent.JOB_INFO, rule_name="all", jobid=0, rule_msg=message))
    assert capsys.readouterr().err == ""
    teller.close()
    *words, last = capsys.readouterr().err.splitlines()
    assert words == [headline(findings)]
    assert words[0].startswith("Start from good kernels with b0 biases.")
    assert last == f"Open {report}"


def test_a_suite_ends_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "suite.md").write_text(
        "# V\n\n7 variants in 5 studies, of which **he** is first.\n"
    )
    assert progress.ending(tmp_path / "suite.html") == [
        "7 variants in 5 studies, of which he is first.",
        f"Open {tmp_path / 'suite.html'}",
    ]
    assert progress.ending(tmp_path / "none/report.html") == [f"Open {tmp_path}/none/report.html"]
