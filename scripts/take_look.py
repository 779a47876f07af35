"""Analyses a study while it grows: what is decided by now, and what goes on to more seeds."""

from pathlib import Path

import yaml

from initstudy.analysis.decisions import Decisions, Rules, analyse, shares
from initstudy.analysis.evidence import find
from initstudy.analysis.measures import measure_of
from initstudy.logs import job_log
from initstudy.results import histories, hits
from initstudy.results.files import replacing
from initstudy.results.outputs import jobs_of
from initstudy.results.scores import scored
from initstudy.study.description import Description

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        files, now = snakemake.input, int(snakemake.wildcards.look)
        study = Description.read(files.study)
        jobs = jobs_of(snakemake.params.variants, files.histories)
        table = histories.collect(jobs, study.epochs).frame
        final = histories.final(table, histories.collect_tests(jobs).frame)
        judged = study.judge_by, study.target_accuracy, study.epochs
        finals = histories.by_variant(scored(final, table, *judged))
        # What is equivalent must be so for other test examples, too, as in the end.
        correct = hits.unpacked(hits.collect(jobs))
        rules = Rules(measure_of(study), study.margin, study.all_pairs, len(study.variants))
        earlier = [yaml.safe_load(Path(path).read_text()) for path in files.earlier]
        names, analyses = list(study.variants), []
        for seeds, share in zip(study.looks, shares(study.looks), strict=True):
            if seeds > now:
                break
            runs = [
                part[part["variant"].isin(names) & (part["seed"] < seeds)]
                for part in (table, final)
            ]
            known = find(runs[0], runs[1], study.chance, study.judge_by)
            scores = {
                name: histories.accuracies(finals, name, range(seeds), "score") for name in names
            }
            right = {name: correct[name][:seeds] for name in names}
            analyses.append(analyse(scores, known, rules, share, right))
            names = next((look["goes_on"] for look in earlier if look["seeds"] == seeds), names)
        goes_on = [] if known.reason else Decisions(analyses, known.never_learned).goes_on()
        with replacing(snakemake.output[0]) as path:
            path.write_text(yaml.safe_dump({"seeds": now, "goes_on": goes_on}, sort_keys=False))
