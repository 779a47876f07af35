rule train:
    input:
        dataset=dataset,
        accepted=accepted,
    output:
        **{
            kind: f"{TRAININGS}/{{digest}}/epochs-{{epochs}}/seeds-{{first}}-{{last}}.{ending}"
            for kind, ending in OUTPUTS.items()
        },
    log:
        "logs/trainings/{digest}/epochs-{epochs}/seeds-{first}-{last}.log",
    conda:
        "../envs/training.yaml"
    threads: threads
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * cost(wildcards).memory,
        runtime=lambda wildcards, attempt: attempt * cost(wildcards).minutes,
    params:
        job=training_job,
    message:
        "Training {params.job[variant]} of {params.job[study]}, seeds {wildcards.first} to "
        "{wildcards.last}{params.job[alone]}; progress in {log}"
    script:
        "../scripts/train.py"


# Only where the environment that starts Snakemake has no Keras, as with conda environments.
rule ask_keras:
    input:
        study=described,
    output:
        "results/{study}/accepted.json",
    log:
        "logs/{study}/ask_keras.log",
    conda:
        "../envs/training.yaml"
    params:
        question=lambda wildcards, input: STUDIES[wildcards.study].question,
        source=lambda wildcards, input: STUDIES[wildcards.study].source.plain(),
    message:
        "Asking Keras about the configuration of {wildcards.study}"
    script:
        "../scripts/ask_keras.py"
