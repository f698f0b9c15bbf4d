# SPDX-License-Identifier: MIT
"""Measure the server's time for the NOC's pages: 2,000 devices, 13,000 alerts, 86 cut circuits.

`.venv/bin/python -m bench.noc` from the root of the repository.
"""

import argparse

from bench.pages import SITES, full_size, print_times
from tests.webui.afternoon import put_many, storm

PATHS = {
    "inbox": "/alerts",
    "inbox of one site": "/alerts?site=site-7",
    "inbox, page 9 of what is hidden too": "/alerts?state=silenced&folded=no&page=9",
    "one alert that explains 250 circuits": "/alerts/{core}",
    "silences and maintenance": "/maintenance",
    "shift handover": "/handover",
}


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with full_size() as site:
        found = list(storm(site.context.now, SITES))
        with site.context.store.writing() as connection:
            put_many(connection, iter(found))
        core = found[0].alert.fingerprint
        paths = {name: path.format(core=core) for name, path in PATHS.items()}
        print_times(site, "Page, 13,000 alerts that hold, 2,000 devices", paths)


if __name__ == "__main__":
    main()
