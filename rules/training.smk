rule train:
    input:
        dataset=DATASET,
        reasons=reasons_to_train,
        rate=chosen_rate,
    output:
        **{
            name: f"results/{{study}}/runs/{{variant}}/seeds-{{first}}-{{last}}.{ending}"
            for name, ending in TRAINED.items()
        },
    log:
        "logs/{study}/train/{variant}/seeds-{first}-{last}.log",
    conda:
        "../envs/training.yaml"
    # One core for each job: more are better used by more jobs, and numbers may depend on it.
    threads: 1
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * training_memory(SIZE["weights"]),
        runtime=lambda wildcards, attempt: attempt * minutes_of(wildcards),
    params:
        job=training_job,
    message:
        "Training {wildcards.variant}, seeds {wildcards.first} to {wildcards.last}; progress in {log}"
    script:
        "../scripts/train.py"


rule choose_learning_rate:
    input:
        dataset=DATASET,
        best=lambda wildcards: best_pair(wildcards.variant),
    output:
        table="results/{study}/learning_rates/{variant}.csv",
        choice="results/{study}/learning_rates/{variant}.yaml",
    log:
        "logs/{study}/choose_learning_rate/{variant}.log",
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * training_memory(SIZE["weights"]),
        runtime=lambda wildcards, attempt: attempt
        * minutes_of_trainings(len(STUDY.learning_rates) * STUDY.learning_rate_seeds),
    params:
        job=lambda wildcards: training_job(wildcards)
        | dict(code=code_version("choose_learning_rate.py")),
    message:
        "Choosing the learning rate of {wildcards.variant}; progress in {log}"
    script:
        "../scripts/choose_learning_rate.py"
