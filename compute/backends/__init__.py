"""Clients for the programs that paint and write: one file (or package) for each kind, no Django.

`base` holds the protocol every backend keeps and the only error it raises; `registry` builds one from an
`api_type`. The same code is used by LUNA's runners and by a contributor's `compute.node`.
"""
