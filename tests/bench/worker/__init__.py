"""What a message costs a worker on AWS: ours, beside the handler that one writes from the documentation."""
