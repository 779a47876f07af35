rule train:
    input:
        dataset=ancient(f"resources/datasets/{STUDY.dataset}.npz"),
        reasons=reasons_to_train,
    output:
        history="results/{study}/runs/{variant}/seeds-{first}-{last}.csv",
        sum="results/{study}/runs/{variant}/seeds-{first}-{last}.csv.sha256",
        timings="results/{study}/runs/{variant}/seeds-{first}-{last}.timings.csv",
        job="results/{study}/runs/{variant}/seeds-{first}-{last}.job.yaml",
    log:
        "logs/{study}/train/{variant}/seeds-{first}-{last}.log",
    conda:
        "../envs/training.yaml"
    # One core for each job: more are better used by more jobs, and numbers may depend on it.
    threads: 1
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * training_memory(WEIGHTS),
        runtime=lambda wildcards, attempt: attempt * minutes_of(wildcards),
    params:
        job=training_job,
    message:
        "Training {wildcards.variant}, seeds {wildcards.first} to {wildcards.last}; progress in {log}"
    script:
        "../scripts/train.py"
