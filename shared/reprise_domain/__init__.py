"""The rules, pure: no clock, no ids, no I/O, no randomness, nothing read from settings.

`decide` turns an input into events, `reduce` turns an event into the next state, and everything else
(freshness, previews, jobs, what the outside sees) is read from a state. The numbers R1 to R29 are those of
`docs/rules.md`.
"""
