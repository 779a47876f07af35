"""Reports the progress of Snakemake: `snakemake --logger initstudy`, as `make run` does.

Snakemake finds it if `scripts/` is in PYTHONPATH.

In a terminal it is a bar with the runs that are done, the time left, and the best variant so far;
in a file or a pipe a plain line now and then. At the end come the recommendation, and what to open.
Errors, warnings and dry runs are shown as Snakemake shows them.
"""

import csv
import logging
import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from initstudy.config.names import METRICS
from initstudy.engine.spec import METRIC
from initstudy.report.verdict import headline
from initstudy.results.findings import read
from initstudy.study import FIRST_TUNED

# Between two plain lines.
SECONDS = 20
ALWAYS_SHOWN = (LogEvent.ERROR, LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR)


class LogHandler(LogHandlerBase):
    """Shows the progress that Snakemake's events report; see the module."""

    writes_to_stream = has_filter = has_formatter = True
    writes_to_file = needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with nothing done."""
        settings = self.common_settings
        self._console = Console(stderr=not settings.stdout, highlight=False, soft_wrap=True)
        self._formatter = DefaultFormatter(settings.quiet, settings.show_failed_logs)
        self._bar: Progress | None = None
        self._task: Any = None
        self._started = self._shown = time.monotonic()
        self._training: dict[int, tuple[str, Sequence[str]]] = {}
        self._reached: dict[str, tuple[float, int]] = {}
        self._metric = METRIC
        self._trained = 0
        self._text = ""
        self._open: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show one event, or take note of it."""
        try:
            self._take(record)
        except Exception:  # noqa: BLE001 - as every handler of logging does
            self.handleError(record)

    def close(self) -> None:
        """End the display with the recommendation."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if self._open is not None:
            for line in ending(Path(self._open)):
                self._say(line)
            self._open = None
        super().close()

    def _take(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if self.common_settings.dryrun or event in ALWAYS_SHOWN:
            self._say(self._formatter.format(record))
        elif event is None:
            if record.levelno >= logging.WARNING or "Nothing to be done" in record.getMessage():
                self._say(record.getMessage())
        elif event == LogEvent.RUN_INFO:
            stats = getattr(record, "stats", {})
            if self._console.is_terminal:
                self._progress(0, stats.get("total", 0))
        elif event == LogEvent.JOB_INFO:
            self._note(vars(record))
        elif event == LogEvent.JOB_FINISHED:
            self._finish(getattr(record, "job_id", None))
        elif event == LogEvent.PROGRESS:
            self._progress(int(getattr(record, "done", 0)), int(getattr(record, "total", 0)))

    def _note(self, job: Mapping[str, Any]) -> None:
        message = job.get("rule_msg") or ""
        if job.get("rule_name") == "train":
            variant = re.match(r"Training (\S+ of [^\s,]+)", message)
            name = variant[1] if variant else "?"
            self._training[job["jobid"]] = name, list(job.get("output") or [])
        elif opened := re.match(r"Everything is there; (?:open|see) (\S+)", message):
            self._open = opened[1]

    def _finish(self, jobid: int | None) -> None:
        if jobid not in self._training:
            return
        variant, output = self._training.pop(jobid)
        self._trained += seeds_of(output)
        metric, found = final_values(output)
        if found:
            self._metric = metric
            mean, count = self._reached.get(variant, (0.0, 0))
            total = count + len(found)
            self._reached[variant] = (mean * count + sum(found)) / total, total

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        # Other jobs take no time beside those that train. What a choice may call for is among them,
        # until nothing is left to be done.
        at_work = sum(seeds_of(output) for _, output in self._training.values())
        known = 0 if done == total else int(os.environ.get("INITSTUDY_RUNS", "0"))
        runs = max(known, self._trained + at_work)
        if runs:
            done, total = self._trained, runs
        text = f"{done} of {total} {'runs' if runs else 'steps'} done"
        # Of a few that have run side by side, each would seem to take all the time.
        if at_work < done < total:
            text += f", about {_duration((now - self._started) / done * (total - done))} left"
        # Values of different studies are not to be compared.
        studies = {name.rpartition(" of ")[2] for name in self._reached}
        if len(studies) == 1 and len(self._reached) > 1:
            right = self._metric == METRIC
            best = max if right else min
            variant, (mean, count) = best(self._reached.items(), key=lambda item: item[1][0])
            seeds = f"{count} seed{'' if count == 1 else 's'}"
            value = f"{100 * mean:.1f} %" if right else f"{METRICS[self._metric]} {mean:.4g}"
            of = "of" if right else "on"
            name, among = variant.partition(" of ")[0], f"{len(self._reached)} variants so far"
            text += f"; {name} is the best of {among}, {value} {of} the validation set ({seeds})"
        if self._console.is_terminal:
            if self._bar is None:
                # Where there is little room, the last words are left out.
                words = Column(ratio=1, no_wrap=True, overflow="ellipsis")
                self._bar = Progress(
                    BarColumn(16, table_column=Column(min_width=16)),
                    TextColumn("{task.percentage:.0f} %", table_column=Column(min_width=5)),
                    TimeElapsedColumn(table_column=Column(min_width=7)),
                    TextColumn("{task.description}", table_column=words),
                    console=self._console,
                    transient=True,
                    expand=True,
                )
                self._task = self._bar.add_task(text, total=total)
                self._bar.start()
            self._bar.update(self._task, completed=done, total=total, description=text)
        elif text != self._text and (now - self._shown > SECONDS or done == total):
            self._shown, self._text = now, text
            self._say(text)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)


def seeds_of(output: Sequence[str]) -> int:
    """Return how many seeds a job runs, by the name of one of its files."""
    named = (re.search(r"seeds-(\d+)-(\d+)[.]", path) for path in output)
    return next((int(found[2]) - int(found[1]) + 1 for found in named if found), 0)


def final_values(output: Sequence[str]) -> tuple[str, list[float]]:
    """Return the metric, and its last value on the validation set for each seed, by the history
    among a job's files.

    Args:
        output: paths; none of them need be there. Those of tuning runs are passed over.
    """
    named = ((path, re.fullmatch(r"seeds-(\d+)-\d+\.csv", Path(path).name)) for path in output)
    histories = [path for path, seeds in named if seeds and int(seeds[1]) < FIRST_TUNED]
    found: dict[str, float] = {}
    metric = METRIC
    for path in histories:
        if Path(path).exists():
            with Path(path).open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                metric = (rows.fieldnames or [""])[-1].removeprefix("val_")
                worst = 0.0 if metric == METRIC else math.inf
                for row in rows:
                    value = float(row[f"val_{metric}"])
                    found[row["seed"]] = value if value == value else worst
    return metric, list(found.values())


def ending(report: Path) -> list[str]:
    """Return the last lines: the recommendation, if there are findings, and what to open.

    Args:
        report: the file that the last rule has named.
    """
    findings, page = report.parent / "findings.json", report.with_suffix(".md")
    lines = []
    if report.name == "report.html" and findings.exists():
        lines.append(headline(read(findings)))
    elif page.exists():
        paragraphs = page.read_text(encoding="utf-8").split("\n\n")
        plain = next((p for p in paragraphs if not p.startswith("#")), "").replace("*", "")
        lines.append(re.split(r"(?<=[.!?])\s+(?=[A-Z\d])", " ".join(plain.split()))[0])
    return [*lines, f"Open {report}"]


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes / 60:.1f} h"
