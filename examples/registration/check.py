"""Everybody but the one who took it back got a mail and an SMS, no earlier than four seconds after registering."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()
due = float((work / "registered").read_text()) + 4
users = [str(number) for number in range(101, 120)]

mails = {mail["id"]: mail for mail in checks.lines(work / "mail.ndjson")}.values()
verdict.exactly_once([f"user{user}@example.com" for user in users], [mail["to"][0] for mail in mails], "mail")
verdict.exactly_once([f"Hello user {user}" for user in users], [mail["text"] for mail in mails], "text")
verdict.expect(all(mail["subject"] == "Welcome to the shop" for mail in mails), "a subject is wrong")

sms = {line["headers"]["Idempotency-Key"]: line for line in checks.lines(work / "sms.ndjson")}.values()
verdict.exactly_once([f"+4915100{user}" for user in users], [json.loads(one["body"])["phone"] for one in sms], "sms")

early = [one for one in [*mails, *sms] if one["at"] < due]
verdict.expect(not early, f"{len(early)} came before they were due")
verdict.end("19 users got their mail and their SMS, not before four seconds; the one who left got neither")
