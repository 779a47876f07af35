# Changing the code of the download must not repeat it, so it is no param.
rule download_dataset:
    input:
        local_copy,
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
