"""The numbers that the engine gives are those that it always gave.

tests/golden/numbers.json has ten updates of each initializer, kind of network and optimizer, as
0.2.0 computed them, but for users' models that it drew or trained in another way than Keras (the
networks depthwise, noisy and penalized). On a processor with the flags that it names they are the
same bytes, elsewhere the same to 1e-4, but for one network. Whoever has changed the engine's
sources, and not its numbers, adds the line to SAME_NUMBERS that the last test asks for.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden.cases import FILE, cases, computed, processor, write_data
from helpers import REPOSITORY

from initstudy.code import engine_id, initializer_id
from initstudy.engine.literature import NAMES

GOLDEN = json.loads(FILE.read_text())
CASES = cases()
# Compiled by themselves for a few numbers; all of them with `--thorough`, as after a change of the
# engine's sources.
LONG = {f"optimizer {name}" for name in ("RMSprop", "AdamW", "Nadam", "Lion")}
LONG |= {f"setting {name}" for name in ("raw", "unit", "features", "training_images", "order")}
LONG |= {f"residual {name}" for name in ("ZerO", "IDInit", "autoinit", "fixup")}
LONG |= {"network noisy", "setting xla"}
# Its biases before batch normalization have no gradient but for rounding, of which Adam makes steps
# as large as of any other; so processors that round differently agree on it less.
ROUNDED = "residual"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("golden") / "golden.npz"
    write_data(path)
    return path


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.thorough] * (n in LONG)) for n in CASES]
)
def test_the_numbers_are_those_of_before(name: str, data: Path) -> None:
    found, golden = computed(name, data), GOLDEN["cases"][name]
    if processor() == GOLDEN["processor"]:
        assert hashlib.sha256(found.pop("bytes")).hexdigest() == golden["sha256"]
        assert found["metrics"] == golden["metrics"]
    close = 2e-2 if ROUNDED in name else 1e-4
    np.testing.assert_allclose(found["metrics"], golden["metrics"], rtol=close, atol=close)
    np.testing.assert_allclose(found["norms"], golden["norms"], rtol=close, atol=close)


def test_sources_that_give_these_numbers_have_their_id() -> None:
    ids = {"networks": engine_id({"hidden_units": []}), "models": engine_id({"build": ""})}
    ids |= {name: initializer_id(name) for name in NAMES}
    # With the numbers above unchanged, each new id needs a line in code.SAME_NUMBERS.
    assert ids == GOLDEN["ids"]


def test_ids_are_alike_on_each_python() -> None:
    code = "from initstudy.code import engine_id; print(engine_id({'build': ''}))"
    others = [found for n in range(11, 15) if (found := shutil.which(f"python3.{n}"))]
    tried = 0
    for python in [sys.executable, *others]:
        outcome = subprocess.run(
            [python, "-c", code],
            env={"PYTHONPATH": str(REPOSITORY / "scripts")},
            capture_output=True,
            text=True,
        )
        if "No module" not in outcome.stderr and outcome.returncode == 0:
            tried += 1
            assert outcome.stdout.strip() == GOLDEN["ids"]["models"]
    assert tried
