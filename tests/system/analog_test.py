"""Crossbars of phase-change memory in whole runs: the chip and the reference have the same devices and noise."""

import unittest

from ohmic_tool import CONFIGS, SystemTest, run_network


def run_pcm(*options: str, images: int = 3, threads: int = 2, **analog):
    """resnet_micro; every value on every edge is compared with the reference."""
    keys = [word for key, value in {"model": "pcm", **analog}.items() for word in ("--set", f"analog.{key}={value}")]
    return run_network(
        "aimc16.yaml", "resnet_micro", "--check", "layers", *keys, *options, images=images, threads=threads
    )


def logits(run):
    return [image["logits"] for image in run.logits]


class Analog(SystemTest):
    def equals_the_reference(self, run):
        self.ends(run, 0)
        for part in ("golden", "golden_layers"):
            self.assertGreater(run.summary[part]["compared_values"], 0)
            self.assertEqual(run.summary[part]["mismatching_values"], 0)

    def test_chip_and_reference_give_the_same_bits_for_every_mapping_and_noise(self):
        seen = []
        for policy in ("naive", "replicated", "best"):
            for noise in ("per_mvm", "static", "off"):
                with self.subTest(policy=policy, noise=noise):
                    run = run_pcm(
                        "--set",
                        f"mapping.policy={policy}",
                        "--set",
                        "mapping.balance_mvms=0",
                        "--set",
                        "mapping.evaluations=50",
                        read_noise=noise,
                        programmed_s=3600,
                    )
                    self.equals_the_reference(run)
                    self.assertIn("equal the noisy reference", run.out)
                    seen.append(logits(run))
        self.assertEqual(len({str(s) for s in seen}), len(seen), "other devices or noise, other logits")

    def test_copies_of_layers_are_the_same_on_chip_and_reference(self):
        copies = ("--set", "layers.conv1=analog_x2", "--set", "layers.*=analog_x4")
        plain = run_pcm()
        for policy in ("naive", "replicated", "best"):
            with self.subTest(policy=policy):
                policies = ("--set", f"mapping.policy={policy}", "--set", "mapping.evaluations=50")
                run = run_pcm(*copies, *policies, compensation="global", programmed_s=3600)
                self.equals_the_reference(run)
                self.assertGreater(run.summary["mvm_count"], 2 * plain.summary["mvm_count"])
                quiet = run_pcm(*copies, *policies, programming_noise=0, drift=0, read_noise="off")
                self.equals_the_reference(quiet)
        # The last layer's logits are worth a quarter each, and as exact.
        ideal = run_network("aimc16.yaml", "resnet_micro", images=3)
        self.assertEqual(logits(quiet), [[4 * logit for logit in image] for image in logits(ideal)])

    def test_without_noise_logits_and_cycles_are_those_of_ideal_crossbars(self):
        ideal = run_network("aimc16.yaml", "resnet_micro", "--check", "layers", images=3)
        quiet = run_pcm(programming_noise=0, drift=0, read_noise="off")
        self.equals_the_reference(quiet)
        self.assertEqual(logits(quiet), logits(ideal))
        self.assertEqual(quiet.summary["result_hash"], ideal.summary["result_hash"])
        self.assertNotEqual(logits(run_pcm()), logits(ideal))

    def test_compensation_is_the_same_on_chip_and_reference_for_every_mapping(self):
        for policy in ("naive", "replicated", "best"):
            for noise, compensation in (("per_mvm", "global"), ("static", "global"), ("per_mvm", "per_column")):
                with self.subTest(policy=policy, noise=noise, compensation=compensation):
                    run = run_pcm(
                        "--set",
                        f"mapping.policy={policy}",
                        "--set",
                        "mapping.balance_mvms=0",
                        "--set",
                        "mapping.evaluations=50",
                        read_noise=noise,
                        programmed_s=86400,
                        compensation=compensation,
                    )
                    self.equals_the_reference(run)
                    found = run.summary["analog"]["calibration"]
                    self.assertEqual(found["crossbars"], run.summary["crossbars"]["used"])
                    # Sums of weights after a day are 0.6635 of what they were (nu = 0.049 of large weights).
                    self.assertGreater(found["gain"]["least"], 1.4)
                    self.assertLess(found["gain"]["greatest"], 1.7)
                    self.assertLessEqual(found["gain"]["least"], found["gain"]["mean"])
                    self.assertLessEqual(found["gain"]["mean"], found["gain"]["greatest"])
                    self.assertLess(found["cycles"], 200_000)
                    self.assertGreater(found["cycles"], 130 * found["mvms"] / found["crossbars"])

    def test_a_calibration_lies_before_the_run_and_is_counted_apart(self):
        energy = ("--energy", str(CONFIGS / "energy" / "silicon.yaml"))
        plain, compensated = run_pcm(*energy), run_pcm(*energy, compensation="global")
        found = compensated.summary["analog"]["calibration"]
        self.assertIn("calibration  ", compensated.out)
        self.assertNotIn("calibration", plain.summary["analog"])
        self.assertNotIn("calibration  ", plain.out)
        # What it did is what the boot has more of.
        longer = compensated.summary["boot_cycles"] - plain.summary["boot_cycles"]
        self.assertAlmostEqual(longer / found["cycles"], 1, delta=0.1)
        self.assertEqual(compensated.summary["mvm_count"] - plain.summary["mvm_count"], found["mvms"])
        mvms = next(c for c in compensated.summary["counters"] if (c["block"], c["name"]) == ("ima", "mvms"))
        self.assertEqual(mvms["calibration"], found["mvms"])
        self.assertEqual(mvms["after_boot"], plain.summary["mvm_count"])
        self.assertGreater(compensated.summary["energy"]["calibration_mj"], 0)
        self.assertEqual(plain.summary["energy"]["calibration_mj"], 0)

    def test_what_programming_costs_is_reported(self):
        energy = ("--energy", str(CONFIGS / "energy" / "silicon.yaml"))
        run = run_pcm(*energy, write_iterations=10, write_pulse_ns=500, write_pulse_pj=30, images=1)
        found = run.summary["analog"]["programming"]
        self.assertEqual(found["devices"], 2 * run.summary["crossbars"]["cells_used"])
        self.assertEqual(found["pulses"], 10 * found["devices"])
        self.assertAlmostEqual(found["pulses_mj"], found["pulses"] * 30e-9)
        # At most 256 rows are written one after the other, each in ten times two pulses and a read of 130 ns.
        self.assertGreater(found["seconds"], 10 * 1.13e-6)
        self.assertLessEqual(found["seconds"], 256 * 10 * 1.13e-6 * 1.0001)
        self.assertGreater(run.summary["energy"]["programming_mj"], found["pulses_mj"])

    def test_without_noise_compensation_changes_no_bit(self):
        ideal = run_network("aimc16.yaml", "resnet_micro", "--check", "layers", images=3)
        for compensation in ("global", "per_column"):
            with self.subTest(compensation=compensation):
                quiet = run_pcm(programming_noise=0, drift=0, read_noise="off", compensation=compensation)
                self.equals_the_reference(quiet)
                self.assertEqual(logits(quiet), logits(ideal))
                for gain in quiet.summary["analog"]["calibration"]["gain"].values():
                    self.assertEqual(gain, 1)

    def test_factors_of_columns_are_work_of_the_cores(self):
        whole, columns = run_pcm(compensation="global"), run_pcm(compensation="per_column")
        self.equals_the_reference(columns)
        self.assertNotEqual(logits(whole), logits(columns))

        def retired(run):
            found = next(c for c in run.summary["counters"] if (c["block"], c["name"]) == ("cores", "retired"))
            return found["after_boot"]

        codes = sum(c["counters_after_boot"]["ima"]["columns"] for c in columns.summary["clusters"])
        self.assertGreater(retired(columns) - retired(whole), 4 * codes, "some instructions for each code")
        self.assertLess(retired(columns) - retired(whole), 20 * codes)

    def test_a_calibration_is_the_same_for_threads_windows_delays_and_what_memory_held(self):
        plain = run_pcm(threads=1, compensation="per_column", programmed_s=3600)
        self.equals_the_reference(plain)
        found = plain.summary["analog"]["calibration"]
        for options, threads in (
            (("--window", "1"), 2),
            (("--set", "engine.random_delay.max_cycles=50"), 2),
            (("--set", "engine.fill_memory.with=random"), 2),
        ):
            with self.subTest(options=options):
                run = run_pcm(*options, threads=threads, compensation="per_column", programmed_s=3600)
                self.assertEqual(logits(run), logits(plain))
                self.assertEqual(run.summary["analog"]["calibration"]["gain"], found["gain"])
                if "random_delay" not in str(options):
                    self.assertEqual(run.summary["analog"]["calibration"]["cycles"], found["cycles"])

    def test_cores_of_another_kind_calibrate_alike(self):
        options = {"compensation": "per_column", "programmed_s": 3600, "images": 1}
        iss, ibex = run_pcm(**options), run_pcm("--cores", "1,3,5.all=ibex", **options)
        self.equals_the_reference(ibex)
        self.assertEqual(ibex.summary["analog"]["calibration"]["gain"], iss.summary["analog"]["calibration"]["gain"])

    def test_few_cores_and_little_memory_calibrate_too(self):
        for options in (("--set", "cluster.cores=1"), ("--set", "cluster.l1_bytes='256 KiB'")):
            with self.subTest(options=options):
                self.equals_the_reference(run_pcm(*options, compensation="per_column", programmed_s=3600, images=1))

    def test_threads_windows_and_delays_change_no_bit(self):
        plain = run_pcm(threads=1)
        self.equals_the_reference(plain)
        for options, threads in (((), 3), (("--window", "1"), 2), (("--set", "engine.random_delay.max_cycles=50"), 2)):
            with self.subTest(options=options):
                self.assertEqual(logits(run_pcm(*options, threads=threads)), logits(plain))

    def test_a_seed_is_a_chip(self):
        first, second = run_pcm(seed=1), run_pcm(seed=2)
        self.equals_the_reference(second)
        self.assertNotEqual(logits(first), logits(second))
        self.assertEqual(first.summary["cycles"], second.summary["cycles"], "noise takes no time")
        self.assertEqual(second.summary["analog"]["seed"], 2)

    def test_noise_does_not_hide_a_wrong_weight(self):
        self.ends(run_pcm("--inject", "flip-weight=1"), 1)

    def test_mistakes_are_one_clear_line(self):
        for option, words in (
            ("analog.programmed_s=-1", ("analog.programmed_s", "-1", "allowed")),
            ("analog.model=real", ("analog.model", "real", "ideal, pcm")),
            ("analog.adc_bits=9", ("analog.adc_bits", "9", "1 to 8")),
            ("analog.write_iterations=0", ("analog.write_iterations", "0", "1 to 100000")),
            ("analog.compensation=local", ("analog.compensation", "local", "none, global, per_column, exact")),
            ("analog=ideal", ("analog", "ideal", "model")),
        ):
            with self.subTest(option=option):
                run = run_network("aimc16.yaml", "resnet_micro", "--set", option, images=1)
                self.refuses(run, *words)
        self.refuses(run_pcm(compensation="exact"), "analog.compensation", "a chip can do global and per_column")
        self.refuses(run_pcm(dead=0.6, stuck=0.5), "analog.dead", "analog.stuck", "more than all devices")


if __name__ == "__main__":
    unittest.main()
