"""Embeds the archives of a data set with Ray Data: each task is one shard of `residual embed`, on whichever worker is free.

    python ray_embed.py 'train-*.tar' --shards 8 --out vectors/ -- --model resnet50

A task whose worker dies is started again by Ray, and goes on after the last part that is there. Parts are then one data set of rows:
`ray.data.read_parquet("vectors/")`.
"""

import argparse
import subprocess

import ray

parser = argparse.ArgumentParser()
parser.add_argument("inputs", nargs="+")
parser.add_argument("--shards", type=int, required=True)
parser.add_argument("--out", required=True, help="a folder that every worker has, or s3://")
parser.add_argument("--command", default="residual", help="how the command is called on the workers")
arguments, flags = parser.parse_known_args()


def embed(row: dict) -> dict:
    shard = f"{row['item']}/{arguments.shards}"
    # Without setpriv, of util-linux, the command would outlive its worker, at work on the shard that another one is given.
    command = ["setpriv", "--pdeathsig", "KILL", *arguments.command.split(), "embed", *arguments.inputs, "--out", arguments.out, "--shard", shard]
    done = subprocess.run(command + [flag for flag in flags if flag != "--"], capture_output=True, text=True)
    # 1: some pictures could not be used, which the shard's record says.
    if done.returncode not in (0, 1):
        raise RuntimeError(f"shard {shard}: {done.stderr.strip().splitlines()[-1:]}")
    return {"shard": shard, "said": done.stderr.strip().splitlines()[-1]}


ray.init()
# A task for each shard, and again as often as its worker dies.
shards = ray.data.from_items(list(range(arguments.shards)), override_num_blocks=arguments.shards)
for row in shards.map(embed, num_cpus=1, max_retries=-1).take_all():
    print(row["shard"], row["said"])
