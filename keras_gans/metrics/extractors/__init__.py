"""Networks that describe images by features."""
