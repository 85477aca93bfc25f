"""A chip of more clusters than one cluster's list of ended ones holds: the run ends, and ends behind the last of them."""

import unittest

from ohmic_tool import SystemTest, run_program

SMALL = ("--set", "cluster.l1_bytes=128 KiB", "--set", "cluster.cores=1", "--set", "network.latency=[100, 4, 4, 4]")


def run(factors: str, *words: str):
    return run_program("test_many_clusters", *SMALL, "--set", f"network.factors={factors}", *words)


class ManyClusters(SystemTest):
    def test_the_end_of_every_cluster_is_waited_for_and_writes_nowhere_else(self):
        for factors, clusters in (("[1, 2, 16, 16]", 512), ("[1, 3, 9, 19]", 513), ("[1, 5, 16, 16]", 1280)):
            with self.subTest(clusters=clusters):
                ended = run(factors)
                self.ends(ended, 0)
                self.assertEqual(ended.out, f"[0.0] {clusters} clusters, 0 bytes written\n")

    def test_one_that_does_not_end_is_waited_for(self):
        """It writes its line far behind the end of all others."""
        for late in (1, 511, 512, 513, 1024, 1279):
            with self.subTest(late=late):
                ended = run("[1, 5, 16, 16]", "--", str(late))
                self.ends(ended, 0)
                self.assertEqual(ended.out, f"[{late}.0] late\n")


if __name__ == "__main__":
    unittest.main()
