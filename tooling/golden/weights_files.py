"""Small weights files of every container, for packages/weights/golden, and what torch reads from them.

env -u OPENBLAS_CORETYPE /usr/bin/python3 tooling/golden/weights_files.py
"""
import collections
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile

import torch

OUT = os.path.join(os.path.dirname(__file__), '../../packages/weights/golden')
LEGACY = {'_use_new_zipfile_serialization': False}
LETTERS = {torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
           torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL'}


def path(name):
    return os.path.join(OUT, name)


def ramp(*shape):
    """0, 1/8, -2/8, 3/8, … : exact in every float type here."""
    n = int(torch.tensor(shape).prod()) if shape else 1
    values = torch.arange(n, dtype=torch.float32) / 8
    values[2::3] *= -1
    return values.reshape(shape)


def tensors():
    base = ramp(6, 4)
    shared = ramp(10)
    return collections.OrderedDict([
        ('f32', ramp(2, 3)), ('f64', ramp(5).double() / 3), ('f16', ramp(7).half()), ('bf16', ramp(7).bfloat16()),
        ('i64', torch.tensor([1, -2, 2 ** 60])), ('i32', torch.tensor([1, -2], dtype=torch.int32)),
        ('i16', torch.tensor([3, -4], dtype=torch.int16)), ('i8', torch.tensor([5, -6], dtype=torch.int8)),
        ('u8', torch.tensor([7, 255], dtype=torch.uint8)), ('bool', torch.tensor([True, False, True])),
        ('scalar', torch.tensor(2.5)), ('empty', torch.zeros(0, 3)),
        ('transposed', base.t()), ('rows', base[1:5:2]), ('corner', base[2:, 1:3]), ('base', base),
        ('tied.a', shared), ('tied.b', shared), ('half.columns', ramp(4, 6).half()[:, ::2]),
        ('parameter', torch.nn.Parameter(ramp(2, 2))),
    ])


def values(tensor):
    tensor = tensor.detach()
    if tensor.dtype == torch.int64:
        return [str(v) for v in tensor.reshape(-1).tolist()]
    return tensor.reshape(-1).double().tolist()


def expect(dict_):
    return {name: {'dtype': str(t.dtype)[6:], 'shape': list(t.shape), 'values': values(t)} for name, t in dict_.items()}


def write_safetensors(file, dict_, metadata):
    header, data = {'__metadata__': metadata}, b''
    for name, t in dict_.items():
        t = t.detach().contiguous()
        raw = bytes(t.reshape(-1).view(torch.uint8).numpy()) if t.numel() and t.dim() else \
            bytes(t.reshape(1).view(torch.uint8).numpy()) if t.numel() else b''
        header[name] = {'dtype': LETTERS[t.dtype], 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    open(file, 'wb').write(struct.pack('<Q', len(text)) + text + data)


class TarPickler(pickle._Pickler):
    """Tensors by their key, as torch 0.1.9 wrote them."""

    def __init__(self, file, keys):
        super().__init__(file, 2)
        self.keys = keys

    def persistent_id(self, obj):
        return self.keys.get(id(obj)) if isinstance(obj, torch.Tensor) else None


def dump_type(key, second, name):
    """A pickle of (key, second, torch.NAME)."""
    text = pickle.dumps((key, second), 2)[2:-2]  # without PROTO, and TUPLE2 STOP
    return b'\x80\x02' + text.split(b'\x86')[0] + f'ctorch\n{name}\n'.encode() + b'\x87.'


def write_tar(file, dict_):
    storages, keys, views, root_of = [], {}, [], {}
    for t in dict_.values():
        pointer = t.storage().data_ptr()
        if pointer not in root_of:
            root_of[pointer] = 1000 + len(root_of)
            storages.append((root_of[pointer], t))
    body = pickle.dumps(len(storages), 2)
    for key, t in storages:
        flat = torch.tensor([], dtype=t.dtype).set_(t.storage())
        body += dump_type(key, 'cpu', 'FloatStorage' if t.dtype == torch.float32 else 'LongStorage')
        body += struct.pack('<q', flat.numel()) + flat.numpy().tobytes()
    views.append((5000, storages[0][0], 2, 3))
    body += pickle.dumps(views, 2)

    count = pickle.dumps(len(dict_) + 1, 2)
    rows = b''
    for n, t in enumerate(dict_.values()):
        keys[id(t)] = str(9000 + n)
        rows += dump_type(9000 + n, root_of[t.storage().data_ptr()], 'FloatTensor')
        rows += struct.pack('<ii', t.dim(), 0) + struct.pack(f'<{2 * t.dim()}q', *t.shape, *t.stride())
        rows += struct.pack('<q', t.storage_offset())
    view = torch.zeros(3)
    keys[id(view)] = '9999'
    rows += dump_type(9999, 5000, 'FloatTensor') + struct.pack('<ii', 1, 0) + struct.pack('<qqq', 3, 1, 0)

    out = io.BytesIO()
    full = collections.OrderedDict(dict_)
    full['view'] = view
    TarPickler(out, keys).dump(full)
    system = pickle.dumps({'protocol_version': 1000, 'little_endian': True}, 2)
    with tarfile.open(file, 'w', format=tarfile.PAX_FORMAT) as tar:
        for name, data in [('sys_info', system), ('pickle', out.getvalue()), ('storages', body), ('tensors', count + rows)]:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1490000000.25  # a float: an extended header before each, as in 2017
            tar.addfile(info, io.BytesIO(data))


class Evil:
    def __reduce__(self):
        return os.system, ('touch executed-by-a-pickle',)


def main():
    os.makedirs(OUT, exist_ok=True)
    dict_ = tensors()
    torch.save(dict_, path('types.zip.pth'))
    torch.save(dict_, path('types.legacy.pth'), **LEGACY)
    torch.save(dict_, path('protocol4.zip.pth'), pickle_protocol=4)
    plain = {name: t for name, t in dict_.items() if name not in ('parameter', 'tied.b')}
    write_safetensors(path('types.safetensors'), plain, {'recipe': 'ramp'})

    tar = {name: dict_[name] for name in ('f32', 'i64', 'transposed', 'rows', 'base', 'tied.a', 'tied.b')}
    tar['tied.a'] = dict_['tied.a'].view(10)  # another object on the same storage
    write_tar(path('types.tar.pth'), tar)
    loaded = torch.load(path('types.tar.pth'))
    for name, t in tar.items():
        assert torch.equal(loaded[name], t), name
    expected = {'all': expect(dict_), 'tar': expect(loaded)}

    net = torch.nn.Sequential(collections.OrderedDict([('conv1', torch.nn.Conv2d(1, 2, 1)), ('bn1', torch.nn.BatchNorm2d(2))]))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(ramp(*p.shape))
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    net(torch.ones(2, 1, 2, 2)).sum().backward()
    optimizer.step()
    wrapped = {'module.' + name: t for name, t in net.state_dict().items()}
    torch.save({'epoch': 7, 'best_acc1': torch.tensor(71.5), 'state_dict': wrapped, 'optimizer': optimizer.state_dict()},
               path('checkpoint.zip.pth'))
    torch.save({'model': {'_orig_mod.' + n: t for n, t in net.state_dict().items()}, 'args': __import__('argparse').Namespace(lr=0.1)},
               path('compiled.legacy.pth'), **LEGACY)
    expected['checkpoint'] = expect(net.state_dict())

    # The root folder's name has 21 letters: torch's stray zip64 record then looks like a directory entry.
    torch.save({'w': ramp(3)}, path('resnet20_torch113_zip.pth'))

    torch.save({'a': Evil()}, path('evil.zip.pth'))
    torch.save({'a': Evil()}, path('evil.legacy.pth'), **LEGACY)
    open(path('evil.th'), 'wb').write(pickle.dumps(Evil(), 2))
    with zipfile.ZipFile(path('deflated.pth'), 'w', zipfile.ZIP_DEFLATED) as target:
        with zipfile.ZipFile(path('types.zip.pth')) as origin:
            for name in origin.namelist():
                target.writestr(name, origin.read(name))
    json.dump(expected, open(path('expected.json'), 'w'))


main()
