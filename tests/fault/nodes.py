"""Many hosts for the long fault run: nodes of both sides and their databases, each in a network namespace with a disk, a wall clock and a
firewall of its own. What dies comes back, as under systemd. Needs root."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

from machine import DAY, Machine  # first: it says which programs are started
import kiyome_service
import postgres
from kiyome_service import Service
from namespaces import Net
from two_hosts import SIDES, Papers
from under_load import Hop

ZONE_PORT, HOP_PORT, DATABASE_PORT = 8442, 25, 5432
DISK_BYTES = 1 << 30
RESTART_SECONDS = 1.0


class OldPapers(Papers):
    """Good since a month, for clocks that go back."""

    def __init__(self, folder):
        place = pathlib.Path(folder) / "data" / "papers"
        place.mkdir(parents=True)
        machine = Machine(folder)
        machine.set_clock(-30 * DAY)
        os.chmod(folder, 0o755)
        type(self).place = place
        super().__init__(folder)

    @classmethod
    def certificate(cls, *words, check=True):
        return subprocess.run([kiyome_service.KIYOME, "certificate", *words], capture_output=True, text=True, check=check, cwd=cls.place)


class Disk:
    """A file system of its own, so large and no larger."""

    def __init__(self, folder, size=DISK_BYTES):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "kiyome-long", self.folder], check=True)
        self.stuffing = self.folder / "stuffing"

    def fill(self, leave=0):
        with self.stuffing.open("wb") as file, contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(self.folder).free - leave))

    def relieve(self):
        self.stuffing.unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=False, capture_output=True)


class Node(Service):
    """One host. It is kept up until it is told to be down."""

    def __init__(self, name, zone, folder, roles, hop, extra=""):
        self.name, self.zone, self.wanted, self.starts = name, zone, False, 0
        self.disk = Disk(folder)
        self.machine = Machine(folder)
        self.lock = threading.RLock()
        super().__init__(0, roles=roles, folder=folder, within=zone.within(), smtp="connections_per_address_max = 0", extra=extra)
        self.config.write_text(self.config.read_text().replace('hosts = ["127.0.0.1:0"]', f'hosts = ["{hop}"]'))
        self.watch = threading.Thread(target=self.keep_up, daemon=True)
        self.closed = threading.Event()
        self.watch.start()

    def sides(self):
        return "gate" if self.roles == "gate" else "internet"

    def keep_up(self):
        while not self.closed.wait(RESTART_SECONDS):
            with self.lock:
                if self.wanted and (self.process is None or self.process.poll() is not None):
                    self.launch()

    def launch(self):
        with contextlib.suppress(OSError):
            self.log.close()
        self.starts += 1
        self.log = open(self.folder / "log", "ab")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(self.within + [kiyome_service.KIYOME, "serve", "--config", self.config, "--role", self.roles],
                                        stderr=self.log, start_new_session=True)

    log = open(os.devnull, "ab")  # pylint: disable=consider-using-with

    def up(self):
        with self.lock:
            self.wanted = True
            if self.process is None:
                self.launch()

    def die(self):
        """kill -9 of everything on it; it stays down until up()."""
        with self.lock:
            self.wanted = False
            if self.process is not None:
                self.kill_all()

    def halt(self):
        with self.lock:
            self.wanted = False
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
            if self.process is not None:
                self.kill_all()

    def run(self, *words, check=True):
        """On that host: some commands look into its database."""
        return subprocess.run([*self.within, kiyome_service.KIYOME, *words, "--config", self.config], capture_output=True, text=True, check=check,
                              timeout=300)

    def pids(self):
        with self.lock:
            return super().pids() if self.process is not None else {}

    def close(self):
        self.closed.set()
        self.watch.join()
        self.die()
        self.disk.close()


class Databases:
    """A cluster of one side, each server in a zone of its own, kept up as the nodes are."""

    def __init__(self, net, names, folder):
        self.disk = Disk(folder, 2 * DISK_BYTES)
        try:
            self.cluster = postgres.Cluster(folder=folder, standbys=len(names) - 1,
                                            places=[(net.addresses[name], DATABASE_PORT, net.zones[name].within()) for name in names])
        except BaseException:
            self.disk.close()
            raise
        self.zone_of = dict(zip(("one", "two", "three"), names))
        self.lock = threading.RLock()
        self.closed = threading.Event()
        self.watch = threading.Thread(target=self.keep_up, daemon=True)
        self.watch.start()

    def keep_up(self):
        """A server that ended by itself (its disk was full) is started again."""
        while not self.closed.wait(RESTART_SECONDS):
            with self.lock:
                for server in self.cluster.servers:
                    if server.process is not None and server.process.poll() is not None:
                        server.begin()

    def restart(self):
        with self.lock:
            self.cluster.primary.restart()

    def crash(self):
        with self.lock:
            self.cluster.primary.kill()
            self.cluster.primary.start()

    def fail_over(self):
        with self.lock:
            return self.cluster.fail_over() if self.cluster.standbys else None

    def primary_zone(self):
        return self.zone_of[self.cluster.primary.name]

    def close(self):
        self.closed.set()
        self.watch.join()
        self.cluster.close()
        self.disk.close()


class Site:
    """`internet` and `gates`: the roles of each node, "edge,cleaner,console" and so on. `databases`: how many servers each side has, (0, 0) for
    a store of each node's own."""

    def __init__(self, internet=("edge,cleaner",), gates=("gate",), databases=(0, 0), mode="push"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiyome-nodes-"))
        self.folder.chmod(0o755)
        self.names = {"internet": [f"i{number}" for number in range(1, len(internet) + 1)],
                      "closed": [f"g{number}" for number in range(1, len(gates) + 1)]}
        self.database_names = {side: [f"d{side[0]}{number}" for number in range(1, count + 1)] for side, count in zip(SIDES, databases)}
        self.mode = mode
        self.nodes, self.databases = {}, {}
        self.net = Net([*self.names["internet"], *self.names["closed"], *self.database_names["internet"], *self.database_names["closed"], "hop"])
        try:
            self.draw_arrows()
            self.papers = OldPapers(tempfile.mkdtemp(prefix="papers-", dir=self.folder))
            self.hop = self.net.zones["hop"].do(Hop, self.net.addresses["hop"])
            for side, names in self.database_names.items():
                if names:
                    self.databases[side] = Databases(self.net, names, self.folder / f"database-{side}")
            for side, roles in (("internet", internet), ("closed", gates)):
                for name, each in zip(self.names[side], roles):
                    self.nodes[name] = self.make_node(name, side, each)
        except BaseException:
            self.close()
            raise

    def draw_arrows(self):
        for internet in self.names["internet"]:
            for gate in self.names["closed"]:
                self.net.arrow(*((internet, gate) if self.mode == "push" else (gate, internet)), ZONE_PORT)
        for gate in self.names["closed"]:
            self.net.arrow(gate, "hop", self.hop_port())
        for side, databases in self.database_names.items():
            for database in databases:
                for name in [*self.names[side], *databases]:
                    if name != database:
                        self.net.arrow(name, database, DATABASE_PORT)
        self.net.apply()

    @staticmethod
    def hop_port():
        return "1024-65535"  # whichever is free there

    def make_node(self, name, side, roles):
        extra = self.papers.section(side, self.mode, listen=f"{self.net.addresses[name]}:{ZONE_PORT}", connect=self.connect(side))
        if side in self.databases:
            extra += f'[store]\nurl = "{self.databases[side].cluster.url()}"\n'
        if "console" in roles:
            extra += f'[console]\nlisten = "127.0.0.1:{kiyome_service.free_port()}"\n'
        return Node(name, self.net.zones[name], self.folder / name, roles, f"{self.net.addresses['hop']}:{self.hop.port}", extra)

    def connect(self, side):
        other = self.names["closed" if side == "internet" else "internet"]
        return [f"{self.net.addresses[name]}:{ZONE_PORT}" for name in other]

    def between_zones(self):
        return [(internet, gate) for internet in self.names["internet"] for gate in self.names["closed"]]

    def up(self):
        for names in self.names.values():
            first, *others = (self.nodes[name] for name in names)
            if not others:
                continue
            first.up()
            self.wait_serving(first)
            time.sleep(1)  # its trails have begun
            for node in others:
                self.carry_keys(first, node)
        for node in self.nodes.values():
            node.up()
        for node in self.nodes.values():
            self.wait_serving(node)
        return self

    @staticmethod
    def carry_keys(first, node):
        """Who shares a store shares its keys: those of the originals and of the trails. An operator carries them."""
        for key in [*first.folder.glob("data/*/*.key"), *first.folder.glob("data/*/*.pub")]:
            copy = node.folder / key.relative_to(first.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(key, copy)
            os.chown(copy, key.stat().st_uid, key.stat().st_gid)

    @staticmethod
    def wait_serving(node, seconds=90):
        deadline = time.monotonic() + seconds
        while '"event":"serving"' not in node.log_text():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{node.name} does not serve:\n{node.log_text()[-3000:]}")
            time.sleep(0.1)

    def heal(self):
        """Everything as it was at the beginning."""
        self.net.heal()
        self.hop.mood = ""
        for databases in self.databases.values():
            databases.disk.relieve()
        for node in self.nodes.values():
            node.disk.relieve()
            node.machine.slow_disk(0)
            node.machine.set_clock(0)
            node.up()

    def queue(self):
        """What the Internet side knows of every item: nodes with one store say the same."""
        rows = {}
        names = self.names["internet"]
        for name in names[:1] if "internet" in self.databases else names:
            rows |= {(row["id"], row["recipient"]): row for row in self.nodes[name].queue()}
        return list(rows.values())

    def close(self):
        for node in self.nodes.values():
            node.close()
        for databases in self.databases.values():
            databases.close()
        if hasattr(self, "hop"):
            self.hop.stop()
        self.net.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
