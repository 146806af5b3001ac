"""Events: which stories report the same thing. Pure: no Kafka, no index, no model.

A story becomes a vector of terms (`terms`, weighed by `weights`); vectors that are alike are
linked (`neighbours`, `links`); linked stories are clustered (`clusters`); `events` keeps that up to
date as stories arrive, change and go. docs/events.md describes the method.
"""
