rule train:
    input:
        dataset=ancient(f"resources/datasets/{STUDY.dataset}.npz"),
        best=best_file,
    output:
        history="results/{study}/runs/{variant}/seeds-{first}-{last}.csv",
        timings="results/{study}/runs/{variant}/seeds-{first}-{last}.timings.csv",
        job="results/{study}/runs/{variant}/seeds-{first}-{last}.job.yaml",
    log:
        "logs/{study}/train/{variant}/seeds-{first}-{last}.log",
    benchmark:
        "results/{study}/benchmarks/train/{variant}/seeds-{first}-{last}.tsv"
    conda:
        "../envs/training.yaml"
    # One core for each job: more are better used by more jobs, and numbers may depend on it.
    threads: 1
    params:
        job=training_job,
    message:
        "Training {wildcards.variant}, seeds {wildcards.first} to {wildcards.last}; progress in {log}"
    script:
        "../scripts/train.py"
