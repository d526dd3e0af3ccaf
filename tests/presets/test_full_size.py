"""The published configurations at full size: each takes a training step."""

import multiprocessing

import pytest

from benchmarks import paper_presets

pytestmark = [pytest.mark.long, pytest.mark.every_backend]

# What the recipes' presets `paper` train, and the largest of each family.
NAMES = (
    "sagan_imagenet_128",
    "msg_gan_cifar10_32",
    "msg_gan_celebahq_1024",
    "ac_gan_cifar10_32",
    "ac_gan_imagenet_128",
    "wgan_gp_cifar10_32",
    "wgan_gp_lsun_128",
    "wgan_gp_lsun_resnet101_64",
    "lga_cifar10_32",
    "lga_lsun_64",
    "r3gan_cifar10_32",
    "progan_cifar10_32",
    "progan_celebahq_1024",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_at_full_size_is_finite(name):
    # A process of its own gives the memory back.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(paper_presets.measure, (name, 2))
    assert result["finite"]
