# Changing the code of the download must not repeat it, so it is no param; nor is dataset_file.
rule download_dataset:
    output:
        "resources/datasets/{dataset}.npz",
    log:
        "logs/download_dataset/{dataset}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    params:
        sha256=lambda wildcards: SPECS[wildcards.dataset].sha256,
    message:
        "Fetching {wildcards.dataset}"
    script:
        "../scripts/download_dataset.py"
