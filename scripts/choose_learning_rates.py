"""Chooses the learning rate at which each variant does best on the validation images."""

import logging

import yaml

from initstudy.analysis import learning_rates
from initstudy.analysis.measures import measure_of
from initstudy.config.description import Description
from initstudy.logs import job_log
from initstudy.results import histories
from initstudy.results.files import replacing

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        params, files = snakemake.params, snakemake.input
        study = Description.read(files.study)
        table = learning_rates.collect(
            params.variants,
            params.rates,
            files.histories,
            study.epochs,
            study.judge_by,
            study.target_accuracy,
        )
        choice = learning_rates.choose(table, measure_of(study))
        for variant, rate in choice.items():
            logging.info("%s: %g", variant, rate)
        histories.write(table, snakemake.output.table)
        with replacing(snakemake.output.choice) as path:
            path.write_text(yaml.safe_dump(choice, sort_keys=False))
