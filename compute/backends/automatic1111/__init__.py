"""Client of the servers that speak AUTOMATIC1111's `/sdapi/v1`: the web UI itself, Forge, SD.Next,
stable-diffusion.cpp's server, KoboldCpp and Draw Things."""

from compute.backends.automatic1111.backend import Automatic1111Backend

__all__ = ["Automatic1111Backend"]
