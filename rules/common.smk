# The studies of this run, and what the rules ask of them. The logic is in initstudy.workflow.

import sys
from pathlib import Path

PROJECT = Path(workflow.current_basedir).parent
sys.path.append(str(PROJECT / "scripts"))

from initstudy.code import layer_id
from initstudy.drawing.catalog import FIGURES, SUITE_FIGURES, always, narrow
from initstudy.store import COMPARED, OUTPUTS, RUNS, SPECS
from initstudy.workflow import Adapter, configuration_file


# Passed over if another workflow, which uses this one as a module, gives a configuration.
configfile: configuration_file(workflow)


flow = Adapter(workflow, config, checkpoints)


wildcard_constraints:
    **flow.constraints,


# What a cluster runs says no `localrule`. A list of names (`localrules`) would not hold where another
# workflow uses this one as a module, and names its rules differently.


# A lock of the kernel's holds the folder, which ends with the run however that ends; Snakemake's own
# is switched off in profiles/default.
onstart:
    flow.start()


def shown(figure, caption):
    """A figure as a part of `snakemake --report`, with the caption of our own report."""
    return report(
        f"results/{{study}}/figures/{figure}.svg",
        caption=f"../templates/captions/{caption}.rst",
        category="{study}",
        subcategory="Figures",
        labels={"what": figure},
    )
