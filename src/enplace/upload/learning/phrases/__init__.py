"""What phrases tell of somebody.

Verbs (`frames`), turns of phrase (`sayings`), fields of life (`fields`), what is one's own (`own`),
who people are (`people`, `described`), what is over (`endings`), answers (`dialogue`), wishes
(`rules`), and what is told in no words that these know (`remarks`). The tables are text files
beside the modules that read them.
"""
