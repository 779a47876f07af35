"""Made-up studies whose truth is known, and how often what is decided of them is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initstudy.analysis.decisions import Analysis, Decisions, Rules, analyse, shares
from initstudy.analysis.evidence import Evidence
from initstudy.analysis.measures import ACCURACY, Measure
from initstudy.results.findings import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE

Floats = npt.NDArray[np.float64]
# What a failing run loses, in standard deviations of one that learns.
FAILED = 40.0
# Of test examples that are so few that many runs are equally good: one in standard deviations.
STEP = 1 / 30 / 0.02


@dataclass(frozen=True)
class World:
    """How the scores of a study come about, in units of the standard deviation of one run.

    Attributes:
        shape: of the distribution of single runs: normal, skewed (reversed gamma of shape 3) or
            very skewed (reversed exponential).
        shared: correlation of the runs of one seed over the variants.
        failing: probability that a run fails, of the baseline and of all others.
        spread: standard deviations of the baseline, and of every other variant beside the rest.
        tied: whether accuracies are multiples of 1/30.
    """

    shape: str = "normal"
    shared: float = 0.0
    failing: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (1.0, 1.0)
    tied: bool = False

    def scores(self, chance: np.random.Generator, seeds: int, effects: Floats) -> Floats:
        """The scores of one study, float64 (seeds, variants), whose means are these."""
        variants = len(effects)
        own, common = self._noise(chance, (seeds, variants)), self._noise(chance, (seeds, 1))
        spread = np.ones(variants)
        spread[2::2] = self.spread[1]
        spread[0] = self.spread[0]
        scores = (np.sqrt(1 - self.shared) * own + np.sqrt(self.shared) * common) * spread
        failing = np.full(variants, self.failing[1])
        failing[0] = self.failing[0]
        failed = chance.random((seeds, variants)) < failing
        scores = scores + effects - FAILED * failed
        return np.round(scores / STEP) * STEP if self.tied else scores

    def means(self, effects: Floats) -> Floats:
        """What the means truly are."""
        failing = np.full(len(effects), self.failing[1])
        failing[0] = self.failing[0]
        found: Floats = effects - FAILED * failing
        return found

    def _noise(self, chance: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        if self.shape == "normal":
            return chance.standard_normal(shape)
        if self.shape == "skewed":
            return -(chance.gamma(3, size=shape) - 3) / np.sqrt(3)
        return 1 - chance.exponential(size=shape)


WORLDS = {
    "normal": World(),
    "skewed": World("skewed"),
    "very skewed": World("very skewed"),
    "30 test examples": World(tied=True),
    "one seed in ten fails": World(failing=(0.1, 0.1)),
    "the baseline fails in one seed in ten": World(failing=(0.1, 0.0)),
    "every other variant spreads 4 times as widely": World(spread=(1.0, 4.0)),
    "the baseline spreads 4 times as widely": World(spread=(4.0, 1.0)),
    "normal, seeds correlated by 0.8": World(shared=0.8),
    "skewed, seeds correlated by 0.8": World("skewed", shared=0.8),
}


def names_of(variants: int) -> list[str]:
    return ["baseline", *(f"kernel-{number}" for number in range(1, variants))]


def decided(
    scores: Floats,
    looks: Sequence[int] = (),
    margin: float | None = None,
    all_pairs: bool = False,
    measure: Measure = ACCURACY,
) -> Decisions:
    """What a study of these scores decides, with interim analyses at these numbers of seeds."""
    looks = looks or [len(scores)]
    names = names_of(scores.shape[1])
    rules = Rules(measure, margin, all_pairs, len(names))
    analyses: list[Analysis] = []
    here = names
    for seeds, share in zip(looks, shares(looks), strict=True):
        values = {name: scores[:seeds, names.index(name)] for name in here}
        analyses.append(analyse(values, Evidence(), rules, share))
        here = Decisions(analyses).goes_on()
        if not here:
            break
    return Decisions(analyses)


@dataclass
class Rates:
    """How often what is decided is wrong, or found, over so many studies.

    Attributes:
        studies: how many.
        wrong: studies in which some comparison with the baseline is decided wrongly: better though
            it is not, worse though it is not, or equivalent though the margin is reached.
        wrong_others: likewise of two other variants.
        lost: studies in which a variant that is truly best is ruled out.
        found: share of the variants that truly differ which are decided so.
        seeds: mean of the seeds that a variant took.
    """

    studies: int = 0
    wrong: float = 0.0
    wrong_others: float = 0.0
    lost: float = 0.0
    found: float = float("nan")
    seeds: float = 0.0

    def __str__(self) -> str:
        parts = [self.wrong, self.wrong_others, self.lost, self.found]
        return " ".join(f"{100 * part:6.1f}" for part in parts) + f" {self.seeds:6.1f}"


def studies(
    world: World, seeds: int, effects: Floats, number: int, start: int = 0
) -> Iterator[Floats]:
    """So many made-up studies, always the same."""
    for study in range(number):
        yield world.scores(np.random.default_rng([start, study]), seeds, effects)


def rates(
    world: World,
    seeds: int,
    effects: Floats,
    number: int,
    looks: Sequence[int] = (),
    margin: float | None = None,
    all_pairs: bool = False,
) -> Rates:
    """Decide many studies of a world, and count what is wrong."""
    truth = world.means(effects)
    names = names_of(len(effects))
    gaps = truth[:, None] - truth[None, :]
    smallest = margin or 0.0
    found, of = 0, 0
    result = Rates(number)
    for scores in studies(world, seeds, effects, number):
        decisions = decided(scores, looks, margin, all_pairs)
        said = [[INCONCLUSIVE] * len(names) for _ in names]
        for row, one in enumerate(names):
            for column in range(row):
                analyses = [a for a in decisions.analyses if {one, names[column]} <= {*a.names}]
                words = [a.decision(one, names[column]) for a in analyses]
                said[row][column] = next((w for w in words if w != INCONCLUSIVE), INCONCLUSIVE)
        mistakes = [
            (row, column)
            for row in range(len(names))
            for column in range(row)
            if (said[row][column] == BETTER and gaps[row, column] <= 1e-12)
            or (said[row][column] == WORSE and gaps[row, column] >= -1e-12)
            or (said[row][column] == EQUIVALENT and abs(gaps[row, column]) >= smallest - 1e-12)
        ]
        result.wrong += any(column == 0 for _, column in mistakes) / number
        result.wrong_others += any(column > 0 for _, column in mistakes) / number
        best = {
            name for name, mean in zip(names, truth, strict=True) if mean >= truth.max() - 1e-12
        }
        result.lost += bool(best - {*decisions.may_be_best}) / number
        differ = [row for row in range(1, len(names)) if abs(gaps[row, 0]) > 1e-12]
        found += sum(said[row][0] in (BETTER, WORSE) for row in differ)
        of += len(differ)
        took = {name: a.scores.shape[0] for a in decisions.analyses for name in a.names}
        result.seeds += float(np.mean(list(took.values()))) / number
    result.found = found / of if of else float("nan")
    return result
