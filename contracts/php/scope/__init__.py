"""PHP's functions by subject: their signatures, and what answers them."""
