"""`fenyong up` with stand-ins for the services: python -m tests.deploy.up_standin FOLDER PORT"""

import sys
from pathlib import Path

from deploy.runner import up
from tests.deploy.standin import APPS

if __name__ == "__main__":
    folder, port = sys.argv[1:]
    sys.exit(up(Path(folder), port=int(port), replicas=1, demonstrate=None, say=lambda line: print(line, flush=True), apps=APPS))
