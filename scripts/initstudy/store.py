"""The store of runs: where each lies, and the file that says what it is.

A run lies at a path that holds the digest of its spec, and so of all that decides its numbers. What
was changed is trained, since it is another path; what is there is not, whichever study asks for it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from initstudy.code import engine_id, versions
from initstudy.config.user_files import source_of
from initstudy.engine.spec import RunSpec, is_custom
from initstudy.errors import StudyError
from initstudy.results.files import replacing, write_if_other

RUNS = "results/runs"
# What is kept beside the results: the lock, what was planned, and what was found out before a run.
STATE = Path(".initstudy")
# What Keras is asked about studies, and what it has answered, by the digests of the questions.
QUESTIONS, ACCEPTED = ".initstudy/questions", ".initstudy/accepted"
# Where the planner writes the specs of what it asks for.
SPECS = ".initstudy/specs"
# Whether users' networks are trained as Keras trains them, by the digests of their questions.
COMPARED = ".initstudy/compared"
# The endings of the files that a job makes of its seeds' checkpoints. The history is written last:
# where it is, all are.
OUTPUTS = {
    "diagnostics": "diagnostics.csv",
    "tests": "tests.csv",
    "timings": "timings.csv",
    "examples": "examples.npz",
    "history": "csv",
}


def run_folder(digest: str) -> str:
    """Return where the run of a spec is kept."""
    return f"{RUNS}/{digest}"


def comparison_file(digest: str) -> str:
    """Return the path of what came of a comparison with Keras, by the digest of its spec."""
    return f"{COMPARED}/{digest}.json"


def block(epochs: int, seeds: range) -> str:
    """Return what the files of a job begin with, in the folder of its run."""
    return f"epochs-{epochs}/seeds-{seeds[0]}-{seeds[-1]}"


def checkpoints(folder: str | Path) -> Path:
    """Return the folder of a run's checkpoints, `<seed>.npz` each, in the run's folder."""
    return Path(folder, "checkpoints")


@dataclass(frozen=True)
class Planned:
    """A run as a planner asks for it: what decides its numbers, and what its jobs need besides.

    Attributes:
        spec: decides the numbers.
        epoch_seconds: that an epoch of a seed is expected to take.
        memory_mb: that a job asks a cluster for, in units of 2^20 bytes.
        keep_weights: whether finished checkpoints keep what it takes to go on to more epochs.
        checkpoint_minutes: at most so long, and an epoch, is lost when a job is killed.
        accepted: the file of Keras' answer about the study; None if that was asked by planning.
        names: what its jobs are called, by `block`.
        compared: the file that says whether its network is trained as Keras trains it, of a user's.
    """

    spec: RunSpec
    epoch_seconds: float
    memory_mb: int
    keep_weights: bool
    checkpoint_minutes: float
    accepted: str | None
    names: Mapping[str, str]
    compared: str | None = None

    def name(self, epochs: int, seeds: range) -> str:
        """Return what a job is called; any of the run's names, if these seeds have none."""
        return self.names.get(block(epochs, seeds), next(iter(self.names.values())))


class Store:
    """The specs of the runs that are asked for, as files.

    Args:
        place: where a file is, if another workflow has moved it.
    """

    def __init__(self, place: Callable[[str], str] = str) -> None:
        self.place = place
        self._planned: dict[str, Planned] = {}

    def plan(self, planned: Planned) -> None:
        """Write the spec file of a run, unless it says the same already.

        Jobs of the same run that were planned before in this process stay in it.
        """
        digest = planned.spec.digest
        known = self._planned.get(digest)
        if known:
            planned = Planned(**{**vars(known), "names": {**known.names, **planned.names}})
            if planned == known:
                return
        self._planned[digest] = planned
        text = json.dumps({"digest": digest, **asdict(planned), "spec": planned.spec.plain()})
        write_if_other(self.spec_file(digest), text)

    def planned(self, digest: str) -> Planned:
        """Return what was planned, by this process or by the one that has started it.

        Raises:
            StudyError: if no spec has this digest.
        """
        if digest not in self._planned:
            self._planned[digest] = read(self.spec_file(digest))
        return self._planned[digest]

    def epoch_seconds(self, comparison: RunSpec | None) -> float | None:
        """Return how long an epoch took in a comparison with Keras; None if there was none."""
        if comparison is None:
            return None
        file = Path(self.place(comparison_file(comparison.digest)))
        if not file.exists():
            return None
        seconds: float = json.loads(file.read_text(encoding="utf-8"))["epoch_seconds"]
        return seconds

    def spec_file(self, digest: str) -> str:
        """Return the path of a spec file."""
        return self.place(f"{SPECS}/{digest}.json")


def read(path: str | Path) -> Planned:
    """Read a spec file.

    Raises:
        StudyError: if there is none, or it cannot be read.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        digest, spec = content.pop("digest"), RunSpec.from_plain(content.pop("spec"))
        planned = Planned(spec=spec, **content)
    except FileNotFoundError:
        raise StudyError(
            f"No study here has planned the run {Path(path).stem}: {path} is not there. Ask for a "
            "study's own files instead, such as results/notebook/runs/baseline.csv."
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StudyError(f"{path} cannot be read ({error}); delete it and run again.") from None
    if spec.digest != digest:
        raise StudyError(f"{path} was changed: its digest is {spec.digest}. Delete it, run again.")
    return planned


def write_copy(spec: RunSpec, folder: str | Path) -> None:
    """Write a spec beside what was run of it, as `spec.json`."""
    with replacing(Path(folder, "spec.json")) as path:
        text = json.dumps({"digest": spec.digest, "spec": spec.plain()}, indent=1)
        path.write_text(f"{text}\n", encoding="utf-8")


def check(spec: RunSpec) -> None:
    """Check that what decides a run's numbers is still what it was when it was planned.

    Raises:
        StudyError: if the engine, a package or a user's own file was changed since then.
    """
    now = {"the engine's code": engine_id(spec.model, spec.optimizer), "versions": versions()}
    was = {"the engine's code": spec.code, "versions": dict(spec.versions)}
    changed = [name for name in now if now[name] != was[name]]
    for part in _mappings([spec.model, spec.kernel_initializer, spec.bias_initializer]):
        name = part.get("build", part.get("class_name", ""))
        if is_custom(name):
            file = name.rpartition(":")[0]
            if source_of(file) != part["source"]:
                changed.append(f"{file} or what it imports")
    if changed:
        raise StudyError(
            f"{' and '.join(changed)} changed since this run began, so the runs would not be "
            "those that were planned. Start it again."
        )


def _mappings(part: Any) -> Iterator[Mapping[str, Any]]:
    """All mappings in it, which may have names of a user's own code."""
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _mappings(inner)
