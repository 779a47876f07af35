"""A record is read as it was written, or not at all, and what a job writes of it is its part."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from initstudy.errors import StudyError
from initstudy.results import checkpoints, examples
from initstudy.results.checkpoints import Checkpoint, Measurement, State
from initstudy.results.checkpoints import goes_on as goes_on_of
from initstudy.results.contracts import (
    DIAGNOSTICS,
    HISTORIES,
    MEASURES,
    METRICS,
    TESTS,
    TIMINGS,
    measurement_epochs,
)
from initstudy.results.files import write_arrays
from initstudy.results.jobs import write_job
from initstudy.results.tables import collect, write
from initstudy.store import OUTPUTS

EXAMPLES = 11
NAMES = ("first", "block 1", "Dense")


def made(epochs: int, seed: int = 0, measured: list[int] | None = None) -> Checkpoint:
    generator = np.random.default_rng(seed)
    return Checkpoint(
        examples=EXAMPLES,
        history=generator.random((epochs, 4)),
        seconds=np.arange(epochs) + 1.0,
        cpu_seconds=np.arange(epochs) + 2.0,
        peak_memory_mb=900.5,
        measurements={
            epoch: Measurement(
                np.hstack([np.full((3, 1), 16), generator.random((3, len(MEASURES)))]),
                (epoch / 100, epoch / 200) if epoch else (np.nan, np.nan),
                (generator.random(EXAMPLES) < 0.5)[: EXAMPLES * (epoch > 0)],
            )
            for epoch in (measurement_epochs(epochs) if measured is None else measured)
        },
        names=NAMES if measured != [] else (),
    )


def same(one: Checkpoint, other: Checkpoint | None) -> bool:
    """Whether they hold the same, by what is written of them."""
    assert other is not None
    return (
        all(
            np.array_equal(getattr(one, name), getattr(other, name))
            for name in ("history", "seconds", "cpu_seconds")
        )
        and (one.peak_memory_mb, one.examples, one.names)
        == (other.peak_memory_mb, other.examples, other.names)
        and list(one.measurements) == list(other.measurements)
        and all(
            np.array_equal(a.layers, b.layers, equal_nan=True)
            and np.array_equal(a.test, b.test, equal_nan=True)
            and np.array_equal(a.by_example, b.by_example)
            for a, b in zip(one.measurements.values(), other.measurements.values(), strict=True)
        )
        and [state.epoch for state in one.states] == [state.epoch for state in other.states]
        and all(
            a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            for s, t in zip(one.states, other.states, strict=True)
            for a, b in zip(s.arrays, t.arrays, strict=True)
        )
    )


STATES = (
    State(1, [np.array(3, np.int64), np.ones((2, 3), np.float32)]),
    State(3, [np.array([7, 1]), np.zeros(0, np.float32), np.array(1.5, np.float32)]),
)


@pytest.mark.parametrize(
    "record",
    [
        made(3),
        replace(made(3), states=STATES),
        replace(made(3), history=np.array([[1, 0.5, 1, 0.5], [2, 1, 2, 1], [np.inf, 0, 1, 0]])),
        made(1, measured=[]),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, record: Checkpoint) -> None:
    path = tmp_path / "checkpoints" / "0.npz"
    assert checkpoints.read(path) is None
    checkpoints.write(record, path)
    assert same(record, checkpoints.read(path))
    with np.load(path) as found:  # by anybody
        np.testing.assert_array_equal(found["history"], record.history)
    first = path.read_bytes()
    checkpoints.write(record, path)
    assert path.read_bytes() == first


def test_whatever_is_damaged_is_named_and_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A bit anywhere, a cut anywhere, something added, and nothing at all."""
    path = tmp_path / "4.npz"
    checkpoints.write(replace(made(3), states=STATES), path)
    good = path.read_bytes()
    broken = [good[:cut] for cut in [0, 1, 63, 64, 65, *range(100, len(good), 331)]]
    broken += [good[:-1], good + b"\0", b"\0" * len(good), good[::-1]]
    for place in [*range(0, len(good), 13), *range(len(good) - 90, len(good))]:
        flipped = bytearray(good)
        flipped[place] ^= 1 << place % 8
        broken.append(bytes(flipped))
    for content in broken:
        path.write_bytes(content)
        caplog.clear()
        assert checkpoints.read(path) is None
        (message,) = caplog.messages
        assert message.startswith(f"{path} is damaged (")
        assert "starts again" in message
        assert not path.exists()
        (tmp_path / "4.npz.damaged").replace(tmp_path / "last")
        assert (tmp_path / "last").read_bytes() == content
    path.write_bytes(good)
    assert checkpoints.read(path) is not None


def test_what_was_set_aside_is_never_overwritten(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "0.npz").write_text(f"no record {number}")
        assert checkpoints.read(tmp_path / "0.npz") is None
    names = ["0.npz.damaged", "0.npz.damaged-2", "0.npz.damaged-3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert [(tmp_path / n).read_text() for n in names] == [f"no record {i}" for i in range(3)]


def test_wrong_shapes_and_other_formats_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    path = tmp_path / "0.npz"
    for changes, told in {
        "history": ({"history": np.zeros((3, 5))}, "history has the shape"),
        "seconds": ({"seconds": np.zeros(2)}, "seconds has the shape"),
        "names": ({"names": NAMES[:2]}, "it has 2 names for 3 layers"),
        "examples": ({"examples": 5000}, None),
    }.values():
        record = replace(made(3), **changes)
        if told is None:
            with pytest.raises(ValueError):
                checkpoints.write(record, path)
            continue
        checkpoints.write(record, path)
        assert checkpoints.read(path) is None
        assert told in caplog.messages[-1]
    monkeypatch.setattr(checkpoints, "FORMAT", 7)
    checkpoints.write(made(3), path)
    monkeypatch.undo()
    assert checkpoints.read(path) is None
    assert "its format is 7, not 1" in caplog.messages[-1]


def test_a_record_of_before_a_measure_was_new_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "0.npz"
    record = made(2)
    checkpoints.write(record, path)
    monkeypatch.setattr(checkpoints, "MEASURES", [*MEASURES[::-1], "new"])
    found = checkpoints.read(path)
    assert found is not None
    old, new = record.measurements[1].layers, found.measurements[1].layers
    np.testing.assert_array_equal(new[:, 0], old[:, 0])
    np.testing.assert_array_equal(new[:, 1:-1], old[:, :0:-1])
    assert np.isnan(new[:, -1]).all()


def test_a_record_of_before_layers_had_names_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is not trained again; the table has an empty name then."""
    save = np.savez
    monkeypatch.setattr(np, "savez", lambda file, names, **others: save(file, **others))
    checkpoints.write(made(5), tmp_path / "0.npz")
    monkeypatch.undo()
    found = checkpoints.read(tmp_path / "0.npz")
    assert found is not None
    assert same(replace(made(5), names=()), found)
    write_job({0: found, 1: made(5, 1)}, 5, outputs(tmp_path / "epochs-5", "seeds-0-1"), "accuracy")
    measured = collect([("v", tmp_path / "epochs-5/seeds-0-1.csv")], DIAGNOSTICS, 5).frame
    assert measured["name"].tolist() == [""] * 12 + [*NAMES] * 4


def test_what_a_record_reaches() -> None:
    record = made(100)
    assert [n for n in range(1, 102) if record.reaches(n)] == [1, 2, 5, 10, 20, 50, 100]
    unfinished = made(30, measured=[0, 1, 2, 5, 10, 20])
    assert [n for n in range(1, 50) if unfinished.reaches(n)] == [1, 2, 5, 10, 20]
    gone = made(7, measured=[0, 1, 2, 5])
    gone.history[-1, 0] = np.nan
    assert gone.diverged
    assert [n for n in range(1, 12) if gone.reaches(n)] == [1, 2, 5, 7, 8, 9, 10, 11]


def outputs(folder: Path, name: str = "seeds-0-2") -> dict[str, Path]:
    return {kind: folder / f"{name}.{ending}" for kind, ending in OUTPUTS.items()}


def test_a_job_writes_no_more_than_belongs_to_its_epochs(tmp_path: Path) -> None:
    found = {seed: made(10, seed) for seed in range(3)}
    found[1].history[3:] = np.nan
    found[1] = replace(
        found[1],
        history=found[1].history[:4],
        seconds=found[1].seconds[:4],
        cpu_seconds=found[1].cpu_seconds[:4],
        measurements={epoch: found[1].measurements[epoch] for epoch in (0, 1, 2)},
    )
    paths = outputs(tmp_path / "epochs-5")
    # One more measurement of another job, and more epochs, do not show.
    more = {**found[2].measurements, 3: found[2].measurements[1]}
    write_job(
        {**found, 2: replace(found[2], measurements=dict(sorted(more.items())))},
        5,
        paths,
        "accuracy",
    )
    jobs = [("v", paths["history"])]
    history = collect(jobs, HISTORIES, 5).frame
    assert history.groupby("seed")["epoch"].max().tolist() == [5, 4, 5]
    np.testing.assert_allclose(
        history.loc[history["seed"] == 0, METRICS], found[0].history[:5], rtol=1e-8
    )
    assert history.loc[history["seed"] == 1, "loss"].isna().tolist() == [False] * 3 + [True]
    tests = collect(jobs, TESTS, 5).frame
    np.testing.assert_array_equal(tests["test_loss"], [0.05, np.nan, 0.05])
    timings = collect(jobs, TIMINGS, 5).frame
    assert timings["epochs"].tolist() == [5, 4, 5]
    assert timings["seconds"].tolist() == [15, 10, 15]
    assert timings["cpu_seconds"].tolist() == [20, 14, 20]
    measured = collect(jobs, DIAGNOSTICS, 5).frame
    assert measured.groupby("seed")["epoch"].unique().map(list).tolist() == [
        [0, 1, 2, 5],
        [0, 1, 2],
        [0, 1, 2, 5],
    ]
    np.testing.assert_allclose(measured[MEASURES][:3], found[0].measurements[0].layers[:, 1:])
    with np.load(paths["examples"]) as arrays:
        assert arrays["seeds"].tolist() == [0, 1, 2]
        np.testing.assert_array_equal(arrays["correct"][0], found[0].measurements[5].by_example)
        assert not arrays["correct"][1].any()
    first = {kind: path.read_bytes() for kind, path in paths.items()}
    write_job(found, 5, paths, "accuracy")
    assert {kind: path.read_bytes() for kind, path in paths.items()} == first
    assert pd.read_csv(paths["history"]).columns.tolist() == HISTORIES.names[1:]
    for kind in ("history", "diagnostics", "tests", "timings"):
        write(pd.read_csv(paths[kind]), tmp_path / "by pandas.csv")
        assert (tmp_path / "by pandas.csv").read_bytes() == first[kind]


def test_correct_predictions_of_many_jobs_are_joined(tmp_path: Path) -> None:
    jobs = []
    for name, seeds in [("a", range(2)), ("b", range(3)), ("a", range(2, 4))]:
        paths = outputs(tmp_path / name, f"seeds-{seeds[0]}-{seeds[-1]}")
        write_job({seed: made(2, seed) for seed in seeds}, 2, paths, "accuracy")
        jobs.append((name, paths["history"]))
    write_arrays(examples.collect(jobs), tmp_path / "examples.npz")
    joined = examples.read(tmp_path / "examples.npz")
    assert sorted(joined) == ["a/correct", "a/seeds", "b/correct", "b/seeds"]
    assert joined["a/seeds"].tolist() == [0, 1, 2, 3]
    for row in range(4):
        expected = made(2, row).measurements[2].by_example
        np.testing.assert_array_equal(joined["a/correct"][row], expected)
    path = tmp_path / "b" / "seeds-0-2.examples.npz"
    good = path.read_bytes()
    with np.load(path) as file:
        arrays = dict(file)
    # As version 0.2.0 has written it.
    old = {"hits": np.packbits(arrays["correct"], axis=1), "images": np.array(EXAMPLES)}
    write_arrays({**old, "seeds": arrays["seeds"]}, path)
    found = examples.collect(jobs)
    assert found.keys() == joined.keys()
    assert all(np.array_equal(found[name], joined[name]) for name in joined)
    for change, reason in [
        ({"seeds": np.arange(1, 4)}, "is not of the seeds 0 to 2"),
        ({"correct": arrays["correct"][:2]}, "is not of the seeds 0 to 2"),
        ({"correct": arrays["correct"][:, 1:]}, "is of 10 test examples, not 11"),
    ]:
        write_arrays({**arrays, **change}, path)
        with pytest.raises(StudyError, match=f"{path}: it {reason}"):
            examples.collect(jobs)
    for content in (b"", good[: len(good) // 2]):
        path.write_bytes(content)
        with pytest.raises(StudyError, match=f"{path}: it cannot be read"):
            examples.collect(jobs)


def test_a_forecast_knows_from_which_checkpoints_a_seed_goes_on(tmp_path: Path) -> None:
    def goes_on(known: Checkpoint, epochs: int) -> bool:
        checkpoints.write(known, tmp_path / "0.npz")
        assert goes_on_of(tmp_path / "0.npz", epochs) == (
            known.reaches(epochs) or known.state_for(epochs) is not None
        )
        return goes_on_of(tmp_path / "0.npz", epochs)

    finished = made(5)
    assert [goes_on(finished, epochs) for epochs in (2, 5, 8)] == [True, True, False]
    # Epoch 4 is measured if a run ends there, and this one did not.
    assert not goes_on(finished, 4)
    assert not goes_on(replace(finished, states=(State(5, []),)), 4)
    assert goes_on(replace(finished, states=(State(3, []),)), 4)
    assert goes_on(replace(finished, states=(State(5, []),)), 8)
    history = made(3).history.copy()
    history[-1] = np.nan
    diverged = replace(made(3, measured=[0, 1, 2]), history=history)
    assert goes_on(diverged, 100)
    assert not goes_on_of(tmp_path / "none.npz", 1)
    (tmp_path / "0.npz").write_bytes(b"PK")
    assert not goes_on_of(tmp_path / "0.npz", 1)
