"""Runs a service: `python -m shared.service services.listing.app:app --uds SOCKET`, with uvicorn's options."""

import signal
import sys

import uvicorn


def main() -> None:
    # Having stopped in order, uvicorn raises the signal again for whoever handled it before: nobody, and the process would look killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.main(["--no-access-log", "--no-server-header", "--ws", "none", "--timeout-graceful-shutdown", "8", *sys.argv[1:]])


if __name__ == "__main__":
    main()
