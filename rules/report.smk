rule write_report:
    input:
        study=described,
        verdict="results/{study}/verdict.md",
        table="results/{study}/summary.md",
        figures=drawn,
        explorer="results/{study}/explorer.html",
        timings="results/{study}/timings.csv",
    output:
        "results/{study}/report.html",
    log:
        "logs/{study}/write_report.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        code=code_digest(
            SCRIPTS / "write_report.py",
            PROJECT / "report/report.html.jinja",
            PROJECT / "report/page.html.jinja",
        ),
    message:
        "Writing the report: {output}"
    script:
        "../scripts/write_report.py"
