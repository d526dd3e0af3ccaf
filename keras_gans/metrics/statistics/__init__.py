"""What scores are made of: moments, samples, distances, intervals."""
