# SPDX-License-Identifier: Apache-2.0
"""Settings as files: csctl apply and export against policy itself; the demo's own file is one."""

import json
from typing import Any

from product import ADMINISTRATOR
from stack import SETTINGS
from world import Applicant, SystemTest, openssl

from options import options

ADMIN = {"CS_API_TOKEN": ADMINISTRATOR[0]}
FILE = """
kind: enterprise
enterprise: {0}
name: {0}
spec: {{title: "Ümläut: {0}", domain_mode: approved}}
---
kind: domain
enterprise: {0}
name: {0}.example
spec: {{}}
---
kind: person
enterprise: {0}
name: carol
spec:
  phone: "+491701234567"
  details: {{surname: "no", givenName: Carol}}
---
kind: note
enterprise: {0}
name: issue
spec:
  text: |
    Read this.
    Then that.
"""
NAMES = """
kind: person
enterprise: demo
name: dora
spec: {email: dora@alpha.example}
---
kind: profile
enterprise: demo
name: dora-only
spec:
  validation: both
  certificate_profile: mailbox-multipurpose
  sans:
    - {name: mailbox, from_person: true}
    - {name: domain, shown: false, values: [alpha.example]}
"""


class Settings(SystemTest):
    def file(self, text: str) -> str:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        path = where / f"{self.id().rpartition('.')[2]}.yaml"
        path.write_text(text)
        return str(path)

    def ends(self, status: int, *words: str, given: str | None = None) -> str:
        done = self.csctl(*words, given=given, **ADMIN)
        self.assertEqual((done.returncode, status), (status, status), done.stdout + done.stderr)
        return done.stdout + done.stderr

    def versions(self) -> list[list[str]]:
        return self.rows("select kind, enterprise, name, version from policy.document order by 1, 2, 3")

    def shown(self, *words: str) -> Any:
        return json.loads(self.ends(0, "config", *words))

    def test_what_is_so_already_is_left_alone(self) -> None:
        before = self.versions()
        self.assertIn("unchanged: everything is as the files say (5 documents)", self.ends(0, "apply", str(SETTINGS)))
        self.assertIn("unchanged", self.ends(0, "apply", str(SETTINGS), "--dry-run"))
        self.assertEqual(self.versions(), before)

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self) -> None:
        before, path = self.versions(), self.file(FILE.format("dry"))
        said = self.ends(1, "apply", "-f", path, "--dry-run")
        self.assertIn("dry person carol: create\n", said)
        self.assertIn('  + details.surname      "no"\n', said)
        self.assertIn("nothing was changed, it would be: 4 created, 0 updated, 0 deleted, 0 unchanged", said)
        self.assertEqual(self.versions(), before)

    def test_what_is_exported_is_what_is_applied(self) -> None:
        path = self.file(FILE.format("whole"))
        self.assertIn("4 created", self.ends(0, "apply", "-f", path))
        for words in (["export", "whole"], ["export"]):
            text = self.ends(0, *words)
            self.assertIn("name: whole\n", text)
            self.assertIn('surname: "no"\n', text)
            before = self.versions()
            self.assertIn("unchanged: everything", self.ends(0, "apply", "-f", "-", given=text))
            self.assertEqual(self.versions(), before)
        self.assertIn("enterprise: demo\n", text)
        self.assertIn("enterprise: platform\n", text)

    def test_pruning_leaves_what_the_file_names(self) -> None:
        path = self.file(FILE.format("pruned"))
        self.ends(0, "apply", "-f", path)
        self.ends(0, "config", "put", "pruned", "domain", "other.example", "-f", "-", "--create", given="active: false")
        said = self.ends(0, "apply", "-f", path, "--prune")
        self.assertIn("pruned domain other.example: delete\n", said)
        self.assertIn("0 created, 0 updated, 1 deleted, 4 unchanged", said)
        names = [document["name"] for document in self.shown("list", "pruned", "domain")["documents"]]
        self.assertEqual(names, ["pruned.example"])

    def test_a_refusal_names_the_document_and_nothing_changes(self) -> None:
        before = self.versions()
        path = self.file(FILE.format("bad").replace("phone:", "telephone:"))
        said = self.ends(1, "apply", "-f", path)
        self.assertIn(f"about   bad person carol ({path}:12)\n", said)
        self.assertIn("field   spec.telephone\n", said)
        self.assertIn("mend ", said)
        self.assertEqual(self.versions(), before)

    def test_one_document_is_changed_by_the_version_that_was_seen(self) -> None:
        self.ends(0, "apply", "-f", self.file(FILE.format("seen")))
        document = self.shown("get", "seen", "person", "carol")
        spec = json.dumps({**document["spec"], "title": "Carol"})
        put = ["config", "put", "seen", "person", "carol", "-f", "-", "--version", str(document["version"])]
        self.ends(0, *put, given=spec)
        self.assertIn("refused with status 412", self.ends(1, *put, given=spec))
        said = self.ends(0, "config", "history", "seen")
        self.assertIn('platform/root  seen person carol\n  ~ title                "" -> "Carol"\n', said)
        enterprise = self.shown("get", "seen", "enterprise", "seen")
        said = self.ends(1, "config", "delete", "seen", "enterprise", "seen", "--version", str(enterprise["version"]))
        self.assertIn("used by seen person carol enterprise\n", said)

    def test_more_than_one_call_takes_is_applied_in_several(self) -> None:
        def assignment(i: int, person: str = "carol") -> str:
            name = f"p{i}@many.example"
            return f"kind: assignment\nenterprise: many\nname: {name}\nspec: {{people: [{person}]}}\n---\n"

        assignments = [assignment(i) for i in range(600)]
        before, path = self.versions(), self.file("".join(assignments) + FILE.format("many"))
        said = self.ends(1, "apply", path, "--dry-run")
        self.assertIn("it would be: 400 created, 0 updated, 0 deleted, 0 unchanged, 204 not tried, in 2 calls", said)
        self.assertIn("not what earlier calls would make", said)
        self.assertEqual(self.versions(), before)

        # The last of the second call is refused: the first call stays, and the same again goes on from there.
        bad = self.file("".join([*assignments[:-1], assignment(599, "nobody")]) + FILE.format("many"))
        said = self.ends(1, "apply", bad)
        self.assertIn("about   many assignment p599@many.example", said)
        self.assertIn("this was call 2 of 2: 400 of 604 documents were applied before it", said)
        self.assertIn("safe to apply the same again", said)
        self.assertEqual(len(self.versions()), len(before) + 400)
        path = self.file("".join(assignments) + FILE.format("many"))
        self.assertIn("204 created, 0 updated, 0 deleted, 400 unchanged, in 2 calls", self.ends(0, "apply", path))
        after = self.versions()
        self.assertEqual(len(after), len(before) + 604)
        self.assertIn("everything is as the files say (604 documents)", self.ends(0, "apply", path))
        self.assertEqual(self.versions(), after)

        # Whoever is named goes after all that name them, in another call.
        parts = FILE.format("many").split("---")
        path = self.file("---".join(part for part in parts if "kind: person" not in part))
        self.assertIn("as the files say (3 documents)", self.ends(0, "apply", path))
        self.assertIn("601 deleted", self.ends(0, "apply", path, "--prune"))
        self.assertEqual(len(self.versions()), len(before) + 3)

    def test_an_operator_finds_nothing_of_another_enterprise(self) -> None:
        self.ends(0, "apply", "-f", self.file(FILE.format("other")))
        for words in ("config get other person carol", "config list other person", "export other"):
            done = self.csctl(*words.split(), CS_API_TOKEN="operator-token")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("refused with status 404", done.stderr)

    def dora(self) -> Applicant:
        """Whose requests are for the names that operators and a profile have fixed."""
        self.ends(0, "apply", "-f", self.file(NAMES))
        made = self.ends(0, "person", "token", "demo", "dora", "--label", "test", "--scope", "*")
        return Applicant(self.stack, json.loads(made)["token"])

    def test_the_form_shows_the_names_and_fills_them_in(self) -> None:
        dora, path = self.dora(), "/v1/config/demo/form/{}?person=dora"
        fixed = {"required": True, "fixed": True, "editable": False}
        mailbox = {"name": "mailbox", "values": ["dora@alpha.example"], "set_by": "operator", "shown": True}
        domain = {"name": "domain", "values": ["alpha.example"], "set_by": "profile", "shown": False}
        want = [{**mailbox, **fixed}, {**domain, **fixed}]
        done = self.csctl("config", "form", "demo", "dora-only", "--person", "dora", CS_API_TOKEN=dora.token)
        self.assertEqual(json.loads(done.stdout)["names"], want, done.stderr)
        open_ones = [
            {**mailbox, "required": True, "fixed": False, "editable": True},
            {"name": "domain", "values": [], "set_by": "nobody", "shown": True, "required": False, "fixed": False,
             "editable": True},
        ]  # fmt: skip
        self.assertEqual(dora.call("GET", path.format("smime-mailbox"))["names"], open_ones)
        seen = self.person("operator-token").call("GET", path.format("smime-mailbox"))["names"]
        self.assertEqual(seen, [{**name, "editable": False} for name in open_ones])

    def test_a_certificate_has_the_names_that_are_fixed(self) -> None:
        dora = self.dora()
        for mailboxes, domains, field, names in (
            (["dora@alpha.example", "else@alpha.example"], ["alpha.example"], "mailboxes[1]", "mailboxes: dora@alpha.example"),
            (["dora@alpha.example"], [], "domains", "domains: alpha.example"),
        ):  # fmt: skip
            request = dora.create(self.csr(f"other-{field[:7]}"), mailboxes, "dora-only", domains=domains)
            refusal = dora.wait_state(request, "refused")["refusal"]
            self.assertEqual((refusal["code"], refusal["field"]), ("san-fixed", field))
            self.assertEqual(refusal["mend"], f"Give exactly these {names}.")
        said = self.csctl("request", "show", request, CS_API_TOKEN=dora.token)
        self.assertIn("Give exactly these domains: alpha.example.", said.stdout + said.stderr)
        request = dora.create(self.csr("fixed"), ["dora@alpha.example"], "dora-only", domains=["alpha.example"])
        dora.wait_planned(request)
        dora.prove_mailbox(request, "dora@alpha.example")
        dora.prove_domain_by_txt(request, "alpha.example")
        dora.approve(request)
        dora.wait_state(request, "issued", timeout=options.wait(60))
        names = openssl("x509", "-inform", "DER", "-noout", "-ext", "subjectAltName", given=dora.certificate(request, "der"))
        self.assertEqual(names.split(":", 1)[1].strip(), "email:dora@alpha.example")

    def test_a_profile_without_a_mailbox_is_refused(self) -> None:
        before = self.versions()
        for words, field in (("shown: false", "shown"), ("required: false", "required")):
            path = self.file(NAMES.replace("from_person: true", words))
            said = self.ends(1, "apply", "-f", path)
            self.assertIn("about   demo profile dora-only", said)
            self.assertIn(f"field   spec.sans[0].{field}\n", said)
            self.assertIn("SBR 4.2.1", said)
            self.assertIn("mend ", said)
        self.assertEqual(self.versions(), before)
