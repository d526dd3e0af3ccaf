"""What is fast, measured.

Each benchmark is run by itself, `python -m benchmarks.NAME`. The environment
is prepared before any of them imports a backend, and for the processes that
they start.
"""

from recipes.common.light import without_keras

with without_keras():
    from keras_gans import environment

environment.prepare()
