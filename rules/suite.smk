def of_each(name):
    """A file of each study of a suite, as an input."""
    return told(
        lambda wildcards: [f"{m.folder}/{name}" for m in STUDIES.listed(wildcards.suite)]
    )


@told
def descriptions(wildcards):
    return [f"{m.folder}/{m.description.file}" for m in STUDIES.listed(wildcards.suite)]


rule compare_studies:
    input:
        studies=descriptions,
        histories=of_each("histories.csv"),
        tests=of_each("tests.csv"),
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
            SCRIPTS / "compare_studies.py", *(PROJECT / "report").glob("*.jinja")
        ),
    message:
        "Comparing the studies of {wildcards.suite}: {output.html}"
    script:
        "../scripts/compare_studies.py"
