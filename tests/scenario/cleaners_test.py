#!/usr/bin/env python3
"""Several hosts of the Internet side on one PostgreSQL: what one accepts any of them cleans and sends; one is killed under load, and no
accepted mail is lost or delivered twice; who is left keeps house, and answers for all."""
import time
import unittest

from kiyome_service import Service, free_port
from many_hosts import Hosts, Load


class Cleaners(Hosts):
    def setUp(self):
        super().setUp()
        self.sink.holding = False
        self.place = f"127.0.0.1:{free_port()}"
        self.gate = self.begin(Service(self.sink.port, roles="gate", extra=self.papers.section("closed", "push", listen=self.place)))

    def internet(self, model=None, roles="edge,cleaner", extra=""):
        extra += self.store() + self.papers.section("internet", "push", connect=self.place)
        return self.begin(Service(9, roles=roles, extra=extra), model)

    def rows(self, table):
        return int(self.cluster.primary.sql(f"SELECT count(*) FROM {table}"))

    def look_at_all(self, accepted, services):
        self.sink.wait_subjects(accepted, 90, services)
        self.assertEqual(self.sink.twice(), {}, "delivered twice")
        services[0].wait_settled()
        self.assertEqual(self.rows("kiyome_originals.arrivals"), 0)
        # What the gate has and whose answer died with a host, another host offers again after twenty seconds.
        deadline = time.monotonic() + 45
        while left := self.rows("kiyome_items.bundles"):
            self.assertLess(time.monotonic(), deadline, f"{left} bundles")
            time.sleep(0.2)
        self.assertEqual(self.sink.twice(), {}, "delivered twice")

    def test_one_of_two_is_killed_under_load(self):
        one = self.internet()
        two = self.internet(one)
        loads = [Load(one.port, "a", 80), Load(two.port, "b", 80)]
        self.sink.wait(30)
        one.kill_all()
        for load in loads:
            load.join(60)
        accepted = set().union(*(load.accepted for load in loads))
        self.assertEqual(len(loads[1].accepted), 80)
        self.look_at_all(accepted, (two, self.gate))
        # It comes back, and mail goes in at either.
        one.start()
        loads = [Load(one.port, "c", 20), Load(two.port, "d", 20)]
        for load in loads:
            load.join(60)
        self.look_at_all(loads[0].accepted | loads[1].accepted, (one, two))
        self.assertEqual({row["id"] for row in one.queue()}, {row["id"] for row in two.queue()})
        self.assertEqual(one.run("audit", "verify", check=False).returncode, 0)

    def test_a_backlog_is_taken_without_a_pause(self):
        edge = self.internet(roles="edge")
        loads = [Load(edge.port, name, 200) for name in "abcd"]
        for load in loads:
            load.join(90)
        accepted = set().union(*(load.accepted for load in loads))
        self.assertEqual(len(accepted), 800)
        cleaner = self.internet(edge, roles="cleaner")
        self.sink.wait_subjects(accepted, 90, (cleaner, self.gate))
        times = [when for when, _ in self.sink.answered]
        self.assertLess(max(times) - min(times), 11)  # a hand of 96 every two seconds, were nobody woken when there is room

    def test_the_database_restarts_under_load(self):
        one = self.internet()
        two = self.internet(one)
        loads = [Load(one.port, "a", 60), Load(two.port, "b", 60)]
        self.sink.wait(20)
        self.cluster.primary.restart("immediate")
        for load in loads:
            load.join(90)
        accepted = set().union(*(load.accepted for load in loads))
        self.assertGreater(len(accepted), 60)
        self.look_at_all(accepted, (one, two))

    def test_a_host_without_the_key_of_the_others_does_not_start(self):
        one = self.internet()
        one.wait_event("serving")
        other = Service(9, roles="edge,cleaner", extra=self.store() + self.papers.section("internet", "push", connect=self.place))
        self.addCleanup(other.__exit__)
        with self.assertRaises(Exception):
            other.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
