def listed(wildcards):
    """The studies of a list, by the name of its file."""
    return STUDIES.listed(getattr(wildcards, "suite", "replications"))


def of_each(name):
    """A file of each of them, as an input."""
    return told(lambda wildcards: [f"{member.folder}/{name}" for member in listed(wildcards)])


@told
def descriptions(wildcards):
    return [f"{member.folder}/{member.description.file}" for member in listed(wildcards)]


rule compare_studies:
    input:
        studies=descriptions,
        histories=of_each("histories.csv"),
        tests=of_each("tests.csv"),
        best=of_each("best.yaml"),
    output:
        html="results/{suite}/suite.html",
        words="results/{suite}/suite.md",
        summary="results/{suite}/summary.csv",
        scores="results/{suite}/scores.csv",
        # And `ranks`, if there are studies enough.
        figures=expand(
            "results/{{suite}}/figures/{figure}.{ending}",
            figure=["intervals", "heat_map", "profiles"],
            ending=["svg", "png"],
        ),
    log:
        "logs/{suite}/compare_studies.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code_digest(
            SCRIPTS / "compare_studies.py", *sorted((PROJECT / "report").glob("*.jinja"))
        ),
    message:
        "Comparing the studies of {wildcards.suite}: {output.html}"
    script:
        "../scripts/compare_studies.py"


rule draw_replications:
    input:
        studies=descriptions,
        histories=of_each("histories.csv"),
        diagnostics=of_each("diagnostics.csv"),
    output:
        expand(
            "results/replications/figures/{paper}.{ending}",
            paper=["glorot_2010", "he_2015", "lsuv_2016", "saxe_2014"],
            ending=["svg", "png"],
        ),
    log:
        "logs/replications/draw_replications.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code_digest(SCRIPTS / "draw_replications.py"),
    message:
        "Drawing what the studies of published findings show"
    script:
        "../scripts/draw_replications.py"
