"""The weights of a study's network, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from initstudy.config.problems import count


def in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how many weights a study draws, by role, and which trained kernels it does not.

    Args:
        rows: with the columns `contracts.WEIGHTS`.
    """
    parts = []
    for role, plural in (("kernel", "kernels"), ("bias", "biases")):
        mine = [row for row in rows if row["role"] == role]
        drawn = sum(row["drawn"] for row in mine)
        all_of_them = drawn == len(mine)
        parts.append(
            count(drawn, role, plural) if all_of_them else f"{drawn} of {len(mine)} {plural}"
        )
    if named := sum(row["drawn"] for row in rows if row["role"] not in ("kernel", "bias")):
        parts.append(count(named, "other weight"))
    text = f"the study draws {', '.join(parts[:-1])} and {parts[-1]}"
    matrices = [row for row in rows if "x" in row["shape"] and not row["drawn"]]
    if left := [f"{row['path']} ({row['why']})" for row in matrices if row["trainable"]]:
        text += f"; trained, but not drawn: {', '.join(left)}"
    if frozen := [row["path"] for row in matrices if row["role"] and not row["trainable"]]:
        text += f"; frozen: {', '.join(frozen)}"
    return f"{text}."
