"""What recipes share: configuration, command line and run directory.

Nothing here imports Keras or a backend, so a mistake on the command line is
reported at once.
"""
