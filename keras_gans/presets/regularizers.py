"""Settings of what may be added to the two players' losses."""

import dataclasses

from keras_gans.presets.fields import Count, Natural, Settings, Share, Weight


@dataclasses.dataclass(frozen=True, kw_only=True)
class RegularizerSettings(Settings):
    """What may be added to both losses; none of it by default.

    Attributes:
        r1_weight: Weight γ of R1, γ/2 times the squared gradient norm on real
            images; 0 for none.
        r1_interval: Discriminator updates from one R1, of so many times the
            weight, to the next: lazy regularization.
        r2_weight: Weight γ of R2, the same on generated images; 0 for none.
        r2_interval: Discriminator updates from one R2 to the next.
        lecam_weight: Weight of LeCam, which pulls scores to the average of
            the other side's; 0.3 in its paper, 0 for none.
        lecam_start: Discriminator updates before LeCam begins.
        bcr_weight: Weight of balanced consistency: flipped and shifted images
            are to be scored as they were; 10 in its paper, 0 for none.
        zcr_weight: Weight of latent consistency in the discriminator: images
            of latents nearby are to be scored alike; 5 in its paper, 0 for
            none.
        zcr_diversity: Its weight in the generator, for which these images are
            to differ.
        top_k: Share of its images, those of the highest scores, that the
            generator learns from in the end; 0.5 in its paper, none for all
            images.
        top_k_interval: Generator updates from which to which that share falls
            by a hundredth of itself, from 1 on; an epoch in its paper.
    """

    r1_weight: Weight = 0.0
    r1_interval: Count = 1
    r2_weight: Weight = 0.0
    r2_interval: Count = 1
    lecam_weight: Weight = 0.0
    lecam_start: Natural = 1000
    bcr_weight: Weight = 0.0
    zcr_weight: Weight = 0.0
    zcr_diversity: Weight = 0.5
    top_k: Share | None = None
    top_k_interval: Count = 781
