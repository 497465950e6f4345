"""Hosts for tests as network namespaces: each with a firewall (nftables) that lets through what it is told and drops all else. Needs root."""
import concurrent.futures
import ctypes
import pathlib
import shutil
import subprocess

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PROGRAMS = ("ip", "nft", "unshare", "nsenter")


def missing():
    """What is not here and has to be."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class Zone:
    """A network namespace with a loopback, kept by a process that sleeps: it is gone with that."""

    def __init__(self, seconds=600):
        self.keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", f"ip link set lo up && echo up && exec sleep {seconds}"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.fine = self.keeper.stdout.readline() == b"up\n"
        self.threads = concurrent.futures.ThreadPoolExecutor(2, initializer=self.enter)

    def enter(self):
        """The calling thread's new sockets are of this zone from now on."""
        if not self.fine:
            return
        with open(f"/proc/{self.keeper.pid}/ns/net", "rb") as namespace:
            if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def begin(self, what, *arguments, **more):
        """Calls it with the sockets of this zone."""
        return self.threads.submit(what, *arguments, **more)

    def do(self, what, *arguments, **more):
        return self.begin(what, *arguments, **more).result(120)

    def within(self):
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", "--"]

    def run(self, *words, **more):
        return subprocess.run(self.within() + list(words), check=True, capture_output=True, text=True, **more)

    def allow(self, rules):
        """The firewall: what `rules` accept, for the chains in and out, and nothing else."""
        chains = ""
        for name, how in (("in", "iif"), ("out", "oif")):
            lines = [f"type filter hook {name}put priority 0; policy drop", f'{how} "lo" accept'] + ([rules[name]] if name in rules else [])
            chains += f"chain from_{name} {{ {'; '.join(lines)}; }}\n"
        self.run("nft", "-f", "-", input=f"table inet kiyome\ndelete table inet kiyome\ntable inet kiyome {{\n{chains}}}\n")

    def table(self, name):
        """A table of the kernel about this zone, in words."""
        return [line.split() for line in pathlib.Path(f"/proc/{self.keeper.pid}/net/{name}").read_text().splitlines()[1:]]

    def stop(self):
        self.threads.shutdown()
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stdout.close()


def join(outside, inside, addresses):
    """A wire: a pair of interfaces, one in each namespace."""
    subprocess.run(["ip", "link", "add", "wire", "netns", str(outside.keeper.pid), "type", "veth", "peer", "name", "wire", "netns",
                    str(inside.keeper.pid)], check=True, capture_output=True)
    for zone, address in zip((outside, inside), addresses):
        zone.run("ip", "address", "add", address + "/30", "dev", "wire")
        zone.run("ip", "link", "set", "wire", "up")


class Net:
    """Many hosts on one switch. Who may connect to whom, and to which port, is said by `arrows`; all else is dropped, and so is an arrow
    while it is cut: as by a firewall, no side hears of it."""

    def __init__(self, names, seconds=7200):
        self.zones, self.arrows, self.cuts = {}, [], set()
        self.switch = Zone(seconds)
        self.addresses = {name: f"192.0.2.{number}" for number, name in enumerate(names, 1)}
        if self.switch.fine:
            self.switch.run("ip", "link", "add", "bridge", "type", "bridge")
            self.switch.run("ip", "link", "set", "bridge", "up")
        for number, name in enumerate(names, 1):
            self.zones[name] = Zone(seconds)
            if self.zones[name].fine:
                self.attach(self.zones[name], f"port{number}", self.addresses[name])
        self.fine = self.switch.fine and all(zone.fine for zone in self.zones.values())

    def attach(self, zone, port, address):
        subprocess.run(["ip", "link", "add", port, "netns", str(self.switch.keeper.pid), "type", "veth", "peer", "name", "wire", "netns",
                        str(zone.keeper.pid)], check=True, capture_output=True)
        self.switch.run("ip", "link", "set", port, "master", "bridge")
        self.switch.run("ip", "link", "set", port, "up")
        zone.run("ip", "address", "add", address + "/24", "dev", "wire")
        zone.run("ip", "link", "set", "wire", "up")

    def arrow(self, source, target, port):
        self.arrows.append((source, target, port))

    def apply(self):
        rules = {name: {"in": [], "out": []} for name in self.zones}
        for source, target, port in self.arrows:
            if frozenset((source, target)) in self.cuts:
                continue
            there, back = self.addresses[target], self.addresses[source]
            rules[source]["out"].append(f"ip daddr {there} tcp dport {port} accept")
            rules[source]["in"].append(f"ip saddr {there} tcp sport {port} ct state established accept")
            rules[target]["in"].append(f"ip saddr {back} tcp dport {port} accept")
            rules[target]["out"].append(f"ip daddr {back} tcp sport {port} ct state established accept")
        for name, zone in self.zones.items():
            zone.allow({chain: "; ".join(lines) for chain, lines in rules[name].items() if lines})

    def cut(self, *pairs):
        self.cuts |= {frozenset(pair) for pair in pairs}
        self.apply()

    def heal(self, *pairs):
        """These cuts, or all of them."""
        self.cuts = self.cuts - {frozenset(pair) for pair in pairs} if pairs else set()
        self.apply()

    def stop(self):
        for zone in (*self.zones.values(), self.switch):
            zone.stop()
