"""What a suite costs: CPU time by study, of all its trainings, those of tuning too.

    python tests/bench_suite.py

Of what is trained so far, in this folder.
"""

import functools
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from initstudy.config.origin import Origin
from initstudy.config.problems import read_yaml
from initstudy.plan import Choices
from initstudy.studies import Studies


def chosen(folder: str, name: str) -> Any:
    path = Path(folder, f"{name}.yaml")
    return read_yaml(path) if path.exists() else None


def main(suite: str) -> None:
    """Prints a Markdown table."""
    main_study = Origin("the configuration", read_yaml("config.yaml"), ["config.yaml"])
    rows = []
    for member in Studies(main_study, ["config.yaml"]).listed(suite):
        choices = Choices(functools.partial(chosen, member.study.folder))
        jobs = {job.file("timings"): job for job in member.plan.everything(choices)}
        there = [file for file in jobs if Path(file).exists()]
        tables = [pd.read_csv(file) for file in there]
        seconds = sum(float(table["cpu_seconds"].sum()) for table in tables)
        replicates = sum(len(table) for table in tables)
        rows.append(
            {
                "workload": member.study.name,
                "jobs": f"{len(there)} of {len(jobs)}",
                "checkpoints": replicates,
                "CPU minutes": round(seconds / 60, 1),
                "seconds a job": round(seconds / max(1, len(there)), 1),
            }
        )
    table = pd.DataFrame(rows)
    print(table.to_markdown(index=False))
    print(f"\n{table['CPU minutes'].sum():.0f} CPU minutes in all.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "suite")
