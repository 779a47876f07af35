rule train:
    input:
        # Its name is the digest of its content.
        spec=ancient(f"{SPEC_FILES}/{{digest}}.json"),
        dataset=dataset,
        accepted=accepted,
        compared=compared,
    output:
        **{
            kind: f"{RUNS}/{{digest}}/epochs-{{epochs}}/seeds-{{first}}-{{last}}.{ending}"
            for kind, ending in OUTPUTS.items()
        },
    log:
        "logs/runs/{digest}/epochs-{epochs}/seeds-{first}-{last}.log",
    conda:
        "../envs/training.yaml"
    threads: lambda wildcards: planned(wildcards).spec.threads
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * planned(wildcards).memory_mb,
        runtime=lambda wildcards, attempt: attempt * runtime(wildcards),
    params:
        name=name_of,
    message:
        "Training {params.name}, seeds {wildcards.first} to {wildcards.last}; progress in {log}"
    script:
        "../scripts/train.py"


# Whether Keras trains a user's network as the engine does, before that trains anything.
rule compare_with_keras:
    input:
        spec=ancient(f"{SPEC_FILES}/{{digest}}.json"),
        dataset=dataset,
        accepted=accepted,
    output:
        f"{COMPARED}/{{digest}}.json",
    log:
        "logs/compare_with_keras/{digest}.log",
    conda:
        "../envs/training.yaml"
    threads: lambda wildcards: planned(wildcards).spec.threads
    resources:
        mem_mb=lambda wildcards, attempt: attempt * planned(wildcards).memory_mb,
        runtime=minutes(0),
    params:
        # With input, Snakemake does not run it again for another name.
        name=lambda wildcards, input: planned(wildcards).names[""],
    message:
        "Comparing {params.name} with Keras' own training"
    script:
        "../scripts/compare_with_keras.py"


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
        question=lambda wildcards: STUDIES[wildcards.study].question,
        source=lambda wildcards: STUDIES[wildcards.study].source.plain(),
    message:
        "Asking Keras about the configuration of {wildcards.study}"
    script:
        "../scripts/ask_keras.py"
