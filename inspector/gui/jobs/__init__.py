"""Jobs and recipes: edited on the picture, saved as versions."""
