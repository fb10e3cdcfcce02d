"""How a text is read, before anything is made of it: whose words, which sentences, who does what.

Knows words of people, work and taste, and no predicate.
"""
