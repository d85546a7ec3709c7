"""``python -m inspector``."""

from inspector.cli.app import main

if __name__ == "__main__":
    main()
