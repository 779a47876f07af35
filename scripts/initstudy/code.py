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

# Sources that compute the same numbers as earlier ones, of the engine or of one of the literature's
# initializers: the id of the new ones, and the first that computed these numbers.
SAME_NUMBERS: dict[str, str] = {
    "53bb4c71338c360e1219921bfc958a53e4f34c8c8bb5f048dfb288ee7ccf9073": (  # sparse
        "42893b801dc729adee1e85c0fc1a7892cf3a70240f0a9b71a2c5a1928cfe8463"
    ),
    "2919f702f7d0241297cf8e9ab23ae015de6f17957275e9f73af62f55904587a9": (  # gain_corrected
        "894c4872f47a33260ec48ce43d51a5385cf4353b87b0ea25090fbdeae8c521c7"
    ),
    "349deae4afd2cb4a6843960d8fb41293e08e4cc3ca6021ef426a19b3aa6df051": (  # sinusoidal
        "b5cdc895f3adbfe29a7b119afb52b43a86d854b436bc0ba8e8c9561ae65d5099"
    ),
    "975293c686285c5a74ef839276de596f5eecd162dad00469942bbcbd0a691927": (  # tanh_fixed_point
        "a4c2b0d42ed068b0d78d4cc78c5bbcc803369f9f9f028a9ca7b9d887dd087b99"
    ),
    "bf2aae9d926cfc2dbe6fd689b4e3a6ddbf983bf00f924b24b2653c17c37079e3": (  # delta_orthogonal
        "7f4d913874a664ded937f0b972adc86121261997546d7b81d81c43fc53563fa1"
    ),
    "2cf3a5b669d61b5be205f4a070952613674402d88511a1e255f6640a1a07eda3": (  # ZerO
        "0c3b50ec662825f92f08b1c494c417edc42de7615ee452c5a3361695524aa9a2"
    ),
    "0b2d695761876afca1cc71e460f13bd5c360dcd0dc94341b5b40994d115e1fed": (  # IDInit
        "79aff238d30e507524ccf39105df92104e1c194de0b20c64cb8c19d2dec56f9a"
    ),
    "57564971bd618658c3623af158cd816d2336a5fca7b88c859640a7b880bdd73e": (  # lsuv
        "115c0732896f0c2acf26922b89b1241a076147ef3f06f3dc7054ca964a18616f"
    ),
    "bbea3da807450f72c1f175ff815a6845140536397a933f55f5fbc5a2500f6af0": (  # autoinit
        "6b3a4ef1dcb8292b3f9a1f9271d255527f8bf7a7e86e7117e6e12be16b794738"
    ),
    "b060cfac17fe45ed3c5b72207f0b9ccba01b5754f6904175d8b889a3d2bc1ae2": (  # fixup
        "92b47a2ccacd85ab4f77fcf05723f1b577dd17de0e6d210670d7c9aac613b48a"
    ),
    "0ec562b98390ea99c565699e63cc5bcf50c3be74b8bcc25679d3fc0774a5f03a": (  # metainit
        "9d5a77f35a89f0b837330e665bdf3f307d71c0158c6bb34ef77381d6ceedf9af"
    ),
}
# What is the same as in 0.2.0 where that trained right: networks of `hidden_units`.
AS_IN_0_2_0: dict[str, str] = {
    "bb561a0563ed4dcfeafb6ccc25bcefdb327b7c3ae03e89922652f1ec9479f788": (
        "602893db96eb6d416ab129ceecfe1d558c43c8df60703d274013cebab3960c06"
    ),
}


def engine_id(model: Mapping[str, Any]) -> str:
    """Return the code id of what trains a network.

    Args:
        model: of a `RunSpec`.
    """
    # The literature's initializers have ids of their own.
    first = _first(*sorted(f"{ENGINE}/{path.name}" for path in (PROJECT / ENGINE).glob("*.py")))
    return AS_IN_0_2_0.get(first, first) if "hidden_units" in model else first


def initializer_id(class_name: str) -> str:
    """Return the code id of an initializer of the literature: of its file and the shared ones.

    Args:
        class_name: of `literature.PLACES`.
    """
    file = PLACES[class_name].partition(":")[0]
    names = (file, "network", "shapes")
    return _first(*(f"{ENGINE}/literature/{name}.py" for name in names))


@functools.cache
def source_id(*names: str) -> str:
    """Return the SHA-256, in hexadecimal, of sources without comments and docstrings.

    It is the same on each version of Python that is supported.

    Args:
        names: files of the project, or folders with all Python files below them. A file that is
            not of Python counts byte for byte.
    """
    total = hashlib.sha256()
    for name in names:
        place = PROJECT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
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
