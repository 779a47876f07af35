# A checkpoint, so that the trainings of `best` are looked at again once the pair is chosen.
checkpoint choose_best:
    input:
        histories=job_files(VARIANTS, STUDY.selection),
        sums=job_files(VARIANTS, STUDY.selection, ending="csv.sha256"),
    output:
        "results/{study}/best.yaml",
    log:
        "logs/{study}/choose_best.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            code=code_version("choose_best.py"),
            epochs=STUDY.epochs,
            pairs={
                variant.name: [variant.kernel.plain(), variant.bias.plain()]
                for variant in STUDY.variants
            },
            seeds=STUDY.seeds,
        ),
    message:
        "Choosing the best pair by its mean final validation accuracy"
    script:
        "../scripts/choose_best.py"


rule collect_histories:
    input:
        histories=all_job_files(),
        sums=all_job_files(ending="csv.sha256"),
        timings=all_job_files(ending="timings.csv"),
        # Not read: until the pair is chosen, nobody knows whether `best` is to be trained again.
        best="results/{study}/best.yaml",
    output:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        timings="results/{study}/timings.csv",
    log:
        "logs/{study}/collect_histories.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("collect_histories.py"), epochs=STUDY.epochs),
    message:
        "Collecting the histories: {output.histories}"
    script:
        "../scripts/collect_histories.py"


rule summarize:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        best="results/{study}/best.yaml",
        timings="results/{study}/timings.csv",
        published=STUDY.published or [],
    output:
        csv="results/{study}/summary.csv",
        markdown="results/{study}/summary.md",
    log:
        "logs/{study}/summarize.log",
    # It takes longest of these, and most others wait for it.
    priority: 1
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            chance=SPECS[STUDY.dataset].chance,
            code=code_version("summarize.py"),
            epochs=STUDY.epochs,
            initializers={
                variant.name: [variant.kernel.name, variant.bias.name]
                for variant in STUDY.variants
            },
            seeds=JUDGED_ON,
            target=STUDY.target_accuracy,
        ),
    message:
        "Summarizing: {output.csv}"
    script:
        "../scripts/summarize.py"


rule judge:
    input:
        summary="results/{study}/summary.csv",
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        diagnostics="results/{study}/diagnostics.csv",
    output:
        "results/{study}/verdict.md",
    log:
        "logs/{study}/judge.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            after=DIAGNOSED_AFTER,
            code=code_version("judge.py"),
            epochs=STUDY.epochs,
            seeds=STUDY.seeds,
            variants=list(VARIANTS),
        ),
    message:
        "Writing the verdict: {output}"
    script:
        "../scripts/judge.py"
