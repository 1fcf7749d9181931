#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg writes BMP, PPM, TIFF and eight other image codecs to AVI and reads them back as raw samples, headers and all.
#
# Expected: a container that has no name for a codec refuses it. MP4 ("Could not find tag for codec bmp"), Matroska and
#   NUT do so, and AVI's muxer warns of raw formats that it has no name for.
# Actual: AVI's muxer leaves the name of such codecs empty, which in AVI means uncompressed BGR, and says nothing. The
#   demuxer announces rawvideo, bgr24. Packets that are as large as raw pictures, as those of uncompressed formats are,
#   come back as a picture of the right size and rate that begins with the header of the file: BMP stands on its head
#   and is shifted by 18 pixels, PPM has other colors. A measurement runs and ends with 3 to 9 dB, a score that could be
#   one of a broken encoder. The same happens to a series of pictures that is put in AVI with -c copy. With smaller
#   packets there is an error when reading, "Invalid buffer size". PNG, Targa, DPX and JPEG-LS have names and come
#   through. GStreamer shows the same picture: the file is at fault, not who reads it.
# Seen with: ffmpeg 9.0.2 and 7.0.2, GStreamer 1.22.0 (BMP). Found by writing each lossless encoder into each container.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

# through CODEC FORMAT CONTAINER [OPTION…]: how it is announced, PSNR to the original, lines that ffmpeg said about it
through() {
    codec=$1 format=$2 file=out.$3
    shift 3
    rm -f "$file"
    if ! ffmpeg -loglevel warning -threads 1 -f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -pix_fmt "$format" \
        -c:v "$codec" "$@" "$file" 2>said; then
        echo refused
        return
    fi
    announce "$file" "$format"
}
announce() {
    announced=$(ffmpeg -i "$1" 2>&1 | sed -n 's/.*Video: \([a-z0-9]*\)[^,]*, \([a-z0-9]*\).*/\1 \2/p')
    psnr=$(ffmpeg -loglevel info -f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -i "$1" -lavfi \
        "[0]format=$2,format=rgb24[a];[1]format=rgb24[b];[a][b]psnr" -f null - 2>&1 |
        sed -n 's/.*PSNR.*average:\([0-9a-z]*\.\{0,1\}[0-9]\{0,2\}\).*/\1/p')
    echo "$announced, $psnr dB, $(grep -vc 'No accelerated' said || true) lines"
}
still 'BMP in AVI' "$(through bmp bgr24 avi)" 'rawvideo bgr24, 6.42 dB, 0 lines'
still 'PPM in AVI' "$(through ppm rgb24 avi)" 'rawvideo bgr24, 7.89 dB, 0 lines'
still 'TIFF in AVI' "$(through tiff rgb24 avi -compression_algo raw)" 'rawvideo bgr24, 7.30 dB, 0 lines'
still 'SGI in AVI' "$(through sgi rgb24 avi -rle 0)" 'rawvideo bgr24, 5.84 dB, 0 lines'
still 'PAM in AVI' "$(through pam rgba avi)" 'rawvideo bgr24, 5.15 dB, 0 lines'
still 'X window dump in AVI' "$(through xwd bgra avi)" 'rawvideo bgr24, 5.19 dB, 0 lines'
still 'PNG in AVI' "$(through png rgb24 avi)" 'png rgb24, inf dB, 0 lines'
still 'Targa in AVI' "$(through targa bgr24 avi)" 'targa bgr24, inf dB, 0 lines'
for container in mp4 mkv nut; do still "BMP in $container" "$(through bmp bgr24 $container)" refused; done

ff -f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -pix_fmt bgr24 series-%d.bmp
ffmpeg -loglevel warning -framerate 5 -i series-%d.bmp -c copy series.avi 2>said || cannot 'the series was not copied'
still 'a series of BMP, copied to AVI' "$(announce series.avi bgr24)" 'rawvideo bgr24, 6.42 dB, 0 lines'
verdict
