"""What is learned from conversations, measured on labelled cases, planted facts and noise."""
