#!/usr/bin/env python3
"""People of a directory sign in: against a real slapd of our own, on a loopback port and in a temporary folder."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

SLAPD = shutil.which("slapd") or (os.path.exists("/usr/sbin/slapd") and "/usr/sbin/slapd")
SLAPADD = shutil.which("slapadd") or "/usr/sbin/slapadd"
SIGN_IN = os.path.join(os.environ.get("KIYOME_BUILD", "build"), "directory_sign_in")
BASE = "dc=city,dc=example,dc=jp"
PEOPLE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: City
dc: city

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: cn=reader,{BASE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader's word
"""
PERSON = """
dn: uid={uid},ou=people,{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {uid}
sn: {uid}
displayName: 山田 {uid}
mail: {mail}
departmentNumber: 総務部/総務課
userPassword: word of {uid}
"""


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def group(name, *members):
    lines = "".join(f"member: uid={each},ou=people,{BASE}\n" for each in members)
    return f"\ndn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n{lines}"


class Directory:
    """slapd with a few people; only `reader` may look things up, and the people know their own password only."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port, self.tls_port = free_port(), free_port()
        (self.folder / "db").mkdir()
        self.certificates()
        (self.folder / "slapd.conf").write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {self.folder}/slapd.pid
TLSCACertificateFile {self.folder}/ca.pem
TLSCertificateFile {self.folder}/server.pem
TLSCertificateKeyFile {self.folder}/server.key
disallow bind_anon
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,{BASE}" read by * none
database mdb
suffix "{BASE}"
rootdn "cn=root,{BASE}"
rootpw root's-word
directory {self.folder}/db
overlay memberof
""")
        people = [("yamada", "Yamada@City.example.jp"), ("aoki", "aoki@city.example.jp"),
                  ("lonely", "lonely@city.example.jp"), ("twin", "twin1@city.example.jp"),
                  ("inoue", "yamada@city.example.jp")]
        ldif = PEOPLE + "".join(PERSON.format(uid=uid, mail=mail, base=BASE) for uid, mail in people)
        ldif += PERSON.format(uid="twin2", mail="twin2@city.example.jp", base=BASE).replace("\ncn:", "\nuid: twin\ncn:", 1)
        ldif += group("staff", "yamada", "aoki", "twin", "twin2", "inoue") + group("chiefs", "aoki")
        (self.folder / "people.ldif").write_text(ldif)
        subprocess.run([SLAPADD, "-f", self.folder / "slapd.conf", "-l", self.folder / "people.ldif"], check=True,
                       capture_output=True)
        self.process = None
        self.start()

    def certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

        for ca in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=directory",
                "-keyout", "server.key", "-out", "server.csr")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", "server.pem")

    def start(self):
        self.process = subprocess.Popen(
            [SLAPD, "-f", self.folder / "slapd.conf", "-d", "0",
             "-h", f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("slapd does not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def change(self, ldif):
        subprocess.run(["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", f"cn=root,{BASE}",
                        "-w", "root's-word"], input=ldif, text=True, check=True, capture_output=True)


@unittest.skipUnless(SLAPD and shutil.which("ldapmodify"), "SKIPPED: slapd and ldap-utils are needed")
class Ldap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.directory = Directory(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.directory.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)

    def ask(self, *lines, url=None, extra="", groups=True, word="reader's word", filter_="(uid={login})"):
        config = pathlib.Path(self.work.name) / "kiyome.toml"
        text = f"""[auth]
second_factor = []
tries = 50
[auth.ldap]
url = "{url or f'ldap://127.0.0.1:{self.directory.port}'}"
bind_dn = "cn=reader,{BASE}"
bind_password = "{word}"
base = "ou=people,{BASE}"
filter = "{filter_}"
department_attribute = "departmentNumber"
{extra}
"""
        for name, role in (("Staff", "staff"), ("chiefs", "approver")) if groups else ():
            text += f'[[auth.ldap.group]]\ndn = "CN={name}, ou=groups,{BASE}"\nrole = "{role}"\n'
        config.write_text(text)
        accounts = pathlib.Path(self.work.name) / "accounts"
        accounts.mkdir(exist_ok=True)
        out = subprocess.run([SIGN_IN, config, accounts], input="\n".join("\t".join(each) for each in lines) + "\n",
                             text=True, capture_output=True, timeout=120)
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        answers = [json.loads(line) for line in out.stdout.splitlines()]
        self.assertEqual(len(answers), len(lines))
        return answers

    def outcomes(self, *lines, **more):
        return [answer["outcome"] for answer in self.ask(*lines, **more)]

    def test_people_get_the_account_that_the_directory_describes(self):
        yamada, aoki = self.ask(("sign-in", "Yamada", "word of yamada"), ("sign-in", "aoki", "word of aoki"))
        self.assertEqual((yamada["outcome"], yamada["step"], yamada["login"]), ("in", 4, "yamada"))
        self.assertEqual((yamada["name"], yamada["mail"]), ("山田 yamada", "yamada@city.example.jp"))
        self.assertEqual((yamada["department"], yamada["roles"]), ("総務部/総務課", ["staff"]))
        self.assertEqual(aoki["roles"], ["staff", "approver"])
        again = self.ask(("sign-in", "yamada", "word of yamada"))[0]
        self.assertEqual(again["number"], yamada["number"])

    def test_wrong_ones_are_refused_alike_and_not_before_a_second(self):
        answers = self.ask(("sign-in", "yamada", "wrong"), ("sign-in", "nobody", "wrong"), ("sign-in", "yamada", ""),
                           ("sign-in", "lonely", "word of lonely"), ("sign-in", "twin", "word of twin"))
        self.assertEqual([each["outcome"] for each in answers], ["sign-in-refused"] * 5)
        for each in answers:
            self.assertGreaterEqual(each["ms"], 990)

    def test_what_a_login_holds_is_no_part_of_the_question(self):
        tricks = ["*", "yamada)(uid=*", "yam*", "yamada)(|(uid=*", "yamada\\2a", "yamada,ou=people", "*)(objectClass=*"]
        self.assertEqual(self.outcomes(*[("sign-in", each, "word of yamada") for each in tricks]),
                         ["sign-in-refused"] * len(tricks))

    def test_one_person_is_one_account_whatever_he_types(self):
        filter_ = "(|(uid={login})(mail={login}))"
        one, two = self.ask(("sign-in", "aoki@city.example.jp", "word of aoki"), ("sign-in", "aoki", "word of aoki"),
                            filter_=filter_)
        self.assertEqual((one["outcome"], one["number"]), ("in", two["number"]))

    def test_a_mail_address_that_somebody_has_is_not_taken_from_him(self):
        yamada, inoue = self.ask(("sign-in", "yamada", "word of yamada"), ("sign-in", "inoue", "word of inoue"))
        self.assertEqual((yamada["mail"], inoue["mail"]), ("yamada@city.example.jp", ""))

    def test_groups_count_anew_at_every_sign_in(self):
        aoki = ("sign-in", "aoki", "word of aoki")
        self.assertEqual(self.ask(aoki)[0]["roles"], ["staff", "approver"])
        member = f"member: uid=aoki,ou=people,{BASE}\n"
        staff, chiefs = (f"dn: cn={name},ou=groups,{BASE}\nchangetype: modify\n" for name in ("staff", "chiefs"))
        try:
            self.directory.change(staff + "delete: member\n" + member)
            self.assertEqual(self.ask(aoki)[0]["roles"], ["approver"])
            self.directory.change(chiefs + "replace: member\n" + member.replace("aoki", "yamada"))
            self.assertEqual(self.outcomes(aoki), ["sign-in-refused"])
        finally:
            self.directory.change(chiefs + "replace: member\n" + member + "\n" + staff + "add: member\n" + member)
        self.assertEqual(self.ask(aoki)[0]["roles"], ["staff", "approver"])

    def test_without_groups_an_account_has_to_be_made_by_hand(self):
        self.assertEqual(self.outcomes(("sign-in", "yamada", "word of yamada"), groups=False), ["sign-in-refused"])

    def test_a_local_account_is_not_the_directorys(self):
        local = "a local password"
        self.assertEqual(
            self.outcomes(("add", "yamada", local), ("sign-in", "yamada", "word of yamada"), ("sign-in", "yamada", local)),
            ["done", "sign-in-refused", "in"])

    def test_disabled_here_is_disabled_whatever_the_directory_says(self):
        self.assertEqual(self.outcomes(("sign-in", "aoki", "word of aoki"), ("disable", "aoki"),
                                       ("sign-in", "aoki", "word of aoki")), ["in", "done", "sign-in-refused"])

    def test_tls_is_believed_with_the_right_ca_and_the_right_name_only(self):
        yamada = ("sign-in", "yamada", "word of yamada")
        folder, tls = self.directory.folder, self.directory.tls_port
        good = f'ca = "{folder}/ca.pem"'
        start = "\nstart_tls = true"
        other = f'ca = "{folder}/other.pem"'
        self.assertEqual(self.outcomes(yamada, url=f"ldaps://127.0.0.1:{tls}", extra=good), ["in"])
        self.assertEqual(self.outcomes(yamada, extra=good + start), ["in"])
        for url, extra in ((f"ldaps://127.0.0.1:{tls}", other), (f"ldaps://127.0.0.1:{tls}", ""),
                           (f"ldaps://localhost:{tls}", good), (None, other + start),
                           (f"ldap://localhost:{self.directory.port}", good + start),
                           (f"ldaps://127.0.0.1:{self.directory.port}", good)):
            with self.subTest(url=url, extra=extra):
                self.assertEqual(self.outcomes(yamada, url=url, extra=extra), ["unavailable"])

    def test_a_password_goes_nowhere_without_tls_but_to_this_machine(self):
        answer = self.ask(("sign-in", "yamada", "word of yamada"), url="ldap://192.0.2.1:389")[0]
        self.assertEqual(answer["outcome"], "unavailable")
        self.assertIn("TLS", answer["why"])
        self.assertLess(answer["ms"], 500)

    def test_a_directory_that_cannot_be_asked_is_said_so_in_time_and_local_people_go_on(self):
        lines = (("add", "kanri", "a local password"), ("sign-in", "yamada", "word of yamada"),
                 ("sign-in", "kanri", "a local password"))
        self.assertEqual(self.outcomes(*lines[1:2], word="wrong"), ["unavailable"])
        self.assertEqual(self.outcomes(*lines, url=f"ldap://127.0.0.1:{free_port()}"), ["done", "unavailable", "in"])
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            for url in (f"ldap://127.0.0.1:{port}", f"ldaps://127.0.0.1:{port}"):
                with self.subTest(url=url):
                    answers = self.ask(*lines[1:], url=url)
                    self.assertEqual([each["outcome"] for each in answers], ["unavailable", "in"])
                    self.assertLess(answers[0]["ms"], 6500)


if __name__ == "__main__":
    unittest.main(verbosity=2)
