"""A hook of mkdocs: puts pages of the top level on the site, with links from docs/."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

TOP = Path(__file__).parents[1]
PAGES = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each of PAGES, whose links to docs/ become links of the site."""
    for page, path in PAGES.items():
        text = re.sub(r"\]\(docs/", "](", (TOP / path).read_text(encoding="utf-8"))
        files.append(File.generated(config, page, content=text))
    return files
