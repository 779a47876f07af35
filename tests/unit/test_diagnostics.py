"""Diagnostics that break their contract are told with file and line."""

from pathlib import Path

import numpy as np
import pytest

from initstudy.errors import StudyError
from initstudy.results import diagnostics

EPOCHS = 5
MEASURED = "1.5,0.5,0,0.1,0.25,0,5,0.1"
GOOD = [
    ",".join(diagnostics.COLUMNS),
    *(
        f"{variant},{seed},{epoch},{layer},16,{MEASURED}"
        for variant in ("a", "b")
        for seed in (0, 1)
        for epoch in (0, 1, 2, 5)
        for layer in (1, 2)
        if (variant, seed, epoch) != ("b", 1, 5)  # it diverged
    ),
]


def read(tmp_path: Path, lines: list[str], seeds: range = range(2)) -> object:
    path = tmp_path / "diagnostics.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return diagnostics.read(path, EPOCHS, ["a", "b"], seeds)


def test_good_diagnostics_are_read(tmp_path: Path) -> None:
    frame = read(tmp_path, GOOD)
    assert list(frame.columns) == diagnostics.COLUMNS
    assert len(frame) == len(GOOD) - 1
    assert frame["layer"].dtype == np.int64
    gone = GOOD[2].replace(MEASURED, "nan,nan,nan,nan,nan,nan,5,0.1")
    assert read(tmp_path, [*GOOD[:2], gone, *GOOD[3:]])["activation_sd"].isna().sum() == 1


@pytest.mark.parametrize(
    ("line", "text", "where", "parts"),
    [
        (0, "variant,seed,epoch", "line 1", ["columns"]),
        (2, f"a,0,0,two,16,{MEASURED}", "line 3", ["layer", "'two'"]),
        (2, f"a,0,0,2,16,{MEASURED.replace('1.5', 'inf')}", "line 3", ["infinite"]),
        (2, f"a,0,0,2,16,{MEASURED.replace('0.25', '1.25')}", "line 3", ["outside 0..1"]),
        (2, f"a,0,0,3,16,{MEASURED}", "line 3", ["layer that follows"]),
        (1, f"a,0,0,2,16,{MEASURED}", "line 2", ["layer that follows"]),
        (2, None, "line 2", ["2 layers"]),
        (12, None, "line 12", ["2 layers"]),
        (3, f"a,0,2,1,16,{MEASURED}\na,0,2,2,16,{MEASURED}", "line 4", ["0, 1, 5"]),
    ],
)
def test_broken_diagnostics_are_told(
    tmp_path: Path, line: int, text: str | None, where: str, parts: list[str]
) -> None:
    new = [] if text is None else text.split("\n")
    with pytest.raises(StudyError) as error:
        read(tmp_path, [*GOOD[:line], *new, *GOOD[line + max(1, len(new)) :]])
    assert where in str(error.value)
    assert all(part in str(error.value) for part in parts)


def test_an_epoch_that_is_missing_is_told(tmp_path: Path) -> None:
    for first, where in [(1, "line 2"), (3, "line 4"), (7, "line 8")]:
        with pytest.raises(StudyError, match=f"{where}: .* epoch that follows"):
            read(tmp_path, [*GOOD[:first], *GOOD[first + 2 :]])


def test_replicates_that_are_missing_or_do_not_belong_are_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="seed 0 of b where seed 1 of a must stand"):
        read(tmp_path, [*GOOD[:7], *GOOD[13:]])
    with pytest.raises(StudyError, match="3 replicates, not 4"):
        read(tmp_path, GOOD[:19])
    with pytest.raises(StudyError, match="seed 1 of a where seed 0 of b must stand"):
        read(tmp_path, GOOD, range(1))
