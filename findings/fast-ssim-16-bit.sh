#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# fast-ssim takes the first bytes of wider samples for a picture: of 16 bits it sees the upper half, of 64 an eighth.
#
# Expected: a type that is not supported raises TypeError (text of ssim and psnr: "If an unsupported dtype or typecode
#   is provided"), as it does for buffers and arrays that are not NumPy's. data_range is free, so 10 and 16 bits look as
#   if they were allowed.
# Actual: of NumPy's types only floats are told apart. Anything else is read as bytes, as many as there are elements. Of
#   16-bit samples the first half is then compared as a picture of 8 bits, low and high bytes in turn; the lower half of
#   the picture can be anything: SSIM is 1, and PSNR 160 dB as for the picture itself (it is never infinite). Noise of
#   3 levels in 10 bits, 54 dB, has 38 dB, a value that looks right. Of 8-bit samples in int64, NumPy's usual type for
#   integers, the first eighth is compared, with seven bytes of zero behind each sample: a negative has 9 dB too much.
# Seen with: fast-ssim 1.4.0 from PyPI (source: _core.py, _get_ptr), NumPy 2.4.6. Found by giving each measure 10 bits.
. "$(dirname -- "$0")/common.sh"
pypi fast-ssim==1.4.0 numpy==2.4.6

cat >look.py <<'PY'
import fast_ssim, numpy as np

draw = np.random.default_rng(1)
size = 128


def row(one, other, peak):
    error = ((one.astype(float) - other) ** 2).mean()
    right = 10 * np.log10(peak ** 2 / error) if error else np.inf
    psnr = fast_ssim.psnr(one, other, data_range=peak)
    print(f"{fast_ssim.ssim(one, other, data_range=peak):.2f}, {psnr:.0f} dB, {right:.0f} dB")


def negative(one, rows, peak):
    other = one.copy()
    other[rows] = peak - one[rows]
    return other


upper, lower = slice(0, size // 2), slice(size // 2, size)
eight = draw.integers(0, 256, (size, size), dtype=np.uint8)
ten = draw.integers(0, 1024, (size, size), dtype=np.uint16)
noisy = (ten.astype(int) + draw.integers(-3, 4, ten.shape)).clip(0, 1023).astype(np.uint16)
row(eight, negative(eight, lower, 255), 255)
row(ten, ten, 1023)
row(ten, negative(ten, lower, 1023), 1023)
row(ten, negative(ten, upper, 1023), 1023)
row(ten, noisy, 1023)
row(eight.astype(np.int64), negative(eight, slice(size // 8, size), 255).astype(np.int64), 255)
row(eight.astype(np.int64), negative(eight, slice(0, size), 255).astype(np.int64), 255)
PY
python3 look.py >seen || cannot 'fast-ssim failed'
still 'SSIM, PSNR, PSNR by its definition: 8 bits, lower half inverted' "$(row 1)" '0.01, 8 dB, 8 dB'
still '10 bits, the picture itself' "$(row 2)" '1.00, 160 dB, inf dB'
still '10 bits, lower half inverted' "$(row 3)" '1.00, 160 dB, 8 dB'
still '10 bits, upper half inverted' "$(row 4)" '0.24, 20 dB, 8 dB'
still '10 bits, noise of 3 levels' "$(row 5)" '0.99, 38 dB, 54 dB'
still '8 bits in int64, all but the first eighth inverted' "$(row 6)" '1.00, 148 dB, 5 dB'
still '8 bits in int64, all inverted' "$(row 7)" '0.50, 14 dB, 5 dB'
verdict
