# The code of the download is not a param: a change of it must not repeat the download.
rule download_dataset:
    input:
        flow.local_copy,
    output:
        "resources/datasets/{dataset}.npz",
    log:
        "logs/download_dataset/{dataset}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../scripts/download_dataset.py"


# Only where the environment that starts Snakemake has no Keras, as with conda environments: else
# the configuration was checked when it was read.
rule ask_keras:
    input:
        flow.question,
    output:
        "results/{study}/accepted.json",
    log:
        "logs/{study}/ask_keras.log",
    conda:
        "../envs/training.yaml"
    message:
        "Asking Keras about the configuration of {wildcards.study}"
    script:
        "../scripts/ask_keras.py"


# Whether Keras trains a custom network as the engine does, before that trains anything.
rule compare_with_keras:
    input:
        spec=ancient(f"{SPECS}/{{digest}}.json"),
        dataset=flow.dataset,
        accepted=flow.accepted,
    output:
        f"{COMPARED}/{{digest}}.json",
    log:
        "logs/compare_with_keras/{digest}.log",
    conda:
        "../envs/training.yaml"
    threads: flow.threads
    resources:
        mem_mb=flow.memory,
        runtime=flow.few_minutes,
    params:
        name=flow.network_name,
    message:
        "Comparing {params.name} with Keras' own training"
    script:
        "../scripts/compare_with_keras.py"


rule train:
    input:
        # Its name is the digest of its content.
        spec=ancient(f"{SPECS}/{{digest}}.json"),
        dataset=flow.dataset,
        accepted=flow.accepted,
        compared=flow.compared,
    output:
        **{
            kind: f"{RUNS}/{{digest}}/epochs-{{epochs}}/seeds-{{first}}-{{last}}.{ending}"
            for kind, ending in OUTPUTS.items()
        },
    log:
        "logs/runs/{digest}/epochs-{epochs}/seeds-{first}-{last}.log",
    conda:
        "../envs/training.yaml"
    threads: flow.threads
    resources:
        mem_mb=flow.memory,
        runtime=flow.minutes,
    params:
        name=flow.job_name,
    message:
        "Training {params.name}, seeds {wildcards.first} to {wildcards.last}; progress in {log}"
    script:
        "../scripts/train.py"
