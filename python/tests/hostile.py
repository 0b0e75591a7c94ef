"""Values that find mistakes."""
import numpy as np

EDGES = np.array(
    [0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x00000002, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x00800001, 0x80800000,
     0x00FFFFFF, 0x01000000, 0x3F800000, 0xBF800000, 0x3F7FFFFF, 0x3F800001, 0x40000000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000,
     0xFF800000, 0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF, 0x4B7FFFFF, 0x4B800000, 0x33800000],
    np.uint32,
)


def lots(seed=0):
    """Names and float32 arrays: random bits, few binades, spikes, powers of two, nothing at all."""
    rng = np.random.default_rng(seed)
    powers = np.ldexp(1.0, np.arange(-149, 128)).astype(np.float32)
    normal = rng.standard_normal(3000).astype(np.float32)
    yield "none", np.zeros(0, np.float32)
    yield "edges", EDGES.view(np.float32)
    for i, edge in enumerate(EDGES):
        yield f"edge{i}", np.array([edge], np.uint32).view(np.float32)
    yield "bits", rng.integers(0, 1 << 32, 4000, np.uint32).view(np.float32)
    yield "finite", np.concatenate([powers, -powers, np.nextafter(powers, np.float32(0)), np.zeros(3, np.float32)])
    yield "subnormal", rng.integers(0, 1 << 23, 2000, np.uint32).view(np.float32)
    yield "tiny", rng.integers(0, 5000, 2000, np.uint32).view(np.float32)
    yield "normal", normal
    yield "relu", np.maximum(normal, 0)
    yield "minus", -np.abs(normal) - 1
    yield "negative zeros", np.where(rng.random(500) < 0.5, np.float32(-0.0), np.float32(0.0))
    yield "spike", np.concatenate([np.full(1000, 3.5, np.float32), [np.float32(1e30)]])
    yield "infinite", np.array([np.inf, -np.inf, np.nan, np.nan], np.float32)
    yield "mostly odd", np.concatenate([np.full(50, np.nan, np.float32), normal[:5], np.full(3, -np.inf, np.float32)])
    yield "widening", np.ldexp(1.0, np.arange(-120, 120, 7)).astype(np.float32)
