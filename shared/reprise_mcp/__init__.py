"""Reprise as tools of an agent, by the Model Context Protocol.

The tools are calls of a client (`reprise_client`), so what they may do is what the client's token may do.
Whatever runs takes the token of a preview of exactly the same arguments: an agent can do only what it was
shown. Only `server` loads the protocol's SDK.
"""
