# SPDX-License-Identifier: MIT
"""`python -m webui.contract`: write docs/contracts/openapi.json anew."""

import json
import tempfile
from pathlib import Path

from tinhnet.config import load_config, root_directory
from tinhnet.context import open_context
from webui.application import create_application


def write(path: Path) -> None:
    """Write what the application says of its API, over a state that lives for a moment."""
    with tempfile.TemporaryDirectory(prefix="tinhnet-contract-") as state:
        loaded = load_config({"TINHNET_STATE": state})
        context = open_context(loaded)
        app = create_application(context, loaded)
        text = json.dumps(app.api_doc, ensure_ascii=False, indent=1, sort_keys=True)
        context.store.close()
    path.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write(root_directory() / "docs" / "contracts" / "openapi.json")
