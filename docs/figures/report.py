"""Take the pictures of a report's first screen: as it is, and with the numbers of docs/report.md.

make run
.venv/bin/python docs/figures/report.py results/notebook/report.html

It needs Chromium, as the tests do (tests/install-debian-packages).
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
CARD, FOREST = ".initstudy-card", ".first .paper"
# Number, what it marks; of the forest plot the point there (fractions of its width and height), and
# how far from it the number is (pixels). All others are in the margin, beside what they mark.
MARKS = [
    (1, f"{CARD} h1"),
    (2, f"{CARD} .gain"),
    (3, f"{CARD} dt:nth-of-type(1)"),
    (4, f"{CARD} dt:nth-of-type(5)"),
    (5, f"{CARD} pre"),
    # The bars of he_normal kernels, the band and a decision.
    (6, FOREST, 0.31, 0.455, -12, -36),
    (7, FOREST, 0.512, 0.455, 28, 34),
    (8, FOREST, 0.49, 0.855, 44, -30),
    (9, FOREST, 0.65, 0.15, 12, -30),
    (10, ".warnings"),
]
# One dark colour with a white ring, which every reader can distinguish.
MARK = """([number, selector, x, y, dx, dy]) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  const from = x ? [box.left + x * box.width, box.top + y * box.height] : [box.left, box.top + 20];
  const to = x ? [from[0] + dx, from[1] + dy] : [26, from[1]];
  const add = (style, text) => {
    const made = document.body.appendChild(document.createElement("b"));
    made.textContent = text;
    made.style = `position: absolute; background: #111; ${style}`;
  };
  const [length, angle] = [Math.hypot(dx, dy), Math.atan2(dy, dx)];
  if (x) add(`left: ${from[0]}px; top: ${from[1] - 1.5}px; width: ${length}px; height: 3px;
    transform-origin: 0 50%; transform: rotate(${angle}rad)`, "");
  add(`left: ${to[0] - 19}px; top: ${to[1] - 19}px; width: 38px; height: 38px; color: #fff;
    border-radius: 50%; font: bold 26px/38px sans-serif; text-align: center;
    box-shadow: 0 0 0 3px #fff`, number);
}"""


def picture(page: Page, name: str, height: int) -> None:
    """Save the upper part of a page as it looks on a screen of this height."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(
        path=FOLDER / name, clip={"x": 0, "y": 0, "width": width, "height": height}, full_page=True
    )


def main(report: Path) -> None:
    """Take both pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1180})
        page.goto(f"file://{report.resolve()}")
        picture(page, "report.png", 1180)
        # Narrow, so that the numbers can be read where the picture is small.
        page.set_viewport_size({"width": 1010, "height": 900})
        page.add_style_tag(content="body { padding-left: 34px !important; }")
        for mark in MARKS:
            page.evaluate(MARK, list(mark))
        end = page.locator("#results").bounding_box()
        picture(page, "report_marked.png", int(end["y"]) if end else 900)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
