# SPDX-License-Identifier: MIT
"""`tinhnet worker change`."""

from changes.jobs import ChangeWorker
from tinhnet.worker import StepWorker, Worker

WORKER = Worker("Runs playbooks as jobs", StepWorker(ChangeWorker))
