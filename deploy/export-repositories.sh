#!/bin/sh
# Fills the two folders beside this file with a ResNet-50's exports, for Triton and for TensorFlow Serving:
#   deploy/export-repositories.sh resnet50.pth
set -eu
folder=$(dirname "$0")
mkdir -p "$folder/triton/resnet50/1" "$folder/tensorflow-serving/resnet50"
residual export "$folder/triton/resnet50/1/model.onnx" --model resnet50 --weights "$1" --format onnx
residual export "$folder/tensorflow-serving/resnet50/1" --model resnet50 --weights "$1" --format saved-model
