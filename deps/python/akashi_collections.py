"""Gives `collections` back the abstract classes that moved to `collections.abc` in Python 3.10.

eclcli's dependencies of 2018 look for them under their old names. A `.pth` file beside this one
imports it whenever the environment's interpreter starts, so `ecl` runs unmodified.
"""
import collections
import collections.abc

for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))
