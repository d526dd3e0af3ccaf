"""From samples and references to scores with certificates, in one pass."""
