# The code of the download is not a param, since a change of it must not repeat the download.
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
