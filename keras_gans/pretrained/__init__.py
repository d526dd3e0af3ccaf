"""Published weights of networks, read without the frameworks they are for.

Needs NumPy alone.
"""
