"""Policy best: simulations choose between its proposals, and what they choose is never slower than another policy.

BEST_PAIRS=40 takes more pairs of network and chip than every build does."""

import math
import os
import random
import re
import tempfile
import unittest
from pathlib import Path

from ohmic_tool import CONFIGS, SystemTest, model_folder, ohmic, run_network

PAIRS = int(os.environ.get("BEST_PAIRS", "5"))
SEED = int(os.environ.get("BEST_SEED", "20261130"))
OTHERS = ("naive", "replicated", "paper")
TREES = ("[1, 1]", "[1, 2]", "[1, 4]", "[1, 2, 2]", "[1, 4, 4]", "[1, 3, 4]", "[1, 2, 4, 4]", "[1, 4, 4, 4]")


def sets(*words: str) -> list[str]:
    return [part for word in words for part in ("--set", word)]


def random_pair(choice: random.Random) -> tuple[str, list[str]]:
    """A network of ours and a chip that differs from ours in size, cores, crossbars' speed, links and makes of clusters."""
    model = choice.choice(("resnet_micro", "resnet_micro", "resnet_mini", "resnet_tiny", "resnet_wide"))
    tree = choice.choice(TREES if model == "resnet_micro" else TREES[4:] if model == "resnet_mini" else TREES[5:])
    levels = tree.count(",") + 1
    width = choice.choice((16, 32, 64, 64))
    clusters = math.prod(int(factor) for factor in re.findall(r"\d+", tree))
    makes = []
    for kind in range(choice.choice((0, 0, 1, 2))):
        which = [c for c in range(clusters) if c % 2 == kind and choice.random() < 0.4]
        if which:
            ima = choice.choice(("true", "false"))
            makes.append(
                f'{{clusters: "{",".join(map(str, which))}", cores: {choice.choice((1, 2, 8, 16))}, ima: {ima}}}'
            )
    return model, sets(
        f"clusters=[{', '.join(makes)}]",
        f"network.factors={tree}",
        f"network.latency=[100{', 4' * (levels - 1)}]",
        f"network.width=[{', '.join([str(width)] * levels)}]",
        f"cluster.cores={choice.choice((2, 4, 8, 16))}",
        f"ima.mvm_ns={choice.choice((30, 130, 130, 400))}",
        f"cluster.l1_bytes={choice.choice((262144, 524288, 1048576))}",
    )


class Best(SystemTest):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def compile(self, *arguments: str, chip: str = "aimc16.yaml", model: str = "resnet_micro", cache: str = "cache"):
        """ohmic compile with a cache of its own."""
        model_folder(model)
        experiment = Path(self.scratch.name) / "experiment.yaml"
        experiment.write_text(f"chip: {CONFIGS / chip}\nmodel: {model}\nmapping: {{policy: best, evaluations: 50}}\n")
        caches = {"OHMIC_CACHE": str(Path(self.scratch.name) / cache)}
        out = Path(self.scratch.name) / "out"
        return ohmic("compile", experiment, "--quiet", "--out", out, *arguments, environment=caches)

    def test_is_never_slower_than_another_policy(self):
        choice = random.Random(SEED)
        print(f"seed {SEED}")
        compared = 0
        for pair in range(PAIRS):
            model, chip = random_pair(choice)
            runs = {}
            for policy in ("best", *OTHERS):
                runs[policy] = run_network(
                    "aimc64.yaml", model, "--quiet", *chip, *sets(f"mapping.policy={policy}"), images=16
                )
            with self.subTest(pair=pair, model=model, chip=" ".join(chip)):
                best = runs.pop("best")
                refused = [policy for policy, run in runs.items() if run.code == 2]
                if best.code == 2:
                    self.assertEqual(len(refused), len(OTHERS), "another policy can map this")
                    continue
                self.ends(best, 0)
                self.assertEqual(best.summary["golden"]["mismatching_values"], 0)
                for policy, run in runs.items():
                    if policy not in refused:
                        self.ends(run, 0)
                        self.assertLessEqual(best.summary["cycles"], run.summary["cycles"], policy)
                        compared += 1
                ratio = best.summary["expected_cycles"] / best.summary["cycles"]
                print(
                    f"{pair}: {model}, {best.summary['clusters_used']} clusters, expected/measured {ratio:.2f}, "
                    f"{ {p: round(r.summary['cycles'] / best.summary['cycles'], 2) for p, r in runs.items() if r.summary} }"
                )
        self.assertGreaterEqual(compared, PAIRS)

    def test_the_same_experiment_finds_the_same_wherever_and_whenever_it_is_tried(self):
        tables = []
        for cache, threads in (("first", 1), ("second", 2)):
            run = self.compile("--explain", *sets(f"engine.threads={threads}"), cache=cache)
            self.ends(run, 0)
            tables.append(re.findall(r"^\* .*$", run.out, re.MULTILINE))
        self.assertEqual(len(tables[0]), 1, "one mapping is chosen")
        self.assertEqual(tables[0], tables[1])

    def test_what_was_tried_is_kept(self):
        self.ends(self.compile(), 0)
        trials = list((Path(self.scratch.name) / "cache" / "trials").iterdir())
        self.assertEqual(len(trials), 1)
        written = trials[0].stat().st_mtime_ns
        for deployment in (Path(self.scratch.name) / "cache" / "deployments").iterdir():
            deployment.unlink()
        self.ends(self.compile("--explain"), 0)
        self.assertEqual(list(trials[0].parent.iterdir()), trials)
        self.assertEqual(trials[0].stat().st_mtime_ns, written)

    def test_without_trials_the_cost_model_chooses(self):
        self.ends(self.compile(*sets("mapping.trials=0")), 0)
        self.assertFalse((Path(self.scratch.name) / "cache" / "trials").exists())

    def test_a_run_takes_the_cycles_that_its_trial_took(self):
        """Calibration images take as long as those that run."""
        trial = self.compile("--explain")
        self.ends(trial, 0)
        chosen = re.search(r"^\* .*?(\d+) +\d+$", trial.out, re.MULTILINE)
        run = run_network(
            "aimc16.yaml", "resnet_micro", "--quiet", *sets("mapping.policy=best", "mapping.evaluations=50"), images=16
        )
        self.ends(run, 0)
        self.assertEqual(run.summary["cycles"], int(chosen.group(1)))

    def test_energy_needs_coefficients(self):
        for objective in ("energy", "edp"):
            run = self.compile(*sets(f"mapping.objective={objective}"))
            self.refuses(run, "mapping.objective", "coefficients")

    def test_the_objective_decides(self):
        """Of all that was tried nothing else has less of what was asked for."""
        energy = sets(f"energy={CONFIGS / 'energy' / 'paper.yaml'}")
        column = {"throughput": -2, "energy": -1}
        for objective, which in column.items():
            run = self.compile("--explain", *energy, *sets(f"mapping.objective={objective}"))
            self.ends(run, 0)
            rows = re.findall(r"^([* ]) (\S.{30}) +\d+ +\d+ +16 (.*)$", run.out, re.MULTILINE)
            values = [(mark, float(rest.split()[which])) for mark, _, rest in rows]
            self.assertGreater(len(values), 1, run.out)
            chosen = [value for mark, value in values if mark == "*"]
            self.assertEqual(chosen, [min(value for _, value in values)], run.out)

    def test_a_pareto_list_holds_nothing_that_another_one_beats(self):
        run = self.compile("--pareto", *sets("mapping.objective=throughput"))
        self.ends(run, 0)
        rows = [line[34:].split() for line in run.out.splitlines()[1:]]
        points = [(float(row[3]), float(row[4]), float(row[0])) for row in rows if len(row) == 5]
        self.assertTrue(points, run.out)
        # Cycles between images are printed without their fractions: of two that look alike one may be less.
        for a in points:
            beats = [b for b in points if b[1] < a[1] and b[0] <= a[0] and b[2] <= a[2]]
            self.assertFalse(beats, run.out)
        self.refuses(self.compile("--pareto", *sets("mapping.trials=0")), "--pareto")


if __name__ == "__main__":
    unittest.main()
