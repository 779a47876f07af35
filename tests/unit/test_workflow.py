"""What the adapter answers Snakemake's rules, asked by a workflow that is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from snakemake.exceptions import IncompleteCheckpointException
from snakemake.io import is_flagged

from initstudy import studies
from initstudy.config.origin import PROJECT
from initstudy.workflow import Adapter, configuration_file

CONFIG = {
    "study": "mine",
    "published": None,
    "epochs": 2,
    "seeds": 3,
    "confirmation_seeds": 2,
    "kernel_initializers": ["ones"],
    "bias_initializers": [],
}
BEST = {"kernel_initializer": {"name": "ones"}, "bias_initializer": {"name": "zeros"}}


@dataclass
class Fake:
    """What is used of Snakemake's workflow, and of its checkpoints."""

    basedir: Path = PROJECT
    current_basedir: Path = PROJECT / "rules"
    configfiles: Sequence[str] = ("config.yaml",)
    command_line: dict[str, Any] = field(default_factory=dict)
    remote_exec: bool = False
    cores: int | None = 2
    prefix: str = ""

    @property
    def config_settings(self) -> SimpleNamespace:
        return SimpleNamespace(config=self.command_line, configfiles=[])

    @property
    def modifier(self) -> SimpleNamespace:
        return SimpleNamespace(modify_path=lambda path: f"{self.prefix}{path}")

    @property
    def choose(self) -> "Fake":
        return self

    def get(self, study: str, choice: str) -> SimpleNamespace:
        file = Path(f"results/{study}/{choice}.yaml")
        if not file.exists():
            raise IncompleteCheckpointException(SimpleNamespace(name="choose"), str(file))
        return SimpleNamespace(output=[str(file)])


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Adapter]:
    """An adapter in an empty folder, where Keras is not asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "ask_keras", lambda members: None)
    monkeypatch.setattr("atexit.register", lambda function: None)

    def make(fake: Fake | None = None, **changes: Any) -> Adapter:
        asked = fake or Fake()
        raw = {**CONFIG, **changes}
        Path("config.yaml").write_text(yaml.safe_dump(raw))
        return Adapter(asked, {**raw, **asked.command_line}, asked)

    return make


def of(**wildcards: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"study": "mine", **wildcards})


def chosen(name: str, content: Any) -> None:
    path = Path(f"results/mine/{name}.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))


def test_the_report_is_the_first_of_all_files(flow: Callable[..., Adapter]) -> None:
    files = flow().everything(None)
    assert files[0] == "results/mine/report.html"
    assert len(set(files)) == len(files)
    assert "results/mine/learning_rates.csv" not in files
    tuned = {"learning_rates": [0.1], "validation": {"holdout": 100}}
    assert "results/mine/learning_rates.csv" in flow(**tuned).everything(None)


def test_what_follows_from_a_choice_is_asked_for_once_it_is_made(
    flow: Callable[..., Adapter],
) -> None:
    asked = flow()
    assert len(asked.outputs("compared", "history")(of())) == 2
    (awaited,) = asked.chosen("compared")(of())
    assert awaited == "results/mine/best.yaml"
    assert is_flagged(awaited, "checkpoint_target")
    assert asked.chosen("selection")(of()) == []
    chosen("best", BEST)
    files = asked.outputs("compared", "history")(of())
    assert [Path(file).name for file in files] == ["seeds-0-2.csv"] * 2 + ["seeds-3-4.csv"] * 2
    # Of a file that has this flag, Snakemake does not look whether it is newer.
    (made,) = asked.chosen("compared")(of())
    assert not is_flagged(made, "checkpoint_target")
    described = asked.runs("compared")(of(), {"histories": files})
    assert [one["variant"] for one in described] == ["baseline", "kernel-ones", "baseline", "best"]
    # Snakemake may have asked for others before.
    (one,) = asked.runs("compared")(of(), {"histories": files[1:2]})
    assert one == {"variant": "kernel-ones", "learning_rate": None, "vary": ["weights", "order"]}
    # A pair that the study has no more is chosen again.
    chosen("best", {**BEST, "kernel_initializer": {"name": "he_normal"}})
    assert len(asked.outputs("compared", "history")(of())) == 2


def test_choices_that_depend_on_others_are_named_together(flow: Callable[..., Adapter]) -> None:
    asked = flow(learning_rates=[0.1, 0.2], validation={"holdout": 100})
    names = ["learning_rates/variants.yaml", "best.yaml"]
    assert asked.chosen("compared")(of()) == [f"results/mine/{name}" for name in names]
    chosen("learning_rates/variants", {"baseline": 0.1, "kernel-ones": 0.2})
    assert asked.chosen("compared")(of()) == [f"results/mine/{name}" for name in names]
    chosen("best", BEST)
    names += ["learning_rates/best.yaml"]
    assert asked.chosen("compared")(of()) == [f"results/mine/{name}" for name in names]
    # The rates of `best` are chosen on its tuning runs, and that it is chosen decides on these.
    of_best = of(choice="learning_rates/best")
    assert asked.chosen("basis")(of_best) == ["results/mine/best.yaml"]
    assert len(asked.outputs("basis", "history")(of_best)) == 2


def test_an_interim_analysis_sees_the_earlier_ones(flow: Callable[..., Adapter]) -> None:
    asked = flow(seeds=[5, 7, 9])
    chosen("looks/5", {"seeds": 5, "goes_on": ["baseline", "kernel-ones"]})
    assert asked.interims(of(choice="looks/5")) == []
    assert asked.interims(of(choice="looks/7")) == ["results/mine/looks/5.yaml"]
    assert len(asked.outputs("basis", "history")(of(choice="looks/7"))) == 4
    assert asked.interims(of()) == [f"results/mine/looks/{seeds}.yaml" for seeds in (5, 7)]
    chosen("looks/7", {"seeds": 7, "goes_on": []})
    assert len(asked.outputs("compared", "history")(of())) == 4


def test_a_spec_file_says_all_that_a_job_needs(
    flow: Callable[..., Adapter], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = flow()
    history, _ = asked.outputs("selection", "history")(of())
    digest = history.split("/")[2]
    run = of(digest=digest, epochs="2", first="0", last="2")
    asked.say_cost()
    said = capsys.readouterr().err
    assert said.startswith("To run: 6 runs in 2 jobs, 2 at one time: about 1 minute.")
    # The process that runs the job knows no configuration.
    Path("config.yaml").write_text("nonsense: 1\n")
    there = Adapter(Fake(remote_exec=True), {"nonsense": 1}, Fake())
    assert there.job_name(run, None) == "baseline of mine"
    assert there.dataset(run) == "resources/datasets/mnist.npz"
    assert there.threads(run) == 1
    assert there.minutes(run, attempt=2) == 2 * there.minutes(run, attempt=1) > 0
    assert there.memory(run, attempt=1) == asked.memory(run, attempt=1) > 500
    with pytest.raises(SystemExit, match="no such key"):
        flow(nonsense=1)


def test_what_is_set_on_the_command_line_is_typed_and_named(flow: Callable[..., Adapter]) -> None:
    asked = flow(Fake(command_line={"seeds": ["4", "6"], "published": "None"}))
    assert asked.studies.main.study.analyses == (4, 6)
    with pytest.raises(SystemExit, match=r"--config: epochs: 0 must be"):
        flow(Fake(command_line={"epochs": 0}))
    with pytest.raises(SystemExit, match=r"config.yaml:\d+: epochs: 0 must be"):
        flow(epochs=0)


def test_another_workflow_s_files_have_no_keys_of_ours(
    flow: Callable[..., Adapter], tmp_path: Path
) -> None:
    theirs = Fake(basedir=tmp_path)
    Path("config.yaml").write_text("epochs: 7\n")
    assert Path(configuration_file(theirs)) == PROJECT / "config.yaml"
    with pytest.raises(SystemExit, match=r"problem:\n  epochs: 0 must be"):
        flow(theirs, epochs=0)
    # What it sets there by --config is text, at any depth.
    asked = Adapter(
        Fake(basedir=tmp_path, command_line={"it": {}}), {**CONFIG, "epochs": "3"}, Fake()
    )
    assert asked.studies.main.study.epochs == 3


def test_where_results_were_moved_is_asked_of_the_other_workflow(
    flow: Callable[..., Adapter],
) -> None:
    asked = flow(Fake(prefix="sub/"))
    history, *_ = asked.outputs("selection", "history")(of())
    # Snakemake adds the prefix to what a rule names, but to no file that is read here.
    assert history.startswith("results/runs/")
    assert Path("sub/.initstudy/specs", f"{history.split('/')[2]}.json").exists()


def test_broken_yaml_is_refused_before_snakemake_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text("epochs: 1\nepochs: 2\n")
    with pytest.raises(SystemExit, match=r"config\.yaml:2: epochs"):
        configuration_file(Fake(configfiles=()))
