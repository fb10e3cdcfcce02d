"""How a message becomes a turn: whether it starts one, goes on with one, or was answered before."""
