# SPDX-License-Identifier: MIT
"""`tinhnet worker collect`."""

from collectors.collect.worker import CollectWorker
from tinhnet.worker import StepWorker, Worker

WORKER = Worker("Asks devices, circuits and services", StepWorker(CollectWorker))
