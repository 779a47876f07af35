"""What is still to run of what was asked for, how long it takes, and what to know of it before."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from initstudy import examples
from initstudy.config.problems import count
from initstudy.data.catalog import SPECS
from initstudy.data.datasets import file_of
from initstudy.plan import BEST, Job
from initstudy.results.checkpoints import goes_on
from initstudy.store import checkpoints
from initstudy.studies import Member


@dataclass(frozen=True)
class Awaited:
    """A job that was asked for.

    Attributes:
        member: the study that asks for it.
        job: what is run.
        done: whether its files are there.
        seeds_begun: how many of its seeds have a checkpoint from which they can go on.
        epoch_seconds: that an epoch takes, if that was measured.
    """

    member: Member
    job: Job
    done: bool
    seeds_begun: int
    epoch_seconds: float | None

    @classmethod
    def of(
        cls, member: Member, job: Job, place: Callable[[str], str], epoch_seconds: float | None
    ) -> "Awaited":
        """Look up how far a job is.

        Args:
            member: the study that asks for it.
            job: what is run.
            place: where a file is, if another workflow has moved it.
            epoch_seconds: that an epoch takes, if that was measured.
        """
        folder = Path(checkpoints(place(job.folder)))
        begun = sum(goes_on(folder / f"{seed}.npz", job.epochs) for seed in job.seeds)
        return cls(member, job, Path(place(job.file())).exists(), begun, epoch_seconds)

    @property
    def tuning(self) -> bool:
        """Whether learning rates are chosen on it."""
        return self.job.seeds[0] in self.member.study.tuning

    @property
    def confirms(self) -> bool:
        """Whether the best pair was chosen before it was asked for."""
        return self.job.seeds[0] == self.member.study.confirmation.start

    def seconds(self, seeds: int) -> float:
        """Return how long so many seeds of it take."""
        return self.member.cost(self.job, seeds, self.epoch_seconds).seconds


def forecast(
    asked: Sequence[Awaited],
    choosing: Collection[str],
    cores: int | None,
    most_jobs: int | None = None,
) -> str:
    """Say what is still to run, and about how long it takes; empty if there is nothing.

    Args:
        asked: all jobs that were asked for.
        choosing: names of the studies whose best pair is asked for.
        cores: how many there are; None on a cluster, where each job is given its own.
        most_jobs: how many a cluster is given at one time.
    """
    new = [one for one in asked if not one.done]
    if not new:
        return _tuning_again(asked)
    later, confirming = _later(new, choosing)
    threads = max(one.member.study.threads for one in new)
    at_once = max(1, min(len(new), cores // threads if cores else most_jobs or 1))
    seeds, begun = sum(len(one.job.seeds) for one in new), sum(one.seeds_begun for one in new)
    # A seed that has begun is taken as done, though it may be needed for more epochs.
    seconds = sum(one.seconds(len(one.job.seeds) - one.seeds_begun) for one in new)
    seconds += sum(one.seconds(count) for one, count in later)
    text = f"To run: {count(seeds, 'run')} in {count(len(new), 'job')}, "
    if later:
        chosen = sum(number for _, number in later)
        text += f"then {chosen} at the learning rates that these decide on, "
    if begun:
        text += f"{begun} of them from where their checkpoints end, "
    text += f"{at_once} at one time" if at_once > 1 else "one at a time"
    text += f": about {count(math.ceil(seconds / at_once / 60), 'minute')}"
    if confirming:
        text += f"; then at most {count(confirming, 'run')} of the best pair and the baseline"
        text += " on new seeds"
    text += "."
    if cores and cores < threads:
        text += f" A run has {threads} threads (key threads), which share {cores} here."
    return text


def runs(asked: Sequence[Awaited], choosing: Collection[str]) -> int:
    """Return how many runs are known to come: those that were asked for, and those of choices.

    Args:
        asked: all jobs that were asked for.
        choosing: names of the studies whose best pair is asked for.
    """
    new = [one for one in asked if not one.done]
    later, confirming = _later(new, choosing)
    return sum(len(one.job.seeds) for one in new) + sum(n for _, n in later) + confirming


def _later(
    new: Sequence[Awaited], choosing: Collection[str]
) -> tuple[list[tuple[Awaited, int]], int]:
    """Return how many runs follow from choices: at learning rates, by study, and on new seeds."""
    # Whatever rates are chosen, each variant is run at one of them.
    tuned = {one.member.study.name: one for one in new if one.tuning and one.job.variant != BEST}
    confirmed = {one.member.study.name for one in new if one.confirms}
    studies = {one.member.study.name: one.member.study for one in new}
    confirming = [
        study
        for name, study in studies.items()
        if (name in choosing or name in tuned) and name not in confirmed
    ]
    at_rates = [(one, _selected(one.member)) for one in tuned.values()]
    return at_rates, sum(2 * len(study.confirmation) for study in confirming)


def notes(member: Member, place: Callable[[str], str], compared: bool) -> Iterator[str]:
    """Say what is worth knowing of a study before it runs, a sentence each.

    Args:
        member: the study.
        place: where a file is, if another workflow has moved it.
        compared: whether its network was compared with Keras.
    """
    study, name = member.study, member.study.name
    file = file_of(study.dataset, study.data.sha256)
    file = place(file) if study.dataset in SPECS else file
    for note in (*member.size.notes, *examples.notes(study, file)):
        yield f"Note on {name}: {note}"
    if member.comparison and not compared:
        yield (
            f"Note on {name}: its network is compared with Keras' own training before it is "
            "trained; on this machine that was not done yet."
        )


def _selected(member: Member) -> int:
    return len(member.study.variants) * len(member.study.selection)


def _tuning_again(asked: Sequence[Awaited]) -> str:
    """Say what learning rates that are chosen again may call for; it needs no tuning runs."""
    members = {one.member.study.name: one.member for one in asked}
    others = {one.member.study.name for one in asked if not one.tuning}
    awaited = sum(_selected(member) for name, member in members.items() if name not in others)
    if not awaited:
        return ""
    return (
        f"To run: what of {count(awaited, 'run')} at the learning rates that are chosen again has "
        "no checkpoints; then what the choices call for."
    )
