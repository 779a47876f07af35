# Changing the code of the download must not repeat it, so it is no param.
rule download_dataset:
    output:
        "resources/datasets/{dataset}.npz",
    log:
        "logs/download_dataset/{dataset}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    params:
        # Given the input, so that Snakemake does not track it.
        local_copy=lambda wildcards, input: STUDIES.main.named("dataset_file"),
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../scripts/download_dataset.py"
