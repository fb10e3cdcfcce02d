"""Peers as they are: each module runs in an environment that has its package, see `remote`.

Measured with Python 3.12 and these releases; each environment is made by
`python3.12 -m venv DIR && DIR/bin/pip install PACKAGE`, and told by a variable:

| variable | packages |
|---|---|
| `ENPLACE_PEER_LANGCHAIN=DIR/bin/python` | langchain 1.4.7 (langchain-core 1.7.2) |
| `ENPLACE_PEER_DEEPAGENTS` | deepagents 0.7.32 (langchain 1.4.7) |
| `ENPLACE_PEER_GOOGLE_ADK` | google-adk 2.13.0 |
| `ENPLACE_PEER_OPENHANDS` | openhands-sdk 1.58.0 |
| `ENPLACE_PEER_PYDANTIC_AI` | pydantic-ai-harness 0.62.0, pydantic-ai-slim 2.62.0 |

`Remote.versions` tells what runs. Where a package reads what the provider reported, it is told the
benchmark's own counts; where it knows the window, that of the replay.
"""
