"""What users read has no banned phrase, one name for one thing, and a glossary of our terms."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from golden.verdicts import FOLDER as VERDICTS
from helpers import REPOSITORY

LIBRARY = REPOSITORY / "scripts"

# "Who" is for these; of a thing one says which.
PERSONS = ["users", "people", "those", "anyone", "somebody", "reader", "authors", "you", "someone"]
NOT_A_PERSON = "".join(rf"(?<!\b{person} )" for person in PERSONS)
# They say nothing; they have, show or name it.
THINGS = (
    "cells?|columns?|data|examples?|files?|images?|intervals?|it|logs?|numbers?|pages?|results?|"
    "rows?|runs?|seeds?|studies|study|tables?|that|they|units?|verdicts?|which"
)
VERB = "is|are|was|were|has|have|does|do|decides?|changed|follows?|remains?"
# The style's list (rule 6, and rule 2: four decisions, four words). What is right is written beside
# it. Keys, columns and file names in code marks are exempt.
BANNED = {
    r"\b(told|tells?|telling)\b": "decided, found, reported, shows, names",
    r"\bsettle[sd]?\b|\bsettling\b": "decided",
    r"\bundecided\b": "inconclusive",
    r"\b(is|are|was|were|remains?|stays?|left|still) open\b|\bopen comparisons?\b": "inconclusive",
    r"\bscatter(s|ed|ing)?\b": "differ, spread, standard deviation",
    r"\banew\b": "again",
    r"\blikewise\b": "also, or the thing itself",
    r"\bat hand\b": "installed, these",
    r"\bfrom memory\b": "the source",
    r"\bserves? for nothing\b": "only for",
    r"(?<!there )\b(is|are|was|were) no (?!more\b|longer\b|fewer\b|less\b)\w": "is not a",
    r"\bof (its|their|his|her|one's|your|a person's) own\b": "separate, custom, your own X",
    r"\bpersons?'s? own\b": "custom, user-defined",
    rf"\bwhat (\w+ ){{0,5}}?({VERB}) (\w+ ){{0,4}}?(is|are|was|were)\b": "the noun",
    r"\b(stands?|stood|standing)\b(?!-)": "is, lies, means",
    rf"{NOT_A_PERSON}\bwho\b": "which, or the name",
    rf"\b({THINGS}) (say|says|said)\b": "shows, names, has",
}
# One name for one thing: the words of the design, instead of those that came before.
ONE_NAME = {
    r"\btrainings\b|\b(a|each|every|another|one|same|single|killed) training\b"
    r"(?! (set|examples?|loss|accuracy)\b)": "run, run spec, job",
    r"\breplicates?\b": "run, seed",
    r"(?<!Snakemake's )\brecords?\b": "checkpoint",
    r"\btrials\b": "tuning runs",
    r"\bhits\b": "correct predictions",
    r"\bchance\b": "majority-class accuracy; within two standard errors",
    r"\b(each|every|first|earlier|interim|at) looks?\b": "interim analysis",
    r"\bdraws? nothing\b": "deterministic initializer",
    r"\bfresh seeds?\b": "new seeds",
}
# Where a phrase is right, and why.
ALLOWED = {
    ("docs/replications.md", r"\breplicates?\b"): "the verb, of a published finding",
}


def prose(text: str) -> str:
    """Remove code and the addresses of links from Markdown; lines stay where they are."""

    def lines(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    text = re.sub(r"^([ >]*)```.*?^\1```$", lines, text, flags=re.M | re.S)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", lines, text, flags=re.S)
    text = re.sub(r"`[^`\n]*`|<code>.*?</code>|^::: .*$", "`...`", text, flags=re.M)
    text = re.sub(r"\b[\w/<>-]+\.(csv|json|md|npz|py|yaml)\b", "`...`", text)
    return re.sub(r"\]\([^)]*\)", "]()", text)


def template(text: str) -> str:
    """Keep of Jinja's expressions and statements the texts in quotation marks."""

    def texts(match: re.Match[str]) -> str:
        return " ".join(found for found in re.findall(r'"([^"]*)"', match[0]) if " " in found)

    return prose(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", texts, text, flags=re.S))


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Find texts of more than one word in a Python file, but for docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = None
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [getattr(part, "value", "") for part in node.values]
            text = "".join(part if isinstance(part, str) else "..." for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text:
            yield node.lineno, prose(text)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Find the docstrings that the page of the library shows, with the lines of the page."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^::: ([\w.]+)\.(\w+)$", text, re.M):
        file = LIBRARY / f"{match[1].replace('.', '/')}.py"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        [shown] = [node for node in tree.body if getattr(node, "name", "") == match[2]]
        for node in [shown, *getattr(shown, "body", [])]:
            public = not getattr(node, "name", "_").startswith("_")
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and public:
                line = text[: match.start()].count("\n") + 1
                yield line, prose(re.sub(r"(?m)^ *[\w, ]+:", "", ast.get_docstring(node) or ""))


def pages() -> dict[Path, list[tuple[int, str]]]:
    """Everything that a user reads, by file: texts with the lines on which they begin."""
    markdown = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    markdown += VERDICTS.glob("*.md")
    templates = (REPOSITORY / "templates").rglob("*.jinja")
    found = {path: [(1, prose(path.read_text(encoding="utf-8")))] for path in markdown}
    found |= {path: [(1, template(path.read_text(encoding="utf-8")))] for path in templates}
    tables = REPOSITORY / "templates/tables.yaml"
    # Without the names of columns.
    found[tables] = [(1, prose(re.sub(r"(?m)^ +[\w*.]+:", "", tables.read_text(encoding="utf-8"))))]
    library = REPOSITORY / "docs/library.md"
    found[library] += docstrings(library)
    return found | {path: list(literals(path)) for path in LIBRARY.rglob("*.py")}


PAGES = pages()


def problems(path: Path, texts: Iterable[tuple[int, str]]) -> list[str]:
    name = str(path.relative_to(REPOSITORY))
    return [
        f"{name}:{first + text[: match.start()].count(chr(10))}: {match[0]!r}, better: {better}"
        for pattern, better in (BANNED | ONE_NAME).items()
        if (name, pattern) not in ALLOWED
        for first, text in texts
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_what_users_read_keeps_to_the_words(path: Path) -> None:
    found = problems(path, PAGES[path])
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Which is better is not told.", "Which is better is inconclusive."),
        ("It is no name.", "There is no name that is no longer used."),
        ("Each has a rate of its own.", "Each has its own rate, set by its owner."),
        ("What is changed is trained.", "It shows what is trained, and runs it."),
        ("Its name stands in the table.", "A stand-in understands it, standalone."),
        ("Show who is ahead.", "This is for users who know Keras."),
        ("The units say the same.", "The authors say the same."),
        ("The order is still open.", "Open a file."),
        ("A killed training goes on.", "A training set, and a training accuracy."),
        ("It goes on from its record.", "Snakemake's records are lost."),
    ],
)
def test_the_list_finds_what_it_should_and_nothing_else(text: str, right: str) -> None:
    assert problems(REPOSITORY / "page.md", [(1, text)])
    assert not problems(REPOSITORY / "page.md", [(1, right)])


def test_code_is_exempt() -> None:
    text = "`told_of_seeds` and [a page](told.md)\n```\ntold\n```\n"
    assert not problems(REPOSITORY / "page.md", [(1, prose(text))])
    jinja = '{% if found.chance %}{{ "is told" if hits else "trials" }}{% endif %}'
    assert "is told" in template(jinja)
    assert "chance" not in template(jinja)


# The design's words that are ours, not Keras', Snakemake's or the statisticians' alone.
OURS = """
baseline; best; checkpoint; code id; compact letter display; correct predictions; custom;
deciding interval; decision; deterministic initializer; digest; equivalence margin; failed run;
inconclusive; interim analysis; job; majority-class accuracy; may be best; measurement epoch;
method; new seeds; primary metric; published results; role; run; run spec; seed; study; suite; tag;
trial; tuning run; variant; within two standard errors; workload
"""


GLOSSARY = ("glossary.md",)


def test_the_glossary_has_each_term_of_ours_and_every_page_links_to_terms_that_it_has() -> None:
    texts = {page: (REPOSITORY / "docs" / page).read_text(encoding="utf-8") for page in GLOSSARY}
    found = {page: re.findall(r"^### (.*)$", text, re.M) for page, text in texts.items()}
    terms = [term.lower() for page in GLOSSARY for term in found[page]]
    assert len(set(terms)) == len(terms)
    for term in OURS.replace("\n", " ").split(";"):
        assert term.strip() in terms
    anchors = {
        (page, re.sub(r"[^\w -]", "", term.lower()).replace(" ", "-"))
        for page in GLOSSARY
        for term in found[page]
    }
    linked = {
        (name or path.name, anchor)
        for path in REPOSITORY.glob("docs/**/*.md")
        for name, anchor in re.findall(
            rf"\]\(({'|'.join(map(re.escape, GLOSSARY))})?#([\w-]+)\)", path.read_text("utf-8")
        )
        if name or path.name in GLOSSARY
    }
    assert len(linked) > 20
    assert linked <= anchors
    for text in texts.values():
        for heading in re.split(r"^### .*$", text, flags=re.M)[1:]:
            body = re.split(r"^## ", heading, flags=re.M)[0]
            assert 1 <= len(re.findall(r"[.)](?=\s)", body)) <= 4


def test_no_exception_is_left_over() -> None:
    names = {str(path.relative_to(REPOSITORY)): path for path in PAGES}
    for name, pattern in ALLOWED:
        assert any(re.search(pattern, text, re.IGNORECASE) for _, text in PAGES[names[name]])
