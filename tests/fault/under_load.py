"""Load for as long as one likes, a next hop with moods that knows each mail by its X-Kiyome-Id, and the account at the end."""
import re
import threading

from kill_test import Load
from kiyome_service import Sink


class Steady(Load):
    """So many mails a second until it is told to end or `numbers` has no more; what was not taken is tried again."""

    def __init__(self, service, rate, numbers, threads=6, enter=None):
        self.ended, self.numbers, self.enter = threading.Event(), numbers, enter
        super().__init__(service, 0, 0)
        self.pause = threads / rate
        self.threads = [threading.Thread(target=self.feed, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def feed(self):
        if self.enter:
            self.enter()  # the namespace of that host
        more = True
        while more or self.left:
            with self.lock:
                more = more and not self.ended.is_set()
                if more and not self.left:
                    number = next(self.numbers, None)
                    more = number is not None
                    self.left += [number] if more else []
            self.run()  # until nothing is left

    def end(self):
        self.ended.set()
        self.wait()


class Hop(Sink):
    """A next hop in a mood: "" takes what comes, "drop" hangs up, all else is its answer to each step. It knows what it has by its
    X-Kiyome-Id, and gives it on once."""

    IDENTITY = re.compile(rb"^X-Kiyome-Id: (\S+)\r$", re.M)

    def __init__(self, address="127.0.0.1"):
        super().__init__(behave=lambda step, _: self.mood or None, address=address)
        self.mood, self.given_on, self.repeats, self.changed_mails = "", {}, 0, []

    def keep(self, sender, recipients, octets):
        identity = self.IDENTITY.search(octets)[1].decode()
        with self.changed:
            known = self.given_on.setdefault((identity, *recipients), octets)
            if known is not octets:
                self.repeats += 1
                if known != octets:
                    self.changed_mails.append(identity)
            self.changed.notify_all()


def account(hop, accepted, rows, held_for=("poison-item",)):
    """What is wrong at the end, and how all fared: `accepted` gives the number in the Message-ID of each item that was answered 250, `rows` is
    what `kiyome queue list` says."""
    state = {row["id"]: (row["state"], row["reasons"]) for row in rows}
    arrived = {identity: octets for (identity, *_), octets in hop.given_on.items()}
    wrong = [f"{each}: arrived twice, with different octets" for each in hop.changed_mails]
    for item, (told, reasons) in state.items():
        if told not in ("delivered", "held", "bounced"):
            wrong.append(f"{item}: {told}")
        elif told == "bounced" or (told == "held" and set(reasons) - set(held_for)):
            wrong.append(f"{item}: {told} by {reasons}")
        elif told == "delivered" and item not in arrived:
            wrong.append(f"{item}: said to be delivered, and not there")
        elif told == "held" and item in arrived:
            wrong.append(f"{item}: held, and delivered")
    for item, number in accepted.items():
        if item not in state:
            wrong.append(f"{item}: vanished")
        elif item in arrived and b"<m%d@outside.example>" % number not in arrived[item]:
            wrong.append(f"{item}: another mail than was accepted")
    wrong += [f"{item}: arrived, and nobody knows it" for item in arrived if not item.endswith(".0") and item not in state]
    print(f"answered 250: {len(accepted)}; items: {len(state)}, of them delivered {sum(s == 'delivered' for s, _ in state.values())}, "
          f"held {sum(s == 'held' for s, _ in state.values())}; repeated after a death between 250 and its record, and known by its "
          f"X-Kiyome-Id: {hop.repeats}; wrong: {len(wrong)}", flush=True)
    return wrong
