"""Code ids: which version of the code something was made by.

An id is a SHA-256 of sources without comments and docstrings. The engine's is a part of each run's
digest, so a changed formula is another run; the rules that analyse and draw have one of the folders
that they use. A refactor of the engine changes its sources and not its numbers: once the golden
test (tests/unit/test_golden.py) has passed, a line in SAME_NUMBERS keeps the id.
"""

import ast
import functools
import hashlib
import importlib.metadata
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from initstudy.engine.literature import PLACES

PROJECT = Path(__file__).parents[2]
ENGINE = "scripts/initstudy/engine"
# The packages whose other versions may compute other numbers, and where theirs stand if the
# environment that starts Snakemake does not train.
PACKAGES = ("keras", "numpy", "tensorflow")
ENVIRONMENT = PROJECT / "envs" / "training.yaml"

# What makes a study's tables, figures and pages, in the order of what imports what; and of these,
# what fills templates.
LAYERS = ("config", "study.py", "results", "analysis", "drawing", "report", "suite")
WITH_TEMPLATES = ("report", "suite")

# Sources that compute the same numbers as earlier ones, of the engine or of one of the literature's
# initializers: the id of the new ones, and the first that computed these numbers.
SAME_NUMBERS: dict[str, str] = {
    "30450dea3f546e675cb10e3378fa347f58938cd65fb2e67161aa30f8b6bca857": (  # engine
        "580653f94d2c9d23880a6194cdfd79eb5e044e0281962e164b90b87a07032ac8"
    ),
    "a1f6730f735d012876c6eede399626f28f6b7c20d6a4a90da28d3b85a8c87c40": (  # sparse
        "42893b801dc729adee1e85c0fc1a7892cf3a70240f0a9b71a2c5a1928cfe8463"
    ),
    "5ee37d3c103ab3ebf3e890b1bb9a704db6afd57c80b1d8386ed8a4170c5be4b4": (  # gain_corrected
        "894c4872f47a33260ec48ce43d51a5385cf4353b87b0ea25090fbdeae8c521c7"
    ),
    "5e37dd092112aa53ef2c0fa63a764466c989db6025ff1b9893d5bc146f651404": (  # sinusoidal
        "b5cdc895f3adbfe29a7b119afb52b43a86d854b436bc0ba8e8c9561ae65d5099"
    ),
    "e50675c2601ae8c5f98f0bcca26c011e6b7cd8917aaa6a73fcf5e96aeded418c": (  # tanh_fixed_point
        "a4c2b0d42ed068b0d78d4cc78c5bbcc803369f9f9f028a9ca7b9d887dd087b99"
    ),
    "1cbbc74c252e8ab68ce72d0e3fa8a166d2cb15002c9b8952d1d06ed47d8d762c": (  # delta_orthogonal
        "7f4d913874a664ded937f0b972adc86121261997546d7b81d81c43fc53563fa1"
    ),
    "fdad3259d1c48a9bf7b1b3a804f8a3777e2aa3ce25b3b3fa6b0828abc3717946": (  # ZerO
        "0c3b50ec662825f92f08b1c494c417edc42de7615ee452c5a3361695524aa9a2"
    ),
    "7a9a398b62e0973867c3df3a87891e43d931e63a6acadf7dcd1efbc2f812c49e": (  # IDInit
        "79aff238d30e507524ccf39105df92104e1c194de0b20c64cb8c19d2dec56f9a"
    ),
    "2d725e934cc73b1c53f07b71e8aa6e58ab050537fb37ab20c0cad48b9571e1bb": (  # lsuv
        "115c0732896f0c2acf26922b89b1241a076147ef3f06f3dc7054ca964a18616f"
    ),
    "60be6e69b8cc6967c4c98c82ebaa8805e2b0399fa90d484a6b90934cb833d640": (  # autoinit
        "6b3a4ef1dcb8292b3f9a1f9271d255527f8bf7a7e86e7117e6e12be16b794738"
    ),
    "b5c5434e65613c97bc528dd05f24586c2e6c51b403bc4cb12a8476278c32c427": (  # fixup
        "92b47a2ccacd85ab4f77fcf05723f1b577dd17de0e6d210670d7c9aac613b48a"
    ),
    "4d47bf87deb412359c0e5dfa799a6b66ba63137b13af00c902015c3306e36ca8": (  # metainit
        "9d5a77f35a89f0b837330e665bdf3f307d71c0158c6bb34ef77381d6ceedf9af"
    ),
}
# What is the same as in 0.2.0 where that trained right: networks of `hidden_units`, by optimizers
# without one of these parameters.
NOT_AS_IN_0_2_0 = {"use_ema", "loss_scale_factor", "inner_optimizer"}
AS_IN_0_2_0: dict[str, str] = {
    "580653f94d2c9d23880a6194cdfd79eb5e044e0281962e164b90b87a07032ac8": (
        "602893db96eb6d416ab129ceecfe1d558c43c8df60703d274013cebab3960c06"
    ),
}


def engine_id(model: Mapping[str, Any], optimizer: Mapping[str, Any] | None = None) -> str:
    """Return the code id of what trains a network, by a model and an optimizer of a `RunSpec`.

    None is an optimizer without parameters.
    """
    # The literature's initializers have ids of their own.
    first = _first(*sorted(f"{ENGINE}/{path.name}" for path in (PROJECT / ENGINE).glob("*.py")))
    parameters = set(optimizer["config"]) if optimizer else set()
    right = "hidden_units" in model and not NOT_AS_IN_0_2_0 & parameters
    return AS_IN_0_2_0.get(first, first) if right else first


def initializer_id(class_name: str) -> str:
    """Return the code id of an initializer of the literature: of its file and the shared ones."""
    file = PLACES[class_name].partition(":")[0]
    names = (file, "network", "shapes")
    return _first(*(f"{ENGINE}/literature/{name}.py" for name in names))


def layer_id(layer: str, script: str) -> str:
    """Return the code id of a rule: of its script, and of LAYERS up to the last that it uses."""
    layers = LAYERS[: LAYERS.index(layer) + 1]
    names = [f"scripts/initstudy/{one}" for one in layers]
    if layer in WITH_TEMPLATES:
        names.append("templates")
    return source_id(f"scripts/{script}.py", *names)


@functools.cache
def source_id(*names: str) -> str:
    """Return the SHA-256, in hexadecimal, of sources without comments and docstrings.

    It is the same on each version of Python that is supported. The names are files of the project,
    or folders with all Python files and templates below them; other files count byte for byte.
    """
    total = hashlib.sha256()
    for name in names:
        place = PROJECT / name
        found = [*place.rglob("*.py"), *place.rglob("*.jinja")]
        for path in sorted(found) if place.is_dir() else [place]:
            total.update(f"{path.relative_to(PROJECT)} {_digest(path)}\n".encode())
    return total.hexdigest()


@functools.cache
def _digest(path: Path) -> str:
    text = path.read_bytes()
    if path.suffix == ".py":
        text = _canonical(ast.parse(text)).encode()
    return hashlib.sha256(text).hexdigest()


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of PACKAGES that train: those that are installed, or, unless all are,
    those of the environment that jobs are given (`--software-deployment-method conda`).
    """
    try:
        return {package: importlib.metadata.version(package) for package in PACKAGES}
    except importlib.metadata.PackageNotFoundError:
        pins = dict(re.findall(r"^ *- (\S+)==(\S+)$", ENVIRONMENT.read_text(), re.M))
        return {package: pins[package] for package in PACKAGES}


def _first(*names: str) -> str:
    found = source_id(*names)
    return SAME_NUMBERS.get(found, found)


def _canonical(node: Any) -> str:
    """Write a tree of Python's; `ast.dump` is not alike in its versions."""
    if isinstance(node, list):
        return f"[{','.join(map(_canonical, node))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = {name: getattr(node, name, None) for name in node._fields if name != "ctx"}
    body = fields.get("body")
    if isinstance(body, list) and body and _is_docstring(body[0]):
        fields["body"] = body[1:]
    texts = [
        f"{name}={_canonical(value)}" for name, value in fields.items() if value not in (None, [])
    ]
    return f"{type(node).__name__}({','.join(texts)})"


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
