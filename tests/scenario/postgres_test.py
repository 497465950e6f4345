#!/usr/bin/env python3
"""The tests' own PostgreSQL: what it acknowledged is there after kill -9, on a promoted standby, and by an address of many hosts."""
import subprocess
import threading
import time
import unittest

import postgres


def client(cluster, url, text, seconds=20):
    """As the service's own user, with libpq's address."""
    return subprocess.run([cluster.primary.bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, "-c", text], capture_output=True,
                          text=True, timeout=seconds, check=False)


class Writer(threading.Thread):
    """Inserts numbers one by one; remembers those that were acknowledged."""

    def __init__(self, cluster, first):
        super().__init__(daemon=True)
        self.cluster, self.first, self.acknowledged, self.ended = cluster, first, [], threading.Event()
        self.start()

    def run(self):
        number = self.first
        while not self.ended.is_set():
            try:
                if client(self.cluster, self.cluster.url(), f"INSERT INTO kept VALUES ({number})").returncode == 0:
                    self.acknowledged.append(number)
            except subprocess.TimeoutExpired:
                pass
            number += 1

    def wait(self, count):
        deadline = time.monotonic() + 30
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, "no commits"
            time.sleep(0.01)

    def stop(self):
        self.ended.set()
        self.join(60)


@unittest.skipUnless(postgres.programs(), "SKIPPED: no PostgreSQL here")
class Servers(unittest.TestCase):
    def test_what_was_acknowledged_outlives_kills_and_the_primary(self):
        with postgres.Cluster(standbys=1) as cluster:
            one = cluster.primary
            self.assertEqual(one.sql("SHOW fsync"), "on")
            told = client(cluster, cluster.url(), "CREATE TABLE kept (number INT PRIMARY KEY)")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            writer = Writer(cluster, 0)
            writer.wait(5)
            one.kill()
            one.start()
            writer.wait(len(writer.acknowledged) + 5)
            two = cluster.fail_over()
            self.assertIsNot(two, one)
            writer.wait(len(writer.acknowledged) + 5)  # by the same address
            writer.stop()
            self.assertTrue(two.is_primary())
            self.assertFalse(one.is_primary())
            kept = {int(line) for line in two.sql("SELECT number FROM kept").splitlines()}
            self.assertEqual(set(writer.acknowledged) - kept, set())
            # Both have the same, and the one that follows takes no writes.
            self.assertEqual(one.sql("SELECT count(*) FROM kept"), two.sql("SELECT count(*) FROM kept"))
            told = client(cluster, cluster.url([f"{one.address}:{one.port}"], writes=False), "INSERT INTO kept VALUES (-1)")
            self.assertIn("read-only", told.stderr)

    def test_a_commit_waits_for_the_standby_and_for_nobody_when_there_is_none(self):
        with postgres.Cluster(auth="trust", standbys=1) as cluster:
            cluster.primary.sql("CREATE TABLE kept (number INT)")
            cluster.standbys[0].stop()
            with self.assertRaises(subprocess.TimeoutExpired):
                cluster.primary.sql("INSERT INTO kept VALUES (1)", seconds=1)
            cluster.acknowledge_by_standbys()
            cluster.primary.sql("INSERT INTO kept VALUES (2)")

    def test_only_the_right_password_and_the_socket(self):
        with postgres.Cluster() as cluster:
            self.assertEqual(client(cluster, cluster.url(), "SELECT 1").stdout, "1\n")
            self.assertEqual(client(cluster, cluster.socket_url(), "SELECT 1").stdout, "1\n")
            told = client(cluster, cluster.url().replace(cluster.password, "wrong"), "SELECT 1")
            self.assertIn("password authentication failed", told.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
