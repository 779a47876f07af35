"""Stands in for scripts/train.py: writes all that a training job writes, without training."""

import io
import math
import random
import zipfile
from pathlib import Path

UNITS = (16, 16, 10)
EXAMPLES = 10_000

wildcards = snakemake.wildcards
paths = {kind: Path(path) for kind, path in snakemake.output.items()}
seeds = range(int(wildcards.first), int(wildcards.last) + 1)
epochs = int(wildcards.epochs)
moments = [epoch for epoch in (0, 1, 2, 5, 10, 20, 50) if epoch < epochs] + [epochs]


def array(dtype: str, shape: tuple[int, ...], data: bytes) -> bytes:
    """A .npy file. NumPy itself would take longer to import than all else here takes."""
    head = repr({"descr": dtype, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + data


def archive() -> bytes:
    numbers = b"".join(seed.to_bytes(8, "little") for seed in seeds)
    arrays = {
        "correct": array("|b1", (len(seeds), EXAMPLES), bytes(len(seeds) * EXAMPLES)),
        "seeds": array("<i8", (len(seeds),), numbers),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in arrays.items():
            opened.writestr(zipfile.ZipInfo(f"{name}.npy"), content)
    return file.getvalue()


# The same numbers for a training and its seeds, whatever else is asked for.
chance = random.Random(wildcards.digest)
level = chance.gauss(0.92, 0.01)
if snakemake.params.name.startswith("baseline"):
    level -= 0.1  # so that another is chosen
history = ["seed,epoch,loss,accuracy,val_loss,val_accuracy"]
tests = ["seed,test_loss,test_accuracy"]
timings = ["seed,epochs,seconds,cpu_seconds,peak_memory_mb"]
diagnostics = [
    "seed,epoch,layer,name,units,activation_mean,activation_sd,gradient_mean,gradient_sd,"
    "dead_units,repeated_units,weight_norm,update_norm"
]
for seed in seeds:
    chance = random.Random(f"{wildcards.digest} {seed}")
    top = min(0.999, chance.gauss(level, 0.01))
    for epoch in range(1, epochs + 1):
        a = top * (1 - math.exp(-7 * epoch / epochs))
        history.append(f"{seed},{epoch},{1 - a:.9g},{a:.9g},{1.05 - a:.9g},{a:.9g}")
    tests.append(f"{seed},{1.05 - a:.9g},{a:.9g}")
    timings.append(f"{seed},{epochs},9,10,900")
    for epoch in moments:
        for layer, units in enumerate(UNITS, 1):
            diagnostics.append(
                f"{seed},{epoch},{layer},Dense,{units},1,1,0,0.1,{chance.random():.9g},0,5,1"
            )

made = {
    "history": history,
    "diagnostics": diagnostics,
    "tests": tests,
    "timings": timings,
}
contents = {kind: ("\n".join(lines) + "\n").encode() for kind, lines in made.items()}
contents["examples"] = archive()
for kind, content in contents.items():
    paths[kind].write_bytes(content)
