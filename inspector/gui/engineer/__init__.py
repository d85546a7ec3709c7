"""What the engineer's pages share: forms, signing, previews."""
