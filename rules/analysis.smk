# Names of the kernel and the bias initializer of each variant.
INITIALIZERS = {
    variant.name: [variant.kernel.name, variant.bias.name] for variant in STUDY.variants
}
# What only a factorial design can tell.
INTERACTION = study_file("interaction.csv") if STUDY.design == "factorial" else []


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
        tests=all_job_files(ending="tests.csv") if TESTS else [],
        # Not read: until the pair is chosen, nobody knows whether `best` is to be trained again.
        best="results/{study}/best.yaml",
    output:
        **(dict(tests="results/{study}/tests.csv") if TESTS else {}),
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
        tests=TESTS,
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
            chance=DATA.chance,
            code=code_version("summarize.py"),
            epochs=STUDY.epochs,
            initializers=INITIALIZERS,
            seeds=JUDGED_ON,
            target=STUDY.target_accuracy,
        ),
    message:
        "Summarizing: {output.csv}"
    script:
        "../scripts/summarize.py"


rule collect_learning_rates:
    input:
        [study_file(f"learning_rates/{variant}.csv") for variant in [*VARIANTS, "best"]],
    output:
        "results/{study}/learning_rates.csv",
    log:
        "logs/{study}/collect_learning_rates.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(code=code_version("collect_learning_rates.py")),
    message:
        "Collecting the learning rates: {output}"
    script:
        "../scripts/collect_learning_rates.py"


rule measure_interaction:
    input:
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        tests=TESTS,
    output:
        "results/{study}/interaction.csv",
    log:
        "logs/{study}/measure_interaction.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    params:
        job=dict(
            code=code_version("measure_interaction.py"),
            epochs=STUDY.epochs,
            initializers=INITIALIZERS,
            seeds=STUDY.seeds,
        ),
    message:
        "Measuring the interaction of kernel and bias: {output}"
    script:
        "../scripts/measure_interaction.py"


rule judge:
    input:
        summary="results/{study}/summary.csv",
        histories="results/{study}/histories.csv",
        sum="results/{study}/histories.csv.sha256",
        tests=TESTS,
        diagnostics="results/{study}/diagnostics.csv",
        interaction=INTERACTION,
        rates=RATES,
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
            held_out=STUDY.held_out,
            seeds=STUDY.seeds,
            variants=list(VARIANTS),
        ),
    message:
        "Writing the verdict: {output}"
    script:
        "../scripts/judge.py"
