# SPDX-License-Identifier: MIT
"""`tinhnet worker listen`."""

from collectors.listen.worker import ListenWorker
from tinhnet.worker import StepWorker, Worker

WORKER = Worker("Takes in what devices send by themselves", StepWorker(ListenWorker))
