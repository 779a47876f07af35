rule diagnose:
    input:
        dataset=DATASET,
        rate=chosen_rate,
    output:
        "results/{study}/diagnostics/{variant}.csv",
    log:
        "logs/{study}/diagnose/{variant}.log",
    wildcard_constraints:
        variant="baseline|(kernel|bias)-[A-Za-z0-9_-]+",
    # The trainings first: once they have ended, `best` is to be trained.
    priority: -1
    conda:
        "../envs/training.yaml"
    threads: 1
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * training_memory(SIZE["weights"]),
        runtime=lambda wildcards, attempt: attempt
        * minutes_of_trainings(STUDY.seeds, max(DIAGNOSED_AFTER, default=0)),
    params:
        job=diagnosis,
    message:
        "Diagnosing {wildcards.variant}"
    script:
        "../scripts/diagnose.py"


rule collect_diagnostics:
    input:
        expand("results/{{study}}/diagnostics/{variant}.csv", variant=VARIANTS),
    output:
        "results/{study}/diagnostics.csv",
    log:
        "logs/{study}/collect_diagnostics.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            after=DIAGNOSED_AFTER,
            code=code_version("collect_diagnostics.py"),
            seeds=STUDY.seeds,
        ),
    message:
        "Collecting the diagnostics: {output}"
    script:
        "../scripts/collect_diagnostics.py"
