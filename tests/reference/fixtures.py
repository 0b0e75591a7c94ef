"""The fixtures that the peers were run on: float32 arrays from fixed seeds. Four small ones stand beside this.

    python fixtures.py      writes all ten to large/, for cargo test --test peers -- --ignored

Needs NumPy only, of any version: its legacy generator stays as it is.
"""
import os

import numpy as np


def fixtures():
    """float32 arrays from fixed seeds."""
    r, f = np.random, {}
    r.seed(1); f["a_randn1000"] = r.randn(1000)
    r.seed(2); f["b_normal_1e6"] = r.randn(1_000_000)
    r.seed(3); f["c_laplace_1e6"] = r.laplace(size=1_000_000)
    r.seed(4); f["d_relu_normal_1e6"] = np.maximum(r.randn(1_000_000), 0)
    r.seed(6)
    x = np.concatenate([r.normal(-4, 0.5, 400_000), r.normal(3, 1, 600_000)])
    r.shuffle(x)
    f["f_bimodal_1e6"] = x
    r.seed(8); f["h_uniform01_1e6"] = r.uniform(0, 1, 1_000_000)
    r.seed(9); f["i_all_negative_1e6"] = -np.abs(r.randn(1_000_000)) - 0.5
    f["j_constant3"] = np.full(10_000, 3.0)
    f["k_zeros"] = np.zeros(10_000)
    f["l_one_element"] = np.array([0.75])
    return {name: x.astype("float32") for name, x in f.items()}


if __name__ == "__main__":
    large = os.path.join(os.path.dirname(os.path.abspath(__file__)), "large")
    os.makedirs(large, exist_ok=True)
    for name, x in fixtures().items():
        np.save(os.path.join(large, name + ".npy"), x)
