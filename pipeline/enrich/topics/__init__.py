"""What a story is about, as the 17 media topics of the IPTC and one level below.

Agencies say it in a dozen vocabularies: `codes` has them in tables, `sent` reads a story by them.
Of stories without any, `inferred` tells topics by their words; `training` makes its model.
"""
