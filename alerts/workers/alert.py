# SPDX-License-Identifier: MIT
"""`tinhnet worker alert`."""

from alerts.watch import AlertWorker
from tinhnet.worker import StepWorker, Worker

WORKER = Worker("Names causes, evaluates rules, opens and closes alerts", StepWorker(AlertWorker))
