#!/usr/bin/env python3
"""Several gates on one PostgreSQL: one of them is killed under load, and no mail is lost or, but for those that nobody had an answer for,
delivered a second time; the others go on with what was its own."""
import time
import unittest

from kiyome_service import Service, free_port
from many_hosts import Hosts, Load

IN_DOUBT = 1.0  # seconds before a kill in which an answer of the sink may not be written down


class Gates(Hosts):
    def gate(self, mode, model=None, **where):
        return self.begin(Service(self.sink.port, roles="gate", deliver="connections_max = 4",
                                  extra=self.store() + self.papers.section("closed", mode, **where)), model)

    def internet(self, mode, extra="", model=None, **where):
        return self.begin(Service(9, roles="edge,cleaner", extra=extra + self.papers.section("internet", mode, **where)), model)

    def look_at_all(self, accepted, killed_at, services):
        self.sink.wait_subjects(accepted, 60, services)
        doubt = {name for when, name in self.sink.answered if killed_at - IN_DOUBT <= when <= killed_at + 0.1}
        self.assertEqual({name for name in self.sink.twice() if name not in doubt}, set(), "delivered twice")
        print(f"{len(accepted)} mails, {len(self.sink.twice())} delivered again of {len(doubt)} in doubt")

    def rows(self, table):
        return int(self.cluster.primary.sql(f"SELECT count(*) FROM kiyome_gate.{table}"))

    def wait_empty(self, tables, seconds=40):
        deadline = time.monotonic() + seconds
        while any(self.rows(table) for table in tables):
            self.assertLess(time.monotonic(), deadline, {table: self.rows(table) for table in tables})
            time.sleep(0.2)

    def test_a_gate_is_killed_under_load(self):
        places = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        first = self.gate("push", listen=places[0])
        second = self.gate("push", model=first, listen=places[1])
        internet = self.internet("push", connect=places)
        first.wait_event("zone connected")
        loads = [Load(internet.port, name, 80) for name in ("a", "b")]
        self.sink.wait(30)
        self.assertEqual(second.log_events("zone connected"), [])  # the first that answers
        killed_at = time.monotonic()
        first.kill_all()
        self.sink.holding = False
        for load in loads:
            load.join(60)
        accepted = set().union(*(load.accepted for load in loads))
        self.assertEqual(len(accepted), 160)
        self.look_at_all(accepted, killed_at, (internet, second))
        second.wait_event("a gate is dead: the others go on with its mails")
        internet.wait_settled()  # each result came back, whichever gate wrote it
        self.wait_empty(("pending", "deliveries", "contents", "blobs", "results"))
        # And the other way round: the first is back, the second ends in good order, and nothing waits for a lease.
        first.start()
        second.stop()
        load = Load(internet.port, "c", 20)
        load.join(60)
        self.sink.wait_subjects(load.accepted, 20, (internet, first))
        internet.wait_settled()
        told = first.run("audit", "verify", "--role", "gate", check=False)  # one chain, by three processes
        self.assertEqual((told.returncode, told.stderr), (0, ""), told.stdout)

    def test_the_database_restarts_under_load(self):
        place = f"127.0.0.1:{free_port()}"
        gate = self.gate("push", listen=place)
        internet = self.internet("push", connect=place)
        load = Load(internet.port, "d", 80)
        self.sink.wait(20)
        self.sink.holding = False
        self.cluster.primary.restart("immediate")
        load.join(60)
        self.sink.wait_subjects(load.accepted, 60, (internet, gate))
        internet.wait_settled()
        self.assertEqual(self.sink.twice(), {}, "nobody died")

    def test_in_a_pull_each_gate_goes_to_each_host_of_the_internet_side(self):
        self.sink.holding = False
        places = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        one = self.internet("pull", extra=self.store(), listen=places[0])
        two = self.internet("pull", extra=self.store(), model=one, listen=places[1])
        first = self.gate("pull", connect=places)
        for service in (one, two):
            service.wait_event("zone connected")
        second = self.gate("pull", model=first, connect=places)
        loads = [Load(service.port, name, 60) for service, name in ((one, "a"), (two, "b"))]
        self.sink.wait(20)
        killed_at = time.monotonic()
        first.kill_all()
        for load in loads:
            load.join(60)
        accepted = set().union(*(load.accepted for load in loads))
        self.look_at_all(accepted, killed_at, (one, two, second))
        self.wait_empty(("pending", "results"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
