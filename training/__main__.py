"""``python -m training``."""

from training.start import main

if __name__ == "__main__":
    main()
