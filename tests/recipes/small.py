"""Flags of recipes of images whose networks and evaluations are small."""

SMALL = (
    "--preset=smoke",
    "--generator_width=8",
    "--discriminator_width=8",
    "--latent_dim=8",
    "--evaluation_samples=20",
    "--reference_samples=20",
    "--evaluation_resolution=32",
)
