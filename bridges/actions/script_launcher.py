"""Run as a program of its own: sets the limits of a script on itself, then becomes the script.

In the hub's process they cannot be set: between fork and exec of a process with threads, no Python is safe.
Standard library only; arguments: seconds of CPU, bytes of address space, the script.
"""

import os
import resource
import sys

MAX_FILE_BYTES = 100_000_000
MAX_OPEN_FILES = 256


def main() -> None:
    """Limit, then become the script."""
    cpu_s, memory_bytes, script = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    limits = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: MAX_FILE_BYTES,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    os.nice(5)
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))
    try:
        os.execv(script, [script])  # noqa: S606 - no shell, and that is the point
    except OSError as error:
        sys.stderr.write(f"{os.path.basename(script)} cannot be started: {error.strerror}\n")  # noqa: PTH119
        sys.exit(126)


if __name__ == "__main__":
    main()
