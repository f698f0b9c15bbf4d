# SPDX-License-Identifier: MIT
"""`tinhnet worker notify`."""

from alerts.telling.worker import Notifying
from tinhnet.worker import StepWorker, Worker

WORKER = Worker("Tells people, and keeps what became of it", StepWorker(Notifying))
