"""Every command of the tutorial runs as it stands there, in a folder of a newcomer."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import REPOSITORY, Project

# So that it takes a minute: what a command says of seeds and epochs it says here.
LESS = ["--config", "epochs=1", "seeds=2", "confirmation_seeds=1", "learning_rate_seeds=1"]


def blocks() -> list[tuple[str, str]]:
    text = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
    return re.findall(r"^```(sh|yaml|python)\n(.*?)^```$", text, re.M | re.S)


@pytest.mark.thorough
def test_the_tutorial(project: Project) -> None:
    study, files = Path("question.yaml"), iter(["mine.py", "network.py"])
    trained = []
    for kind, text in blocks():
        path = project / study
        if kind == "yaml" and not path.exists():
            path.write_text(text)
        elif kind == "yaml":
            # It replaces the key that is there, or is a further one.
            key = text.partition(":")[0]
            old = path.read_text()
            path.write_text(re.sub(rf"^{key}:.*\n", "", old, flags=re.M) + text)
        elif kind == "python" and "load(" not in text:
            (project / next(files)).write_text(text)
        elif kind == "python":
            told = run_python(project, text)
            assert "difference:" in told
            assert "kernel-wide" in told
        elif "check_initializer" in text:
            code = re.fullmatch(r'python -c "(.*)"\n', text)
            assert code
            assert "mine.py:narrow can be used." in run_python(project, code[1])
        elif text.startswith("make run"):
            words = re.findall(r"(\w+=\w+)", text.partition("--config")[2])
            assert {word.partition("=")[0] for word in words} == {
                *("study", "epochs", "seeds", "confirmation_seeds")
            }
        elif text.startswith("snakemake"):
            arguments = text.split()[3:]
            # One of the learning rates, where there are some.
            rates = ["learning_rates=[0.003]"] if "learning_rates" in path.read_text() else []
            outcome = project.run(*arguments, *LESS, *rates)
            if "--dry-run" not in arguments:
                trained.append(outcome.jobs.get("train", 0))
                assert (project / "results/question/report.html").exists()
        else:
            assert text == ". .venv/bin/activate\n"
    # At first each variant; at last five variants at a learning rate.
    assert trained == [3, 5]


def run_python(project: Project, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
