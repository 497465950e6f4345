"""PostgreSQL for tests: servers of their own in a temporary folder, durable as in earnest (fsync on), with a streaming standby that has
every acknowledged commit, and everything that can happen to them: stop, kill -9, restart, promote. Nothing of the machine's own clusters
is touched."""
import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

from kiyome_service import free_port

ROLE, DATABASE, ADMIN = "kiyome", "kiyome", "admin"
CREATE = f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0 ENCODING 'UTF8'"
# Ends what a test that was killed left: it holds the other end of the keeper's input.
KEEPER = 'cat >/dev/null; for pid in "$1"/*/postmaster.pid; do [ -e "$pid" ] && kill -9 "$(head -n 1 "$pid")"; done; rm -rf "$1"/* "$1"'


def programs():
    """The folder of the newest server there is (Debian keeps them out of the PATH), or None."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def owner():
    """Whom the servers run as: they refuse root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no user for PostgreSQL")


class Server:
    """One server. `within`: a command that runs programs where it listens ("nsenter", …); `address` None: on a Unix socket alone."""

    def __init__(self, folder, name, port, address=None, auth="scram-sha-256", password="", within=()):
        self.folder, self.name, self.port, self.address = pathlib.Path(folder), name, port, address
        self.auth, self.password, self.within = auth, password, list(within)
        self.bin, self.owner = programs(), owner()
        self.data, self.log, self.sockets = self.folder / name, self.folder / f"{name}.log", self.folder / f"{name}.run"
        self.process = None

    # ---- programs ----
    def command(self, program, *words):
        """Run as the owner, where the server is."""
        change = []
        if os.geteuid() == 0:
            change = ["setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups", "--"]
        return self.within + change + [str(self.bin / program), *map(str, words)]

    def environment(self):
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"}

    def run(self, program, *words, seconds=120, **more):
        told = subprocess.run(self.command(program, *words), capture_output=True, text=True, timeout=seconds, check=False,
                              env=self.environment(), cwd="/", **more)
        if told.returncode != 0:
            raise RuntimeError(f"{program} of {self.name}: {told.stderr.strip()}")
        return told.stdout

    # ---- its life ----
    def place(self):
        """The folder of its socket: where everybody may come in, as on Debian."""
        self.sockets.mkdir(exist_ok=True)
        self.sockets.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self.sockets, self.owner.pw_uid, self.owner.pw_gid)
        return self

    def create(self):
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as words:
            words.write(self.password + "\n")
            words.flush()
            os.chmod(words.name, 0o644)
            self.run("initdb", "--no-sync", "-D", self.data, "-U", ADMIN, "-A", self.auth, "--pwfile", words.name, "-E", "UTF8",
                     "--locale", "C.UTF-8")
        if self.address:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all all {self.auth}\nhost replication all all {self.auth}\n")

    def begin(self):
        """Starts it and returns at once."""
        settings = {"listen_addresses": self.address or "", "port": self.port, "unix_socket_directories": self.sockets, "fsync": "on",
                    "full_page_writes": "on", "max_connections": 200, "shared_buffers": "64MB", "wal_level": "replica",
                    "max_wal_senders": 8, "hot_standby": "on", "wal_keep_size": "64MB", "max_wal_size": "256MB", "wal_receiver_status_interval": "1s",
                    "wal_sender_timeout": "5s", "wal_receiver_timeout": "5s", "logging_collector": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command("postgres", "-D", self.data, *words), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.environment(), cwd="/", start_new_session=True)

    def start(self, seconds=60):
        """Starts it and waits until it answers. After a kill -9 its children may hold the memory for a moment: then again."""
        deadline = time.monotonic() + seconds
        self.begin()
        while True:
            if self.process.poll() is not None:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not start:\n{self.log_text()[-2000:]}")
                time.sleep(0.1)
                self.begin()
            with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                self.sql("SELECT 1", database="postgres", seconds=5)
                return self
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer:\n{self.log_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, mode="fast", seconds=60):
        """`smart` waits for clients, `fast` ends their sessions, `immediate` is a crash that is told to the children."""
        if self.process is None:
            return
        self.process.send_signal({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        self.process.wait(seconds)
        self.process = None

    def children(self):
        with contextlib.suppress(OSError):
            return [int(each) for each in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        return []

    def kill(self):
        """kill -9 of all its processes, as when its machine is gone."""
        if self.process is None:
            return
        pids = [self.process.pid] + self.children()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def restart(self, mode="fast"):
        self.stop(mode)
        return self.start()

    def hold(self, seconds):
        """Stands still, as a machine that swaps or a disk that hangs."""
        pids = [self.process.pid] + self.children()
        for what in (signal.SIGSTOP, signal.SIGCONT):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, what)
            if what == signal.SIGSTOP:
                time.sleep(seconds)

    # ---- what it is asked ----
    def sql(self, text, database=DATABASE, seconds=30):
        """As its administrator, by its own socket; rows as lines of columns parted by |."""
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", self.port, "-U", ADMIN, "-d", database,
                        "-c", text, seconds=seconds).strip()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def is_primary(self):
        return self.sql("SELECT pg_is_in_recovery()", database="postgres") == "f"


class Cluster:
    """A primary and, when asked for, standbys, one database and one role for the service. `places` (address, port, within) says where each
    server is; without it they are on loopback. Every acknowledged commit is on the standby, and to be seen there, before it is answered."""

    def __init__(self, auth="scram-sha-256", standbys=0, places=None, folder=None):
        if programs() is None:
            raise RuntimeError("no PostgreSQL here")
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="kiyome-pg-"))
        self.folder.chmod(0o755)  # the sockets' too: the roles have users of their own
        if os.geteuid() == 0:
            os.chown(self.folder, owner().pw_uid, owner().pw_gid)
        self.auth = auth
        self.admin_password = secrets.token_urlsafe(12)
        self.password = secrets.token_urlsafe(12) if auth != "trust" else ""
        self.places = places
        self.servers = []
        self.keeper = subprocess.Popen(["sh", "-c", KEEPER, "keeper", self.folder], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
        self.primary = self.add("one")
        try:
            self.make(standbys)
        except BaseException:
            self.close()
            raise

    def make(self, standbys):
        self.primary.create()
        self.primary.start()
        secret = f"PASSWORD '{self.password}'" if self.password else ""
        self.primary.sql(f"CREATE ROLE {ROLE} LOGIN {secret}", database="postgres")
        self.primary.sql(CREATE, database="postgres")
        for number in range(standbys):
            self.add_standby(("two", "three", "four")[number])

    def add(self, name):
        number = len(self.servers)
        address, port, within = self.places[number] if self.places else ("127.0.0.1", free_port(), ())
        self.servers.append(Server(self.folder, name, port, address, self.auth, self.admin_password, within).place())
        return self.servers[-1]

    @property
    def standbys(self):
        return [server for server in self.servers if server is not self.primary and server.process is not None]

    def add_standby(self, name=None, server=None):
        """A copy of the primary that follows it; acknowledged is from now on what it has, too."""
        server = server or self.add(name)
        self.follow(server)
        self.wait_streaming(server)
        self.acknowledge_by_standbys()
        return server

    def follow(self, server):
        shutil.rmtree(server.data, ignore_errors=True)
        primary = self.primary
        source = f"host={primary.address} port={primary.port} user={ADMIN} password={primary.password} application_name={server.name}"
        server.run("pg_basebackup", "-d", source, "-D", server.data, "-X", "stream", "-R", "-c", "fast", "--no-sync")
        own = server.data / "postgresql.auto.conf"
        lines = own.read_text().splitlines()  # whom the primary waits for is not whom this one will wait for
        own.write_text("".join(line + "\n" for line in lines if not line.startswith("synchronous_")))
        server.start()

    def wait_streaming(self, server, seconds=60):
        deadline = time.monotonic() + seconds
        while self.primary.sql(f"SELECT state FROM pg_stat_replication WHERE application_name='{server.name}'", "postgres") != "streaming":
            if time.monotonic() > deadline:
                raise RuntimeError(f"{server.name} does not follow:\n{server.log_text()[-2000:]}")
            time.sleep(0.05)

    def acknowledge_by_standbys(self):
        """Says anew whom the primary waits for: with none it waits for nobody."""
        names = ", ".join(server.name for server in self.standbys)
        self.primary.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{f'FIRST 1 ({names})' if names else ''}'", "postgres")
        self.primary.sql("ALTER SYSTEM SET synchronous_commit = 'remote_apply'", "postgres")
        self.primary.sql("SELECT pg_reload_conf()", "postgres")

    def promote(self, server):
        """Makes a standby the primary. The old one must be dead by then: nobody here fences it."""
        server.sql("SELECT pg_promote(true, 60)", "postgres", seconds=90)
        self.primary = server
        return server

    def fail_over(self, rejoin=True, how="kill"):
        """The primary dies, its standby takes its place; the dead one becomes the standby of the new one."""
        old, new = self.primary, self.standbys[0]
        old.kill() if how == "kill" else old.stop(how)
        self.promote(new)
        if rejoin:
            self.add_standby(server=old)
        return new

    def empty(self):
        """The database as on its first day, whoever is connected."""
        self.primary.sql(f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        self.primary.sql(CREATE, "postgres")

    def url(self, hosts=None, writes=True):
        """For libpq: every server's address, and that only the one that takes writes will do."""
        names = hosts or [f"{server.address}:{server.port}" for server in self.servers]
        secret = ":" + urllib.parse.quote(self.password, safe="") if self.password else ""
        more = "?target_session_attrs=read-write&connect_timeout=3" if writes else ""
        return f"postgresql://{ROLE}{secret}@{','.join(names)}/{DATABASE}{more}"

    def socket_url(self):
        """By the primary's Unix socket."""
        secret = ":" + urllib.parse.quote(self.password, safe="") if self.password else ""
        return f"postgresql://{ROLE}{secret}@/{DATABASE}?host={urllib.parse.quote(str(self.primary.sockets), safe='')}&port={self.primary.port}"

    def close(self):
        for server in self.servers:
            server.kill()
        self.keeper.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
