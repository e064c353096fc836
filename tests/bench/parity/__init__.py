"""What the comparison promises to see, measured with the product's own code, each beside a case that must fail."""
