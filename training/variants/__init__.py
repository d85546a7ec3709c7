"""Cheaper versions of an exported graph, and the proof that they judge alike.

They are made from the graph alone, so that every method gets them without a line of its
own: ``region`` finds what may be computed more coarsely, ``half`` and ``integer`` rewrite
it, ``agreement`` compares verdicts, ``build`` puts the files together.
"""
