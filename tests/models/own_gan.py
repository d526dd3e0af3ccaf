import keras
import numpy as np
from keras import layers, ops

from keras_gans import GAN


class Discriminator(keras.Model):
    def __init__(self):
        super().__init__()
        self.network = keras.Sequential([layers.Flatten(), layers.Dense(1)])

    def call(self, images):
        return self.network(images)


def generator_loss(fake):
    return -ops.mean(fake)


def discriminator_loss(real, fake):
    return ops.mean(ops.relu(1 - real) + ops.relu(1 + fake))


squares = np.pad(np.ones((64, 4, 4, 1)), [(0,), (2,), (2,), (0,)]) * 2 - 1
generator = keras.Sequential([layers.Dense(64), layers.Reshape((8, 8, 1))])
gan = GAN(generator, Discriminator(), latent_dim=5)
game = {"generator": generator_loss, "discriminator": discriminator_loss}
gan.compile("adam", "rmsprop", loss=game)
gan.fit(squares, batch_size=16, epochs=2)
