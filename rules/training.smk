@told
def dataset(wildcards):
    """The data set of a training; what is in it is part of what the training's path says."""
    name = training(wildcards)[1].training.what["dataset"]["name"]
    return ancient(f"resources/datasets/{name}.npz" if name in SPECS else local(name))


@told
def accepted(wildcards):
    """What Keras says of the study, if it could not be asked when this file was read."""
    if keras_is_here():
        return []
    return ancient(f"{training(wildcards)[0].folder}/accepted.json")


def training(wildcards):
    seeds = range(int(wildcards.first), int(wildcards.last) + 1)
    return STUDIES.find(wildcards.digest, int(wildcards.epochs), seeds)


def cost(wildcards):
    member, job = training(wildcards)
    return member.cost(job)


def training_job(wildcards, input):
    """All that the script needs. Snakemake does not track it, since it takes the input: a training
    is what its path says.
    """
    member, job = training(wildcards)
    return {
        "checkpoint_minutes": member.study.checkpoint_minutes,
        "epochs": job.epochs,
        "folder": str(STUDIES.place(job.training.folder)),
        "keep_weights": member.study.keep_weights,
        "replicates": [job.seeds[0], job.seeds[-1]],
        "study": member.study.name,
        "variant": job.variant,
        "what": dict(job.training.what),
    }


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
    # One core for each job: more are better used by more jobs, and numbers may depend on it.
    threads: 1
    # For clusters; more of both for each retry.
    resources:
        mem_mb=lambda wildcards, attempt: attempt * cost(wildcards).memory,
        runtime=lambda wildcards, attempt: attempt * cost(wildcards).minutes,
    params:
        job=training_job,
    message:
        "Training {params.job[variant]} of {params.job[study]}, seeds {wildcards.first} to "
        "{wildcards.last}; progress in {log}"
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
