#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# More compression and more blur score lower, on clips that no training saw: of the default model on one clip;
# ladder.sh all (tests/slow): of all models and clips.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

# score NAME CLIP DEGRADATION…: $model's mean over every $interval-th frame of CLIP with a piece of pipeline before the
# scorer.
score() {
    name=$1 clip=$2
    shift 2
    gst-launch-1.0 -q filesrc location="$ONNX_IQA_CLIPS/$clip.mp4" ! decodebin ! videoconvert ! video/x-raw,format=I420 "$@" \
        ! iqascore model="$model" interval="$interval" ! iqalog location="$TEST_TMP/$model-$name.jsonl" ! fakesink >&2
    mean "$TEST_TMP/$model-$name.jsonl"
}

# compared NAME CLIP DEGRADATION…: the same with a reference, of three frames of CLIP and what a piece of pipeline made
# of them.
compared() {
    name=$1 clip=$2
    shift 2
    gst-launch-1.0 -q filesrc location="$ONNX_IQA_CLIPS/$clip.mp4" ! decodebin ! videoconvert ! video/x-raw,format=I420 \
        ! identity eos-after=4 ! tee name=t t. ! queue ! c.reference t. ! queue "$@" ! c.distorted \
        iqacompare name=c alignment=pts model="$model" measures=0 ! iqalog location="$TEST_TMP/$model-$name.jsonl" ! fakesink >&2
    mean "$TEST_TMP/$model-$name.jsonl"
}

# falls CLIP WHAT MEAN…: each mean is below the one before it.
falls() {
    clip=$1 what=$2
    shift 2
    echo "$model, $clip, more $what: $*"
    before=$1
    shift
    for next; do
        less "$next" "$before" || fail "$model, $clip: more $what does not score lower"
        before=$next
    done
}

# compression SCORE CLIP ORIGINAL: from ORIGINAL's mean on, what SCORE (score or compared) gives falls as x264 is given
# less.
compression() {
    how=$1 clip=$2
    set -- "$3"
    for quantizer in 36 42 48; do
        next=$("$how" "q$quantizer" "$clip" ! x264enc pass=quant quantizer=$quantizer speed-preset=veryfast tune=zerolatency ! avdec_h264 ! videoconvert)
        set -- "$@" "$next"
    done
    falls "$clip" compression "$@"
}

# ladder CLIP
ladder() {
    clip=$1
    # As much of the picture's height for each: 144 rows of carphone are a third of the others'.
    case $clip in carphone*) sigmas='0.5 1 2' ;; *) sigmas='1.5 3 6' ;; esac
    original=$(score original "$clip")
    compression score "$clip" "$original"
    set -- "$original"
    for sigma in $sigmas; do
        next=$(score "s$sigma" "$clip" ! videoconvert ! gaussianblur "sigma=$sigma" ! videoconvert ! video/x-raw,format=I420)
        set -- "$@" "$next"
    done
    falls "$clip" blur "$@"
}

model=metaiqa interval=10
ladder bikes
[ "${1-}" = all ] || exit 0
for clip in bigbuckbunny carphone_pristine; do
    ladder "$clip"
done
# The larger ones take a quarter and half a second a frame.
interval=60
for model in bpclip-nr mt-irn; do
    ladder bikes
done
model=bpclip-fr
original=$(compared original bikes)
compression compared bikes "$original"
