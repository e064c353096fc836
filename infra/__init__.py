"""What is deployed and where to: the template over the contracts' registry, the functions' package, the local stack."""
