"""One recipe per paper: `python -m recipes.NAME --help`."""
