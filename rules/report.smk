rule write_report:
    input:
        study=described,
        verdict="results/{study}/verdict.md",
        findings="results/{study}/findings.json",
        table="results/{study}/summary.md",
        figures=drawn,
        explorer="results/{study}/explorer.html",
        timings="results/{study}/timings.csv",
        weights="results/{study}/weights.csv",
    output:
        report(
            "results/{study}/report.html",
            category="{study}",
            labels={"what": "the whole report"},
        ),
    log:
        "logs/{study}/write_report.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code(
            "write_report",
            REPORT,
            "page.html.jinja",
            "report.html.jinja",
            "captions/drawing",
            "methods.md.jinja",
            "references.bib",
        ),
    message:
        "Writing the report: {output}"
    script:
        "../scripts/write_report.py"
