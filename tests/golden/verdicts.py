"""Whole verdicts of studies that nobody ran, to be read as a user would.

    PYTHONPATH=scripts:tests python -m golden.verdicts

writes them anew, after words or numbers were changed; what differs is printed.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from in_memory import Floats, study

from initstudy.analysis.findings import find
from initstudy.report.verdict import summary_table, verdict
from initstudy.results.findings import Findings

FOLDER = Path(__file__).parent / "verdicts"
NAN = float("nan")


def noise(seed: int, n: int = 10, sd: float = 0.004) -> Floats:
    """What seeds differ by."""
    return np.random.default_rng(seed).normal(0, sd, n)


BASE, NEW = 0.9 + noise(0), 0.9 + noise(1)


def clear() -> Findings:
    """A winner that new seeds confirm, one that ties with it, losers, published results."""
    accuracies = {
        "baseline": BASE,
        "kernel-he_normal": BASE + 0.05 + noise(2),
        "kernel-he_uniform": BASE + 0.049 + noise(3),
        "kernel-ones": BASE - 0.4 + noise(4),
        "bias-he_normal": BASE + noise(5),
        "bias-ones": BASE - 0.02 + noise(6),
    }
    dead = {"kernel-ones": np.linspace(0.5, 0.9, 10)}
    new = "kernel-he_normal", 0.949 + noise(7), NEW
    published = pd.DataFrame(
        [("k0", "b0", 0.3, 0.9), ("he_normal", "b0", 0.2, 0.95), ("ones", "b0", 0.2, 0.93)],
        columns=["kernel_initializer", "bias_initializer", "loss", "accuracy"],
    )
    keys = {"study": "clear", "validation": {"holdout": 5000}, "published": "notebook.csv"}
    alike = ["kernel-ones"]
    return find(study(accuracies, new, dead=dead, alike=alike, **keys), published)


def stay() -> Findings:
    """Nothing better among variants that are inconclusive, and one curve that declines."""
    falls = np.array([0.6, 1.03, 1.02, 1.0, 1.0])
    accuracies = {
        "baseline": BASE,
        "kernel-a": BASE + noise(3, sd=0.02),
        "kernel-b": BASE + 0.004 + noise(4, sd=0.02),
        "bias-c": BASE - 0.008 + noise(5, sd=0.01),
    }
    new = "kernel-b", NEW + noise(6, sd=0.02), NEW
    overfits = {"kernel-a": np.full(10, 0.999)} | {}
    results = study(accuracies, new, {"bias-c": falls}, training=overfits, study="stay")
    return find(results)


def trial() -> Findings:
    """Three seeds."""
    base = BASE[:3]
    accuracies = {"baseline": base, "kernel-a": base + 0.05, "bias-b": base - 0.3 + noise(2, 3)}
    return find(study(accuracies, ("kernel-a", NEW[:2] + 0.05, NEW[:2]), study="trial"))


def diverged() -> Findings:
    """Every run."""
    nothing = np.full(10, NAN)
    accuracies = {"baseline": nothing, "kernel-a": nothing, "bias-b": nothing}
    return find(study(accuracies, study="diverged"))


def one_run() -> Findings:
    """That all seeds repeat, of each variant."""
    accuracies = {"baseline": np.full(10, 0.9), "kernel-a": np.full(10, 0.95)}
    new = "kernel-a", np.full(10, 0.95), np.full(10, 0.9)
    return find(study(accuracies, new, study="one_run", vary=["order"]))


def equivalent() -> Findings:
    """All biases, for other test examples, too; a kernel whose seeds are one run."""
    accuracies = {"baseline": BASE, "kernel-ones": np.full(10, 0.5)}
    accuracies |= {f"bias-b{number}": BASE + noise(number, sd=0.0008) for number in range(1, 6)}
    return find(study(accuracies, study="equivalent"))


def growing() -> Findings:
    """Interim analyses, in which all but two are decided."""
    base = 0.9 + noise(0, 40)
    accuracies = {
        "baseline": base,
        "kernel-good": base + 0.05 + noise(2, 40),
        "kernel-better": base + 0.0505 + noise(3, 40),
        "kernel-ones": base - 0.5 + noise(4, 40),
        "bias-a": base + noise(5, 40, 0.012),
        "bias-b": base + noise(6, 40, 0.0005),
    }
    new = "kernel-better", 0.949 + noise(7), NEW
    return find(study(accuracies, new, study="growing", seeds=[10, 20, 40]))


def by_loss() -> Findings:
    """Judged by it; some of its runs diverged."""
    base = 0.3 + noise(0, 12, 0.01)
    diverges = 0.9 + noise(2, 12)
    diverges[[1, 4, 7]] = NAN
    accuracies = {
        "baseline": 0.9 + noise(1, 12),
        "kernel-a": 0.92 + noise(3, 12),
        "kernel-b": diverges,
        "bias-c": 0.9 + noise(4, 12),
    }
    losses = {
        "baseline": np.concatenate([base, base[:10]]),
        "kernel-a": base - 0.05 + noise(5, 12, 0.01),
        "kernel-b": base + 0.03 + noise(10, 12, 0.002),
        "bias-c": base + noise(6, 12, 0.002),
        "best": base[:10] - 0.05 + noise(7, 10, 0.01),
    }
    new = "kernel-a", 0.92 + noise(8), 0.9 + noise(9)
    keys = {"study": "by_loss", "judge_by": "loss", "margin": 0.01}
    return find(study(accuracies, new, losses=losses, **keys))


def failing() -> Findings:
    """A variant is better on most seeds, and fails on two; the baseline fails on one."""
    base, fails, never = BASE.copy(), BASE + 0.05 + noise(2), np.full(10, 0.1) + noise(4) / 10
    base[3] = 0.35
    fails[[2, 7]] = 0.3, NAN
    accuracies = {
        "baseline": base,
        "kernel-fails": fails,
        "kernel-good": base + 0.02 + noise(3),
        "kernel-never": np.minimum(never, 0.1),
    }
    return find(study(accuracies, ("kernel-good", NEW + 0.02 + noise(5), NEW), study="failing"))


def refuted() -> Findings:
    """Better on the seeds of the choice, worse on new ones."""
    accuracies = {"baseline": BASE, "kernel-lucky": BASE + 0.01 + noise(2, sd=0.003)}
    return find(study(accuracies, ("kernel-lucky", NEW - 0.02 + noise(3), NEW), study="refuted"))


def all_pairs() -> Findings:
    """Of a study of all pairs: the best is worse than nothing, and inconclusive by the baseline."""
    base = 0.9 + noise(0, sd=0.03)
    first = 0.95 + noise(1, sd=0.03)
    accuracies = {
        "baseline": base,
        "kernel-a": first,
        "kernel-b": first - 0.02 + noise(3, sd=0.002),
        "kernel-c": base - 0.05 + noise(4, sd=0.002),
    }
    keys = {"study": "all_pairs", "comparisons": "all_pairs", "margin": None}
    return find(study(accuracies, ("kernel-a", first, base), **keys))


CASES: dict[str, Callable[[], Findings]] = {
    one.__name__: one
    for one in (
        clear,
        stay,
        trial,
        diverged,
        one_run,
        equivalent,
        growing,
        by_loss,
        failing,
        refuted,
        all_pairs,
    )
}


def page(findings: Findings) -> str:
    """The verdict, and the table that stands below it."""
    return f"{verdict(findings)}\n## Table\n\n{summary_table(findings)}"


def main() -> None:
    """Write each."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in CASES.items():
        path, text = FOLDER / f"{name}.md", page(make())
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{name}: other words or numbers")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
