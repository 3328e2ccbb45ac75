# SPDX-License-Identifier: Apache-2.0
"""The catalogue as its file says it, read by other code than the product's."""

import re
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parents[1] / "proto" / "catalogue.def"


class Event(NamedTuple):
    subject: str
    message: str
    publisher: str
    signed: bool


class Consumer(NamedTuple):
    service: str
    subject: str

    @property
    def stream(self) -> str:
        return self.subject.partition(".")[0].upper()

    @property
    def durable(self) -> str:
        return f"{self.service}-{self.subject.replace('.', '-')}"


class Question(NamedTuple):
    subject: str
    asked_by: str
    answered_by: str


def _rows(kind: str) -> list[list[str]]:
    rows = re.findall(rf"^{kind}\((.*)\)$", FILE.read_text(), re.MULTILINE)
    return [[cell.strip().strip('"') for cell in row.split(",", 5)] for row in rows]


LANES = {row[0]: row[1] for row in _rows("LANE")}  # stream: subjects
EVENTS = [Event(row[0], row[1], row[2], row[3] == "true") for row in _rows("EVENT")]
CONSUMERS = [Consumer(row[0], row[1]) for row in _rows("CONSUMER")]
QUESTIONS = [Question(row[0], row[3], row[4]) for row in _rows("QUESTION")]
