#!/bin/bash
# An array of four tasks over a data set's archives, each with its shard:
#   sbatch slurm.sh 'train-*.tar' --model resnet50 --out vectors/
# Where a node dies, Slurm starts its tasks again on another one (--requeue), and they go on after the last part that is there.
#SBATCH --job-name=residual-embed
#SBATCH --array=0-3
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=embed-%a.log
exec residual embed "$@" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
