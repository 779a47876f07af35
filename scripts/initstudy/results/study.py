"""The results of a study: the tables and words in its folder, read when they are asked for."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from initstudy.engine.spec import ORDER, WEIGHTS
from initstudy.errors import StudyError, suggest
from initstudy.plan import INTERIM
from initstudy.results import examples, findings, histories, tables
from initstudy.results.contracts import DIAGNOSTICS, HISTORIES, TESTS, TIMINGS, Table
from initstudy.results.findings import Findings
from initstudy.results.scores import scored
from initstudy.results.suite import SuiteResults
from initstudy.study import FILE, Study

# Columns and decisions of version 0.2.0.
RENAMED = {
    "p_value_holm": "p_value_adjusted",
    "p_value_joint": "p_value_adjusted",
    "p_value_equivalent": "p_value_equivalence",
    "p_value_equivalent_holm": "p_value_equivalence_adjusted",
    "judged_by": "metric",
    "judged": "metric_value",
    "judged_ci_low": "metric_ci_low",
    "judged_ci_high": "metric_ci_high",
    "told_of_seeds": "decision_seeds",
    "draws_nothing": "deterministic",
    "collapsed": "failed_runs",
    "collapsed_mean": "failed_runs_mean",
    "notebook_accuracy": "published_accuracy",
    "notebook_loss": "published_loss",
    "difference_other_images_ci_low": "difference_new_examples_ci_low",
    "difference_other_images_ci_high": "difference_new_examples_ci_high",
    "difference_variance_by_images": "difference_variance_by_examples",
}
RENAMED_DECISIONS = {"no difference that matters": "equivalent", "undecided": "inconclusive"}


@dataclass(frozen=True)
class Replicates:
    """The ends of the runs of one variant.

    Attributes:
        study: its name.
        variant: its name.
        ends: the metric of the test examples after the last epoch, by seed.
        histories: its rows of `contracts.HISTORIES`; None if only its end is known.
        of: the study that they belong to; None if it is not known.
    """

    study: str
    variant: str
    ends: Mapping[int, float]
    histories: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    of: Study | None = field(default=None, repr=False, compare=False)

    @property
    def label(self) -> str:
        """Which variant of which study."""
        return f"{self.variant} of {self.study}"


@dataclass(frozen=True)
class StudyResults:
    """What is in `results/<study>/`; every table is checked as it is read.

    Each property raises a StudyError that names the file and what is wrong with it.

    Args:
        folder: of the study.
        found: what it finds; None if findings.json has it, which version 0.2.0 did not write.

    Examples:
        >>> StudyResults("results/notebook").summary
    """

    folder: str | Path
    found: Findings | None = None

    @functools.cached_property
    def study(self) -> Study:
        """What was asked."""
        found = sorted(Path(self.folder).glob(FILE.format(digest="*")))
        if len(found) > 1:
            raise StudyError(f"{self.folder}: {len(found)} files describe the study; run it again.")
        if not found:
            raise StudyError(
                f"{self.folder} is not a folder of a study's results: there is no file "
                f"{FILE.format(digest='<digest>')} in it. A run makes results/<study>."
            )
        return Study.load(found[0])

    @property
    def configuration(self) -> Mapping[str, Any]:
        """All keys that decide what comes out, defaults and all."""
        return self.study.plain()

    @functools.cached_property
    def histories(self) -> pd.DataFrame:
        """variant, seed, epoch (from 1), loss, val_loss, and the metric: accuracy, val_accuracy."""
        return self._table("histories.csv", HISTORIES)

    @functools.cached_property
    def tests(self) -> pd.DataFrame:
        """variant, seed, test_loss, and the metric, as test_accuracy: after the last epoch."""
        return self._table("tests.csv", TESTS)

    @functools.cached_property
    def final(self) -> pd.DataFrame:
        """The end of each run, on the test examples: see `histories.final`."""
        return histories.final(self.histories, self.study, self.tests)

    def ends(
        self, variant: str, seeds: range | None = None, column: str = ""
    ) -> npt.NDArray[np.float64]:
        """Return how the runs of a variant ended, in the order of the seeds: float64 (n,).

        Args:
            variant: its name.
            seeds: of its runs; None for those that are compared.
            column: of `scores.scored`; the metric if none is given.
        """
        own = self.judged_on(variant) if seeds is None else seeds
        return histories.ends(self._finals, variant, own, column or self.study.metric)

    def scores(self, variant: str, seeds: range | None = None) -> npt.NDArray[np.float64]:
        """Return the scores of a variant, of which the largest is the best; see `ends`."""
        return self.ends(variant, seeds, "score")

    @functools.cached_property
    def interims(self) -> dict[int, list[str]]:
        """The interim analyses but the last: after how many seeds, which variants go on to more."""
        found: dict[int, list[str]] = {}
        for seeds in self.study.analyses[:-1]:
            file = f"{INTERIM}/{seeds}.yaml"
            found[seeds] = yaml.safe_load(self._text(file))["goes_on"]
            if not found[seeds]:
                break
        return found

    def judged_on(self, variant: str) -> range:
        """Return the seeds on which a variant is compared with the baseline."""
        study = self.study
        if variant == "best":
            return study.confirmation
        grown = zip(self.interims.values(), study.analyses[1:], strict=False)
        return range(max([study.analyses[0], *(more for names, more in grown if variant in names)]))

    @property
    def judged(self) -> pd.DataFrame:
        """The histories of the seeds that the variants are judged on."""
        kept = (
            rows[rows["seed"].isin(self.judged_on(name))] for name, rows in self._curves.items()
        )
        return pd.concat(kept).sort_index()

    def curves(self, variant: str, seeds: range, column: str) -> npt.NDArray[np.float64]:
        """One column of a variant by epoch, float64 (seeds, epochs): see `histories.curves`."""
        return histories.curves(self._curves, variant, seeds, self.study, column)

    def variant(self, name: str) -> Replicates:
        """Return all runs of a variant, for a comparison with another's.

        Raises:
            StudyError: if there is no such variant.
        """
        if name not in self._finals:
            hint = suggest(name, list(self._finals))
            raise StudyError(f"{self.folder}: the study has no variant {name!r}{hint}")
        rows, study = self._finals[name], self.study
        ended = dict(zip(rows["seed"].tolist(), rows[study.metric].tolist(), strict=True))
        return Replicates(study.name, name, ended, self._curves[name], study)

    @functools.cached_property
    def timings(self) -> pd.DataFrame:
        """variant, seed, epochs, seconds, cpu_seconds, peak_memory_mb."""
        return self._table("timings.csv", TIMINGS)

    @functools.cached_property
    def runs(self) -> pd.DataFrame:
        """Where the runs are: variant, first_seed, last_seed, history."""
        return tables.read_any(self._path("runs.csv", "trainings.csv"))

    @functools.cached_property
    def diagnostics(self) -> pd.DataFrame:
        """Signals and weights by variant, seed, epoch and layer: see `contracts.DIAGNOSTICS`."""
        return self._table("diagnostics.csv", DIAGNOSTICS)

    @functools.cached_property
    def weights(self) -> list[dict[str, Any]]:
        """`contracts.WEIGHTS` of each weight of the network."""
        table = tables.read_any(self._path("weights.csv")).astype({"shape": str})
        fans = {name: table[name].astype("Int64").astype(str) for name in ("fan_in", "fan_out")}
        whole = table.assign(**fans).astype(object).replace("<NA>", "").fillna("")
        rows = whole.to_dict("records")
        return [{str(key): value for key, value in row.items()} for row in rows]

    @functools.cached_property
    def deterministic(self) -> set[str]:
        """Variants whose initializers are deterministic; none if weights or order do not vary."""
        both = {WEIGHTS, ORDER} <= {*self.study.vary}
        return histories.start_alike(self.diagnostics) if both else set()

    @functools.cached_property
    def by_example(self) -> dict[str, npt.NDArray[Any]]:
        """What each run makes of each test example, by variant: see `examples.by_variant`."""
        arrays = examples.read(self._path("examples.npz", "hits.npz"))
        return examples.by_variant(arrays, self.study.metric)

    @functools.cached_property
    def findings(self) -> Findings:
        """What the study finds, as data."""
        return self.found or findings.read(self._path("findings.json"))

    @property
    def made_by_an_older_version(self) -> bool:
        """Whether it has a verdict, and no findings as data."""
        known = self._path("verdict.md").exists() and not self._path("findings.json").exists()
        return known and self.found is None

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """A row per variant: see `dictionary.STUDY_TABLES`."""
        return _renamed(tables.read_any(self._path("summary.csv")))

    @functools.cached_property
    def pairs(self) -> pd.DataFrame:
        """A row for every two variants: see `dictionary.STUDY_TABLES`."""
        return _renamed(tables.read_any(self._path("pairs.csv")))

    @functools.cached_property
    def interaction(self) -> pd.DataFrame:
        """Of a factorial study: see `interaction.components`."""
        return tables.read_any(self._path("interaction.csv"))

    @functools.cached_property
    def variance(self) -> pd.DataFrame:
        """The sources of the variance of each variant's runs: see `variance.COLUMNS`."""
        return tables.read_any(self._path("variance.csv"))

    @functools.cached_property
    def best(self) -> dict[str, Any]:
        """The pair that was chosen: see `choices.choose_pair`."""
        return dict(yaml.safe_load(self._text("best.yaml")))

    @functools.cached_property
    def initializers(self) -> dict[str, tuple[str, str]]:
        """Names of the kernel and the bias initializer of each variant that was compared."""
        kernel, bias = (self.best[f"{role}_initializer"]["name"] for role in ("kernel", "bias"))
        known = self.study.initializers
        return known if (kernel, bias) == known["baseline"] else {**known, "best": (kernel, bias)}

    @property
    def verdict(self) -> str:
        """What the evidence supports, as Markdown."""
        return self._text("verdict.md")

    @property
    def card(self) -> str:
        """The answer as HTML; a notebook shows it."""
        return self._text("card.html")

    def _repr_html_(self) -> str | None:
        # Jupyter shows the plain form of None; version 0.2.0 wrote no card.
        return self.card if self._path("card.html").exists() else None

    @property
    def table(self) -> str:
        """The summary as a Markdown table."""
        return self._text("summary.md")

    @property
    def learning_rates_file(self) -> Path:
        """What each variant reached at each learning rate, if rates were compared."""
        return self._path("learning_rates.csv")

    @functools.cached_property
    def _finals(self) -> dict[str, pd.DataFrame]:
        return histories.by_variant(scored(self.final, self.histories, self.study))

    @functools.cached_property
    def _curves(self) -> dict[str, pd.DataFrame]:
        return histories.by_variant(self.histories)

    def _table(self, name: str, contract: Table) -> pd.DataFrame:
        return tables.read(
            self._path(name), contract.measured(self.study.metric), self.study.epochs
        )

    def _path(self, name: str, old: str = "") -> Path:
        """Return a file's path; that by which version 0.2.0 called it, if only this is there."""
        path, earlier = Path(self.folder, name), Path(self.folder, old or name)
        return path if path.exists() or not earlier.exists() else earlier

    def _text(self, name: str) -> str:
        try:
            return self._path(name).read_text(encoding="utf-8")
        except OSError as error:
            raise StudyError(f"{self._path(name)} cannot be read ({error}).") from None


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table of version 0.2.0 the names of this one."""
    renamed = table.rename(columns=RENAMED)
    if "decision" in renamed:
        renamed["decision"] = renamed["decision"].replace(RENAMED_DECISIONS)
    if "p_value_best" in renamed:
        renamed["may_be_best"] = renamed["p_value_best"] >= 0.05
        # Of one run that several seeds repeat, no deviation was written.
        renamed["one_run"] = renamed["accuracy_sd"].isna() & (renamed["seeds"] > 1)
        # It decided by p-values, without an interval.
        renamed[["difference_decided_low", "difference_decided_high"]] = np.nan
    return renamed


def load(folder: str | Path) -> StudyResults | SuiteResults:
    """Read the results of a study or of a suite, to look at and to go on with.

    Args:
        folder: `results/<study>` or `results/<suite>` of a finished run, or a folder that holds the
            tables of a suite.

    Raises:
        StudyError: if it is none.

    Examples:
        >>> load("results/notebook").summary
        >>> load("docs/benchmark").scores
    """
    if Path(folder, "scores.csv").exists():
        return SuiteResults(Path(folder))
    results = StudyResults(Path(folder))
    results.study  # noqa: B018 - what is not a folder of results is refused here
    return results
